"""One daemon, one simulator and the proxy between them; what is wished of them, and what is asked afterwards."""

import collections
import json
import pathlib
import sqlite3
import time
import urllib.parse

from programs import ANSWERED, Daemon, Simulator, Trouble, until
from proxy import Conduct, Proxy

# Simulated seconds in one of ours: a look a minute is one every quarter of a second.
SPEED = 240
# Simulated minutes to be as wanted again: two listings ten minutes apart prove an order lost, then it is made anew.
RECOVERY_MINUTES = 240
PEAK_LIMIT_MB = 120
ORDERS, SHOP, GATE = "orders.example", "shop.example", "gate.example"


class Findings(list):
    def say(self, phase, what):
        self.append(f"{phase}: {what}")
        print(f"    FOUND: {what}", flush=True)


class Account:
    """What is wished, and what the ledger must show for it."""

    def __init__(self):
        self.packs = {("main", SHOP): [SHOP]}
        self.names, self.orders, self.removable = [], collections.Counter(), collections.Counter()

    def want_more(self, number):
        """One more pack, a replacement of another, and one more client certificate."""
        fresh = [ORDERS, f"c{number}.{ORDERS}"]
        self.packs[f"c{number}", ORDERS] = fresh
        self.orders[frozenset(fresh)] = 1
        old = self.packs["main", SHOP]
        self.removable[frozenset(old)] = 1
        # Few hosts: one comes, and none that was ever there goes.
        self.packs["main", SHOP] = old + [f"h{number}.{SHOP}"]
        self.orders[frozenset(self.packs["main", SHOP])] = 1
        self.names.append(f"k{number}.{GATE}")

    def write(self, folder, url, token_file, root):
        lines = [
            "[daemon]", 'mode = "enforce"', 'look_every = "1m"', f'state_directory = "{folder}/state"',
            f'control_socket = "{folder}/control.sock"', "[cloudflare]", f'base_url = "{url}"',
            f'token_file = "{token_file}"', "follow_simulator_clock = true", 'connect_timeout = "1s"',
            'request_timeout = "2s"', "[limits]", "orders_a_day = 1000", "removals_a_day = 1000",
            # A change that is lost thrice is held, as it should be, and would end the phase.
            "orders_per_name_a_day = 20", "orders_per_name_a_week = 100"]
        if root:
            lines.insert(6, f'trusted_roots_file = "{root}"')
        for zone in (ORDERS, SHOP, GATE):
            lines += ["[[zone]]", f'name = "{zone}"']
            for (name, itself), hosts in self.packs.items():
                if itself == zone:
                    lines += ["[[zone.certificate_pack]]", f'name = "{name}"', f"hosts = {json.dumps(hosts)}",
                              'certificate_authority = "google"', 'validation_method = "txt"', "validity_days = 90"]
            for name in self.names if zone == GATE else []:
                lines += ["[[zone.client_certificate]]", f'name = "{name.split(".")[0]}"', f'common_name = "{name}"',
                          'key = "ec-p256"', "validity_days = 3650"]
        (folder / "edgecertd.toml").write_text("\n".join(lines) + "\n")


