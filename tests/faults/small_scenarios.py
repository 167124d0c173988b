"""The five commands on as little as there can be: what ``make test`` kills."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import ClassVar
from unittest.mock import patch

from companion.loading.sources import RECORD
from companion.running.chapters import choose
from companion.running.execute import execute
from companion.running.sweeps.engines import here
from companion.running.sweeps.grid import read_grid
from companion.running.sweeps.sweep import plan_sweep, run_sweep
from tests.faults.book_scenarios import Build, Run
from tests.faults.books import PAGE
from tests.faults.campaign import Undisturbed
from tests.faults.data_scenarios import Simulate, Sweep
from tests.running.conftest import lay_out


class OneRecording(Simulate):
    """ECoG of one patient, from stimuli that are there.

    Parameters
    ----------
    world : Path
        A data folder with the whole world, of which nobody disturbed the making.
    """

    arguments = ("data", "simulate", "ecog", "--scale", "smoke", "--jobs", "1")
    people: ClassVar = {"ecog": ("E1",)}

    def __init__(self, home: Path, world: Path) -> None:
        super().__init__(home)
        self.world = world

    def prepare(self) -> None:
        self._copy("stimuli", self.start)

    def known(self) -> Undisturbed:
        """What is right: the part of the world that is there."""
        self.begin()
        before = self.units()
        self._copy("world/ecog", self.state)
        return Undisturbed(0.0, [], self.outputs(), self.units(), before)

    def _copy(self, part: str, folder: Path) -> None:
        place = f"miniature/smoke/{part}"
        assert (self.world / place / RECORD).is_file()
        shutil.copytree(self.world / place, folder / "data" / place)


class ShortSweep(Sweep):
    """Six cells in packs of two, one worker."""

    workers = 1
    numbers = (1, 2, 3)

    def known(self) -> Undisturbed:
        """What is right: the same grid in this process."""
        self.begin()
        before = self.units()
        with patch.dict("os.environ", self.environment()):
            plan = plan_sweep(read_grid(self.state / "grid.yaml"), "cpu")
            assert run_sweep(plan, here("cpu"), lambda line: None) == []
        return Undisturbed(0.0, [], self.outputs(), self.units(), before)


class OneChapter(Run):
    """A chapter that loads next to nothing, and was never run."""

    arguments = ("run", "--jobs", "1")

    def prepare(self) -> None:
        root = self.start / "project"
        book = lay_out(root)
        (root / "book/second.md").unlink()
        page = PAGE.format(name="first", cell="print(n)", flag="")
        (root / "book/first.md").write_text(page, "utf-8")
        book.write_toc()

    def known(self) -> Undisturbed:
        """What is right: the same chapter, run by this process."""
        self.begin()
        with patch.dict("os.environ", self.environment()):
            [chapter] = choose(["first"])
            execute(chapter, {}, self.layout)
        log = self.layout.log("first")  # of the process that a schedule would start
        log.parent.mkdir()
        log.touch()
        return Undisturbed(0.0, [], self.outputs(), self.units(), {})


class OnePage(Build):
    """Its page, in the place of an older book.

    Parameters
    ----------
    run : Path
        Where the chapter was run.
    """

    def __init__(self, home: Path, run: Path) -> None:
        super().__init__(home)
        self.run = run

    def prepare(self) -> None:
        shutil.copytree(self.run, self.start, dirs_exist_ok=True)
        self.old_pages()
