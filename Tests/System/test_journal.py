"""Entries of the journal, read back field by field, and explained by the catalog."""

import unittest

from bench import Bench, run, until


class Entries(Bench):
    def test_a_start_has_its_fields(self):
        self.start()
        entry = self.journal.wait("started")
        self.assertEqual(entry["MESSAGE_ID"], "6af323601cd84556a565e8bf8ebbed45")
        self.assertEqual(entry["PRIORITY"], "5")
        self.assertEqual(entry["SYSLOG_IDENTIFIER"], "edgecertd")
        self.assertEqual(entry["EDGECERT_MODE"], "enforce")
        self.assertIn(entry["EDGECERT_VERSION"], run("/usr/bin/edgecertd", "--version").stdout)
        self.assertEqual(entry["_TRANSPORT"], "journal")
        self.assertEqual(entry["_SYSTEMD_UNIT"], "edgecertd.service")
        self.assertTrue(entry["MESSAGE"].startswith("edgecertd started: mode=enforce"), entry["MESSAGE"])

    def test_a_change_has_its_fields_and_a_message_for_the_eye(self):
        self.start()
        entry = self.journal.wait("transition", EDGECERT_TO="serving", seconds=120)
        self.assertEqual(entry["MESSAGE_ID"], "f6575578c6da4d45969cc742d9a90297")
        self.assertEqual(entry["EDGECERT_SUBJECT"], "example.com/certificate_pack/main")
        self.assertEqual(entry["EDGECERT_ZONE"], "example.com")
        self.assertEqual(entry["EDGECERT_KIND"], "certificate_pack")
        self.assertRegex(entry["EDGECERT_ZONE_ID"], "^[0-9a-f]{32}$")
        self.assertTrue(entry["EDGECERT_FROM"])
        self.assertEqual(entry["EDGECERT_TO_STATUS"], "active")
        self.assertIn("a certificate changed: example.com/certificate_pack/main ", entry["MESSAGE"])
        self.assertIn(" to=serving", entry["MESSAGE"])

    def test_an_order_can_be_followed_by_its_identifier(self):
        self.start()
        sent = self.journal.wait("operation-sent", seconds=120)
        accepted = self.journal.wait("operation-accepted", EDGECERT_OPERATION=sent["EDGECERT_OPERATION"])
        self.assertEqual(sent["EDGECERT_ACTION"], "order")
        self.assertEqual(sent["EDGECERT_REASON"], "missing")
        self.assertEqual(accepted["EDGECERT_SUBJECT"], "example.com/certificate_pack/main")
        self.assertTrue(accepted["EDGECERT_CF_RAY"])

    def test_a_refusal_carries_cloudflares_words(self):
        self.simulator.ask(
            "/tokens/operator", {"permissions": ["zone_read", "ssl_read"]})
        self.start()
        entry = self.journal.wait("operation-refused", seconds=120)
        self.assertTrue(entry["EDGECERT_ERROR_CODE"])
        self.assertTrue(entry["EDGECERT_ERROR_MESSAGE"])
        self.assertLessEqual(int(entry["PRIORITY"]), 4)

    def test_what_was_told_lately_stays_short_while_nothing_happens(self):
        self.start()
        self.wait_until_serving("example.com/certificate_pack/main")
        told = len(self.journal.entries())
        seen = self.simulator.requests()
        # Twenty looks later.
        until("twenty more looks", lambda: self.simulator.requests() > seen + 20)
        self.assertLessEqual(len(self.journal.entries()) - told, 3)


class Catalog(Bench):
    def test_x_explains_an_entry_and_puts_its_fields_in(self):
        self.start()
        self.journal.wait("transition", EDGECERT_TO="serving", seconds=120)
        text = self.journal.text("-x", "EDGECERT_TO=serving")
        self.assertIn("Subject: example.com/certificate_pack/main changed", text)
        self.assertIn("edgecertctl history example.com/certificate_pack/main", text)
        self.assertIn("Documentation: man:edgecertd(8)", text)

    def test_every_entry_of_the_catalog_was_taken_in(self):
        listed = run("journalctl", "--list-catalog", "--no-pager").stdout
        self.assertIn("6af323601cd84556a565e8bf8ebbed45 edgecertd: edgecertd started", listed)


if __name__ == "__main__":
    unittest.main()
