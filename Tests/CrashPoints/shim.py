"""What the preloaded library (shim.c) and the tool know of each other."""

import mmap
import os
import struct

# As in shim.c.
LINES, LINE, HEAD = 16384, 120, 64
SIZE = HEAD + LINES * LINE
WAYS = ("before", "torn", "after")


class CrashFile:
    """Where the library counts and writes down the calls of all daemons of one life. Outlives them."""

    def __init__(self, path):
        self.path = path
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        os.ftruncate(descriptor, SIZE)
        self.memory = mmap.mmap(descriptor, SIZE)
        os.close(descriptor)

    @property
    def counters(self):
        """All calls; those that the way to end applies to; the one that ended the daemon, or 0."""
        return struct.unpack_from("lll", self.memory)

    def call(self, number):
        """Name, place and size of a call, counted from 1."""
        start = HEAD + (number - 1) * LINE
        return self.memory[start:start + LINE].split(b"\0", 1)[0].decode(errors="replace")

    @property
    def calls(self):
        return [self.call(number) for number in range(1, min(self.counters[0], LINES) + 1)]

    def close(self):
        self.memory.close()


def kind(call):
    """A call without its particulars: `pwrite log`, `rename keys`, `send api`."""
    name, place = call.split(" ")[:2]
    if place == "tcp":
        return f"{name} api"
    for end, word in (("-wal", "log"), ("-shm", "index"), ("-journal", "journal"), (".lock", "lock")):
        if place.startswith("/edgecert.db") and place.endswith(end):
            return f"{name} {word}"
    if place.startswith("/edgecert.db"):
        return f"{name} database"
    return f"{name} {'keys' if place.startswith('/keys') else 'folder'}"
