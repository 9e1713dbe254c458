"""The name of Cloudflare's API is not found for a while: answered with nothing, then not answered at all."""

import json
import os
import socket
import time
import urllib.parse

from programs import Daemon, Simulator, Trouble, until
from proxy import Conduct, Proxy

NAME, ZONE = "api.edgecert.test", "named.example"
DEAD = "127.0.0.77"
# The daemon alone sees these in place of the machine's own.
WITHIN = ["unshare", "--mount", "--propagation", "private", "sh", "-c",
          'mount --bind "$0" /etc/hosts && mount --bind "$1" /etc/resolv.conf && shift && exec "$@"']


def names_fail(programs, scratch, authority, findings):
    """In real time, since the name is not one of this machine's: some four minutes."""
    if os.geteuid() != 0:
        print("SKIPPED: name resolution: to give the daemon a hosts file of its own takes root")
        return
    folder = scratch / "naming"
    folder.mkdir()
    simulator = Simulator(
        programs, folder / "simulator", {"zones": [{"name": ZONE}]}, "--immediate", "--no-limiter", tls=False)
    address = urllib.parse.urlsplit(simulator.base_url)
    proxy = Proxy((address.hostname, address.port), authority.contexts["good"], simulator.token)
    # No connection may outlive the name.
    proxy.behave(Conduct("closes", lambda x: x.send(x.answer(*x.forward(), "Connection: close"))))
    home = folder / "daemon"
    (home / "state").mkdir(parents=True)
    hosts, resolver = folder / "hosts", folder / "resolv.conf"

    def wish(*packs):
        lines = [
            "[daemon]", 'mode = "enforce"', 'look_every = "1m"', f'state_directory = "{home}/state"',
            f'control_socket = "{home}/control.sock"', "[cloudflare]", f'base_url = "https://{NAME}:{proxy.port}/client/v4"',
            f'trusted_roots_file = "{authority.root}"', f'token_file = "{simulator.folder}/token"',
            'connect_timeout = "1s"', 'request_timeout = "2s"', "[[zone]]", f'name = "{ZONE}"']
        for pack in packs:
            lines += ["[[zone.certificate_pack]]", f'name = "{pack}"', f'hosts = ["{ZONE}", "{pack}.{ZONE}"]',
                      'certificate_authority = "google"', 'validation_method = "txt"', "validity_days = 90"]
        (home / "edgecertd.toml").write_text("\n".join(lines) + "\n")

    def say(what):
        findings.say("name resolution", what)

    def name_is(known):
        hosts.write_text(f"127.0.0.1 {NAME}\n" if known else "127.0.0.1 localhost\n")

    def orders():
        return [sorted(entry["effect"]["hosts"]) for entry in simulator.effects("order-accepted")]

    def ask_until(words, seconds):
        """A person asks again and again, until the answer says so: a name that was found is believed for a minute."""
        def asked():
            code, said = daemon.ctl("reconcile", ZONE)
            return said if code == 69 and words in said else None
        return until(f"'reconcile' says '{words}'", asked, seconds, daemon, every=1)

    name_is(True)
    resolver.write_text("nameserver 127.0.0.1\noptions timeout:3 attempts:1\n")  # nobody answers there
    wish("one")
    daemon = Daemon(programs, home, within=[*WITHIN, hosts, resolver])
    began = time.monotonic()
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind((DEAD, 53))
    try:
        until("the first order", lambda: len(orders()) == 1, 150, daemon)
        # At rest: what is open now is what belongs there.
        time.sleep(10)
        before = len(daemon.descriptors()), daemon.threads()
        name_is(False)
        said = ask_until("resolve", 120)
        wish("one", "two")
        daemon.ctl("reload")
        resolver.write_text(f"nameserver {DEAD}\noptions timeout:3 attempts:1\n")
        for _ in range(5):
            daemon.ctl("reconcile", ZONE)
        most = daemon.threads()
        if len(orders()) != 1:
            say(f"ordered meanwhile: {orders()}")
        name_is(True)
        gone = time.monotonic()
        until("the second order, unasked", lambda: len(orders()) == 2, 150, daemon)
        back = time.monotonic() - gone
        time.sleep(10)
        after = len(daemon.descriptors()), daemon.threads()
        if after[0] > before[0] or after[1] > before[1] + 4:
            say(f"descriptors and threads: {before} before, {after} after")
        if orders() != [sorted([ZONE, "one." + ZONE]), sorted([ZONE, "two." + ZONE])]:
            say(f"ordered: {orders()}")
        print(f"name not found, then no answer, https: {time.monotonic() - began:.0f} s; the order came {back:.0f} s after "
              f"the name, descriptors {before[0]}-{after[0]}, threads {before[1]}-{after[1]}, at most {most}; it said: "
              f"{json.dumps(said.strip().splitlines()[-1])}", flush=True)
    except Trouble as trouble:
        say(str(trouble))
    finally:
        daemon.stop()
        simulator.stop()
        proxy.hang_up()
        silent.close()
