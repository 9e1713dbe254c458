"""The control socket as systemd hands it over, and clients that nobody here wrote."""

import importlib.util
import json
import socket
import subprocess
import sys
import unittest

from bench import PACKAGE, SOCKET, Bench, can_connect, run, until

sys.path.insert(0, str(PACKAGE / ".build/varlink"))


class Socket(Bench):
    def test_systemd_made_it_and_the_daemon_took_it_over(self):
        self.start()
        self.assertEqual(self.service.state, "active")
        self.assertEqual(self.service.show("ActiveState", "edgecertd.socket"), "active")
        self.assertEqual(run("stat", "-c", "%U:%G %a", SOCKET).stdout.strip(), "edgecertd:edgecert 660")
        reply = self.call({"method": "org.varlink.service.GetInfo"})
        self.assertIn("io.edgecert.Control", reply["parameters"]["interfaces"])

    def test_asking_never_starts_a_stopped_daemon(self):
        self.start()
        self.wait_until_serving("example.com/certificate_pack/main")
        self.service.stop()
        # The socket is stopped after the service, by a job of its own that 'systemctl stop' does not wait for.
        until("the socket is gone", lambda: self.service.show("ActiveState", "edgecertd.socket") == "inactive", 10)
        self.assertFalse(can_connect())
        done = self.ctl("status")
        self.assertIn("example.com", self.ctl("list").stdout)
        self.assertIn("database", done.stdout)
        self.assertEqual(self.service.state, "inactive")

    def test_an_error_is_json_where_json_is_asked_for(self):
        self.start()
        for words, code in (("show", "no-such-name"), "no-such-subject"), (("nonsense",), "usage"):
            told, complaint = self.apart(*words, "--json")
            self.assertEqual(json.loads(told)["error"]["code"], code)
            self.assertIn("edgecertctl: error: ", complaint)
            self.assertEqual(self.apart(*words)[0], "")

    def apart(self, *words):
        """What the tool writes to standard output and to standard error."""
        done = subprocess.run(
            ["/usr/bin/edgecertctl", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        return done.stdout, done.stderr

    def test_asking_never_starts_a_daemon_that_has_failed(self):
        self.token("")
        self.service.start()
        self.assertEqual(self.service.state, "failed")
        self.ctl("status")
        self.assertFalse(can_connect())
        self.assertEqual(self.service.state, "failed")

    def test_it_answers_again_once_there_are_descriptors_again(self):
        self.service.drop_in("[Service]\nLimitNOFILE=32\n")
        self.start()
        self.wait_until_serving("example.com/certificate_pack/main")
        callers = [socket.socket(socket.AF_UNIX) for _ in range(24)]
        answered = 0
        for caller in callers:
            caller.settimeout(0.3)
            caller.connect(SOCKET)
            caller.sendall(b'{"method":"org.varlink.service.GetInfo"}\0')
            try:
                answered += caller.recv(1) == b"{"
            except TimeoutError:
                pass
        self.assertTrue(0 < answered < 24, answered)
        for caller in callers:
            caller.close()
        self.assertEqual(self.ctl("status").returncode, 0)

    def test_it_comes_back_with_the_daemon_that_was_killed(self):
        self.service.drop_in("[Service]\nRestartSec=100ms\n")
        self.start()
        run("systemctl", "kill", "--signal=KILL", "edgecertd.service")
        until("it is back", lambda: self.service.restarts == 1 and self.service.state == "active")
        self.assertTrue(can_connect())


class Rights(Bench):
    def setUp(self):
        super().setUp()
        self.start()

    def test_strangers_cannot_connect(self):
        self.assertIn("PermissionError", self.call({"method": "org.varlink.service.GetInfo"}, user="stranger"))

    def test_the_reading_group_reads_and_changes_nothing(self):
        self.assertIn("parameters", self.call({"method": "io.edgecert.Control.Status"}, user="reader"))
        refused = self.call({"method": "io.edgecert.Control.Reload"}, user="reader")
        self.assertEqual(refused["error"], "io.edgecert.Control.NotPermitted")
        self.assertEqual(self.ctl("reload", user="reader").returncode, 1)

    def test_the_changing_group_changes_and_its_name_is_in_the_audit(self):
        self.assertEqual(self.ctl("reload", user="admin").returncode, 0)
        entry = self.journal.wait("person-acted")
        self.assertIn("admin", entry["EDGECERT_PERSON"])
        self.assertIn("(admin)", self.ctl("audit").stdout)

    def test_the_reading_group_reads_the_database_of_a_stopped_daemon_and_strangers_do_not(self):
        self.wait_until_serving("example.com/certificate_pack/main")
        self.service.stop()
        self.assertIn("main", self.ctl("list", user="reader").stdout)
        self.assertNotIn("main", self.ctl("list", user="stranger").stdout)


@unittest.skipUnless(importlib.util.find_spec("varlink"), "the Python package 'varlink' could not be had")
class OtherPeoplesClient(Bench):
    """The reference client of the Varlink project."""

    def setUp(self):
        super().setUp()
        self.start()
        import varlink
        self.client = varlink.Client.new_with_address(f"unix:{SOCKET}")

    def test_it_reads_the_interface_and_calls_it(self):
        self.assertIn("io.edgecert.Control", self.client.get_interfaces())
        with self.client.open("io.edgecert.Control") as control:
            self.assertIn("zones", control.Status())

    def test_it_gets_a_stream_of_replies(self):
        self.wait_until_serving("example.com/certificate_pack/main")
        with self.client.open("io.edgecert.Control") as control:
            replies = list(control.List(_more=True))
        rows = [row for reply in replies for row in reply["rows"]]
        self.assertIn("example.com/certificate_pack/main", [row["path"] for row in rows])

    def test_it_gets_errors_by_their_names(self):
        import varlink
        with self.client.open("io.edgecert.Control") as control:
            with self.assertRaises(varlink.VarlinkError) as caught:
                control.Show(subject="example.com/certificate_pack/nothing")
        self.assertIn("Unfit", str(caught.exception.error()))


class HostileCallers(Bench):
    def setUp(self):
        super().setUp()
        self.start()

    def test_nonsense_ends_that_connection_alone(self):
        import socket
        held = socket.socket(socket.AF_UNIX)
        held.connect(SOCKET)
        for nonsense in [b"GET / HTTP/1.1\r\n\r\n\0", b"\0\0\0", b"{}\0", b"[" * 100_000 + b"\0", b"x" * (8 << 20), b'{"method"']:
            with socket.socket(socket.AF_UNIX) as caller:
                caller.settimeout(30)
                caller.connect(SOCKET)
                try:
                    caller.sendall(nonsense)
                except OSError:
                    pass  # it hung up in the middle, which is its right
        held.sendall(b'{"method":"org.varlink.service.GetInfo"}\0')
        held.settimeout(30)
        self.assertIn(b"io.edgecert.Control", held.recv(65536))
        held.close()
        self.assertEqual((self.service.state, self.service.restarts), ("active", 0))


if __name__ == "__main__":
    unittest.main()
