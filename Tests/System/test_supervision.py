"""Watchdog, reload, stop, and being killed at the worst moment."""

import sqlite3
import time
import unittest

from bench import ETC, UNIT, Bench, can_connect, kill, run, until


class Watchdog(Bench):
    def test_a_wedged_daemon_is_killed_and_started_again(self):
        self.service.drop_in("[Service]\nWatchdogSec=2s\nRestartSec=100ms\n")
        self.start()
        wedged = self.service.pid
        kill(wedged, "SIGSTOP")
        until("systemd starts it again", lambda: self.service.restarts == 1 and self.service.state == "active")
        self.assertNotEqual(self.service.pid, wedged)
        self.assertIn("Watchdog timeout", self.journal.text("-o", "cat"))
        self.assertTrue(can_connect())

    def test_a_daemon_that_makes_progress_is_left_alone(self):
        self.service.drop_in("[Service]\nWatchdogSec=2s\n")
        self.start()
        pid = self.service.pid
        first = int(self.service.show("WatchdogTimestampMonotonic"))
        until(
            "the watchdog was fed for five times its limit",
            lambda: int(self.service.show("WatchdogTimestampMonotonic")) - first > 10_000_000)
        self.assertEqual((self.service.pid, self.service.restarts), (pid, 0))

    def test_waiting_for_a_slow_cloudflare_is_progress(self):
        self.service.drop_in("[Service]\nWatchdogSec=2s\n")
        self.simulator.ask("/faults", {"do": "delay", "path": "/zones*", "seconds": 10, "count": 1})
        self.start()
        pid = self.service.pid
        until("the slow answer is in", lambda: "1 zone, 1 subject" in self.service.status)
        self.assertEqual((self.service.pid, self.service.restarts), (pid, 0))


class Reload(Bench):
    def test_a_good_reload_takes_up_what_is_new(self):
        self.start()
        pid = self.service.pid
        self.settings(self.pack("main", "example.com", "*.example.com") + self.pack("shop", "example.com", "shop.example.com"))
        done = self.service.reload()
        self.assertEqual(done.returncode, 0, done.stdout)
        self.journal.wait("settings-loaded")
        self.wait_until_serving("example.com/certificate_pack/shop")
        self.assertEqual(self.service.pid, pid)
        self.assertEqual(self.service.show("SubState"), "running")

    def test_a_bad_reload_fails_with_the_errors_and_changes_nothing(self):
        self.start()
        self.wait_until_serving("example.com/certificate_pack/main")
        pid = self.service.pid
        good = (ETC / "edgecertd.toml").read_text()
        (ETC / "edgecertd.toml").write_text(good.replace('"lets_encrypt"', '"lets_encript"'))
        done = self.service.reload()
        self.assertNotEqual(done.returncode, 0)
        line = good[: good.index("lets_encrypt")].count("\n") + 1
        text = self.journal.text("-o", "cat")
        self.assertIn(f"/etc/edgecertd/edgecertd.toml:{line}:", text)
        self.assertIn("lets_encript", text)
        self.assertIn("lets_encrypt", text)
        self.assertEqual(len(self.journal.news("settings-refused")), 1)
        until("the status says so", lambda: "SETTINGS REFUSED" in self.service.status)
        self.assertEqual((self.service.state, self.service.pid), ("active", pid))
        self.assertEqual(self.subjects()["example.com/certificate_pack/main"]["stage"], "serving")

        (ETC / "edgecertd.toml").write_text(good)
        self.assertEqual(self.service.reload().returncode, 0)
        until("the status is well again", lambda: "REFUSED" not in self.service.status)

    def test_a_hangup_reloads_too(self):
        self.start()
        kill(self.service.pid, "SIGHUP")
        self.journal.wait("settings-loaded")
        self.assertEqual(self.service.state, "active")

    def test_a_replaced_token_is_taken_up_by_a_restart(self):
        self.start()
        self.wait_until_serving("example.com/certificate_pack/main")
        self.token("abcdefghijklmnopqrstuvwxyz-not-a-token")
        run("systemctl", "restart", UNIT)
        self.journal.wait("episode-raised", EDGECERT_CONDITION="token-refused")
        self.token(self.simulator.token_file.read_text())
        run("systemctl", "restart", UNIT)
        self.journal.wait("episode-resolved", EDGECERT_CONDITION="token-refused")


