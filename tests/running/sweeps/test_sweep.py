"""Sweeps: nothing is lost, nothing is made twice, one bad cell takes no other with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from companion.errors import DataError, MissingDataError
from companion.running.sweeps.drive import Engine
from companion.running.sweeps.engines import here, local
from companion.running.sweeps.grid import Grid
from companion.running.sweeps.job import Cost
from companion.running.sweeps.results import Failure, SweepFolder, read_sweep
from companion.running.sweeps.sweep import Plan, plan_sweep, refuse_too_large, run_sweep

MakeGrid = Callable[..., Grid]


SERIAL = here("cpu")


def run(grid: Grid, engine: Engine = SERIAL) -> list[Failure]:
    return run_sweep(plan_sweep(grid, "cpu"), engine, say=lambda _: None)


def squares(name: str = "toy") -> pd.DataFrame:
    return read_sweep(name).sort_values(["seed", "letter"]).reset_index(drop=True)


def begun(log: Path) -> Counter[str]:
    return Counter(log.read_text().split())


def test_each_cell_is_one_row_of_one_table(toy: MakeGrid, log: Path) -> None:
    assert run(toy()) == []
    table = squares()
    assert table["value"].tolist() == [1, 1, 4, 4, 9, 9, 16, 16]
    assert table["letter"].tolist() == ["a", "b"] * 4
    assert table["simulated"].all()
    assert table.attrs == {"n_cells": 8, "n_finished": 8, "n_failed": 0}
    assert set(begun(log).values()) == {1}
    assert read_sweep("toy", metric="square").equals(read_sweep("toy"))
    assert len(read_sweep("toy", metric="cube")) == 0


@pytest.mark.parametrize("has_a_card", [False, True])
def test_what_auto_is_decides_where_the_pack_runs(
    toy: MakeGrid, monkeypatch: pytest.MonkeyPatch, has_a_card: bool
) -> None:
    # A job that was told "auto" once trained fifty runs as one program on a CPU.
    monkeypatch.setattr("torch.cuda.is_available", lambda: has_a_card)
    assert run(toy([1]), here("auto")) == []
    assert set(read_sweep("toy")["condition"]) == {"cuda" if has_a_card else "cpu"}


def test_a_file_says_what_made_it(toy: MakeGrid) -> None:
    grid = toy()
    run(grid)
    cell = grid.cells()[3]
    about = SweepFolder.named("toy").about(cell.key)
    assert about["axes"] == dict(cell.axes)
    assert about["settings"] == dict(cell.settings)
    assert about["environment"]["versions"]["torch"]
    assert about["seconds"] >= 0


def test_processes_and_threads_give_what_a_serial_run_gives(toy: MakeGrid) -> None:
    run(toy())
    expected = squares()

    @contextmanager
    def threads() -> Iterator[Executor]:
        with ThreadPoolExecutor(2) as executor:
            yield executor

    for name, engine in {"processes": local(2, "cpu"), "threads": Engine(threads, 2, 1, "cpu")}.items():
        assert run(toy(name=name), engine) == []
        assert squares(name).equals(expected)


def test_what_is_finished_is_not_made_again(toy: MakeGrid, log: Path) -> None:
    run(toy([1, 2]))
    run(toy([1, 2, 3]))  # the grid grew
    assert begun(log) == Counter({f"{number}{letter}": 1 for number in (1, 2, 3) for letter in "ab"})
    assert len(squares()) == 6
    run(toy([2, 3]))  # and shrank: what is no longer declared is kept, and not read
    assert squares()["value"].tolist() == [4, 4, 9, 9]
    assert len(list((SweepFolder.named("toy").path / "cells").iterdir())) == 6


def test_an_interrupted_sweep_goes_on_without_loss_and_without_doubles(
    toy: MakeGrid, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid, looks = toy(packed=1), []

    class StoppedError(BaseException):
        """As a person's key, or the end of the machine."""

    plan = plan_sweep(grid, "cpu")

    def look(_: object) -> None:
        looks.append(1)
        if len(looks) == 4:
            raise StoppedError

    with monkeypatch.context() as patch:
        patch.setattr("companion.running.sweeps.progress.Progress.look", look)
        with pytest.raises(StoppedError):
            run_sweep(plan, SERIAL, say=lambda _: None)
    before = squares()
    assert 0 < len(before) < 8
    stamps = {path: path.stat().st_mtime_ns for path in SweepFolder.named("toy").path.glob("cells/*")}
    assert plan_sweep(grid, "cpu").n_finished == len(before)
    assert run(grid) == []
    assert set(begun(log).values()) == {1}
    assert squares()["value"].tolist() == [1, 1, 4, 4, 9, 9, 16, 16]
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps


