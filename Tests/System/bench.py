"""What the system tests share: the installed programs, a simulator, the service, its journal.

Runs as root inside `in-systemd`, on a file system whose every change is thrown away.
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import unittest
import urllib.request

ETC = pathlib.Path("/etc/edgecertd")
STATE = pathlib.Path("/var/lib/edgecertd")
SOCKET = "/run/edgecertd/control.sock"
DATABASE = STATE / "edgecert.db"
UNIT = "edgecertd.service"
SCRATCH = pathlib.Path("/tmp/edgecert-bench")
PACKAGE = pathlib.Path(__file__).resolve().parents[2]

# The simulated clock's pace: a look a minute is one every half second, ten minutes are five seconds.
SPEED = 120


def run(*words, check=True, timeout=120, **more):
    """Runs a command to its end, and fails with all that it wrote when it fails."""
    done = subprocess.run(
        [str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=timeout, **more)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, words))}: exit code {done.returncode}\n{done.stdout}")
    return done


def until(what, condition, seconds=60, every=0.1):
    """Asks again and again until there is something to give back; the bound only ends a test that has failed."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(every)


def install():
    """`make install` into the root of the bench, and three people: one for each right."""
    if pathlib.Path("/usr/bin/edgecertd").exists():
        return
    if not pathlib.Path("/run/bench").is_dir():
        raise SystemExit("these tests change the whole machine; they run by 'make system-test' alone")
    run("make", "-C", PACKAGE, "install", "PREFIX=/usr")
    for name, groups in {"reader": "edgecert", "admin": "edgecert-admin", "stranger": ""}.items():
        run("useradd", "--no-create-home", *(["--groups", groups] if groups else []), name)
    SCRATCH.mkdir()
    shutil.copytree(ETC, SCRATCH / "etc")


class Simulator:
    """edgecert-sim as a process of the test's."""

    def __init__(
        self, *options, scenario=None, speed=SPEED, program="/usr/bin/edgecert-sim", folder=SCRATCH / "simulator"):
        self.folder = folder
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        (self.folder / "scenario.json").write_text(json.dumps(scenario or {"zones": [{"name": "example.com"}]}))
        ready, self.token_file = self.folder / "ready", self.folder / "token"
        self.log = open(self.folder / "log", "w+")
        self.process = subprocess.Popen(
            [str(program), "--listen", "127.0.0.1:0", "--speed", str(speed), "--token-file",
             self.token_file, "--ready-file", ready, "--scenario", self.folder / "scenario.json", *options],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)
        until(
            f"the simulator is up; see {self.log.name}", lambda: ready.exists() and ready.read_text().endswith("\n"),
            every=0.01)
        addresses = json.loads(ready.read_text())
        self.base_url, self.control_url = addresses["base_url"], addresses["control_url"]

    def ask(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.control_url + path, data=data, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def orders(self, hosts):
        return self.ask(f"/ledger?kind=order-accepted&hosts={','.join(hosts)}")["entries"]

    def requests(self):
        return self.ask("/ledger/counts")["total"]

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()


class Service:
    """edgecertd.service, as systemctl has it."""

    def start(self):
        return run("systemctl", "start", UNIT, check=False)

    def stop(self):
        return run("systemctl", "stop", UNIT)

    def reload(self):
        return run("systemctl", "reload", UNIT, check=False)

    def show(self, name, unit=UNIT):
        return run("systemctl", "show", "--property", name, "--value", unit).stdout.strip()

    @property
    def state(self):
        return self.show("ActiveState")

    @property
    def status(self):
        return self.show("StatusText")

    @property
    def pid(self):
        return int(self.show("MainPID"))

    @property
    def restarts(self):
        return int(self.show("NRestarts"))

    def drop_in(self, text):
        folder = pathlib.Path("/run/systemd/system/edgecertd.service.d")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "test.conf").write_text(text)
        run("systemctl", "daemon-reload")

    def without_drop_in(self):
        shutil.rmtree("/run/systemd/system/edgecertd.service.d", ignore_errors=True)
        run("systemctl", "daemon-reload")


