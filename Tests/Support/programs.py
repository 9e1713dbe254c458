"""Programs of ours as processes on this machine: what the measurements, the soak and the chaos share.

No systemd is needed: the daemon is given a notify socket, as a service manager would.
"""

import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.request

PACKAGE = pathlib.Path(__file__).resolve().parents[2]

# What edgecertctl ends with when it was answered: all is as wanted, something is wrong, something moves.
ANSWERED = (0, 3, 4)


class Trouble(Exception):
    """Why there are no numbers."""


class Process:
    """A program of ours, ended by `stop` whatever happens."""

    all = []

    def __init__(self, words, log, env=None):
        self.log = log
        with open(log, "ab") as file:
            self.popen = subprocess.Popen(
                [str(word) for word in words], stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                env={**os.environ, **(env or {})})
        self.pid = self.popen.pid
        Process.all.append(self)

    def check(self):
        if self.popen.poll() is not None:
            tail = pathlib.Path(self.log).read_text(errors="replace")[-1500:]
            raise Trouble(f"{self.popen.args[0]} ended with {self.popen.returncode}:\n{tail}")

    def stop(self, number=signal.SIGTERM):
        if self.popen.poll() is None:
            self.popen.send_signal(number)
            try:
                self.popen.wait(20)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        if self in Process.all:
            Process.all.remove(self)

    def processor_ms(self):
        """User and system time of all its threads so far: what utime and stime of /proc count, without their ticks."""
        return time.clock_gettime_ns((~self.pid << 3) | 2) / 1e6

    def memory_mb(self):
        """Resident and private, in MB of 10^6 bytes."""
        text = pathlib.Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        kib = {name: int(number) for name, number in re.findall(r"^(\w+): +(\d+) kB$", text, re.M)}
        return kib["Rss"] * 1024 / 1e6, (kib["Private_Clean"] + kib["Private_Dirty"]) * 1024 / 1e6

    def anonymous_mb(self):
        """What no file is behind: heap and stacks, without the program's and the libraries' own pages."""
        text = pathlib.Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        return int(re.search(r"^Anonymous: +(\d+) kB$", text, re.M)[1]) * 1024 / 1e6

    def written_bytes(self):
        return int(re.search(r"^wchar: (\d+)$", pathlib.Path(f"/proc/{self.pid}/io").read_text(), re.M)[1])

    def descriptors(self):
        """What each open descriptor is, as /proc has it: `socket:[4711]`, a path, `anon_inode:[eventpoll]`."""
        found = {}
        for name in os.listdir(f"/proc/{self.pid}/fd"):
            try:
                found[int(name)] = os.readlink(f"/proc/{self.pid}/fd/{name}")
            except FileNotFoundError:
                pass  # closed meanwhile
        return found

    def threads(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def where_it_is(self):
        """What each thread does, and what waits at unix sockets: for when it does not answer."""
        lines = []
        for task in sorted(pathlib.Path(f"/proc/{self.pid}/task").iterdir()):
            name, call, state = ((task / file).read_text() for file in ("comm", "syscall", "status"))
            lines.append(f"{name.strip()}: {re.search(r'State:.(.)', state)[1]}, system call {call.strip()}")
        for number, what in sorted(self.descriptors().items()):
            if what == "anon_inode:[eventpoll]":
                lines.append(pathlib.Path(f"/proc/{self.pid}/fdinfo/{number}").read_text().strip())
        sockets = subprocess.run(["ss", "-xap"], stdout=subprocess.PIPE, text=True).stdout
        return "\n".join(lines + [line for line in sockets.splitlines() if f"pid={self.pid}," in line])


def stop_all():
    for process in list(Process.all):
        process.stop()


def until(what, condition, seconds, process=None, every=0.1):
    end = time.monotonic() + seconds
    while not (found := condition()):
        if process:
            process.check()
        if time.monotonic() > end:
            raise Trouble(f"not within {seconds} s: {what}")
        time.sleep(every)
    return found


class Simulator(Process):
    """Cloudflare on loopback; over TLS unless told otherwise, so that the daemon carries what it does in production."""

    def __init__(self, programs, folder, scenario, *options, tls=True):
        folder.mkdir()
        self.folder = folder
        (folder / "scenario.json").write_text(json.dumps(scenario))
        self.root = folder / "root.pem" if tls else None
        super().__init__(
            [programs / "edgecert-sim", "--listen", "127.0.0.1:0", *(["--tls", "--ca-out", self.root] if tls else []),
             "--scenario", folder / "scenario.json", "--token-file", folder / "token", "--ready-file", folder / "ready",
             *options], folder / "log")
        ready = folder / "ready"
        until("the simulator is up", lambda: ready.exists() and ready.read_text().endswith("\n"), 60, self)
        addresses = json.loads(ready.read_text())
        self.base_url, self.control_url = addresses["base_url"], addresses["control_url"]
        self.trust = ssl.create_default_context(cafile=str(self.root)) if tls else None

    def ask(self, url, method=None, headers=None, body=None):
        """What stands at an address, or at a path below /sim."""
        url = self.control_url + url if url.startswith("/") else url
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
        with urllib.request.urlopen(request, timeout=60, context=self.trust) as reply:
            return json.load(reply)

    @property
    def token(self):
        return (self.folder / "token").read_text().strip()

    def zones(self):
        """Identifiers by name."""
        token, found = self.token, {}
        for page in range(1, 1000):
            reply = self.ask(
                f"{self.base_url}/zones?page={page}&per_page=50", headers={"Authorization": f"Bearer {token}"})
            found |= {zone["name"]: zone["id"] for zone in reply["result"]}
            if not reply["result"]:
                return found

    def total(self):
        return self.ask("/ledger/counts")["total"]

    def requests(self, since=0):
        return self.ask(f"/ledger?since={since}")["entries"]

    def effects(self, kind=None):
        """What was changed through the API, oldest first."""
        entries = self.ask("/ledger?effects=true" + (f"&kind={kind}" if kind else ""))["entries"]
        return [entry for entry in entries if "effect" in entry]

    def quiet(self, seconds, daemon, within=300):
        """Waits until nobody has asked anything for so long."""
        last = (self.total(), time.monotonic())

        def is_quiet():
            nonlocal last
            if (total := self.total()) != last[0]:
                last = (total, time.monotonic())
            return time.monotonic() - last[1] >= seconds

        until("the daemon has settled", is_quiet, within, daemon, every=0.25)


class Daemon(Process):
    """edgecertd with a service manager that listens, as under systemd."""

    def __init__(self, programs, folder, hears=None, within=()):
        """`hears` is given every message to the service manager, on a thread of its own; left out, nobody reads them
        once the daemon is ready: a full socket must not be a load either. `within` is a command that becomes the one
        behind it."""
        self.folder, self.programs = folder, programs
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = folder / "notify"
        path.unlink(missing_ok=True)
        self.notify.bind(str(path))
        self.notify.settimeout(60)
        unit = (PACKAGE / "systemd/edgecertd.service").read_text()
        watchdog = re.search(r"^WatchdogSec=(\d+)", unit, re.M)[1]
        start = time.monotonic()
        super().__init__(
            [*within, programs / "edgecertd", "--settings", folder / "edgecertd.toml"], folder / "log",
            {**dict(re.findall(r"^Environment=(\w+)=(.*)$", unit, re.M)), "NOTIFY_SOCKET": str(path),
             "WATCHDOG_USEC": f"{watchdog}000000"})
        try:
            while b"READY=1" not in self.notify.recv(4096):
                pass
        except TimeoutError:
            self.check()
            raise Trouble("no READY=1 within 60 s") from None
        self.ready_ms = (time.monotonic() - start) * 1000
        if hears:
            threading.Thread(target=self._listen, args=[hears], daemon=True).start()
        else:
            self.notify.close()
            path.unlink()

    def _listen(self, hears):
        self.notify.settimeout(None)
        while True:
            hears(self.notify.recv(4096).decode(errors="replace"))

    def ctl(self, *words, timeout=60):
        """Runs the tool against it; gives its exit code, and what it said or, for `--json`, what that means."""
        try:
            return self.tool(*words, "--socket", self.folder / "control.sock", timeout=timeout)
        except subprocess.TimeoutExpired:
            self.check()
            raise Trouble(f"no answer to '{words[0]}' within {timeout} s:\n{self.where_it_is()}") from None

    def tool(self, *words, timeout=60):
        done = subprocess.run(
            [str(word) for word in (self.programs / "edgecertctl", *words)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout)
        if "--json" in words and done.stdout:
            return done.returncode, json.loads(done.stdout)
        return done.returncode, done.stdout + done.stderr

    def start_ctl(self, *words):
        """The tool with something that has no end, like `watch`; whoever starts it kills it and waits for it."""
        return subprocess.Popen(
            [str(self.programs / "edgecertctl"), *words, "--socket", str(self.folder / "control.sock")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def settled_processor_ms(self):
        """The processor time once it has stopped growing."""
        last = self.processor_ms()
        while True:
            time.sleep(0.5)
            now = self.processor_ms()
            if now - last < 2:
                return now
            last = now
