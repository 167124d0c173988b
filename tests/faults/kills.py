"""Real processes of the command line, killed at a moment or at a file event."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import psutil

from tests.faults.spy.sitecustomize import GROUP, KILL, LOG, ROOT, START, TARGET

SPY = Path(__file__).with_name("spy")
REPOSITORY = Path(__file__).parents[2]
PATIENCE_S = 240.0
"""A command that is not over by then hangs."""

Victim = Literal["group", "one"]
"""Who is killed: every process of the command, as when a machine stops, or one of them alone."""


class Event(NamedTuple):
    """What a process was about to do to a file: one line of the log."""

    pid: int
    event: str
    path: str


@dataclass(frozen=True)
class Kill:
    """When and whom to kill: after some seconds, or at the n-th time that this happens to such a file."""

    victim: Victim
    second: float | None = None
    event: str = ""
    path: str = ""
    number: int = 1
    delay: float = 0.0

    @property
    def target(self) -> str:
        """What the spy is told."""
        told = (self.event, self.path, self.number, self.victim, self.delay)
        return "\t".join(map(str, told)) if self.event else ""


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes
    ----------
    status : int, optional
        None for a command that hung.
    killed : str
        Program of the process that was killed; empty if the command was over before.
    events : list of Event
        What its processes did to files, up to the kill.
    said : str
        What it printed.
    """

    status: int | None
    seconds: float
    killed: str
    events: list[Event]
    said: str


@dataclass
class Command:
    """A command line of the project, and the world it runs in."""

    arguments: Sequence[str]
    watched: Path
    environment: dict[str, str]
    logs: Path

    def run(self, kill: Kill | None = None, rng: random.Random | None = None) -> Ended:
        """Run it to its end, or until it is killed; then whoever is left of its group is ended, too.

        Parameters
        ----------
        kill : Kill, optional
        rng : Random, optional
            Draws the process that is killed alone after some seconds.
        """
        log = self.logs / f"{len(list(self.logs.glob('*.log'))) + 1}.log"
        log.touch()
        started = time.perf_counter()
        with log.with_suffix(".txt").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "companion.cli", *self.arguments],
                env=self._environment(log, kill),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            if kill and kill.second is not None:
                _kill_later(process, kill, log, rng or random.Random(0))
            status = _wait(process)
        seconds = time.perf_counter() - started
        told = read_log(log)
        killed = next((n for n, one in enumerate(told) if one.event == KILL), None)
        if status is None or (killed is not None and kill and kill.victim == "group"):
            end_all([log])
        programs = {one.pid: program_of(one.path) for one in told if one.event == START}
        return Ended(
            status,
            seconds,
            "" if killed is None else programs.get(told[killed].pid, "unknown"),
            [one for one in told[:killed] if one.event not in {START, KILL}],
            log.with_suffix(".txt").read_text("utf-8", "replace"),
        )

    def _environment(self, log: Path, kill: Kill | None) -> dict[str, str]:
        inherited = {key: value for key, value in os.environ.items() if key not in {GROUP, TARGET}}
        told = {LOG: str(log), ROOT: str(self.watched), TARGET: kill.target if kill else ""}
        path = os.pathsep.join(map(str, (SPY, REPOSITORY, REPOSITORY / "src")))
        return inherited | self.environment | told | {"PYTHONPATH": path}


def program_of(line: str) -> str:
    """Short name of a process, from its command line."""
    names = {
        "companion.cli": "the command",
        "companion.running.execute": "a chapter's process",
        "ipykernel": "a kernel",
        "resource_tracker": "multiprocessing's tracker",
        "spawn_main": "a worker",
        "companion.running.render": "Jupyter Book",
    }
    return next((name for part, name in names.items() if part in line), line[:60])


def read_log(log: Path) -> list[Event]:
    """Read what the spies wrote; a line that is being written is left out."""
    lines = log.read_text("utf-8", "replace").split("\n")[:-1]
    return [
        Event(int(pid), event, path.rstrip()) for pid, event, path in (line.split("\t", 2) for line in lines)
    ]


def living(logs: Sequence[Path]) -> list[psutil.Process]:
    """Processes that the logs know and that are still there."""
    found = []
    for log in logs:
        for pid in {one.pid for one in read_log(log) if one.event == START}:
            try:
                process = psutil.Process(pid)
                if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(LOG) == str(log):
                    found.append(process)
            except psutil.Error:
                continue
    return found


def end_all(logs: Sequence[Path]) -> None:
    """Kill every process that is left, those included that made a session of their own (kernels do)."""
    for process in living(logs):
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def _kill_later(process: subprocess.Popen[bytes], kill: Kill, log: Path, rng: random.Random) -> None:
    """Wait, then kill the command's group, or one of its processes drawn by chance."""
    try:
        process.wait(kill.second)
    except subprocess.TimeoutExpired:
        pass
    else:
        return
    there = sorted(living([log]), key=lambda one: one.pid)
    victim = rng.choice(there).pid if there and kill.victim == "one" else process.pid
    with log.open("a", encoding="utf-8") as stream:
        stream.write(f"{victim}\t{KILL}\t\n")
    try:
        if kill.victim == "group":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            os.kill(victim, signal.SIGKILL)
    except ProcessLookupError:
        return


def _wait(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        return None
