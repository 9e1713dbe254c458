"""What the unit says about the service is what systemd and the kernel do to it."""

import os
import pathlib
import re
import subprocess
import unittest

from bench import PACKAGE, UNIT, Bench, run

# Given by systemctl in other words than they are written, and looked at below one by one, or not a sandbox's.
OTHERWISE = {
    "Type", "NotifyAccess", "ExecStart", "ExecReload", "User", "Group", "WatchdogSec", "TimeoutStartSec",
    "TimeoutStopSec", "TimeoutAbortSec", "KillMode", "Restart", "RestartSec", "RestartPreventExitStatus",
    "LoadCredential", "SetCredential", "StateDirectory", "StateDirectoryMode", "Environment",
    "LogRateLimitIntervalSec", "LogRateLimitBurst", "MemoryMax", "LimitCORE", "SystemCallFilter", "BindReadOnlyPaths",
    "IPAddressDeny", "IPAddressAllow", "CapabilityBoundingSet", "AmbientCapabilities", "SystemCallErrorNumber",
    "RestrictNamespaces", "UMask", "InaccessiblePaths", "NoExecPaths", "RestrictAddressFamilies",
}


def directives():
    """Those of the installed unit's service section, in order, the repeated ones too."""
    text = pathlib.Path("/usr/lib/systemd/system/edgecertd.service").read_text()
    section = text[text.index("[Service]"): text.index("[Install]")]
    return re.findall(r"(?m)^([A-Z]\w*)=(.*)$", section)


class Hardening(Bench):
    def test_the_exposure_is_at_most_1_1(self):
        run("systemd-analyze", "security", "--offline=yes", "--threshold=11",
            "/usr/lib/systemd/system/edgecertd.service")

    def test_the_units_have_no_fault_that_systemd_sees(self):
        done = run("systemd-analyze", "verify", "--man=no", "edgecertd.service", "edgecertd.socket")
        self.assertEqual(done.stdout.strip(), "")

    def test_every_directive_is_known_and_in_force(self):
        self.start()
        seen = 0
        for name, value in directives():
            if name in OTHERWISE:
                continue
            self.assertEqual(self.service.show(name), value, name)
            seen += 1
        self.assertGreater(seen, 20)

    def test_directives_that_systemctl_words_otherwise(self):
        self.start()
        expected = {
            "CapabilityBoundingSet": "", "AmbientCapabilities": "", "RestrictNamespaces": "yes", "UMask": "0077",
            "LimitCORE": "0", "SystemCallErrorNumber": "1", "WatchdogUSec": "1min", "MemoryMax": str(512 << 20),
        }
        for name, value in expected.items():
            self.assertEqual(self.service.show(name), value, name)
        self.assertEqual(set(self.service.show("RestrictAddressFamilies").split()), {"AF_UNIX", "AF_INET", "AF_INET6"})
        calls = set(self.service.show("SystemCallFilter").split())
        self.assertIn("read", calls)
        self.assertFalse(calls & {"mount", "ptrace", "setuid", "reboot", "bpf", "kexec_load", "setpriority"})
        self.assertIn("::/0", self.service.show("IPAddressDeny"))

    def test_the_kernel_agrees(self):
        self.start()
        status = dict(
            line.split(":\t", 1) for line in pathlib.Path(f"/proc/{self.service.pid}/status").read_text().splitlines())
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(status["Seccomp"], "2")
        for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[capabilities], 16), 0, capabilities)
        self.assertNotIn("0", status["Uid"].split())

    def test_it_sees_no_more_of_the_file_system_than_it_needs(self):
        self.start()
        root = pathlib.Path(f"/proc/{self.service.pid}/root")
        self.assertFalse((root / "home").exists())
        self.assertFalse((root / "srv").exists())
        self.assertEqual([path.name for path in (root / "var/lib").iterdir()], ["edgecertd"])
        mounts = pathlib.Path(f"/proc/{self.service.pid}/mountinfo").read_text().splitlines()
        writable = {line.split()[4] for line in mounts if "rw" in line.split()[5].split(",")}
        allowed = ("/var/lib/edgecertd", "/tmp", "/var/tmp", "/dev", "/proc")
        self.assertFalse({path for path in writable if not path.startswith(allowed)})

    def test_its_work_gets_done_under_all_of_this(self):
        self.settings(
            self.pack("main", "example.com")
            + '[[zone.client_certificate]]\nname = "gateway"\ncommon_name = "gateway.example.com"\n')
        self.start()
        self.wait_until_serving("example.com/certificate_pack/main")
        self.wait_until_serving("example.com/client_certificate/gateway")
        current = pathlib.Path("/var/lib/edgecertd/keys/example.com/gateway/current")
        self.assertTrue(current.is_symlink())
        keys = [path for path in current.resolve().iterdir() if "key" in path.name]
        self.assertEqual([oct(path.stat().st_mode & 0o777) for path in keys], ["0o600"])


