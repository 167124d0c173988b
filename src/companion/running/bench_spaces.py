"""Targets of the bench: judged spaces as they are, and bent further by brains, real and permuted.

Brain-aligned spaces are those of the chapters that bend by brains, and are kept together with theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from companion.alignment.autoencoder import Options
from companion.alignment.brain import ALPHAS, BrainAligner, others
from companion.alignment.teachers import permuted_teacher
from companion.embeddings import Embeddings
from companion.running.bench_cells import BASE, BenchTarget, Role
from companion.running.bench_judged import DREAMSIM, FAMILY, GLOCAL, Bend, JudgedSpace
from companion.running.brain_aligned import kept_aligners

FloatArray = npt.NDArray[np.float64]
BRAIN = "brain"
BOTH_BENT = f"{GLOCAL} + {BRAIN}"
TARGETS = (BASE, DREAMSIM, GLOCAL, BRAIN, BOTH_BENT)
"""Targets in the order of tables and figures."""


class BrainTeaching(NamedTuple):
    """What brains teach, and who.

    Parameters
    ----------
    categories : Embeddings of shape (n_categories, n_features)
        Vectors of the training categories of GOD in CLIP, from
        :func:`companion.running.semantic_spaces.semantic_spaces`.
    similarity : mapping of int to ndarray of shape (n_categories, n_categories)
        Each person's teacher.
    alpha : float
        Weight of reconstruction.
    seeds : sequence of int
        Of auto-encoders and of exchanged categories.
    device : str
    """

    categories: Embeddings
    similarity: Mapping[int, FloatArray]
    alpha: float
    seeds: Sequence[int]
    device: str = "auto"


def bench_targets(
    spaces: Mapping[str, JudgedSpace], teaching: BrainTeaching
) -> Callable[[int | None], list[BenchTarget]]:
    """List all targets: judged spaces as they are, and CLIP and its linear bends bent further by brains.

    In a *permuted* target nothing is real: permuted judges, where there are judges, and brains with their
    categories exchanged. Where judges came first, *permuted brains* bend what real judges made: so that the
    share of brains can be told from that of judges.

    Parameters
    ----------
    spaces : mapping of str to JudgedSpace
    teaching : BrainTeaching

    Returns
    -------
    callable
        From a person of GOD, whose own responses must not have taught the space, to targets taught by all
        others; from None, for people of other recordings, to targets that are means over the spaces of all.
    """
    first = teaching.seeds[0]
    judged = [BenchTarget(one.target, one.role, first, key, lambda v: v) for key, one in spaces.items()]
    pairs = _brain_pairs(spaces)
    starts = {key: _start(spaces[key], teaching.categories) for key, _, _ in pairs}
    sizes = {key: _size(start, teaching.categories) for key, start in starts.items()}
    trained = {
        (key, role, seed): _trained(starts[key], key == FAMILY, teaching, real, seed)
        for key, role, real in pairs
        for seed in teaching.seeds
    }

    def targets(person: int | None) -> list[BenchTarget]:
        made = [
            BenchTarget(
                BRAIN if key == FAMILY else f"{spaces[key].target} + {BRAIN}",
                role,
                seed,
                key,
                _bend([of[one] for one in ([person] if person is not None else of)], sizes[key]),
            )
            for (key, role, seed), of in trained.items()
        ]
        return [*judged, *made]

    return targets


def _brain_pairs(spaces: Mapping[str, JudgedSpace]) -> list[tuple[str, Role, bool]]:
    """Spaces that brains bend, the role of what comes out, and whether these brains are real."""
    pairs: list[tuple[str, Role, bool]] = [(FAMILY, "aligned", True), (FAMILY, "permuted", False)]
    for key, one in spaces.items():
        if one.bend is not None and key != FAMILY:
            pairs.append((key, one.role, one.role == "aligned"))
            pairs += [(key, "permuted brains", False)] * (one.role == "aligned")
    return pairs


def _start(space: JudgedSpace, categories: Embeddings) -> Embeddings:
    """Categories in a judged space; its map is linear, so that the bent mean is the mean of bent pictures."""
    if space.bend is None:
        raise ValueError("only a space that is a map of CLIP's vectors is bent further")
    return space.bend(categories)


def _trained(
    start: Embeddings, shared: bool, teaching: BrainTeaching, real: bool, seed: int
) -> dict[int, BrainAligner]:
    """Auto-encoders by the person left out. Shared ones are asked for as chapters do, all alphas at once."""
    people = list(teaching.similarity)
    matrices = others({person: teaching.similarity[person] for person in people})
    if not real:
        matrices = {person: permuted_teacher(one, seed) for person, one in matrices.items()}
    found = kept_aligners(
        _scaled(start, _size(start, teaching.categories)),
        matrices,
        alphas=ALPHAS if shared else [teaching.alpha],
        seeds=[seed],
        options=Options(batch_size=min(50, len(start))),
        device=teaching.device,
    )
    return {person: found[person, teaching.alpha, seed] for person in people}


def _bend(aligners: Sequence[BrainAligner], size: float) -> Bend:
    """Mean over people's spaces, number by number, as the paper takes it; all began alike."""

    def bend(vectors: Embeddings) -> Embeddings:
        bent = [one.transform(_scaled(vectors, size)) for one in aligners]
        return bent[0].with_rows(np.mean([one.values for one in bent], axis=0), vectors.ids)

    return bend


def _size(categories: Embeddings, base: Embeddings) -> float:
    """Factor that makes vectors as long as CLIP's: alpha weighs errors in squared units of the vectors."""
    return float(np.sqrt((base.values**2).mean() / (categories.values**2).mean()))


def _scaled(vectors: Embeddings, size: float) -> Embeddings:
    return vectors if size == 1 else vectors.with_rows(vectors.values * size, vectors.ids)
