"""The story that is told again and again: two certificates from order to replacement, on the built programs.

A `Life` is one state folder and one simulator, and as many daemons one after the other as it takes to reach the end.
The simulator's clock runs four thousand times as fast as ours, and stands still while the dead are looked at, so that a
restart takes some minutes of it. From the kill on, listings are eight minutes old (ten is what Cloudflare is allowed,
see S3): the first look of the next daemon may well show the world from before the change that was under way.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "System"))
import bench  # noqa: E402

from shim import CrashFile  # noqa: E402

ZONE, ZONE_ID = "example.com", "023e105f4ecef8ad9ca31a8372d0c353"
COMMON_NAME = "meter-gateway.example.com"
FIRST_HOSTS = ["*.example.com", "example.com"]
LATER_HOSTS = ["*.example.com", "api.eu.example.com", "example.com"]
# What is there before, and is nobody's business.
FOREIGN = [
    {"type": "universal", "hosts": ["*.example.com", "example.com"]},
    {"type": "advanced", "hosts": ["example.com", "legacy.example.com"]},
]
SPEED = 4000
# A step of the story that takes longer than this, in our seconds, does not converge.
PATIENCE = 30
LAG_AT_FIRST, LAG_AFTER_DEATH = "20s", "8m"
SCENARIO = {
    "zones": [{"name": ZONE, "id": ZONE_ID, "packs": FOREIGN}],
    "settings": {"list_lag": LAG_AT_FIRST, "limiter": {"on": False}, "pace": {"immediate": True}},
}


class Died(Exception):
    """The daemon has ended while it was wanted."""


class Stuck(Exception):
    """The story does not go on."""


class Interrupted(Exception):
    """Somebody wants the tool to end."""


class Life:
    # Set once the tool is asked to end: every life ends then, and cleans up after itself.
    is_over = False

    def __init__(self, folder, programs, shim, how, point, seed=1, speed=SPEED):
        self.folder, self.programs = folder, programs
        self.state = folder / "state"
        self.state.mkdir(mode=0o755)
        self.log = folder / "edgecertd.log"
        self.file = CrashFile(folder / "calls")
        self.environment = {
            "PATH": "/usr/bin:/bin", "LD_PRELOAD": str(shim), "CRASH_ROOT": str(self.state),
            "CRASH_FILE": str(self.file.path), "CRASH_HOW": how, "CRASH_AT": str(point),
        }
        self.daemon = None
        self.started = 0
        # How many client certificates there were when the clock was put forward; 0 before.
        self.before_night = 0
        # What the daemon is run by, for `--verify-shim`.
        self.prefix = lambda number: []
        self.simulator = bench.Simulator(
            "--seed", str(seed), "--paused", scenario=SCENARIO, speed=speed, program=programs / "edgecert-sim",
            folder=folder / "simulator")
        self.clock(step="1h")  # no listing is to show the time before the world was made

    # The story

    def tell(self, at_death):
        """To its end, with `at_death` called whenever the daemon was killed and is to be started again."""
        for chapter in (self.order, self.replace, self.renew):
            while True:
                try:
                    chapter()
                    break
                except Died:
                    self.clock(paused=True)
                    at_death(self.buried())
                    self.simulator.ask("/settings", {"list_lag": LAG_AFTER_DEATH})

    def order(self):
        self.settings(FIRST_HOSTS)
        self.start()
        self.wait("pack and client certificate serve", lambda: self.has(FIRST_HOSTS, 1))

    def replace(self):
        """A host is added: the new pack is ordered, proves itself, and the old one goes. Ends with a stop."""
        self.settings(LATER_HOSTS)
        if not self.start():
            self.signal(signal.SIGHUP)
        self.wait("the pack is replaced", lambda: self.has(LATER_HOSTS, 1))
        self.stop()

    def renew(self):
        """A third of the client certificate's day is over: a new one is made, delivered, and the old one revoked."""
        if not self.before_night:
            self.before_night = len(self.certificates())
            self.clock(step="10h")
        self.start()
        self.wait("the client certificate is renewed", lambda: self.has(LATER_HOSTS, self.before_night + 1))
        self.stop()

    # What the simulator says

    def world(self):
        return self.simulator.ask(f"/state?zone={ZONE}")["zones"][0]

    def effects(self):
        return self.simulator.ask("/ledger?effects=true")["entries"]

    def clock(self, **change):
        return self.simulator.ask("/clock", change)

    @staticmethod
    def by_age(world):
        return sorted(world["client_certificates"], key=lambda one: one["expires_on"])

    def certificates(self):
        return self.by_age(self.world())

    def has(self, hosts, least):
        """One pack of ours, with these hosts, and of at least so many client certificates the newest alone."""
        world = self.world()
        packs = [(pack["type"], sorted(pack["hosts"]), pack["status"]) for pack in world["packs"]]
        ours = [pack for pack in packs if {"type": pack[0], "hosts": pack[1]} not in FOREIGN and pack[2] != "deleted"]
        # On a machine with too much to do another renewal may have fallen due meanwhile.
        states = [one["status"] for one in self.by_age(world)]
        return ours == [("advanced", hosts, "active")] and len(states) >= least and states[-1:] == ["active"] and (
            set(states[:-1]) <= {"revoked"})

    # The daemon

    def settings(self, hosts):
        text = f"""
[daemon]
mode = "enforce"
look_every = "30m"
state_directory = "{self.state}"
control_socket = "{self.folder}/control.sock"
[cloudflare]
base_url = "{self.simulator.base_url}"
token_file = "{self.simulator.token_file}"
follow_simulator_clock = true
[[zone]]
name = "{ZONE}"
id = "{ZONE_ID}"
{bench.Bench.pack("main", *hosts)}
[[zone.client_certificate]]
name = "meter-gateway"
common_name = "{COMMON_NAME}"
key = "ec-p256"
validity_days = 1
renew_before = "16h"
overlap = "1m"
command = ["/bin/true"]
"""
        path = self.folder / "edgecertd.toml"
        fresh = path.with_suffix(".new")
        fresh.write_text(text)
        fresh.rename(path)

    def start(self):
        """False when it runs already."""
        if self.daemon:
            return False
        self.clock(paused=False)
        with open(self.log, "ab") as log:
            self.daemon = subprocess.Popen(
                [*self.prefix(self.started), self.programs / "edgecertd", "--settings", self.folder / "edgecertd.toml"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment, cwd="/")
        self.started += 1
        return True

    def signal(self, number):
        os.kill(self.daemon.pid, number)

    def stop(self):
        self.signal(signal.SIGTERM)
        try:
            code = self.daemon.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Stuck("the daemon does not stop") from None
        if code != 0:
            raise Died
        self.daemon = None
        self.clock(paused=True)

    def buried(self):
        """How it ended: the code of its exit, negative for a signal."""
        code, self.daemon = self.daemon.wait(), None
        return code

    def wait(self, what, condition):
        end = time.monotonic() + PATIENCE
        while True:
            if Life.is_over:
                raise Interrupted
            if self.daemon.poll() is not None:
                raise Died
            if condition() and self.is_content():
                return
            if time.monotonic() > end:
                raise Stuck(f"not within {PATIENCE} s: {what}")
            time.sleep(0.02)

    def is_content(self):
        """All that the settings want is as wanted, says the daemon."""
        rows = self.call("io.edgecert.Control.List")
        wished = [row for row in rows["rows"] if row["wished"]] if rows else []
        return len(wished) == 2 and all((row.get("decision"), row["reason"]) == ("rest", "as-wanted") for row in wished)

    def call(self, method):
        """One Varlink call; nothing when there is no daemon to answer it."""
        with socket.socket(socket.AF_UNIX) as caller:
            caller.settimeout(10)
            try:
                caller.connect(str(self.folder / "control.sock"))
                caller.sendall(json.dumps({"method": method, "parameters": {}}).encode() + b"\0")
                reply = b""
                while not reply.endswith(b"\0"):
                    more = caller.recv(65536)
                    if not more:
                        return None
                    reply += more
            except OSError:
                return None
        return json.loads(reply[:-1]).get("parameters")

    def end(self):
        """Leaves nothing running."""
        if self.daemon:
            self.daemon.kill()
            self.daemon.wait()
            self.daemon = None
        self.simulator.stop()
        self.file.close()
