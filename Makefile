# What a person types; '.ci/run' types the same.

PREFIX ?= /usr/local
DESTDIR ?=
SYSCONFDIR ?= /etc

programs := edgecertd edgecertctl edgecert-sim
# `make system-test CONFIGURATION=debug` builds in a fraction of the time, and needs the Swift that built it.
CONFIGURATION ?= release
bin := .build/$(CONFIGURATION)
built := $(programs:%=$(bin)/%)
shim := .build/crash-shim.so
# Made out of the programs' own help.
made := .build/share
pages := $(made)/edgecertd.8 $(made)/edgecertctl.1 $(made)/edgecert-sim.1
completions := $(foreach shell,bash zsh fish,$(programs:%=$(made)/%.$(shell)))

lib := $(DESTDIR)$(PREFIX)/lib
share := $(DESTDIR)$(PREFIX)/share
etc := $(DESTDIR)$(SYSCONFDIR)/edgecertd
# The units name the programs where they are installed.
place := sed -e 's|/usr/bin/|$(PREFIX)/bin/|g' -e 's|/usr/lib/edgecert/|$(PREFIX)/lib/edgecert/|g'
# After 'make install' on this very machine, not into a folder for a package.
is_here := [ -z "$(DESTDIR)" ] && [ -d /run/systemd/system ]

.PHONY: help deps build docs test unit-test system-test simulate simulation-test mutants crash-points crash-slice power-cuts chaos \
  chaos-test soak fuzz demo bench lint install uninstall clean
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help: ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

deps: ## install the Debian packages that a build needs
	@tools/deps build run

build: deps ## build the three programs as they are shipped
	@for program in $(programs); do swift build -c $(CONFIGURATION) --product $$program || exit 1; done

$(built):
	@$(MAKE) --no-print-directory build

docs: $(pages) $(completions) ## make man pages and shell completions

$(made)/%.8: $(bin)/% tools/manpage.py man/%.more
	@mkdir -p $(made)
	@tools/manpage.py $< 8 man/$*.more >$@

$(made)/%.1: $(bin)/% tools/manpage.py man/%.more
	@mkdir -p $(made)
	@tools/manpage.py $< 1 man/$*.more >$@

define completion
$(made)/%.$(1): $(bin)/%
	@mkdir -p $(made)
	@$$< --generate-completion-script $(1) >$$@
endef
$(foreach shell,bash zsh fish,$(eval $(call completion,$(shell))))

test: unit-test system-test crash-slice chaos-test simulation-test ## run all tests: unit, contract, system, crash points and chaos (slices), simulation

unit-test:
	@tools/deps build run test
	swift build --build-tests
	swift test --skip-build --parallel

# The simulation: `make simulate SEEDS=1000 DAYS=90 FIRST=1`.
SEEDS ?= 1000
DAYS ?= 90
FIRST ?= 1
simulate: deps ## prove the invariants by SEEDS simulated runs of DAYS days
	swift build -c release --product edgecert-simulate
	.build/release/edgecert-simulate --seeds $(SEEDS) --days $(DAYS) --first $(FIRST)

simulation-test: SEEDS := 200
simulation-test: simulate ## the same with 200 seeds of 90 days

system-test: build ## run the built programs under a systemd of their own (needs root)
	@tools/deps build run test
	@$(MAKE) --no-print-directory docs .build/varlink
	@Tests/System/in-systemd env CONFIGURATION=$(CONFIGURATION) python3 -m unittest discover -v -s Tests/System -p 'test_*.py' || \
	  { code=$$?; [ $$code = 77 ] || exit $$code; }

chaos-test: build
	@tools/deps build run test
	@Tests/Chaos/run --programs $(bin) --slice

chaos: build ## spoil the network in every way between daemon and simulator (a quarter of an hour)
	@tools/deps build run test
	@Tests/Chaos/run --programs $(bin)

HOURS ?= 2
soak: build ## let the daemon live for HOURS (2) beside a simulator whose day is a minute, and draw what it took
	@Tests/Soak/run --programs $(bin) --hours $(HOURS)

# The reference client of the Varlink project, for the tests alone; without it theirs are skipped, and say so.
.build/varlink:
	@python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps \
	  --target $@ varlink==31.0.0 || echo "system-test: the Python package 'varlink' could not be fetched" >&2

# The build is one of its own, below .build-fuzz; it takes some ten minutes the first time.
MINUTES ?= 1
fuzz: deps ## pour bad input into what reads it, MINUTES of processor time for each target
	@Tests/Fuzz/run $(MINUTES)

crash-points: build $(shim) ## kill the daemon at every system call that leaves a trace; half an hour and more
	@tools/deps test
	@$(crash_points) --verify-shim
	@$(crash_points)

crash-slice: build $(shim)
	@tools/deps test
	@$(crash_points) --verify-shim
	@$(crash_points) --slice 70

crash_points = Tests/CrashPoints/crash-points $(bin) --shim $(shim)