def test_one_bad_cell_takes_no_other_with_it_and_is_tried_again_alone(toy: MakeGrid, log: Path) -> None:
    grid = toy(packed=4, fails=[3])
    failures = run(grid)
    assert sorted(failure.cell for failure in failures) == ["number 3, letter a", "number 3, letter b"]
    assert all("3 is not to my taste" in failure.error for failure in failures)
    assert all("toy.py" in failure.trace for failure in failures)
    table = squares()
    assert table["value"].tolist() == [1, 1, 4, 4, 16, 16]
    assert table.attrs["n_failed"] == 2
    again = plan_sweep(grid, "cpu")
    assert [len(pack) for pack in again.packs] == [1, 1]
    log.with_suffix(".mended").touch()
    assert run(grid) == []
    assert len(squares()) == 8
    assert begun(log)["1a"] == 1


def test_a_cell_that_kills_its_worker_is_noted_and_all_others_finish(toy: MakeGrid) -> None:
    failures = run(toy([1, 2, 3], kills=[2], packed=3), local(2, "cpu"))
    assert sorted(failure.cell for failure in failures) == ["number 2, letter a", "number 2, letter b"]
    assert all("memory" in failure.error for failure in failures)
    assert squares()["value"].tolist() == [1, 1, 9, 9]


def test_two_sweeps_of_one_name_do_not_meet(toy: MakeGrid) -> None:
    import filelock

    run(toy([1]))
    plan = plan_sweep(toy(), "cpu")
    with (
        filelock.FileLock(SweepFolder.named("toy").path / "lock"),
        pytest.raises(DataError, match="Another sweep"),
    ):
        run_sweep(plan, SERIAL)


def test_a_plan_tells_numbers_time_and_memory(toy: MakeGrid) -> None:
    run(toy([1]))
    plan = plan_sweep(toy(packed=3), "cpu")
    assert (len(plan.cells), plan.n_finished) == (8, 0)  # another setting, other cells
    assert [len(pack) for pack in plan.packs] == [3, 3, 2]
    assert plan.seconds == 8
    told = plan.told(local(2, "cpu"))
    assert "8 cells, 0 finished, 8 to run" in told
    assert "packs: 3, of 2 to 3 cells, 2 at a time on the CPU" in told
    assert "about 4 s" in told
    assert "a worker" in told
    assert "not timed" not in told
    untimed = plan_sweep(toy([5]), "cpu", timed=False).told(SERIAL)
    assert "packs: 1, of 2 cells" in untimed
    assert "not timed: 1 packs" in untimed
    assert "time: about" not in untimed  # nothing is known, not nothing to do


def test_packs_that_do_not_fit_into_memory_are_refused_before_they_run(toy: MakeGrid) -> None:
    plan = plan_sweep(toy(), "cpu")
    refuse_too_large(plan, SERIAL)
    huge = Plan(plan.grid, plan.cells, 0, plan.packs, (Cost(1.0, 1e15),) * len(plan.packs))
    with pytest.raises(DataError, match=r"1000000\.0 GB"):
        refuse_too_large(huge, SERIAL)


def test_a_sweep_without_results_says_how_to_get_them(toy: MakeGrid) -> None:
    with pytest.raises(MissingDataError, match="companion sweep"):
        read_sweep("toy")
    run(toy([1, 2], fails=[1, 2]))
    with pytest.raises(MissingDataError, match="No cell"):
        read_sweep("toy")


def test_a_damaged_file_is_named_and_made_anew(toy: MakeGrid, log: Path) -> None:
    grid = toy([1, 2])
    run(grid)
    path = SweepFolder.named("toy").file(grid.cells()[0].key)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match=path.stem):
        read_sweep("toy")
    path.unlink()
    run(grid)
    assert len(squares()) == 4
    assert begun(log) == Counter({"1a": 2, "1b": 1, "2a": 1, "2b": 1})


def test_progress_tells_done_failed_left_and_time(toy: MakeGrid, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr("companion.running.sweeps.progress.TELL_EVERY_S", 0.0)
    run_sweep(plan_sweep(toy(packed=2, fails=[4]), "cpu"), SERIAL, say=lines.append)
    assert lines[0].startswith("2 done, 0 failed, 6 left, about ")
    assert lines[-1] == "6 done, 2 failed, 0 left"