class Journal:
    """What the unit has told since the test began."""

    def __init__(self):
        self.begun = time.time_ns() // 1000

    def entries(self, **fields):
        """Every entry with these fields, oldest first. Those of the manager about the unit are among them."""
        entries = [json.loads(line) for line in self.text("-o", "json", "--all").splitlines() if line.startswith("{")]
        return [entry for entry in entries if all(entry.get(name) == value for name, value in fields.items())]

    def news(self, kind, **fields):
        return self.entries(EDGECERT_NEWS=kind, **fields)

    def wait(self, kind, seconds=60, **fields):
        """The first entry of the kind, as soon as there is one."""
        return until(f"news '{kind}' with {fields}", lambda: self.news(kind, **fields), seconds)[0]

    def text(self, *options):
        run("journalctl", "--sync")
        since = f"@{self.begun // 1_000_000}.{self.begun % 1_000_000:06}"
        return run("journalctl", "-u", UNIT, "--no-pager", "--quiet", "--since", since, *options).stdout


class Bench(unittest.TestCase):
    """One test: a machine on which nothing runs yet, a simulator, settings and a token for it."""

    scenario = None
    simulator_options = ()
    speed = SPEED
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        install()

    def setUp(self):
        for state in (STATE, ETC):
            shutil.rmtree(state, ignore_errors=True)
        shutil.copytree(SCRATCH / "etc", ETC)
        run("systemctl", "reset-failed", check=False)
        self.service, self.journal = Service(), Journal()
        self.simulator = Simulator(*self.simulator_options, scenario=self.scenario, speed=self.speed)
        self.addCleanup(self.simulator.stop)
        self.addCleanup(self.service.without_drop_in)
        self.addCleanup(run, "systemctl", "stop", UNIT)
        self.token(self.simulator.token_file.read_text())
        self.settings(self.pack("main", "example.com", "*.example.com"))

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            print("--- the journal of", self.id(), "---\n" + self.journal.text("-o", "short-precise"), flush=True)

    def token(self, text, mode=0o600):
        path = ETC / "cloudflare-token"
        path.write_text(text)
        path.chmod(mode)

    def settings(self, zones, daemon="", cloudflare=""):
        (ETC / "edgecertd.toml").write_text(f"""
[daemon]
mode = "enforce"
look_every = "1m"
{daemon}
[cloudflare]
base_url = "{self.simulator.base_url}"
follow_simulator_clock = true
{cloudflare}
[[zone]]
name = "example.com"
{zones}
""")

    @staticmethod
    def pack(name, *hosts):
        return f"""
[[zone.certificate_pack]]
name = "{name}"
hosts = {json.dumps(list(hosts))}
certificate_authority = "lets_encrypt"
validation_method = "txt"
validity_days = 90
"""

    def start(self):
        done = self.service.start()
        self.assertEqual(done.returncode, 0, done.stdout)

    def ctl(self, *words, user=None, **more):
        prefix = ["runuser", "-u", user, "--"] if user else []
        return run(*prefix, "/usr/bin/edgecertctl", *words, check=False, **more)

    def subjects(self):
        """By `zone/kind/name`, as `edgecertctl list --json` has them."""
        done = subprocess.run(
            ["/usr/bin/edgecertctl", "list", "--json"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60)
        return {row["path"]: row for row in json.loads(done.stdout)["rows"]} if done.stdout else {}

    def wait_until_serving(self, subject, seconds=120):
        return until(
            f"{subject} serves", lambda: self.subjects().get(subject, {}).get("stage") == "serving", seconds)

    def call(self, message, user=None, path=SOCKET):
        """One Varlink call by a client of a few lines, as a user; the reply, or the reason why there is none."""
        program = (
            "import socket,sys\n"
            "s=socket.socket(socket.AF_UNIX);s.settimeout(30);s.connect(sys.argv[1])\n"
            "s.sendall(sys.argv[2].encode()+b'\\0');b=b''\n"
            "while not b.endswith(b'\\0'):\n"
            "  c=s.recv(65536)\n"
            "  if not c: break\n"
            "  b+=c\n"
            "print(b.rstrip(b'\\0').decode())\n")
        prefix = ["runuser", "-u", user, "--"] if user else []
        done = run(*prefix, "python3", "-c", program, path, json.dumps(message), check=False)
        return json.loads(done.stdout) if done.returncode == 0 else done.stdout


def kill(pid, name):
    os.kill(pid, signal.Signals[name])


def can_connect(path=SOCKET):
    with socket.socket(socket.AF_UNIX) as caller:
        try:
            caller.connect(path)
            return True
        except OSError:
            return False
