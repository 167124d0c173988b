"""A job that squares numbers, slowly, and fails or dies where it is told to."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import pandas as pd

from companion.running.sweeps.cells import Cell, Value, World
from companion.running.sweeps.job import Cost, Job, JobSettings
from companion.scores import as_scores

NAME = "tests.running.sweeps.toy:Toy"


class ToySettings(JobSettings):
    log: str = ""
    seconds: float = 0.0
    packed: int = 2
    fails: tuple[int, ...] = ()
    kills: tuple[int, ...] = ()


class Toy(Job):
    axes: ClassVar[Mapping[str, type]] = MappingProxyType({"number": int, "letter": str})
    settings: ClassVar[type[JobSettings]] = ToySettings

    def known(self, axis: str, world: World) -> Sequence[Value] | None:
        return [1, 2, 3] if axis == "number" else None

    def check(self, cells: Sequence[Cell]) -> None:
        pass

    def check_data(self, cells: Sequence[Cell]) -> None:
        pass

    def packs(self, cells: Sequence[Cell], device: str) -> list[list[Cell]]:
        n = cells[0].settings["packed"]
        return [list(cells[start : start + n]) for start in range(0, len(cells), n)]

    def costs(self, packs: Sequence[Sequence[Cell]], device: str) -> list[Cost]:
        return [Cost(float(len(cells)), 1e6) for cells in packs]

    def run(self, cells: Sequence[Cell], device: str) -> Iterator[tuple[Cell, pd.DataFrame]]:
        for cell in cells:
            number, told = int(cell.axes["number"]), cell.settings
            with Path(told["log"]).open("a") as log:
                log.write(f"{number}{cell.axes['letter']}\n")
            time.sleep(told["seconds"])
            if number in told["kills"]:
                os._exit(9)
            if number in told["fails"] and not Path(told["log"]).with_suffix(".mended").exists():
                raise ValueError(f"{number} is not to my taste")
            table = pd.DataFrame(
                {"dataset": ["toy"], "subject": ["s"], "metric": ["square"], "condition": [device]}
            )
            yield cell, as_scores(table.assign(value=float(number**2), seed=number), simulated=True)
