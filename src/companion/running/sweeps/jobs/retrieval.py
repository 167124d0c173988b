"""The job of the human-aligned paper: train an encoder towards a target, retrieve pictures."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import ClassVar

import pandas as pd

from companion.decoding.galleries import Gallery
from companion.decoding.retrieval import centred_rows, retrieval_scores
from companion.embeddings import Embeddings
from companion.encoders.cache import EmbeddingCache
from companion.errors import DataError, MissingDataError
from companion.recording import Recording
from companion.running.decoders import decode, train_decoders
from companion.running.sweeps.cells import Cell, Value, World
from companion.running.sweeps.job import Cost, Job, JobSettings
from companion.running.sweeps.jobs.retrieval_data import DATA
from companion.running.sweeps.jobs.retrieval_training import (
    OTHERS,
    TRAINED_ON,
    RetrievalSettings,
    architecture_of,
    build,
    estimate,
    settings_of,
    together,
)
from companion.running.sweeps.timing import Timing
from companion.running.target_pairs import Target
from companion.running.targets import refuse_missing, target_pairs
from companion.training.runs import Trained


class Retrieval(Job):
    """Cells of Tables 1 to 3 and 6 to 9: one encoder, one person, one target, one seed.

    References
    ----------
    Rajabi et al. (2025), ICML.
    """

    axes: ClassVar[Mapping[str, type]] = MappingProxyType(
        {"dataset": str, "trained_on": str, "encoder": str, "subject": int, "target": str, "seed": int}
    )
    settings: ClassVar[type[JobSettings]] = RetrievalSettings

    def known(self, axis: str, world: World) -> Sequence[Value] | None:
        """Every target but leaky ones."""
        if axis != "target":
            return None
        return [name for name, one in _targets(world, "cpu").items() if one.role != "leaky"]

    def check(self, cells: Sequence[Cell]) -> None:
        """Refuse data sets, targets and encoders that nobody knows, and settings that nobody published."""
        known = {"dataset": DATA, "trained_on": TRAINED_ON, "target": _targets(cells[0].world, "cpu")}
        for axis, values in known.items():
            for value in dict.fromkeys(cell.axes[axis] for cell in cells):
                if value not in values:
                    raise DataError(f"Unknown {axis}", expected=f"one of {'; '.join(values)}", got=value)
        for cell in {_kind(cell): cell for cell in cells}.values():
            architecture_of(cell)
            settings_of(cell, DATA[_dataset(cell)].n_training)

    def check_data(self, cells: Sequence[Cell]) -> None:
        """Refuse cells whose recordings, pictures or weights are not here."""
        world = cells[0].world
        chosen = {str(cell.axes["target"]) for cell in cells}
        refuse_missing([one for name, one in _targets(world, "cpu").items() if name in chosen])
        world.folder("stimuli")
        for name in dict.fromkeys(map(_dataset, cells)):
            wanted = {int(cell.axes["subject"]) for cell in cells if _dataset(cell) == name}
            there = DATA[name].people(world)
            if missing := sorted(wanted - set(there)):
                raise MissingDataError(
                    f"Recordings of people {missing} are not here",
                    where=DATA[name].part,
                    got=there or "nobody",
                )

    def packs(self, cells: Sequence[Cell], device: str) -> list[list[Cell]]:
        """Seeds of one person and target; on a GPU all cells of an encoder whose vectors have one length."""
        lengths = {name: one.n_features for name, one in _targets(cells[0].world, "cpu").items()}
        found: dict[Hashable, list[Cell]] = {}
        for cell in cells:
            target = str(cell.axes["target"])
            own = (cell.axes["subject"], target) if device == "cpu" else lengths[target]
            found.setdefault((_kind(cell), own), []).append(cell)
        return list(found.values())

    def costs(self, packs: Sequence[Sequence[Cell]], device: str) -> list[Cost]:
        """Time a few steps of each kind of training, in processes of their own."""
        timings: dict[str, Timing | None] = {}
        targets = _targets(packs[0][0].world, "cpu")
        return [
            estimate(cells, targets[str(cells[0].axes["target"])].n_features, device, timings)
            for cells in packs
        ]

    def run(self, cells: Sequence[Cell], device: str) -> Iterator[tuple[Cell, pd.DataFrame]]:
        """Train and score; encoders that were trained before, by whomever, are found again."""
        first, data = cells[0], DATA[_dataset(cells[0])]
        targets = _targets(first.world, device)
        known, tested = _recordings(cells)
        shown = [name for one in (*chain(*known.values()), *tested.values()) for name in one.stimuli]
        chosen = {str(cell.axes["target"]) for cell in cells}
        vectors = data.vectors(first.world, shown, [targets[name] for name in chosen], EmbeddingCache())
        n_rows = min(sum(map(len, recordings)) for recordings in known.values())
        for people, names, seeds in _products(cells):
            trained = train_decoders(
                {person: known[person] for person in people},
                {name: vectors[name] for name in names},
                lambda shape, n: build(first, shape, n),
                settings_of(first, n_rows),
                seeds=seeds,
                validate_on=first.settings["validate_on"],
                device=device,
                together=together(first, device),
            )
            for cell in cells:
                person, name, seed = _place(cell)
                if (person, name, seed) in trained:
                    table = _scores(cell, trained[person, name, seed], tested[person], vectors[name])
                    yield cell, table


def _scores(cell: Cell, trained: Trained, test: Recording, space: Embeddings) -> pd.DataFrame:
    """Where each test picture ranks among all of them, and how the encoder was validated."""
    labels: dict[str, str | int] = {
        "dataset": test.dataset,
        "subject": test.subject,
        "encoder": str(cell.axes["encoder"]),
        "alignment": space.aligned_by or "none",
        "seed": int(cell.axes["seed"]),
        "condition": str(cell.axes["trained_on"]),
    }
    table = retrieval_scores(
        decode(trained, test, space),
        Gallery.presented(centred_rows(space.select(test.stimuli))),
        n_repetitions=int(test.trials["n_repetitions"].iloc[0]),
        simulated=test.simulated or space.simulated,
        **labels,
    )
    return table.assign(validation_loss=trained.validation_losses[trained.best], best_validation=trained.best)


def _recordings(cells: Sequence[Cell]) -> tuple[dict[int, list[Recording]], dict[int, Recording]]:
    """Training responses for each person, its own or those of all others, and its test responses."""
    cell, data = cells[0], DATA[_dataset(cells[0])]
    wanted = dict.fromkeys(int(one.axes["subject"]) for one in cells)
    across = cell.axes["trained_on"] == OTHERS
    everybody = data.people(cell.world) if across else list(wanted)
    pairs = {one: data.load(cell.world, one, cell.settings["sampling_rate"]) for one in everybody}
    known = {
        person: [pairs[one][0] for one in everybody if (one != person if across else one == person)]
        for person in wanted
    }
    return known, {person: pairs[person][1] for person in wanted}


def _products(cells: Sequence[Cell]) -> Iterator[tuple[list[int], list[str], list[int]]]:
    """Split cells into full products of people, targets and seeds: what one call can train."""
    seeds: dict[tuple[int, str], list[int]] = {}
    for person, name, seed in map(_place, cells):
        seeds.setdefault((person, name), []).append(seed)
    people: dict[tuple[str, tuple[int, ...]], list[int]] = {}
    for (person, name), own in seeds.items():
        people.setdefault((name, tuple(own)), []).append(person)
    names: dict[tuple[tuple[int, ...], tuple[int, ...]], list[str]] = {}
    for (name, own_seeds), those in people.items():
        names.setdefault((tuple(those), own_seeds), []).append(name)
    for (those_people, own_seeds), those_names in names.items():
        yield list(those_people), those_names, list(own_seeds)


def _targets(world: World, device: str) -> dict[str, Target]:
    pairs = target_pairs(world.source, scale=world.scale, null=world.null, device=device)
    return {target.name: target for pair in pairs for target in pair.targets}


def _kind(cell: Cell) -> Hashable:
    """Name what cells that may train together have in common."""
    return _dataset(cell), cell.axes["trained_on"], cell.axes["encoder"], tuple(cell.settings.items())


def _dataset(cell: Cell) -> str:
    return str(cell.axes["dataset"])


def _place(cell: Cell) -> tuple[int, str, int]:
    return int(cell.axes["subject"]), str(cell.axes["target"]), int(cell.axes["seed"])
