"""What decoding a few images in a few people can show at all, and one person's hits against guessing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from companion.checks import finite, number
from companion.errors import DataError
from companion.statistics.chance import guessing
from companion.statistics.paired import exact_floor
from companion.statistics.similarity import FloatArray

LENIENT, STRICT = 0.05, 0.001
"""Levels of significance whose thresholds are told."""


class AboveChance(NamedTuple):
    """Hits of one person against guessing.

    Parameters
    ----------
    hits, n : int
    p : float
        One-sided exact binomial p: probability that guessing gives as many hits or more.
    mid_p : float
        The same with half of the probability of exactly as many. It is never 1 and its mean under guessing
        is one half, so it, and not the exact p, should be combined over people
        (:func:`companion.statistics.paired_hits.stouffer`).
    """

    hits: int
    n: int
    p: float
    mid_p: float


class Threshold(NamedTuple):
    """Hits that guessing reaches with less than some probability: how many, in percent, how likely."""

    hits: int
    percent: float
    p: float


@dataclass(frozen=True)
class Limits:
    """What a number of images and people can show; see :func:`what_n_can_show`.

    Attributes
    ----------
    step : float
        Percentage points that one image is worth.
    top1, top1_strict, top5, top5_strict : Threshold
        Fewest hits with an exact one-sided p below `LENIENT` and below `STRICT`.
    detectable : float
        True top-1 accuracy, in percent, that reaches ``top1`` in 80 % of experiments.
    standard_error : float
        Percentage points; of an accuracy of 20 %.
    fewest_discordant : int
        Images that must differ between two methods, all in one direction, for McNemar's p below `LENIENT`.
    permutation_floor : float
        Smallest p of 10,000 exchanges.
    people_floor, people_floor_one_sided : float
        Smallest p of a sign-flip or signed-rank test over people.
    """

    step: float
    top1: Threshold
    top1_strict: Threshold
    top5: Threshold
    top5_strict: Threshold
    detectable: float
    standard_error: float
    fewest_discordant: int
    permutation_floor: float
    people_floor: float
    people_floor_one_sided: float


def above_chance(hits: ArrayLike, chance: float) -> AboveChance:
    """Test one person's hits against guessing.

    Parameters
    ----------
    hits : array-like of shape (n_images,)
        0 or 1; one decoded pattern per image. Repeated trials need
        :func:`companion.statistics.image_permutation`.
    chance : float
        Probability of a hit by guessing, as a fraction.

    Raises
    ------
    DataError
        If hits are not whole (ties between candidates give fractions).

    Examples
    --------
    >>> from companion.statistics import above_chance
    >>> result = above_chance([1, 1, 1, 0, 0, 0, 0, 0, 0, 0], chance=0.1)
    >>> result.hits, round(result.p, 4), round(result.mid_p, 4)
    (3, 0.0702, 0.0415)
    """
    values = whole_hits(hits)
    number("chance", chance, above=0, below=1)
    count, n = int(values.sum()), len(values)
    guesses = stats.binom(n, chance)
    p = float(guesses.sf(count - 1))
    return AboveChance(count, n, p, p - float(guesses.pmf(count)) / 2)


def what_n_can_show(n_images: int = 50, n_people: int = 5) -> Limits:
    """Tell what decoding each of n images among all n can show in one person, and n people together.

    Parameters
    ----------
    n_images : int
        Test images, one pattern each, and candidates.
    n_people : int

    Returns
    -------
    Limits
    """
    tops = {k: [_threshold(n_images, k, level) for level in (LENIENT, STRICT)] for k in (1, 5)}
    hits = tops[1][0].hits
    # Discordant images that all favour one method have a two-sided p of 2 / 2^n.
    fewest = next(n for n in range(1, 64) if exact_floor(n) < LENIENT)

    def power(accuracy: float) -> float:
        return float(stats.binom.sf(hits - 1, n_images, accuracy)) - 0.8

    return Limits(
        step=100 / n_images,
        top1=tops[1][0],
        top1_strict=tops[1][1],
        top5=tops[5][0],
        top5_strict=tops[5][1],
        detectable=100 * float(optimize.brentq(power, 1 / n_images, 1 - 1e-9)),
        standard_error=100 * float(np.sqrt(0.2 * 0.8 / n_images)),
        fewest_discordant=fewest,
        permutation_floor=1 / 10_001,
        people_floor=exact_floor(n_people),
        people_floor_one_sided=exact_floor(n_people) / 2,
    )


def _threshold(n_images: int, k: int, level: float) -> Threshold:
    found = guessing(n_images, n_images, k, significance=level)
    return Threshold(
        found.hits, found.threshold, float(stats.binom.sf(found.hits - 1, n_images, k / n_images))
    )


def whole_hits(hits: ArrayLike) -> FloatArray:
    """Refuse hits that are fractions.

    Parameters
    ----------
    hits : array-like of shape (n_images,)

    Returns
    -------
    ndarray of shape (n_images,)
        0 or 1.

    Raises
    ------
    DataError
        If a hit is anything else.
    """
    values = finite("hits", hits, ndim=1).astype(np.float64)
    if not np.isin(values, (0, 1)).all():
        raise DataError(
            "Hits are not whole",
            expected="0 or 1 for every image",
            got=f"{values.shape}, for instance {values.ravel()[:5]}",
            do="with ties between candidates compare ranks instead",
        )
    return values
