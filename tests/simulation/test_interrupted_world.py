"""A part of the world that is interrupted anywhere: finished people stay, nothing of the rest is shipped."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from companion.errors import CompanionError
from companion.loading.sources import RECORD
from companion.simulation import world
from companion.simulation.dials import Dials

RECIPE: dict[str, Any] = {
    "part": "god",
    "scale": "smoke",
    "source": "x",
    "null": None,
    "dials": asdict(Dials()),
}


class KilledError(BaseException):
    """Nobody catches it, as nobody catches a kill."""


class Maker:
    """Makes a part of two people, who are files of one word, and counts how often each is made."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.monkeypatch, self.made = folder, monkeypatch, list[int]()
        monkeypatch.setenv("COMPANION_DATA", str(folder))
        monkeypatch.setattr(
            world, "write_lists", lambda part, folder, *rest: (folder / "list").write_text("l")
        )
        monkeypatch.setattr(world, "simulate_person", self.person)
        monkeypatch.setattr(world, "person_bytes", lambda part, scale: 1)

    def person(self, part: str, folder: Path, number: int, *rest: object) -> None:
        self.made.append(number)
        (folder / f"person-{number}").write_text("person")

    def make(self) -> None:
        with ThreadPoolExecutor(1) as pool:
            world._make_part("god", self.folder / "god", json.loads(json.dumps(RECIPE)), pool)  # type: ignore[arg-type]

    def make_until(self, step: int) -> bool:
        """Make the part; be killed at some change of the disk. False if it was whole before that."""
        steps = [0]

        def killing(change: Callable[..., Any]) -> Callable[..., Any]:
            def changed(*arguments: Any, **options: Any) -> Any:
                steps[0] += 1
                if steps[0] == step:
                    raise KilledError
                return change(*arguments, **options)

            return changed

        with self.monkeypatch.context() as patch:
            for owner, name in ((shutil, "rmtree"), (Path, "replace"), (Path, "unlink"), (Path, "touch")):
                patch.setattr(owner, name, killing(getattr(owner, name)))
            try:
                self.make()
            except KilledError:
                return True
        return False


@pytest.fixture
def maker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maker:
    return Maker(tmp_path, monkeypatch)


@pytest.mark.parametrize("outdated", [False, True])
def test_wherever_it_is_killed_the_rest_is_made_and_marked_people_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outdated: bool
) -> None:
    step, seen = 1, 0
    while True:
        maker = Maker(tmp_path / str(step), monkeypatch)
        if outdated:
            (maker.folder / "god").mkdir(parents=True)
            (maker.folder / "god" / RECORD).write_text("{}")
        if not maker.make_until(step):
            break
        marked = {path.name for path in (maker.folder / ".making-god/.done").glob("*")}
        complete = (maker.folder / ".making-god" / RECORD).exists() or (
            maker.folder / "god/person-1"
        ).exists()
        before = len(maker.made)
        maker.make()
        again = maker.made[before:]
        assert not marked & set(map(str, again))
        assert not (complete and again), f"step {step}"
        assert sorted(path.name for path in maker.folder.rglob("*")) == [
            "god",
            "list",
            "person-1",
            "person-2",
            RECORD,
        ]
        listed = json.loads((maker.folder / "god" / RECORD).read_text())["files"]
        assert listed == {"list": 1, "person-1": 6, "person-2": 6}
        seen += complete
        step += 1
    assert seen >= 3, "kills after the last person, too"


def test_what_a_killed_person_was_at_is_not_shipped(maker: Maker) -> None:
    making = maker.folder / ".making-god"
    (making / ".simulating-ab12").mkdir(parents=True)
    (making / ".simulating-ab12/train").write_bytes(bytes(1000))
    (making / "sub-01").mkdir()
    (making / "sub-01/.codes.npz.partial").write_bytes(b"cut")
    (making / ".done").mkdir()
    (making / ".done/1").touch()
    (making / "person-1").write_text("person")
    (making / "recipe.json").write_text(json.dumps(RECIPE))
    maker.make()
    assert maker.made == [2]
    assert not list(maker.folder.rglob(".*"))
    assert sorted(json.loads((maker.folder / "god" / RECORD).read_text())["files"]) == [
        "list",
        "person-1",
        "person-2",
    ]


def test_a_worker_that_the_system_ends_is_told_in_a_sentence(maker: Maker) -> None:
    def dies(*arguments: object) -> None:
        raise BrokenProcessPool("A process in the process pool was terminated abruptly")

    maker.monkeypatch.setattr(world, "simulate_person", dies)
    with pytest.raises(CompanionError, match=r"god was ended from outside(?s:.*)--jobs 1"):
        maker.make()
