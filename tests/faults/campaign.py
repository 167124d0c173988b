"""Kill a command again and again, run it to its end, and hold what it left against an undisturbed run."""

from __future__ import annotations

import random
import re
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.kills import Command, Ended, Event, Kill, Victim, end_all, living
from tests.faults.scenario import Scenario, Unit, differences
from tests.faults.spy.sitecustomize import normalised

ORPHANS_S = 8.0
"""Processes that were left alone have ended by then."""
LONGEST_DELAY_S = 0.03


@dataclass
class Undisturbed:
    """What a command does and leaves when nobody kills it."""

    seconds: float
    events: list[Event]
    outputs: dict[str, str]
    units: dict[str, Unit]
    before: dict[str, Unit]
    """What counted as finished before it began."""


@dataclass
class Killed:
    """One kill, and what became of it."""

    command: str
    way: str
    victim: str
    program: str
    phase: str
    last: str
    seconds: float
    recovery_s: float = 0.0
    problems: list[str] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """As it stands in the report."""
        return asdict(self)


def undisturbed(scenario: Scenario) -> Undisturbed:
    """Run the command on a fresh state, to its end.

    Raises
    ------
    RuntimeError
        If it fails: nothing can be said then.
    """
    command = scenario.begin()
    before = scenario.units()
    ended = command.run()
    if ended.status != 0:
        raise RuntimeError(f"{scenario.name} fails undisturbed, status {ended.status}:\n{ended.said}")
    return Undisturbed(ended.seconds, ended.events, scenario.outputs(), scenario.units(), before)


def drawn_kill(known: Undisturbed, begin: float, rng: random.Random) -> Kill:
    """Draw a kill: half by the clock, half at a file event; half of the group, half of one process.

    Parameters
    ----------
    begin : float
        Share of the command that an earlier kill in this state let pass: earlier events will not come again.
    """
    victim: Victim = rng.choice(("group", "one"))
    if rng.random() < 0.5:
        return Kill(victim, second=rng.uniform(0.0, known.seconds))
    kinds: dict[str, list[int]] = defaultdict(list)
    for place in range(int(begin * len(known.events)), len(known.events)):
        kinds[_kind(known.events[place])].append(place)
    event = known.events[rng.choice(kinds[rng.choice(sorted(kinds))])]
    path = normalised(event.path)
    same = sum((one.event, normalised(one.path)) == (event.event, path) for one in known.events)
    delay = rng.choice((0.0, rng.uniform(0.0, LONGEST_DELAY_S)))
    return Kill(victim, None, event.event, path, rng.randint(1, same), delay)


def kill_often(scenario: Scenario, n: int, rng: random.Random, say: Any) -> list[Killed]:
    """Kill a command `n` times, up to six times in one state, and finish each state.

    Parameters
    ----------
    say : callable
        Takes a line after each state.
    """
    known = undisturbed(scenario)
    say(f"{scenario.name}: {known.seconds:.1f} s undisturbed, {len(known.events)} file events, {n} kills")
    done: list[Killed] = []
    while len(done) < n:
        kills = Round(scenario, known, rng).play(min(rng.randint(1, 6), n - len(done)))
        done += kills
        problems = kills[0].problems if kills else []
        phases = ", ".join(kill.phase for kill in kills)
        say(f"  {len(done)}/{n}: {phases or 'over before the kill'}{''.join(f'; {one}' for one in problems)}")
    return done


class Round:
    """One state: killed, killed again, finished, looked at."""

    def __init__(self, scenario: Scenario, known: Undisturbed, rng: random.Random) -> None:
        self.scenario, self.known, self.rng = scenario, known, rng
        self.problems: list[str] = []
        self.finished: dict[str, Unit] = {}

    def play(self, n: int, kills: Sequence[Kill] = ()) -> list[Killed]:
        """Kill up to `n` times, or as told; fewer if the command is over before."""
        command, done, passed = self.scenario.begin(), list[Killed](), 0.0
        for turn in range(n):
            kill = kills[turn] if kills else drawn_kill(self.known, passed, self.rng)
            ended = command.run(kill, self.rng)
            self._look(ended)
            if not ended.killed and not self.problems:  # over before its moment came
                break
            passed = self._passed(ended, passed)
            done.append(_as_killed(self.scenario, kill, ended))
        last = command.run()
        self._look_at_end(command, last)
        for one in done:
            one.recovery_s, one.problems = round(last.seconds, 2), self.problems
        return done

    def _look(self, ended: Ended) -> None:
        """After each try: what counts as finished is whole, and stays."""
        if ended.status is None:
            self.problems.append(f"hung:\n{ended.said[-2000:]}")
        elif not ended.killed and ended.status != 0:
            self.problems.append(f"failed, status {ended.status}, and was not killed:\n{ended.said[-2000:]}")
        found = self.scenario.units()
        for name, unit in self.finished.items():
            if name not in found:
                self.problems.append(f"finished, then lost: {name}")
            elif unit.stamps and found[name].stamps != unit.stamps:
                self.problems.append(f"finished, then made again: {name}")
        for name, unit in found.items():
            right, before = self.known.units.get(name), self.known.before.get(name)
            if right and unit.content == right.content:
                self.finished[name] = unit
            elif before is None or unit.content != before.content:
                self.problems.append(f"not whole, and taken for finished: {name}")

    def _look_at_end(self, command: Command, last: Ended) -> None:
        """After the undisturbed end: as if nothing had happened, and nobody is left."""
        self._look(last)
        if last.status != 0:
            self.problems.append(f"not recovered, status {last.status}:\n{last.said[-2000:]}")
        self.problems += differences(self.scenario.outputs(), self.known.outputs)
        logs = sorted(command.logs.glob("*.log"))
        deadline = time.monotonic() + ORPHANS_S
        while living(logs) and time.monotonic() < deadline:
            time.sleep(0.1)
        if left := living(logs):
            self.problems.append(f"processes left: {[' '.join(one.cmdline()[:4]) for one in left]}")
            end_all(logs)

    def _passed(self, ended: Ended, passed: float) -> float:
        """How far along the undisturbed run the last event lies."""
        if not ended.events:
            return passed
        told = (ended.events[-1].event, normalised(ended.events[-1].path))
        places = [at for at, one in enumerate(self.known.events) if (one.event, normalised(one.path)) == told]
        return max(passed, places[0] / len(self.known.events)) if places else passed


def _kind(event: Event) -> str:
    """Events that are alike: what is done, in which folder, to files with which ending."""
    path = Path(re.sub(r"\d+", "#", normalised(event.path)))
    return f"{event.event} {'/'.join(path.parts[:-1][:5])} {path.suffix or path.name}"


def _as_killed(scenario: Scenario, kill: Kill, ended: Ended) -> Killed:
    way = "clock" if kill.second is not None else "event"
    last = ended.events[-1] if ended.events else None
    told = f"{last.event} {last.path}" if last else ""
    return Killed(
        scenario.name, way, kill.victim, ended.killed, phase_of(last), told, round(ended.seconds, 2)
    )


def phase_of(last: Event | None) -> str:
    """Say where a kill fell, by the last thing that was done to a file before it."""
    if last is None:
        return "before anything was written"
    if last.event == "os.rename":
        return "at or after a rename"
    if last.event in {"os.remove", "os.rmdir"}:
        return "while removing"
    if last.event == "os.mkdir" or last.path.endswith(".lock") or Path(last.path).name == ".lock":
        return "while preparing folders and locks"
    return "while a file was written"
