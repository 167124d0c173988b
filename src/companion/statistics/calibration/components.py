"""Variance components of crossed scores: how much people, images and aligner seeds each make scores differ.

People, images and seeds are crossed: every person saw every image, and every seed scored all of them. Then
each mean square has a known expectation in terms of the variances, and the variances follow by subtraction
(method of moments). Nothing is assumed about the shape of any distribution.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from companion.errors import DataError
from companion.statistics.similarity import FloatArray

FILE = Path(__file__).with_name("components.json")
"""What the lesson run gave; written by ``python benchmarks/score_components.py``."""


@dataclass(frozen=True)
class Components:
    """Variances of scores crossed over people, images and seeds; a pair of letters is an interaction.

    Attributes
    ----------
    person, image, seed : float
        Main effects.
    person_image, person_seed, image_seed : float
        Interactions.
    rest : float
        The interaction of all three, and noise.
    """

    person: float
    image: float
    seed: float
    person_image: float
    person_seed: float
    image_seed: float
    rest: float

    def clipped(self) -> Components:
        """Set negative estimates to zero, so that they can be drawn from."""
        return Components(**{name: max(value, 0.0) for name, value in asdict(self).items()})

    def total(self) -> float:
        """Sum of all parts: variance of a single score."""
        return float(sum(asdict(self).values()))


def crossed_components(values: ArrayLike) -> Components:
    r"""Estimate the variance components of a full three-way table with one score per cell.

    .. math:: E(MS_T) = \sum_{U \supseteq T} \sigma_U^2 \prod_{f \notin U} n_f

    is solved from the largest set of factors to the smallest.

    Parameters
    ----------
    values : array-like of shape (n_people, n_images, n_seeds)
        Scores, or differences of two conditions.

    Returns
    -------
    Components
        In the squared unit of the values. Unbiased, and therefore negative at times.

    Raises
    ------
    DataError
        If the table is not full, or a factor has fewer than two levels.

    References
    ----------
    Searle, Casella and McCulloch (1992), Variance Components, chapter 4.
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 3 or min(table.shape) < 2 or not np.isfinite(table).all():
        raise DataError(
            "Scores are not crossed",
            expected="finite numbers, two or more people by two or more images by two or more seeds",
            got=table.shape,
        )
    found: dict[tuple[int, ...], float] = {}
    subsets = [set_ for size in (3, 2, 1) for set_ in combinations(range(3), size)]
    for factors in subsets:
        larger = sum(found[other] * _cells(table, other) for other in found if set(factors) < set(other))
        found[factors] = (_mean_square(table, factors) - larger) / _cells(table, factors)
    names = {"person": (0,), "image": (1,), "seed": (2,), "person_image": (0, 1)}
    names |= {"person_seed": (0, 2), "image_seed": (1, 2), "rest": (0, 1, 2)}
    return Components(**{name: float(found[factors]) for name, factors in names.items()})


@dataclass(frozen=True)
class ScoreModel:
    """What scores are drawn from: components of a latent score, and how it becomes a percentile and a hit.

    Attributes
    ----------
    level : Components
        Of scores in one condition, seeds being aligners taught by permuted judges.
    difference : Components
        Of aligned minus permuted, the same seeds.
    percentiles : tuple of float
        Quantiles, equally spaced from 0 to 1, of the percentile of the seen picture among the candidates.
    hit_rate : float
        Share of scores that put the seen picture first, 0 to 1.
    """

    level: Components
    difference: Components
    percentiles: tuple[float, ...]
    hit_rate: float


def read_model(path: Path = FILE) -> tuple[ScoreModel, dict[str, Any]]:
    """Read the committed components, and how they were obtained.

    Parameters
    ----------
    path : Path

    Returns
    -------
    model : ScoreModel
    record : dict
        ``how`` and the estimates of each pair of spaces.

    Raises
    ------
    DataError
        If the file cannot be read, or lacks a part.
    """
    try:
        record: dict[str, Any] = json.loads(path.read_text("utf-8"))
        level, difference = (Components(**record[name]) for name in ("level", "difference"))
        model = ScoreModel(level, difference, tuple(record["percentiles"]), float(record["hit_rate"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            "The components of scores cannot be read",
            where=path,
            got=repr(error),
            do="make them anew with `python benchmarks/score_components.py`",
        ) from error
    return model, record


def mean_components(parts: list[Components]) -> Components:
    """Average several estimates, part by part."""
    return Components(
        **{
            one.name: float(np.mean([getattr(part, one.name) for part in parts]))
            for one in fields(Components)
        }
    )


def shares(components: Components) -> Mapping[str, float]:
    """Each part as a share of the total, after negative parts were set to zero."""
    kept = components.clipped()
    return {name: value / kept.total() for name, value in asdict(kept).items()}


def standard_error(components: Components, *, n_people: int, n_images: int, n_seeds: int) -> float:
    """Give the standard error of a mean that speaks of other people and seeds, for these images.

    Parameters
    ----------
    components : Components
        Of a single score; negative parts count as zero.
    n_people, n_images, n_seeds : int
        What the mean is taken over.

    Returns
    -------
    float
        In the unit of the scores. Parts of the images alone stay out: they are the same in every repetition.

    References
    ----------
    Searle, Casella and McCulloch (1992), Variance Components, chapter 4.
    """
    part = components.clipped()
    people = part.person + part.person_image / n_images
    seeds = part.seed + part.image_seed / n_images
    both = part.person_seed + part.rest / n_images
    return float(np.sqrt(people / n_people + seeds / n_seeds + both / (n_people * n_seeds)))


def _cells(table: FloatArray, factors: tuple[int, ...]) -> int:
    """Scores that each combination of levels of these factors has."""
    return int(np.prod([size for axis, size in enumerate(table.shape) if axis not in factors], dtype=int))


def _mean_square(table: FloatArray, factors: tuple[int, ...]) -> float:
    """Mean square of the interaction of these factors (of a main effect, where it is one)."""
    effect = np.zeros_like(table)
    for size in range(len(factors) + 1):
        for kept in combinations(factors, size):
            away = tuple(axis for axis in range(table.ndim) if axis not in kept)
            effect += (-1) ** (len(factors) - size) * table.mean(axis=away, keepdims=True)
    df = np.prod([table.shape[axis] - 1 for axis in factors])
    return float((effect**2).sum() / df)