class Installation(Bench):
    def test_the_man_pages_can_be_read(self):
        for section, page in [("8", "edgecertd"), ("1", "edgecertctl"), ("1", "edgecert-sim"), ("5", "edgecertd.toml")]:
            path = f"/usr/share/man/man{section}/{page}.{section}"
            done = subprocess.run(
                ["man", "--warnings", "-l", path], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                env={"PATH": "/usr/bin:/bin", "MANWIDTH": "120", "LANG": "C.UTF-8"})
            self.assertIn("NAME", done.stdout)
            self.assertEqual(done.stderr, "", page)

    def test_the_man_page_of_the_settings_has_every_key_of_the_sample(self):
        sample = (PACKAGE / "etc/edgecertd.toml").read_text()
        page = (PACKAGE / "man/edgecertd.toml.5").read_text().replace("\\", "")
        for key in set(re.findall(r"(?m)^#?:? ?#?([a-z_]+) = ", sample)):
            self.assertRegex(page, rf"\b{key}\b")

    def test_completions_are_in_their_places(self):
        for path in [
            "bash-completion/completions/edgecertctl", "zsh/site-functions/_edgecertctl",
            "fish/vendor_completions.d/edgecertctl.fish",
        ]:
            self.assertIn("edgecertctl", (pathlib.Path("/usr/share") / path).read_text())

    def test_the_sample_settings_are_good(self):
        path = pathlib.Path("/usr/share/doc/edgecert/edgecertd.toml")
        self.assertEqual(self.ctl("check", path).returncode, 0, self.ctl("check", path).stdout)

    def test_installing_again_leaves_the_settings_alone(self):
        before = (pathlib.Path("/etc/edgecertd/edgecertd.toml")).read_text()
        run("make", "-C", PACKAGE, "install", "PREFIX=/usr")
        self.assertEqual(pathlib.Path("/etc/edgecertd/edgecertd.toml").read_text(), before)

    @unittest.skipIf(os.environ.get("CONFIGURATION") == "debug", "only the shipped programs are linked so")
    def test_the_programs_need_no_swift(self):
        for program in ("edgecertd", "edgecertctl", "edgecert-sim"):
            self.assertNotIn("swift", run("ldd", f"/usr/bin/{program}").stdout.lower())

    def test_a_package_can_be_made_below_a_folder(self):
        run("make", "-C", PACKAGE, "install", "DESTDIR=/tmp/package", "PREFIX=/usr/local")
        unit = pathlib.Path("/tmp/package/usr/local/lib/systemd/system/edgecertd.service").read_text()
        self.assertIn("ExecStart=/usr/local/bin/edgecertd\n", unit)
        self.assertIn("ExecReload=/usr/local/bin/edgecertctl reload\n", unit)
        self.assertIn("RootDirectory=/usr/local/lib/edgecert/root\n", unit)
        run("make", "-C", PACKAGE, "uninstall", "DESTDIR=/tmp/package", "PREFIX=/usr/local")
        left = [str(path) for path in pathlib.Path("/tmp/package").rglob("*") if path.is_file() or path.is_symlink()]
        self.assertEqual(left, ["/tmp/package/etc/edgecertd/edgecertd.toml"])


if __name__ == "__main__":
    unittest.main()
