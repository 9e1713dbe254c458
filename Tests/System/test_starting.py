"""From the start to the first words: readiness, status, settings, token."""

import pathlib
import subprocess
import unittest

from bench import ETC, Bench, can_connect, run, until


class Starting(Bench):
    def test_start_returns_when_the_daemon_is_ready_and_the_status_says_how_things_stand(self):
        self.start()
        self.assertEqual(self.service.state, "active")
        self.assertEqual(self.service.show("Type"), "notify")
        until("a status with the zone", lambda: "1 zone, 1 subject" in self.service.status)
        self.assertIn("enforce", self.service.status)
        self.assertIn("Status: \"enforce", run("systemctl", "status", "--no-pager", "edgecertd").stdout)

    def test_it_is_ready_although_cloudflare_does_not_answer(self):
        self.simulator.process.terminate()
        self.simulator.process.wait()
        self.settings(self.pack("main", "example.com"))
        text = (ETC / "edgecertd.toml").read_text().replace("follow_simulator_clock = true", "")
        (ETC / "edgecertd.toml").write_text(text)
        self.start()
        self.assertEqual(self.service.state, "active")

    def test_it_orders_what_is_missing_and_says_when_it_serves(self):
        self.start()
        self.wait_until_serving("example.com/certificate_pack/main")
        self.assertEqual(len(self.simulator.orders(["example.com", "*.example.com"])), 1)

    def test_files_are_closed_to_others(self):
        self.start()
        for path, mode, owner in [
            ("/var/lib/edgecertd", "751", "edgecertd:edgecert"),
            ("/var/lib/edgecertd/edgecert.db", "640", "edgecertd:edgecert"),
            ("/etc/edgecertd/cloudflare-token", "600", "root:root"),
        ]:
            self.assertEqual(run("stat", "-c", "%a %U:%G", path).stdout.strip(), f"{mode} {owner}", path)


class RefusingToStart(Bench):
    """What only a person can mend ends the service at once, with the reason in the journal, and stays down."""

    def assert_down(self, *words):
        done = self.service.start()
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(self.service.state, "failed")
        self.assertEqual(self.service.show("ExecMainStatus"), "78")
        self.assertEqual(self.service.restarts, 0)
        text = self.journal.text("-o", "cat")
        for word in words:
            self.assertIn(word, text)
        self.assertFalse(can_connect(), "the socket of a daemon that is down")

    def test_settings_with_faults_are_all_named_with_file_line_and_column(self):
        with open(ETC / "edgecertd.toml", "a") as file:
            file.write("[limits]\norders_a_dya = 5\nremovals_a_day = \"x\"\n")
        lines = (ETC / "edgecertd.toml").read_text().count("\n")
        self.assert_down(
            f"edgecertd.toml:{lines - 1}:1", "orders_a_day", f"edgecertd.toml:{lines}:18", "removals_a_day")

    def test_no_token_anywhere(self):
        (ETC / "cloudflare-token").unlink()
        self.assert_down("there is no API token", "/etc/edgecertd/cloudflare-token")

    def test_an_empty_token(self):
        self.token("")
        self.assert_down("there is no API token")

    def test_something_that_is_no_token_and_is_not_repeated(self):
        self.token("Bearer correct-horse\n")
        self.assert_down("without 'Bearer'")
        self.assertNotIn("correct-horse", self.journal.text("-o", "json"))


class Token(Bench):
    def test_the_token_comes_from_the_credential_and_is_nowhere_to_be_seen(self):
        token = self.simulator.token_file.read_text().strip()
        self.start()
        self.wait_until_serving("example.com/certificate_pack/main")
        pid = self.service.pid
        for file in ("environ", "cmdline"):
            self.assertNotIn(token, pathlib.Path(f"/proc/{pid}/{file}").read_text())
        self.assertNotIn(token, self.journal.text("-o", "json", "--all"))
        for path in pathlib.Path("/var/lib/edgecertd").rglob("*"):
            if path.is_file():
                self.assertNotIn(token.encode(), path.read_bytes(), path)

    def test_a_token_that_is_encrypted_with_the_machines_key(self):
        done = subprocess.run(
            ["systemd-creds", "encrypt", "--with-key=host", "--name=cloudflare-token",
             self.simulator.token_file, ETC / "token.cred"], capture_output=True, text=True)
        if done.returncode != 0:
            raise unittest.SkipTest(f"systemd-creds cannot encrypt here: {done.stderr.strip()}")
        (ETC / "cloudflare-token").unlink()
        self.service.drop_in(
            "[Service]\nLoadCredential=\nLoadCredentialEncrypted=cloudflare-token:/etc/edgecertd/token.cred\n")
        self.start()
        self.wait_until_serving("example.com/certificate_pack/main")


if __name__ == "__main__":
    unittest.main()
