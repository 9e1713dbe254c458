"""Holds what the preloaded library saw of a whole run, without a kill, against what strace saw of it.

A call that the library misses would be a point that is never tried: one that goes round the C library, or that the C
library makes of itself. Both lists have to be the same, call for call and place for place. Besides, nothing of the
state but the log's index, which SQLite makes anew after a crash, may be written through memory, where no call is made.
"""

import collections
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

from scenario import Life, Stuck

# System calls by the name that the library has for them. Those on the right that it does not know stand for themselves:
# one of them on a file of the state would be missing from its list.
NAMES = {
    "open": "open", "openat": "open", "openat2": "open", "creat": "open", "mkdir": "mkdir", "mkdirat": "mkdir",
    "rmdir": "rmdir", "unlink": "unlink", "unlinkat": "unlink", "rename": "rename", "renameat": "rename",
    "renameat2": "rename", "link": "link", "linkat": "link", "symlink": "symlink", "symlinkat": "symlink",
    "chmod": "chmod", "fchmod": "chmod", "fchmodat": "chmod", "fchown": "chown", "chown": "chown", "lchown": "chown",
    "fchownat": "chown", "truncate": "ftruncate", "ftruncate": "ftruncate", "fallocate": "fallocate", "write": "write",
    "pwrite64": "pwrite", "writev": "writev", "pwritev": "pwritev", "pwritev2": "pwritev", "fsync": "fsync",
    "fdatasync": "fdatasync", "sync_file_range": "sync_file_range", "copy_file_range": "copy_file_range",
    "sendfile": "sendfile", "splice": "splice", "mknod": "mknod", "mknodat": "mknod", "connect": "connect",
    "sendto": "send", "sendmsg": "send", "sendmmsg": "sendmmsg", "recvfrom": "recv", "recvmsg": "recv",
    "recvmmsg": "recvmmsg", "read": "recv", "readv": "readv",
}
ONLY_NETWORK = {"recv", "readv", "recvmmsg", "connect", "send", "sendmmsg"}
BEGIN = re.compile(r"^\d+ +(\w+)\((.*)")
DESCRIPTOR = re.compile(r"(?:\d+|AT_FDCWD)<((?:[^<>]|->)*)>")
# What was written is shown as an empty text, names are shown whole.
TEXT = re.compile(r'"((?:[^"\\]|\\.)+)"')


def run(options):
    trial = ["strace", "-o", "/dev/null", "true"]
    if not shutil.which("strace") or subprocess.run(trial, capture_output=True).returncode:
        print("SKIPPED: --verify-shim: there is no strace, or it may not trace here", flush=True)
        return 0
    folder = pathlib.Path(tempfile.mkdtemp(prefix="edgecert-crash-", dir=options.scratch))
    life = None
    try:
        # strace takes its time of every call: the simulator's clock must not run away meanwhile.
        life = Life(folder, options.programs, options.shim, "before", 0, speed=200)
        preload = life.environment.pop("LD_PRELOAD")
        life.prefix = lambda number: [
            "strace", "-D", "-f", "-q", "-yy", "-s", "0", "-o", folder / f"strace.{number}",
            "-E", f"LD_PRELOAD={preload}", "-e", "trace=mmap,io_uring_setup," + ",".join(NAMES)]
        died = []
        try:
            life.tell(died.append)
        except Stuck as trouble:
            died.append(trouble)
        theirs, others = [], []
        for file in sorted(folder.glob("strace.*")):
            read(file, str(life.state), theirs, others)
        return compare(life, theirs, others, died)
    finally:
        if life:
            life.end()
        shutil.rmtree(folder, ignore_errors=True)


def read(file, root, calls, others):
    """The calls that the library should have seen, and ways to write that are none."""
    end = time.monotonic() + 30
    while not re.search(r"^\d+ +\+\+\+ exited with \d+ \+\+\+\n\Z", file.read_text(errors="replace"), re.M):
        if time.monotonic() > end:
            raise SystemExit(f"crash-points: error: strace did not end its file {file}")
        time.sleep(0.1)
    for line in file.read_text(errors="replace").splitlines():
        found = BEGIN.match(line)
        if not found:
            continue
        name, words = found.groups()
        if name == "mmap":
            if root in words and "MAP_SHARED" in words and "PROT_WRITE" in words:
                others.append("mmap " + place(words, root))
        elif name == "io_uring_setup":
            others.append(name)
        else:
            call = meaning(NAMES[name], words, root)
            if call:
                calls.append(call)


def meaning(name, words, root):
    descriptor = DESCRIPTOR.match(words)
    if descriptor and descriptor[1].startswith(("TCP:", "TCPv6:")):
        return f"{name} tcp"
    if name in ONLY_NETWORK or (name == "open" and not re.search("O_CREAT|O_TRUNC|O_TMPFILE", words)):
        return None
    where = place(words, root)
    return f"{name} {where}" if where is not None else None


def place(words, root):
    """Of the last name in the arguments, seen from the folder before it, or else of the descriptor."""
    folder, path = "", None
    for found in re.finditer(f"{DESCRIPTOR.pattern}|{TEXT.pattern}", words):
        if found[1] is not None:
            folder = path = found[1]
        else:
            path = found[2] if found[2].startswith("/") else f"{folder}/{found[2]}"
    if path is None or not (path == root or path.startswith(root + "/")):
        return None
    return path[len(root):].removesuffix(" (deleted)")


def compare(life, theirs, others, died):
    ours = [" ".join(call.split(" ")[:2]).removesuffix(" (deleted)") for call in life.file.calls]
    missed = collections.Counter(theirs) - collections.Counter(ours)
    invented = collections.Counter(ours) - collections.Counter(theirs)
    for title, difference in (("strace alone saw", missed), ("the library alone saw", invented)):
        for call, number in sorted(difference.items()):
            print(f"{title}: {number} x {call}")
    strange = sorted(set(others) - {"mmap /edgecert.db-shm"})
    for way in strange:
        print(f"written without a call that can be counted: {way}")
    for trouble in died:
        print(f"the run did not go as it should: {trouble}")
    print(f"{len(ours)} calls were counted by the library, {len(theirs)} seen by strace; "
          f"{sum(missed.values())} missed, {sum(invented.values())} too many")
    return 3 if missed or invented or strange or died or not ours else 0
