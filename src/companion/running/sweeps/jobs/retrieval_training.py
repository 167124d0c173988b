"""How the retrieval job trains: architectures, settings where none are given, and what a run costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Literal

from companion.errors import DataError, MissingDataError
from companion.running.sweeps.cells import Cell
from companion.running.sweeps.job import UNKNOWN, Cost, JobSettings, imported
from companion.running.sweeps.jobs.retrieval_data import DATA
from companion.running.sweeps.timing import Timing, in_own_process, time_training
from companion.training.encoders import AtmS, BrainEncoder, EegConformer, EegNet, Nice, ResidualMlp
from companion.training.settings import PRINTED, Printed, Settings
from companion.training.splits import VALIDATED

ENCODERS: Mapping[str, type[BrainEncoder]] = MappingProxyType(
    {"NICE": Nice, "ATM-S": AtmS, "EEGNet": EegNet, "EEGConformer": EegConformer, "MLP": ResidualMlp}
)
"""Encoders by the names that the paper gives them; others are named ``module:Class``."""
OTHERS = "other people"
TRAINED_ON = ("the same person", OTHERS)
_MOST_TOGETHER = 50  # runs of one program on a GPU: ten people with five seeds
_SECONDS_PER_GB = 5.0  # of reading responses; an official file of 8.3 GB took 25 to 55 s


class RetrievalSettings(JobSettings):
    """How all encoders of a block are trained; what is not given is as published for each encoder.

    Attributes
    ----------
    n_steps, batch_size, validate_every : int
        Updates, pairs in each, and updates between validations; published: epochs of the training set.
    learning_rate, temperature : float
    validate_on : {"concept", "stimulus"}
        What never lies on both sides of the split that chooses the checkpoint; the paper has ``stimulus``.
    width : int
        Of the fMRI network.
    sampling_rate : float
        Of the MEG files, in Hz.
    together : int
        Runs in one batched program. By default 50 on a GPU and one on a CPU.
    """

    n_steps: int | None = None
    batch_size: int | None = None
    validate_every: int | None = None
    learning_rate: float | None = None
    temperature: float | None = None
    validate_on: Literal["concept", "stimulus"] = "concept"
    width: int = 4096
    sampling_rate: float = 200.0
    together: int | None = None


def build(cell: Cell, shape: tuple[int, ...], n_features: int) -> BrainEncoder:
    """Build the encoder of a cell for responses of a shape."""
    architecture = architecture_of(cell)
    if architecture is ResidualMlp:
        return ResidualMlp(shape[0], n_features, width=int(cell.settings["width"]))
    return architecture(*shape, n_features)


def architecture_of(cell: Cell) -> type[BrainEncoder]:
    """Look an encoder up, or import it.

    Raises
    ------
    DataError
        If it cannot be found, or is no :class:`~companion.training.encoders.BrainEncoder`.
    """
    name = str(cell.axes["encoder"])
    if name in ENCODERS:
        return ENCODERS[name]
    if ":" not in name:
        raise DataError(
            "Unknown encoder", expected=f"one of {', '.join(ENCODERS)}, or module:Class of your own", got=name
        )
    found = imported(name)
    if not (isinstance(found, type) and issubclass(found, BrainEncoder)):
        raise DataError("This is no brain encoder", where=name, expected="a subclass of BrainEncoder")
    return found


def settings_of(cell: Cell, n_rows: int) -> Settings:
    """Write the settings of a cell out, for so many responses.

    Raises
    ------
    DataError
        If the paper trained no such encoder and the grid does not say how.
    """
    given, row = cell.settings, _printed(cell)
    n_training = n_rows - round(VALIDATED * n_rows)
    batch_size = min(given["batch_size"] or row.batch_size, n_rows // 2)
    per_epoch = n_training // batch_size
    n_steps = given["n_steps"] or row.n_epochs * per_epoch
    return Settings(
        n_steps=n_steps,
        batch_size=batch_size,
        temperature=given["temperature"] or row.temperature,
        learning_rate=given["learning_rate"] or row.learning_rate,
        validate_every=min(given["validate_every"] or per_epoch, n_steps),
        leave_out_same=cell.axes["trained_on"] == OTHERS,
    )


def together(cell: Cell, device: str) -> int:
    """How many runs train in one program."""
    return int(cell.settings["together"] or (1 if device == "cpu" else _MOST_TOGETHER))


def estimate(cells: Sequence[Cell], n_features: int, device: str, timings: dict[str, Timing | None]) -> Cost:
    """Estimate a pack, from a few steps that are timed here, or were for another pack of the kind.

    Parameters
    ----------
    cells : sequence of Cell
    n_features : int
        Length of their vectors.
    device : str
    timings : dict
        What was timed; receives what is timed now.
    """
    cell = cells[0]
    shape, n_rows = _size(cell)
    if cell.axes["trained_on"] == OTHERS:
        n_rows *= max(1, _n_people(cell) - 1)
    settings, n_runs = settings_of(cell, n_rows), min(together(cell, device), len(cells))
    of_a_step = replace(settings, n_steps=1, validate_every=1)
    kind = f"{cell.axes['encoder']} {cell.axes['dataset']} {shape} {n_features} {of_a_step} {n_runs}"
    if kind not in timings:
        n_validation = round(VALIDATED * n_rows)
        try:
            timings[kind] = in_own_process(
                time_cell, cell, shape, n_features, settings, n_validation, n_runs, device
            )
        except Exception:  # an encoder that fails here fails in its cells, too, which are listed then
            timings[kind] = None
    timing = timings[kind]
    if timing is None:
        return UNKNOWN
    n_validations = settings.n_steps / settings.validate_every
    program = settings.n_steps * timing.step + n_validations * timing.validation
    n_people = len({one.axes["subject"] for one in cells})
    held = timing.bytes_per_response * n_rows * n_people
    return Cost(-(-len(cells) // n_runs) * program + _SECONDS_PER_GB * held / 1e9, timing.bytes + held)


def time_cell(
    cell: Cell,
    shape: tuple[int, ...],
    n_features: int,
    settings: Settings,
    n_validation: int,
    n_runs: int,
    device: str,
) -> Timing:
    """Time the training of a cell; for :func:`companion.running.sweeps.timing.in_own_process`."""
    return time_training(
        lambda: build(cell, shape, n_features),
        shape,
        n_features,
        settings,
        n_validation=n_validation,
        n_runs=n_runs,
        device=device,
    )


def _printed(cell: Cell) -> Printed:
    """Look published settings up; where there are none, the grid has to give all that count."""
    encoder, setting = str(cell.axes["encoder"]), DATA[str(cell.axes["dataset"])].setting
    if cell.axes["trained_on"] == OTHERS and setting == "EEG":
        setting = "EEG across people"
    for (name, where), row in PRINTED.items():
        if (name, where) == (encoder, setting):
            return row
    needed = ("n_steps", "batch_size", "learning_rate", "temperature")
    if lacking := [name for name in needed if cell.settings[name] is None]:
        raise DataError(
            f"The paper trains no {encoder} on {setting}, so that the grid has to say how",
            where=str(cell),
            expected=f"settings {', '.join(needed)}",
            got=f"no {', '.join(lacking)}",
        )
    return Printed(0.0, 0.0, 1, 1)  # every value is given


def _size(cell: Cell) -> tuple[tuple[int, ...], int]:
    """Shape of a response, number of training pictures: of the person's files if small, or as published."""
    data = DATA[str(cell.axes["dataset"])]
    if cell.world.source != "official" and cell.world.scale != "paper":
        try:
            training, _ = data.load(cell.world, int(cell.axes["subject"]), cell.settings["sampling_rate"])
        except MissingDataError:
            return data.shape, data.n_training
        return training.responses.shape[1:], len(training)
    return data.shape, data.n_training


def _n_people(cell: Cell) -> int:
    data = DATA[str(cell.axes["dataset"])]
    try:
        return len(data.people(cell.world))
    except MissingDataError:
        return data.n_people
