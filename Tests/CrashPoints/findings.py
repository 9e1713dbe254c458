"""What must be so, whenever the daemon is killed and when all is done. Each check says in words what is not.

They ask the files, the simulator's ledger and the database, never the daemon.
"""

import datetime
import hashlib
import shutil
import sqlite3
import stat
import subprocess

from scenario import FIRST_HOSTS, FOREIGN, LATER_HOSTS

GENERATION = {"key.pem": ("pkey", "-pubout"), "request.pem": ("req", "-noout", "-pubkey"),
              "certificate.pem": ("x509", "-noout", "-pubkey")}


class Findings:
    def __init__(self, life):
        self.life = life
        self.broken = []
        self.seen = {}

    def note(self, what):
        self.broken.append(what)

    # At the kill

    def at_death(self, code, fired):
        """Looks at everything as the killed daemon has left it, and says how far it had come."""
        if code != -9 or not fired:
            self.note(f"the daemon ended by itself, with {code}")
        self.rights()
        self.keys()
        self.nothing_set_aside(is_end=False)
        database = self.database()
        effects = self.life.effects()
        if database is None:
            if effects:
                self.note("something was asked of Cloudflare before there was a database")
            return "nothing open"
        with database:
            self.integrity(database)
            operations = self.operations(database)
            for effect in effects:
                if not any(self.is_answer(effect, operation) for operation in operations):
                    self.note(f"S3: {self.words(effect)} was sent before it was committed")
            self.chain(database)
        database.close()
        self.successor(effects)
        open_ones = [operation for operation in operations if operation["state"] == "open"]
        if not open_ones:
            return "nothing open"
        has_arrived = any(self.is_answer(effect, operation) for effect in effects for operation in open_ones)
        return "open, had arrived" if has_arrived else "open, never arrived"

    # At the end

    def at_end(self):
        self.rights()
        self.keys()
        self.nothing_set_aside(is_end=True)
        effects = self.life.effects()
        self.ledger(effects)
        self.foreign()
        database = self.database()
        if database is None:
            return self.note("there is no database at the end")
        with database:
            self.integrity(database)
            self.chain(database)
            self.settled(database, effects)
        database.close()
        self.served()

    # Files

    def rights(self):
        """Nothing of the state is for everybody, nothing of the keys for anybody but the owner."""
        for path in self.life.state.rglob("*"):
            facts = path.lstat()
            if stat.S_ISLNK(facts.st_mode):
                continue
            is_key = "keys" in path.relative_to(self.life.state).parts
            if facts.st_mode & (0o077 if is_key else 0o007):
                self.note(f"{path.relative_to(self.life.state)} has the mode {facts.st_mode & 0o7777:o}")

    def keys(self):
        """What bears its final name is whole; `current` leads to a key with its own certificate."""
        for subject in self.life.state.glob("keys/*/*"):
            for entry in subject.iterdir():
                if entry.name in (".lock", "current") or entry.name.startswith(".new-"):
                    continue
                if not (entry.is_dir() and entry.name.startswith("generation-")):
                    self.note(f"{entry.name} is among the keys")
                    continue
                self.generation(entry)
            current = subject / "current"
            if current.is_symlink():
                has = {path.name for path in current.iterdir()} if current.is_dir() else set()
                if not has >= {"key.pem", "certificate.pem"}:
                    self.note(f"'current' leads to {current.readlink()}, where there is {sorted(has) or 'nothing'}")

    def generation(self, folder):
        has = {path.name for path in folder.iterdir()}
        if not {"key.pem", "request.pem"} <= has <= set(GENERATION):
            self.note(f"{folder.name} holds {sorted(has)}")
        halves = {name: self.public(folder / name) for name in has & set(GENERATION)}
        for name, half in halves.items():
            if half is None:
                self.note(f"{folder.name}/{name} cannot be read: {(folder / name).stat().st_size} bytes")
        if len(set(halves.values()) - {None}) > 1:
            self.note(f"{folder.name}: key, request and certificate do not belong together")

    def public(self, path):
        """The public half of what is in a file, by OpenSSL; nothing when it cannot be read."""
        content = path.read_bytes()
        name = (path.name, hashlib.sha256(content).digest())
        if name not in self.seen:
            done = subprocess.run(
                ["openssl", *GENERATION[path.name], "-in", path], stdin=subprocess.DEVNULL, capture_output=True)
            self.seen[name] = done.stdout.strip() if done.returncode == 0 else None
        return self.seen[name]

    def nothing_set_aside(self, is_end):
        """The database was never taken for broken, missing or another one."""
        usual = {"edgecert.db", "edgecert.db-wal", "edgecert.db-shm", "edgecert.db.lock", "keys"}
        if not is_end:
            usual |= {"edgecert.db-journal", "edgecert.db.new"}
        for entry in self.life.state.iterdir():
            if entry.name not in usual:
                self.note(f"{entry.name} was left beside the database")

    # The database

    def database(self):
        """A copy, so that looking does not mend what the next daemon is to find. None where there is none yet."""
        copy = self.life.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for end in ("", "-wal", "-journal"):
            path = self.life.state / f"edgecert.db{end}"
            if path.exists():
                shutil.copy(path, copy)
        path = copy / "edgecert.db"
        if not path.exists() or path.stat().st_size == 0:
            return None
        database = sqlite3.connect(path)
        database.row_factory = sqlite3.Row
        if database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
            return None
        return database

    def integrity(self, database):
        verdict = [row[0] for row in database.execute("PRAGMA integrity_check")]
        if verdict != ["ok"]:
            self.note(f"integrity_check: {verdict[:3]}")
        for (text,) in database.execute("SELECT value FROM notes WHERE name = 'untrusted'"):
            self.note(f"the state is not trusted: {text}")

    @staticmethod
    def operations(database):
        return [dict(row) for row in database.execute("SELECT * FROM operations ORDER BY committed_at, id")]

    def chain(self, database):
        """S14: the lines of each object join on to each other, none is missing, and the last says what is so."""
        count, last = database.execute("SELECT count(*), ifnull(max(seq), 0) FROM transitions").fetchone()
        if count != last:
            self.note(f"S14: {last} lines of history were written, {count} are there")
        known = {}
        for row in database.execute("SELECT * FROM transitions WHERE object IS NOT NULL ORDER BY seq"):
            begin, end = (row["from_stage"], row["from_status"]), (row["to_stage"], row["to_status"])
            if begin == end == ("", ""):
                continue
            key = (row["kind"], row["object"])
            if known.get(key, ("", "")) != begin:
                self.note(f"S14: line {row['seq']} of {key} begins at {begin}, the last ended at {known.get(key)}")
            known[key] = end
        for row in database.execute("SELECT kind, id, stage, status FROM objects"):
            told = known.get((row["kind"], row["id"]))
            if told != (row["stage"], row["status"]):
                self.note(f"S14: {row['id']} is {row['stage']} ({row['status']}), its history says {told}")

    def settled(self, database, effects):
        operations = self.operations(database)
        for operation in operations:
            if operation["state"] == "open":
                self.note(f"operation {operation['id']} is still open")
        for row in database.execute("SELECT condition, detail FROM episodes WHERE resolved_at IS NULL"):
            self.note(f"the episode '{row['condition']}' goes on: {row['detail']}")
        taken = [operation for operation in operations if operation["state"] == "accepted"]
        for effect in effects:
            answers = [operation for operation in taken if self.is_answer(effect, operation)]
            # A removal may be asked for again while listings do not show it yet: that has no second effect.
            if len(answers) != 1 and (effect["effect"]["kind"] in CREATIONS or not answers):
                self.note(f"S3: {self.words(effect)} is {len(answers)} operations in the database")
        creations = [operation for operation in taken if operation["effect"] == "create"]
        made = sorted(operation["made"] for operation in creations)
        there = sorted(effect["effect"].get("pack") or effect["effect"]["client_certificate"]
                       for effect in effects if effect["effect"]["kind"] in CREATIONS)
        if made != there:
            self.note(f"S3: the database says that {made} were made, the simulator {there}")

    # The simulator

    @staticmethod
    def words(effect):
        return f"{effect['effect']['kind']} at {effect['at']}"

    @staticmethod
    def is_answer(effect, operation):
        """Could this operation have had this effect?"""
        what = effect["effect"]
        if what["kind"] == "order-accepted":
            return (operation["kind"], operation["issuance_name"], operation["effect"]) == (
                "certificate_pack", ",".join(what["hosts"]), "create")
        if what["kind"] == "client-certificate-created":
            return operation["request_der"] == what["request"] and operation["effect"] == "create"
        identifier = what.get("pack") or what.get("client_certificate")
        return operation["object"] == identifier and operation["effect"] == "remove"

    def ledger(self, effects):
        """One order for each host set, one creation for each key, and nothing gone but what had a successor."""
        orders = [sorted(one["effect"]["hosts"]) for one in effects if one["effect"]["kind"] == "order-accepted"]
        if sorted(orders) != sorted([FIRST_HOSTS, LATER_HOSTS]):
            self.note(f"S3: ordered were {orders}")
        created = [one for one in effects if one["effect"]["kind"] == "client-certificate-created"]
        keys = {one["effect"]["request"] for one in created}
        moments = [datetime.datetime.fromisoformat(one["at"]) for one in created]
        spans = [later - earlier for earlier, later in zip(moments, moments[1:])]
        # A renewal falls due eight hours after the one before.
        if len(keys) != len(created) or len(created) < 2 or min(spans) < datetime.timedelta(hours=7):
            self.note(f"S3: client certificates were made at {[one['at'] for one in created]}, with {len(keys)} keys")
        first = [one["effect"]["pack"] for one in effects
                 if one["effect"]["kind"] == "order-accepted" and sorted(one["effect"]["hosts"]) == FIRST_HOSTS]
        removed = sorted((one["effect"]["kind"], one["effect"].get("pack") or one["effect"]["client_certificate"])
                         for one in effects if one["effect"]["kind"] not in CREATIONS)
        wanted = [("pack-deletion-begun", pack) for pack in first[:1]]
        wanted += sorted(("revocation-begun", one["effect"]["client_certificate"]) for one in created[:-1])
        if removed != wanted:
            self.note(f"removed or changed were {removed}, and not just {wanted}")

    def successor(self, effects):
        """S5: whoever is asked to go has a successor that serves."""
        gone = [one["effect"]["kind"] for one in effects]
        world = self.life.world()
        if "pack-deletion-begun" in gone and not any(
                sorted(pack["hosts"]) == LATER_HOSTS and pack["status"] == "active" for pack in world["packs"]):
            self.note("S5: the old pack was deleted before the new one served")
        if "revocation-begun" in gone:
            serials = self.serials()
            newest = [one["serial_number"] for one in self.life.certificates()][-1:]
            if serials.get("current") not in [self.number(serial) for serial in newest]:
                self.note(f"S5: the old client certificate was revoked while 'current' had {serials.get('current')}")

    def foreign(self):
        """S2: what is nobody's is as it was."""
        there = [{"type": pack["type"], "hosts": sorted(pack["hosts"])} for pack in self.life.world()["packs"]
                 if pack["status"] == "active"]
        for pack in FOREIGN:
            if pack not in there:
                self.note(f"S2: the foreign pack of {pack['hosts']} is not there as it was")

    def served(self):
        """The files in use are those of the certificate that is active."""
        active = [one["serial_number"] for one in self.life.certificates() if one["status"] == "active"]
        current = self.serials().get("current")
        if [self.number(serial) for serial in active] != [current]:
            self.note(f"'current' has the certificate {current}, active is {active}")

    def serials(self):
        serials = {}
        for path in self.life.state.glob("keys/*/*/current/certificate.pem"):
            done = subprocess.run(
                ["openssl", "x509", "-noout", "-serial", "-in", path], stdin=subprocess.DEVNULL, capture_output=True,
                text=True)
            serials["current"] = self.number(done.stdout.strip().removeprefix("serial="))
        return serials

    @staticmethod
    def number(serial):
        try:
            return int(serial.replace(":", ""), 16)
        except ValueError:
            return serial


CREATIONS = ("order-accepted", "client-certificate-created")