class Killed(Bench):
    hosts = ["example.com", "*.example.com"]

    def test_killed_between_the_commit_of_an_order_and_its_reply_it_orders_exactly_once(self):
        self.service.drop_in("[Service]\nRestartSec=100ms\n")
        # Cloudflare takes the order; its answer is on the way for longer than the daemon lives.
        self.simulator.ask("/faults", {"do": "delay", "method": "POST", "path": "/zones/*/order", "seconds": 600, "count": 1})
        self.start()
        until("the order is at Cloudflare", lambda: self.simulator.orders(self.hosts))
        opened = self.ctl("orders", "--open", "--json", "--database", "/var/lib/edgecertd/edgecert.db")
        self.assertIn('"order"', opened.stdout)
        kill(self.service.pid, "SIGKILL")
        until("systemd starts it again", lambda: self.service.restarts == 1 and self.service.state == "active")
        self.wait_until_serving("example.com/certificate_pack/main")
        # Long past the time after which a lost order would be sent again.
        simulated = self.simulator.ask("/clock")["now"]
        seen = self.simulator.requests()
        until("an hour of looks", lambda: self.simulator.requests() > seen + 60)
        self.assertNotEqual(simulated, self.simulator.ask("/clock")["now"])
        self.assertEqual(len(self.simulator.orders(self.hosts)), 1)
        still_open = self.ctl("orders", "--open", "--json")
        self.assertNotIn('"order"', still_open.stdout)

    def test_killed_before_an_order_reached_cloudflare_it_orders_once_in_the_end(self):
        self.service.drop_in("[Service]\nRestartSec=100ms\n")
        self.simulator.ask("/faults", {"do": "reset_before", "method": "POST", "path": "/zones/*/order", "count": 1})
        self.start()
        self.journal.wait("operation-unanswered", seconds=120)
        kill(self.service.pid, "SIGKILL")
        until("systemd starts it again", lambda: self.service.restarts == 1 and self.service.state == "active")
        self.wait_until_serving("example.com/certificate_pack/main", seconds=180)
        self.assertEqual(len(self.simulator.orders(self.hosts)), 1)

    def test_killed_again_and_again_it_converges(self):
        self.service.drop_in("[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestartSec=50ms\n")
        self.start()
        for count in range(1, 9):
            time.sleep(0.13 * count)  # a different moment of the pass each time
            kill(self.service.pid, "SIGKILL")
            until("it is back", lambda: self.service.restarts == count and self.service.state == "active")
        self.wait_until_serving("example.com/certificate_pack/main")
        self.assertEqual(len(self.simulator.orders(self.hosts)), 1)
        self.service.stop()
        with sqlite3.connect("/var/lib/edgecertd/edgecert.db") as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])


class StoppingWithAnOrderUnderWay(Bench):
    hosts = ["example.com", "*.example.com"]

    def test_it_does_not_wait_for_the_answer_and_never_orders_again(self):
        self.simulator.ask("/faults", {"do": "delay", "method": "POST", "path": "/zones/*/order", "seconds": 600, "count": 1})
        self.start()
        until("the order is at Cloudflare", lambda: self.simulator.orders(self.hosts))
        begun = time.monotonic()
        self.service.stop()
        self.assertLess(time.monotonic() - begun, 30)
        self.assertEqual(self.service.show("Result"), "success")
        self.start()
        self.wait_until_serving("example.com/certificate_pack/main")
        self.assertEqual(len(self.simulator.orders(self.hosts)), 1)


class Stopping(Bench):
    scenario = {"bulk": {"zones": 50, "packs": 5, "name": "bench"}, "zones": [{"name": "example.com"}]}
    simulator_options = ("--no-limiter",)

    def test_a_stop_in_mid_pass_is_clean_and_in_time(self):
        with open(ETC / "edgecertd.toml", "a") as file:
            for number in range(1, 51):
                zone = self.simulator.ask("/state")["zones"][number]["name"]
                file.write(f'[[zone]]\nname = "{zone}"\n' + self.pack("main", zone))
        self.simulator.ask("/faults", {"do": "delay", "probability": 0.5, "seconds": 20})
        self.start()
        seen = self.simulator.requests()
        until("passes are under way", lambda: self.simulator.requests() > seen + 3)
        begun = time.monotonic()
        self.service.stop()
        took = time.monotonic() - begun
        self.assertEqual(self.service.show("TimeoutStopUSec"), "30s")
        self.assertLess(took, 30, "systemd had to end it")
        self.assertEqual(self.service.show("Result"), "success")
        self.assertIn("Deactivated successfully", self.journal.text("-o", "cat"))
        self.assertEqual(len(self.journal.news("stopping")), 1)
        self.assertEqual(self.journal.news("episode-raised"), [], "stopping is no trouble")


if __name__ == "__main__":
    unittest.main()
