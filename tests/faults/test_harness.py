"""The harness sees what it is there to see: a spy that tells and kills, rounds that go wrong."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.faults.campaign import Round, undisturbed
from tests.faults.kills import SPY, Ended, Event, Kill, read_log
from tests.faults.scenario import Scenario, Unit
from tests.faults.spy.sitecustomize import LOG, ROOT, TARGET, normalised

PROGRAM = """
import os, pathlib, shutil, sys
root = pathlib.Path(sys.argv[1])
(root / "folder").mkdir()
(root / "folder/a.txt").write_text("a")
(root / "folder/a.txt").read_text()
pathlib.Path(sys.argv[2]).write_text("elsewhere")
(root / "folder/a.txt").replace(root / "b.txt")
shutil.rmtree(root / "folder")
"""


@pytest.mark.parametrize(
    ("path", "same"),
    [
        ("cells/0123456789abcdef0123.parquet", "cells/*.parquet"),
        ("set/tmpab12_cd8", "set/*"),
        ("a/.writing-ab12_cd8/E1", "a/.writing-*/E1"),
        ("a/.writing-ab12_cd8", "a/.writing-*"),
        (".grid.yaml.0a1b2c3d-417-ab12_cd8.part", ".grid.yaml.*.part"),
        ("world/ecog/world.json", "world/ecog/world.json"),
    ],
)
def test_names_that_differ_from_run_to_run_are_told_alike(path: str, same: str) -> None:
    assert normalised(path) == same


def spied(tmp_path: Path, target: str = "") -> tuple[int, list[tuple[str, str]]]:
    root, log = tmp_path / "root", tmp_path / "log"
    root.mkdir()
    environment = os.environ | {"PYTHONPATH": str(SPY), LOG: str(log), ROOT: str(root), TARGET: target}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(root), str(tmp_path / "other")], env=environment, check=False
    )
    return done.returncode, [(one.event, one.path) for one in read_log(log)][1:]


def test_the_spy_tells_what_changes_below_its_folder(tmp_path: Path) -> None:
    status, told = spied(tmp_path)
    assert status == 0
    assert told[:3] == [("os.mkdir", "folder"), ("open", "folder/a.txt"), ("os.rename", "b.txt")]
    assert ("os.rmdir", "folder") in told
    assert not any("other" in path for _, path in told)


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
def test_the_spy_kills_at_the_event_and_before_it_happens(tmp_path: Path) -> None:
    status, told = spied(tmp_path, Kill("one", event="os.rename", path="b.txt").target)
    assert status == -signal.SIGKILL
    assert told[-1] == ("kill", "b.txt")
    assert (tmp_path / "root/folder/a.txt").read_text() == "a"
    assert not (tmp_path / "root/b.txt").exists()


class Scripted(Scenario):
    """A command that is a function: it is told how often it was begun in this state."""

    name, arguments, compared = "scripted", (), "all"

    def __init__(self, home: Path, act: Callable[[Path, int], int]) -> None:
        super().__init__(home)
        self.act = act

    def prepare(self) -> None:
        pass

    def environment(self) -> dict[str, str]:
        return {}

    def units(self) -> dict[str, Unit]:
        return {path.name: self.unit([path], self.state) for path in self.state.glob("*.txt")}

    def begin(self) -> _Command:  # type: ignore[override]
        super().begin()
        return _Command(self)


class _Command:
    def __init__(self, scenario: Scripted) -> None:
        self.scenario, self.logs, self.turn = scenario, scenario.logs, 0

    def run(self, kill: Kill | None = None, rng: random.Random | None = None) -> Ended:
        self.turn += 1
        turn = self.turn if kill or self.turn > 1 else 0  # 0: undisturbed
        status = self.scenario.act(self.scenario.state, turn)
        return Ended(status, 0.0, "the command" if kill else "", [Event(1, "open", "a.txt")], "")


def right(state: Path, turn: int) -> int:
    """Write a at once, b after the kill."""
    if turn in {0, 1}:
        (state / "a.txt").write_text("a")
    if turn in {0, 2}:
        (state / "b.txt").write_text("b")
    return 0


def leaves(state: Path, turn: int) -> int:
    if turn == 1:
        (state / ".b.part").touch()
    return right(state, turn)


def spoils(state: Path, turn: int) -> int:
    if turn == 1:
        (state / "b.txt").write_text("half of")
    return right(state, turn)


def makes_again(state: Path, turn: int) -> int:
    right(state, turn)
    if turn == 2:
        os.utime(state / "a.txt", (1, 1))
    return 0


def loses(state: Path, turn: int) -> int:
    right(state, turn)
    if turn == 2:
        (state / "a.txt").unlink()
    return 0


def fails(state: Path, turn: int) -> int:
    right(state, turn)
    return int(turn == 2)


@pytest.mark.parametrize(
    ("act", "seen"),
    [
        (right, []),
        (leaves, ["left behind: .b.part"]),
        (spoils, ["not whole, and taken for finished: b.txt"]),
        (makes_again, ["finished, then made again: a.txt"]),
        (loses, ["finished, then lost: a.txt", "missing: a.txt"]),
        (fails, ["failed, status 1, and was not killed:\n", "not recovered, status 1:\n"]),
    ],
)
def test_a_round_sees_what_is_wrong(
    tmp_path: Path, act: Callable[[Path, int], int], seen: Sequence[str]
) -> None:
    with Scripted(tmp_path / "scripted", act) as scenario:
        [kill] = Round(scenario, undisturbed(scenario), random.Random(0)).play(1, [Kill("group", second=1.0)])
    assert kill.problems == list(seen)