class Stage:
    """One daemon, one simulator, and the proxy between them."""

    def __init__(self, programs, folder, protocol, authority, findings, hosts=("127.0.0.1",), name="127.0.0.1"):
        folder.mkdir()
        self.protocol, self.findings, self.number = protocol, findings, 0
        self.account = Account()
        scenario = {
            "settings": {
                "pace": {"deletion": ["60s", "90s"], "new_names": ["60s", "90s"]}, "timeouts": {"validation": "5m"},
                # What was just made is not listed yet, and would be made once more: whoever orders by the listing alone,
                # without minding a reply that was lost, does it twice.
                "list_lag": "90s", "refuse_duplicates": False, "limiter": {"on": False}},
            "zones": [
                {"name": ORDERS, "timeouts_first": 1, "pack_quota": 1000,
                 "packs": [{"type": "universal", "hosts": [ORDERS]}]},
                {"name": SHOP, "pack_quota": 1000, "packs": [{"hosts": [SHOP]}]},
                {"name": GATE, "client_certificate_quota": 1000}]}
        self.simulator = Simulator(programs, folder / "simulator", scenario, "--speed", str(SPEED), tls=False)
        # Until then the listings show the time before there were any packs.
        self.simulator.ask("/clock", body={"step": "10m"})
        address = urllib.parse.urlsplit(self.simulator.base_url)
        secure = authority.contexts["good"] if protocol == "https" else None
        self.proxy = Proxy((address.hostname, address.port), secure, self.simulator.token, hosts)
        self.url = f"{protocol}://{name}:{self.proxy.port}/client/v4"
        self.root = authority.root if protocol == "https" else None
        self.folder = folder / "daemon"
        (self.folder / "state").mkdir(parents=True)
        self.write()
        self.daemon = Daemon(programs, self.folder)
        self.hosts_of = {}
        self.settle("at the start")

    def write(self):
        self.account.write(self.folder, self.url, self.simulator.folder / "token", self.root)

    # Asking

    def rows(self):
        code, report = self.daemon.ctl("list", "--json", timeout=30)
        if code not in ANSWERED:
            raise Trouble(f"list ended with {code}: {report}")
        return report["rows"]

    def is_as_wanted(self):
        wished = [row for row in self.rows() if row["wished"]]
        packs = {pack["id"] for zone in self.simulator.ask(f"/state?zone={SHOP}")["zones"] for pack in zone["packs"]}
        return (len(wished) == len(self.account.packs) + len(self.account.names)
                and all(row["state"] == "ok" for row in wished) and len(packs) == 1)

    def settle(self, phase):
        try:
            until("as wanted again", self.is_as_wanted, RECOVERY_MINUTES * 60 / SPEED, self.daemon, every=0.25)
        except Trouble as trouble:
            self.daemon.check()
            rows = [f"{row['path']} {row['state']}: {row['headline']}" for row in self.rows() if row["state"] != "ok"]
            self.findings.say(phase, f"{trouble}; {'; '.join(rows[:5])}")

    def floor(self):
        """Descriptors and threads when nothing is under way and no connection is kept: the least over a while."""
        self.proxy.behave(Conduct("closes", lambda x: x.send(x.answer(*x.forward(), "Connection: close"))))
        end, least = time.monotonic() + 2.5, (10**6, 10**6)
        while time.monotonic() < end:
            least = min(least[0], len(self.daemon.descriptors())), min(least[1], self.daemon.threads())
            time.sleep(0.02)
        self.proxy.behave()
        self.proxy.aim = lambda exchange: False
        return least

    # One phase

    def phase(self, conduct):
        self.number += 1
        name = f"{conduct.name}, {self.protocol}"
        before = self.floor()
        (pathlib.Path(f"/proc/{self.daemon.pid}/clear_refs")).write_text("5")
        log = self.folder / "log"
        log_before = log.stat().st_size
        # Changes alone are spoilt, so that there are some; a new connection cannot know what it is for.
        is_change = (lambda x: x is not None and x.method != "GET") if conduct.answer else (lambda x: True)
        self.proxy.behave(conduct, is_change)
        self.account.want_more(self.number)
        self.write()
        self.daemon.ctl("reload")
        self.wait(lambda: len(self.proxy.spoilt) >= 3 or not conduct.listens, 6)
        changes = list(self.proxy.spoilt)
        # Everything is spoilt but the clock, until the zones count as unseen.
        self.proxy.behave(conduct, lambda x: x is None or not x.path.startswith("/sim"))
        said = self.wait(self.trouble_told, 12) or ""
        why = self.daemon.ctl("why", f"{ORDERS}/certificate_pack/c{self.number}")[1] if said else ""
        total = self.simulator.total()
        spoilt = len(changes) + len(self.proxy.spoilt)
        began = time.monotonic()
        self.proxy.behave()
        self.proxy.aim = lambda exchange: False
        self.wait(lambda: self.simulator.total() > total + 3, 30)
        seen = time.monotonic() - began
        self.settle(name)
        minutes = (time.monotonic() - began) * SPEED / 60
        after = self.floor()
        self.judge(name, before, after, conduct, spoilt)
        print(f"{name:<40} {spoilt:>4} {len(changes):>3} {seen * SPEED:>6.0f} s {minutes:>6.0f} min "
              f"{self.peak_mb():>6.0f} MB {before[0]:>3}-{after[0]:<3} {(log.stat().st_size - log_before) / 1000:>5.0f} kB  "
              f"{said[:110]}", flush=True)
        if said and "TOKEN" in why:
            self.findings.say(name, "why shows the token")

    def wait(self, condition, seconds):
        """What it gives, or nothing when the time is over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.daemon.check()
            if found := condition():
                return found
            time.sleep(0.05)

    def trouble_told(self):
        code, report = self.daemon.ctl("status", "--json")
        if not isinstance(report, dict) or code != 3:
            return None
        told = [row["detail"] for row in report["troubles"] if row["scope"] in (ORDERS, SHOP, GATE)]
        return told[0] if told else None

    def peak_mb(self):
        for line in pathlib.Path(f"/proc/{self.daemon.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6

    def judge(self, name, before, after, conduct, spoilt):
        say = lambda what: self.findings.say(name, what)  # noqa: E731
        orders, removed, made = collections.Counter(), collections.Counter(), collections.Counter()
        for entry in self.simulator.effects():
            effect = entry["effect"]
            kind = effect["kind"]
            if kind == "order-accepted":
                hosts = frozenset(effect["hosts"])
                orders[hosts] += 1
                self.hosts_of[effect["pack"]] = hosts
            elif kind == "pack-deletion-begun":
                removed[self.hosts_of.get(effect["pack"], frozenset([SHOP]))] += 1
            elif kind == "client-certificate-created":
                made[effect["common_name"]] += 1
            elif kind == "revocation-begun":
                say("a client certificate was revoked")
        if orders != self.account.orders:
            twice, lacking = orders - self.account.orders, self.account.orders - orders
            if twice:
                say(f"ordered too often: {[sorted(hosts) for hosts in twice]}")
            if lacking:
                say(f"not ordered: {[sorted(hosts) for hosts in lacking]}")
        if made != collections.Counter(self.account.names):
            say(f"client certificates made: {dict(made)}")
        if removed - self.account.removable:
            say(f"removed: {[sorted(hosts) for hosts in removed - self.account.removable]}")
        self.judge_database(say)
        if self.proxy.leaks:
            say(f"told to others: {sorted(set(self.proxy.leaks))}")
            self.proxy.leaks = []
        if self.simulator.token in (self.folder / "log").read_text(errors="replace"):
            say("the token is in the log")
        if after[0] > before[0]:
            say(f"descriptors: {before[0]} before, {after[0]} after: {sorted(self.daemon.descriptors().values())}")
        if after[1] > before[1] + 8:
            say(f"threads: {before[1]} before, {after[1]} after")
        if (peak := self.peak_mb()) > PEAK_LIMIT_MB:
            say(f"{peak:.0f} MB resident at its peak")
        if not spoilt and conduct.listens:
            say("nothing was spoilt: the phase has tried nothing")
        if (open_orders := self.daemon.ctl("status", "--json")[1]["openOrders"]):
            say(f"{open_orders} orders are open")

    def judge_database(self, say):
        """What one zone's listing shows is in no other zone, and nothing went that was not removed."""
        connection = sqlite3.connect(f"file:{self.folder}/state/edgecert.db?mode=ro", uri=True)
        try:
            for (identifier,) in connection.execute(
                    "SELECT id FROM objects GROUP BY id HAVING count(DISTINCT zone || kind) > 1"):
                say(f"{identifier} was taken for a thing of two zones")
            for name, detail in connection.execute(
                    "SELECT name, detail FROM transitions WHERE event = 'vanished' AND detail NOT LIKE 'removed by us%'"):
                say(f"{name} was taken for gone: {detail}")
        finally:
            connection.close()

    def stop(self):
        self.daemon.stop()
        if self.daemon.popen.returncode != 0:
            self.findings.say(self.protocol, f"edgecertd ended with {self.daemon.popen.returncode}")
        self.simulator.stop()
        self.proxy.hang_up()