# Preloaded into the daemon by the crash points, and part of nothing that is installed. The compiler is Swift's own.
$(shim): Tests/CrashPoints/shim.c
	@clang -shared -fPIC -O2 -Wall -Wextra -Werror -o $@ $<

# The same in a test of some seconds: `swift test --filter PowerTests`.
CUTS ?= 2000
power-cuts: deps ## cut the power CUTS (2000) times and look at what the disk has kept
	swift build -c $(CONFIGURATION) --product edgecert-power
	$(bin)/edgecert-power --cuts $(CUTS)

demo: build ## show everything that happens against a simulated Cloudflare, in half a minute
	@demo/run

bench: build ## measure, and print each number with its target
	@swift build -c $(CONFIGURATION) --product edgecert-bench
	@bench/run $(bin)

# That each mutant still fits the sources takes a second; what comes of them takes an hour.
lint: ## check the form of the sources
	swift format lint --strict --recursive Sources Tests Package.swift
	@tools/deps build
	@Tests/Mutants/run --check

mutants: deps ## see that the tests fail on wrong versions of the program; an hour and more
	@tools/deps test
	@Tests/Mutants/run

install: $(built) $(pages) $(completions) ## install below DESTDIR and PREFIX (/usr/local); settings are never overwritten
	install -d $(DESTDIR)$(PREFIX)/bin
	install -s -m 755 $(built) $(DESTDIR)$(PREFIX)/bin
	install -d $(lib)/systemd/system $(lib)/sysusers.d $(lib)/tmpfiles.d $(lib)/systemd/catalog
	$(place) systemd/edgecertd.service >$(lib)/systemd/system/edgecertd.service
	$(place) systemd/edgecertd.socket >$(lib)/systemd/system/edgecertd.socket
	chmod 644 $(lib)/systemd/system/edgecertd.service $(lib)/systemd/system/edgecertd.socket
	install -m 644 systemd/edgecert.sysusers $(lib)/sysusers.d/edgecert.conf
	install -m 644 systemd/edgecert.tmpfiles $(lib)/tmpfiles.d/edgecert.conf
	install -m 644 systemd/edgecert.catalog $(lib)/systemd/catalog/edgecert.catalog
	@# The root of the service: empty folders to mount on, and the links of a merged /usr.
	install -d $(addprefix $(lib)/edgecert/root/,dev etc opt proc run sys tmp usr var/lib/edgecertd var/tmp)
	for link in bin sbin lib lib64; do ln -sfn usr/$$link $(lib)/edgecert/root/$$link; done
	install -d $(etc)/conf.d
	[ -e $(etc)/edgecertd.toml ] || install -m 644 etc/edgecertd.toml $(etc)/edgecertd.toml
	install -d $(share)/doc/edgecert $(share)/man/man1 $(share)/man/man5 $(share)/man/man8
	install -m 644 $(wildcard README.md) LICENSE etc/edgecertd.toml $(share)/doc/edgecert
	install -m 644 $(filter %.1,$(pages)) $(share)/man/man1
	install -m 644 man/edgecertd.toml.5 $(share)/man/man5
	install -m 644 $(filter %.8,$(pages)) $(share)/man/man8
	install -d $(share)/bash-completion/completions $(share)/zsh/site-functions $(share)/fish/vendor_completions.d
	for program in $(programs); do \
	  install -m 644 $(made)/$$program.bash $(share)/bash-completion/completions/$$program && \
	  install -m 644 $(made)/$$program.zsh $(share)/zsh/site-functions/_$$program && \
	  install -m 644 $(made)/$$program.fish $(share)/fish/vendor_completions.d/$$program.fish || exit 1; \
	done
	@if $(is_here); then \
	  systemd-sysusers && systemd-tmpfiles --create && journalctl --update-catalog && systemctl daemon-reload; \
	else \
	  echo "Then, where it is to run: systemd-sysusers; systemd-tmpfiles --create; journalctl --update-catalog; systemctl daemon-reload"; \
	fi

uninstall: ## remove what 'install' put in place; settings, token and state stay
	@if $(is_here); then systemctl disable --now edgecertd.service || true; fi
	rm -f $(programs:%=$(DESTDIR)$(PREFIX)/bin/%) $(lib)/systemd/system/edgecertd.service \
	  $(lib)/systemd/system/edgecertd.socket $(lib)/sysusers.d/edgecert.conf $(lib)/tmpfiles.d/edgecert.conf \
	  $(lib)/systemd/catalog/edgecert.catalog $(share)/man/man1/edgecertctl.1 $(share)/man/man1/edgecert-sim.1 \
	  $(share)/man/man5/edgecertd.toml.5 $(share)/man/man8/edgecertd.8 \
	  $(programs:%=$(share)/bash-completion/completions/%) $(programs:%=$(share)/zsh/site-functions/_%) \
	  $(programs:%=$(share)/fish/vendor_completions.d/%.fish)
	rm -rf $(lib)/edgecert $(share)/doc/edgecert
	@if $(is_here); then journalctl --update-catalog && systemctl daemon-reload; fi

clean: ## remove what was built
	swift package clean
	rm -rf $(made)
