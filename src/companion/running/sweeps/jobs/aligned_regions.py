"""Spaces bent by a region of other people's brains, decoded from the same region of the one left out."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.alignment.brain import BrainAligner, others
from companion.decoding.identification import MEASURES, identify
from companion.decoding.linear import fit_linear
from companion.encoders.cache import EmbeddingCache
from companion.errors import MissingDataError
from companion.loading.god.stimuli import category_of
from companion.recording import Recording, Split
from companion.running.brain_aligned import kept_aligners, region_similarity
from companion.running.semantic_spaces import SemanticSpace, semantic_spaces
from companion.running.sweeps.cells import Cell
from companion.running.sweeps.jobs.brain_aligning import BrainAligningSettings, settings_of
from companion.running.sweeps.jobs.god_data import alike, recordings, stimuli_of
from companion.scores import as_scores

CONDITIONS: tuple[tuple[Split, str], ...] = (("test", "perception"), ("imagery", "imagery"))
"""Splits that are decoded, and what the score table calls them."""
_ORIGINAL = math.inf  # names the vectors as they were, where alphas name the variants of a space


def decoded_regions(cells: Sequence[Cell], device: str) -> Iterator[tuple[Cell, pd.DataFrame]]:
    """Train the auto-encoders of some cells together, then decode one region of one person after another.

    Parameters
    ----------
    cells : sequence of Cell
        Of one world, space and seed, with the same settings.
    device : str
        Where auto-encoders are trained.

    Yields
    ------
    Cell
    DataFrame
        Its rows of the score table.
    """
    settings, world = settings_of(cells[0]), cells[0].world
    space = space_of(cells[0])
    rois = list(dict.fromkeys(str(cell.axes["roi"]) for cell in cells))
    people = dict.fromkeys(int(cell.axes["subject"]) for cell in cells)
    training = _with_vectors(recordings(world, "train", rois, settings.people), space)
    new = {split: _with_vectors(recordings(world, split, rois, people), space) for split, _ in CONDITIONS}
    teachers = {
        roi: others(
            {
                person: region_similarity(
                    training[person], roi, space.categories.ids, standardised=settings.standardised
                )
                for person in settings.people
            }
        )
        for roi in rois
    }
    aligners = _aligners(cells, space, teachers, device)
    for own in alike(cells, ["roi", "subject"]):
        roi, person = str(own[0].axes["roi"]), int(own[0].axes["subject"])
        variants = {float(cell.axes["alpha"]): space.mapped(aligners[cell.key].transform) for cell in own}
        if 1.0 in variants:
            variants[_ORIGINAL] = space
        tables = identified(
            training[person].roi(roi),
            {condition: new[split][person].roi(roi) for split, condition in CONDITIONS},
            {str(alpha): one for alpha, one in variants.items()},
            settings,
        )
        for cell in own:
            yield cell, _scores(cell, tables, space, simulated=training[person].simulated)


def space_of(cell: Cell) -> SemanticSpace:
    """Make the space of a cell, before it is bent.

    Raises
    ------
    MissingDataError
        If what it is made from is not on this machine.
    """
    settings = settings_of(cell)
    spaces = semantic_spaces(
        stimuli_of(cell.world),
        **cell.world._asdict(),
        n_candidates=settings.n_candidates,
        seed=settings.draw,
        cache=EmbeddingCache(),
    )
    for kind, space in spaces.items():
        if kind == cell.axes["space"]:
            return space
    raise MissingDataError("A space cannot be made", expected=cell.axes["space"], got=list(spaces))


def identified(
    known: Recording,
    new: Mapping[str, Recording],
    variants: Mapping[str, SemanticSpace],
    settings: BrainAligningSettings,
) -> pd.DataFrame:
    """Fit decoders of all variants of a space at once, and identify what was seen and imagined.

    Parameters
    ----------
    known : Recording of shape (n, n_voxels)
        Training samples of one person's region.
    new : mapping of condition to Recording
        Of the same voxels.
    variants : mapping of name to SemanticSpace
    settings : BrainAligningSettings

    Returns
    -------
    DataFrame
        As of :func:`companion.decoding.identification.identify`, with ``variant``, ``condition``, ``split``
        and ``n_repetitions``.
    """
    fitted = fit_linear(
        known.responses,
        known.stimuli,
        {name: one.targets for name, one in variants.items()},
        n_voxels=settings.n_voxels,
    )
    tables = []
    for condition, recording in new.items():
        means = recording.averaged()
        decoded = fitted.predict(means.responses, list(map(category_of, means.stimuli)))
        tables += [
            identify(
                decoded[name].select(one.test.ids),
                one.test,
                one.candidates,
                mean=fitted.origins[name],
                seed=settings.draw,
                variant=name,
                condition=condition,
                split=recording.split,
                n_repetitions=round(len(recording) / len(means)),
            )
            for name, one in variants.items()
        ]
    return pd.concat(tables, ignore_index=True)


def _aligners(
    cells: Sequence[Cell],
    space: SemanticSpace,
    teachers: Mapping[str, Mapping[Hashable, npt.NDArray[np.float64]]],
    device: str,
) -> dict[str, BrainAligner]:
    """Auto-encoders by the key of the cell.

    Alpha 1 is one model for all regions, people and packs. It is trained apart from the rest, because whoever
    wants it waits for all that is trained with it.
    """
    seed = int(cells[0].axes["seed"])
    wanted: dict[tuple[float, ...], dict[str, Cell]] = {}
    for own in alike(cells, ["roi", "subject"]):
        alphas = sorted({float(cell.axes["alpha"]) for cell in own}, reverse=True)
        for some in ((1.0,), tuple(alpha for alpha in alphas if alpha < 1)):
            if set(some) & set(alphas):
                wanted.setdefault(some, {})[_teacher(own[0])] = own[0]
    found: dict[tuple[object, float], BrainAligner] = {}
    for some, places in wanted.items():
        trained = kept_aligners(
            space.categories,
            {
                name: teachers[str(cell.axes["roi"])][int(cell.axes["subject"])]
                for name, cell in places.items()
            },
            alphas=some,
            seeds=[seed],
            options=settings_of(cells[0]).options(len(space.categories)),
            device=device,
        )
        found |= {(name, alpha): one for (name, alpha, _), one in trained.items()}
    return {cell.key: found[_teacher(cell), float(cell.axes["alpha"])] for cell in cells}


def _teacher(cell: Cell) -> str:
    return f"{cell.axes['roi']} of all but {cell.axes['subject']}"


def _with_vectors(people: Mapping[int, Recording], space: SemanticSpace) -> dict[int, Recording]:
    """Trials whose category has a vector."""
    known = [*space.categories.ids, *space.test.ids]
    return {
        person: one.select_trials(one.trials["category"].isin(known).to_numpy())
        for person, one in people.items()
    }


def _scores(cell: Cell, tables: pd.DataFrame, space: SemanticSpace, *, simulated: bool) -> pd.DataFrame:
    """Rows of a cell: those of its alpha and, beside those of alpha 1, of the vectors as they were."""
    alpha = float(cell.axes["alpha"])
    variants = {str(alpha): ("brain", alpha)} | ({str(_ORIGINAL): ("none", math.nan)} if alpha == 1 else {})
    own = tables[tables["variant"].isin(list(variants))]
    long = own.melt(
        ["stimulus", "n_candidates", "variant", "condition", "split", "n_repetitions"],
        list(MEASURES),
        var_name="metric",
    )
    return as_scores(
        long.drop(columns="variant").assign(
            dataset="GOD",
            subject=cell.axes["subject"],
            roi=cell.axes["roi"],
            space=cell.axes["space"],
            vectors=space.name,
            alignment=long["variant"].map({name: way for name, (way, _) in variants.items()}),
            alpha=long["variant"].map({name: value for name, (_, value) in variants.items()}),
            readout="least squares",
            seed=cell.axes["seed"],
        ),
        simulated=simulated or space.targets.simulated,
    )
