"""An account as it lives: what the soak's daemon is told to keep, and what happens to it meanwhile."""

import json
import random
import shutil

from programs import ANSWERED

ZONES, PACKS, CERTIFICATES = 50, 3, 5
# Every subject is let alone for so many events after one, so that the brakes on one name are not all that is seen.
REST = 40


class Account:
    """Zones with packs and client certificates, changed by people, by others and by faults. Seeded: the same seed
    makes the same choices, though not at the same moments."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.names = [f"soak{number:02}.example" for number in range(1, ZONES + 1)]
        # Subject to its hosts; None for one that is wished no more.
        self.packs = {
            (name, f"p{number}"): [name, f"p{number}.{name}"] for name in self.names
            for number in range(1, PACKS + 1)}
        self.certificates = [(name, "gateway") for name in self.names[:CERTIFICATES]]
        self.touched, self.count, self.events = {}, 0, {}
        self.watchers = []

    def scenario(self, created):
        """Two of three packs are there already, of different ages; `created` makes a date out of an age in days."""
        seeds = [subject for subject in self.packs if subject[1] != f"p{PACKS}"]
        zones = [{"name": name, "client_certificate_quota": 10_000, "pack_quota": 1000, "packs": [
            {"hosts": self.packs[subject], "created_on": created(1 + seeds.index(subject) * 54 // len(seeds))}
            for subject in seeds if subject[0] == name]} for name in self.names]
        return {"settings": {"timeouts": {"validation": "3h"}, "ledger_reads": 4000}, "zones": zones}

    def write(self, folder, simulator):
        lines = [
            "[daemon]", 'mode = "enforce"', 'look_every = "1h"', f'state_directory = "{folder}/state"',
            f'control_socket = "{folder}/control.sock"', "[cloudflare]", f'base_url = "{simulator.base_url}"',
            f'token_file = "{simulator.folder}/token"', f'trusted_roots_file = "{simulator.root}"',
            "follow_simulator_clock = true", "[limits]", "orders_a_day = 1000", "removals_a_day = 1000",
            "removals_per_zone_share = 1.0"]
        for name in self.names:
            lines += ["[[zone]]", f'name = "{name}"']
            for (zone, pack), hosts in self.packs.items():
                if zone == name and hosts:
                    lines += [
                        "[[zone.certificate_pack]]", f'name = "{pack}"', f"hosts = {json.dumps(hosts)}",
                        'certificate_authority = "google"', 'validation_method = "txt"', "validity_days = 90"]
            if (name, "gateway") in self.certificates:
                lines += [
                    "[[zone.client_certificate]]", 'name = "gateway"', f'common_name = "gateway.{name}"',
                    'key = "ec-p256"', "validity_days = 10", 'renew_before = "5d"', 'overlap = "6h"',
                    'command = ["/bin/true"]']
        (folder / "edgecertd.toml").write_text("\n".join(lines) + "\n")

    # What happens

    def happen(self, simulator, daemon):
        """One event, drawn by its weight."""
        self.count += 1
        kinds = {
            self.delete_behind_its_back: 3, self.edit_hosts: 4, self.drop_or_bring_back: 2, self.let_time_out: 2,
            self.make_faults: 3, self.ask: 4, self.watch: 1, self.settle_held: 3, self.revoke_behind_its_back: 1,
            self.back_up: 0.2}
        event = self.chance.choices(list(kinds), list(kinds.values()))[0]
        if event(simulator, daemon) is not False:
            self.events[event.__name__] = self.events.get(event.__name__, 0) + 1

    def _rested(self, condition=lambda subject: True):
        free = [
            subject for subject in self.packs
            if self.count - self.touched.get(subject, -REST) >= REST and condition(subject)]
        if not free:
            return None
        subject = self.chance.choice(free)
        self.touched[subject] = self.count
        return subject

    def delete_behind_its_back(self, simulator, daemon):
        subject = self._rested(lambda subject: self.packs[subject])
        zones = simulator.ask(f"/state?zone={subject[0]}")["zones"] if subject else []
        for pack in (pack for zone in zones for pack in zone["packs"]):
            if pack["status"] == "active" and set(pack["hosts"]) == set(self.packs[subject]):
                simulator.ask(f"/packs/{pack['id']}", method="DELETE")
                return True
        return False

    def edit_hosts(self, simulator, daemon):
        subject = self._rested(lambda subject: self.packs[subject])
        if not subject:
            return False
        hosts, more = self.packs[subject], f"api{self.count % 7}.{subject[1]}.{subject[0]}"
        self.packs[subject] = hosts + [more] if len(hosts) == 2 else hosts[:2]
        return self._reload(simulator, daemon)

    def drop_or_bring_back(self, simulator, daemon):
        gone = [subject for subject, hosts in self.packs.items() if not hosts]
        if len(gone) >= 4:
            subject = self.chance.choice(gone)
            self.packs[subject] = [subject[0], f"{subject[1]}.{subject[0]}"]
        else:
            subject = self._rested(lambda subject: self.packs[subject])
            if not subject:
                return False
            self.packs[subject] = None
        return self._reload(simulator, daemon)

    def _reload(self, simulator, daemon):
        self.write(daemon.folder, simulator)
        daemon.ctl("reload")

    def let_time_out(self, simulator, daemon):
        """The first validation of what is ordered there next; every other time it is as it was before."""
        name = self.chance.choice(self.names)
        simulator.ask("/zones", body={"name": name, "timeouts_first": self.chance.choice([0, 1])})
        return self.edit_hosts(simulator, daemon)

    def make_faults(self, simulator, daemon):
        simulator.ask("/faults", body={
            "do": self.chance.sample([
                "reset_before", "reset_after", "server_error_before", "server_error_after", "limited", "truncated",
                "html", "empty_body", "duplicate_entry", "missing_entry", "unsuccessful"], 3),
            "count": 20, "probability": 0.5})

    def ask(self, simulator, daemon):
        subject = "/".join([*self.chance.choice(list(self.packs))]).replace("/", "/certificate_pack/")
        for words in (["status", "--json"], ["list", "--json"], ["why", subject], ["history", subject], ["orders"]):
            daemon.ctl(*words)

    def watch(self, simulator, daemon):
        """Two look on for a while; whoever looked on before leaves without a word."""
        self.leave()
        for _ in range(2):
            self.watchers.append(daemon.start_ctl("watch"))

    def leave(self):
        for watcher in self.watchers:
            watcher.kill()
            watcher.wait()
        self.watchers = []

    def settle_held(self, simulator, daemon):
        """A person goes through what is held: approved or decided anew."""
        rows = daemon.ctl("list", "--json")[1]
        held = [row["path"] for row in rows["rows"] if row["state"] == "held"] if isinstance(rows, dict) else []
        for path in held:
            verbs = ["approve", "unhold"]
            self.chance.shuffle(verbs)
            if daemon.ctl(verbs[0], path)[0] not in ANSWERED:
                daemon.ctl(verbs[1], path)
        return bool(held)

    def revoke_behind_its_back(self, simulator, daemon):
        name, _ = self.chance.choice(self.certificates)
        zones = simulator.ask(f"/state?zone={name}")["zones"]
        active = [one for zone in zones for one in zone["client_certificates"] if one["status"] == "active"]
        if not active:
            return False
        simulator.ask(f"/client_certificates/{active[-1]['id']}", body={"status": "revoked"})
        return True

    def back_up(self, simulator, daemon):
        place = daemon.folder / "backup"
        daemon.tool("backup", place, "--state-directory", daemon.folder / "state", timeout=300)
        shutil.rmtree(place, ignore_errors=True)
