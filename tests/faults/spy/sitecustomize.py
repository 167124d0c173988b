"""Put on the path of a command under test: every Python process that it starts tells what it does to files.

Python imports this module by its name at start-up. Without the variables below it does nothing. A process
that comes to the chosen file event is killed there, alone or with its whole group.
"""

# Every file event of every process passes here, so that nothing is made that is not needed.
# ruff: noqa: PTH115, PTH118, PTH119, PTH120

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import time

LOG, ROOT, TARGET, GROUP = (f"COMPANION_FAULTS_{name}" for name in ("LOG", "ROOT", "TARGET", "GROUP"))
START, KILL = "start", "kill"
"""Lines of the log beside those of file events."""
RECORD = 512
"""Bytes of a line of the log: lines of one length, appended at once, tell how many came before."""
_WRITES = os.O_WRONLY | os.O_RDWR
_PLACES = {"os.mkdir": 2, "os.rmdir": 1, "os.remove": 1}
"""Which argument says what folder a path is relative to."""


def normalised(path: str) -> str:
    """Leave out what differs from run to run: random parts of names, process ids, checksums."""
    path = re.sub(r"[0-9a-f]{16,}|[0-9a-f]{8}-\d+-[a-z0-9_]{8}", "*", path)
    return re.sub(r"(?<![a-z0-9_])(tmp)?[a-z0-9_]{8}(?=/|\.part$|$)|(?<=\.)\d+$", "*", path)


def line_of(pid: int, event: str, path: str) -> bytes:
    """One line of the log."""
    told = path.replace("\n", " ")
    content = f"{pid}\t{event}\t{told}".encode("utf-8", "replace")[: RECORD - 1]
    return content.ljust(RECORD - 1) + b"\n"


class Spy:
    """Writes file events below one folder to a log, and kills at one of them."""

    def __init__(self, log: str, root: str, target: str) -> None:
        self.root = os.path.realpath(root) + os.sep
        self.log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self.event, self.path, number, self.who, delay = (target or "\t\t0\t\t0").split("\t")
        self.number, self.delay = int(number), float(delay)
        self.counter = os.open(f"{log}.count", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self.busy = threading.local()
        os.write(self.log, line_of(os.getpid(), START, " ".join(sys.orig_argv[1:])))

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """Take an audit event of Python."""
        if event != "open" and not event.startswith("os."):
            return
        if getattr(self.busy, "now", False):
            return
        self.busy.now = True
        try:
            path = self.touched(event, arguments)
            if path:
                self.tell(event, path)
        finally:
            self.busy.now = False

    def touched(self, event: str, arguments: tuple[object, ...]) -> str:
        """Path below the folder that an event changes, relative to it; empty for all else."""
        if event == "open":
            flags = arguments[2]
            named = arguments[0] if isinstance(flags, int) and flags & _WRITES else None
            place: object = -1
        elif event == "os.rename":
            named, place = arguments[1], arguments[3]
        elif event in _PLACES:
            named, place = arguments[0], arguments[_PLACES[event]]
        else:
            return ""
        if not isinstance(named, str | bytes | os.PathLike):
            return ""
        path = os.fsdecode(named)
        if isinstance(place, int) and place >= 0:
            try:
                path = os.path.join(os.readlink(f"/proc/self/fd/{place}"), path)
            except OSError:
                return ""
        path = os.path.join(os.path.realpath(os.path.dirname(path) or "."), os.path.basename(path))
        return path.removeprefix(self.root) if path.startswith(self.root) else ""

    def tell(self, event: str, path: str) -> None:
        """Append to the log; kill if this is the event that was chosen."""
        os.write(self.log, line_of(os.getpid(), event, path))
        if event != self.event or normalised(path) != self.path:
            return
        os.write(self.counter, b".")
        if os.lseek(self.counter, 0, os.SEEK_CUR) == self.number:
            if self.delay:
                threading.Thread(target=self.kill, args=(path,), daemon=True).start()
            else:
                self.kill(path)

    def kill(self, path: str) -> None:
        """End this process, or its group and this process, without a word."""
        time.sleep(self.delay)
        os.write(self.log, line_of(os.getpid(), KILL, path))
        if self.who == "group":
            os.killpg(int(os.environ[GROUP]), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)


if LOG in os.environ:
    os.environ.setdefault(GROUP, str(os.getpid()))  # the first process of the command leads its group
    sys.addaudithook(Spy(os.environ[LOG], os.environ[ROOT], os.environ.get(TARGET, "")))
