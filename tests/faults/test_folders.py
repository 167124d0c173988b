"""Data folders that may not be written, are gone, or are no folders.

The tests run as root in some places, whom permissions do not stop: what the system would refuse is refused
by hooks here (`refusing`), for every way in which Python makes, opens or renames a file.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from companion import cli
from companion.encoders.cache import EmbeddingCache
from companion.errors import CompanionError
from companion.loading.sources import RECORD, miniature_folder
from companion.running.products import product
from companion.running.sweeps.engines import here
from companion.running.sweeps.grid import Grid
from companion.running.sweeps.progress import Progress
from companion.running.sweeps.sweep import plan_sweep, run_sweep
from companion.simulation import world
from tests.faults.books import plain_book
from tests.running.conftest import outcomes, run_all
from tests.running.sweeps.conftest import log, toy  # noqa: F401 - fixtures

LINKS = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")


def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, *arguments: str) -> str:
    """What a command prints that ends with status 1."""
    monkeypatch.setattr(sys, "argv", ["companion", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    printed = capsys.readouterr()
    assert ended.value.code == 1, printed.out + printed.err
    return str(printed.err)


def refusing(monkeypatch: pytest.MonkeyPatch, folder: Path, code: int) -> None:
    """Refuse to make, open for writing or rename anything below a folder, as the system does."""

    def guard(name: str) -> None:
        plain = getattr(os, name)

        def guarded(path: object, *rest: object, **options: object) -> object:
            writes = name != "open" or (rest and int(rest[0]) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))  # type: ignore[call-overload]
            if writes and Path(os.fsdecode(path)).is_relative_to(folder):  # type: ignore[arg-type]
                raise OSError(code, os.strerror(code), os.fsdecode(path))  # type: ignore[arg-type]
            return plain(path, *rest, **options)

        monkeypatch.setattr(os, name, guarded)

    for name in ("open", "mkdir", "rename", "replace"):
        guard(name)


def as_a_file(place: Path) -> None:
    place.write_text("no folder")


def as_a_link_that_leads_nowhere(place: Path) -> None:
    place.symlink_to(place.with_name("gone"))


def as_a_link_to_itself(place: Path) -> None:
    place.symlink_to(place)


WRONG = [
    as_a_file,
    pytest.param(as_a_link_that_leads_nowhere, marks=LINKS),
    pytest.param(as_a_link_to_itself, marks=LINKS),
]
COMMANDS = [("data", "simulate", "stimuli", "--scale", "smoke"), ("data", "fetch", "images92-cichy")]


@pytest.mark.parametrize("spoil", WRONG)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_data_folder_that_is_none_is_refused_in_a_sentence(
    spoil: Callable[[Path], None],
    command: tuple[str, ...],
    tmp_path: Path,
    mirror: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    spoil(tmp_path / "data")
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COMPANION_MIRROR", str(mirror))
    told = call(monkeypatch, capsys, *command)
    assert "Traceback" not in told
    assert "what to do: " in told
    assert str(tmp_path / "data") in told


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_data_folder_that_may_not_be_written_is_refused_in_a_sentence(
    code: int,
    command: tuple[str, ...],
    tmp_path: Path,
    mirror: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    monkeypatch.setenv("COMPANION_MIRROR", str(mirror))
    refusing(monkeypatch, tmp_path, code)
    told = call(monkeypatch, capsys, *command)
    assert "what to do" in told
    assert "COMPANION_DATA" in told
    assert os.strerror(code) in told


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS])
def test_what_may_not_be_kept_is_said(code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, tmp_path, code)
    with pytest.raises(CompanionError, match="cannot be kept") as told:
        product("thing", {}, lambda: {"a": np.ones(2)}, made_by=[], root=tmp_path)
    assert "can be written to" in str(told.value)
    with pytest.raises(CompanionError, match="cannot be kept"):
        EmbeddingCache(tmp_path).vectors("toy", ["x"], lambda rows: np.ones((1, 2), np.float32), 2, 1)


def test_a_product_whose_folder_vanishes_while_it_is_made_is_kept_in_a_new_one(tmp_path: Path) -> None:
    root = tmp_path / "products"

    def make() -> dict[str, np.ndarray]:
        shutil.rmtree(root)
        return {"a": np.ones(2)}

    assert np.array_equal(product("thing", {}, make, made_by=[], root=root)["a"], np.ones(2))
    assert np.array_equal(product("thing", {}, dict, made_by=[], root=root)["a"], np.ones(2))


def test_a_part_of_the_world_that_vanishes_while_it_is_made_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came later would else stand for all of it, as a part that is whole."""
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path / "data"))

    def make(making: Path, recipe: object, pool: object) -> None:
        shutil.rmtree(tmp_path / "data")
        (making / "god").mkdir(parents=True)
        (making / "god" / "later.tsv").write_text("a")

    monkeypatch.setattr(world, "_make_stimuli", make)
    with pytest.raises(CompanionError, match="removed or emptied while it was being made"):
        world.make_world(["stimuli"], scale="smoke", say=lambda line: None)
    assert not (miniature_folder("stimuli", scale="smoke") / RECORD).exists()


def test_cells_whose_files_vanish_while_a_sweep_runs_are_told_and_made_again(
    toy: Callable[..., Grid],  # noqa: F811
    log: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path / "data"))
    grid, place = toy(packed=1), tmp_path / "data" / "sweeps" / "toy" / "cells"

    def look(progress: Progress) -> None:
        if len(log.read_text().split()) == 3:
            shutil.rmtree(place, ignore_errors=True)

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "look", look)
        lost = run_sweep(plan_sweep(grid, "cpu", timed=False), here("cpu"), say=lambda line: None)
    assert len(lost) == 3
    assert all("removed while the sweep ran" in failure.error for failure in lost)
    assert not run_sweep(plan_sweep(grid, "cpu", timed=False), here("cpu"), say=lambda line: None)
    assert len(log.read_text().split()) == 8 + 3


def test_a_chapter_whose_data_vanish_says_what_to_do_and_a_log_that_cannot_be_written_ends_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = plain_book(
        tmp_path / "project",
        {"bare": "(flag.parent / 'gone' / 'x').read_bytes()", "logless": "n"},
        monkeypatch,
    )
    book.layout.log("logless").mkdir(parents=True)
    runs = run_all(book)
    assert outcomes(runs) == {"bare": "failed", "logless": "failed"}
    assert "what to do: if it was moved, or its disk came off, bring it back" in runs["bare"].detail
    assert "what to do: move it away" in runs["logless"].detail
    assert "Traceback (most recent" not in runs["logless"].detail
