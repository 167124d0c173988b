"""Score tables of experiments in which nothing is there, drawn from estimated variance components.

A null set is one whole experiment done anew: other people, other images, other aligners. Two (or more)
conditions come from one population of aligners, so that a difference between them is chance. Narrower null
sets keep the aligners, or the images too: then a difference between conditions is the same for all people on
average, and that average is zero. The latent score
of condition c is

    level of person, image, both + what the condition does to person, image, both
    + what its aligner adds: everywhere, to a person, to an image, to both

all Gaussian, with the variances of a lesson run. Each score then takes the place in the observed distribution
of percentiles that it has among all latent scores, so that simulated percentiles and hits are spread like the
observed ones, ties at the top included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from scipy import special

from companion.errors import DataError
from companion.statistics.calibration.components import ScoreModel
from companion.statistics.similarity import FloatArray

Redrawn = Literal["people", "people and images", "people, images and aligners"]
REDRAWN: tuple[Redrawn, ...] = ("people", "people and images", "people, images and aligners")
"""What a null set draws anew. What is not drawn anew makes no difference between conditions on average."""


@dataclass(frozen=True)
class Design:
    """How large an experiment is.

    Attributes
    ----------
    name : str
        Of the recording.
    n_people, n_images, n_seeds : int
        Seeds are aligners of each condition; scores are averaged over them.
    score : {"top-1", "percentile"}
        Which score the book tests there; both run from 0 to 100.
    n_conditions : int
    """

    name: str
    n_people: int
    n_images: int
    n_seeds: int = 1
    score: Literal["top-1", "percentile"] = "top-1"
    n_conditions: int = 2


DESIGNS = (
    Design("THINGS-EEG2", 10, 200),
    Design("THINGS-MEG", 4, 200),
    Design("NSD", 4, 300),
    Design("GOD", 5, 50, score="percentile"),
    Design("GOD-MEG", 3, 50, score="percentile"),
    Design("ECoG", 4, 50, score="percentile"),
)
"""The book's recordings, with the people and the images of each; one aligner against one permuted teacher."""


class Variances(NamedTuple):
    """Variances of the latent score, in the order in which its parts are drawn.

    Parameters
    ----------
    level, condition, seed : tuple of float
        Of person, image and both; for seeds, of the seed itself first.
    """

    level: tuple[float, float, float]
    condition: tuple[float, float, float]
    seed: tuple[float, float, float, float]

    def total(self) -> float:
        """Variance of one latent score."""
        return sum(self.level) + sum(self.condition) + sum(self.seed)


class NullScores(NamedTuple):
    """Scores of null sets, 0 to 100; each of shape (n_sets, n_conditions, n_people, n_images, n_seeds).

    Parameters
    ----------
    percentiles : ndarray
    hits : ndarray
        0 or 100.
    """

    percentiles: FloatArray
    hits: FloatArray

    def of(self, score: str) -> FloatArray:
        """Scores of one kind, averaged over seeds: (n_sets, n_conditions, n_people, n_images)."""
        values: FloatArray = (self.hits if score == "top-1" else self.percentiles).mean(axis=-1)
        return values


def latent_variances(model: ScoreModel, redrawn: Redrawn) -> Variances:
    """Sort the estimated components into what conditions share, what they add, and what seeds add.

    Parameters
    ----------
    model : ScoreModel
    redrawn : {"people", "people and images", "people, images and aligners"}

    Notes
    -----
    The estimated differences are those of one aligned space to several permuted ones, so the aligned space's
    own draw hides in what does not vary over seeds, and is subtracted there; each condition then carries half
    of what is left. Levels likewise hold one half of the difference. Negative results count as zero.
    """
    level, apart = model.level, model.difference
    own = (apart.person - level.person_seed, apart.image - level.image_seed, apart.person_image - level.rest)
    condition = tuple(max(value, 0.0) / 2 for value in own)
    whole = (level.person, level.image, level.person_image)
    shared = tuple(max(value - part, 0.0) for value, part in zip(whole, condition, strict=True))
    seeds = tuple(max(value, 0.0) for value in (level.seed, level.person_seed, level.image_seed, level.rest))
    if redrawn != REDRAWN[2]:
        seeds = (0.0, *seeds[1:])
    if redrawn == REDRAWN[0]:
        condition, seeds = (condition[0], 0.0, condition[2]), (0.0, seeds[1], 0.0, seeds[3])
    return Variances(shared, condition, seeds)  # type: ignore[arg-type]


def draw_null(
    model: ScoreModel,
    design: Design,
    n_sets: int,
    rng: np.random.Generator,
    *,
    redrawn: Redrawn = "people, images and aligners",
    shift: float = 0.0,
) -> NullScores:
    """Draw null sets; with a shift, sets in which the first condition is better.

    Parameters
    ----------
    model : ScoreModel
    design : Design
    n_sets : int
    rng : Generator
    redrawn : {"people", "people and images", "people, images and aligners"}
    shift : float
        Added to the first condition, in standard deviations of a single latent score.

    Returns
    -------
    NullScores

    Raises
    ------
    DataError
        If there is nothing to draw.
    """
    sizes = (design.n_people, design.n_images, design.n_seeds, design.n_conditions)
    if n_sets < 1 or min(sizes) < 1:
        raise DataError("A null set has people, images, seeds and conditions", got=(n_sets, *sizes))
    parts = latent_variances(model, redrawn)
    people, images, seeds = design.n_people, design.n_images, design.n_seeds
    shared = _crossed(rng, parts.level, (n_sets, 1, people, images, 1))
    own = _crossed(rng, parts.condition, (n_sets, design.n_conditions, people, images, 1))
    latent = shared + own + _seeds(rng, parts.seed, (n_sets, design.n_conditions, people, images, seeds))
    latent /= np.sqrt(parts.total())
    latent[:, 0] += shift
    return as_scores(latent, model)


def as_scores(latent: FloatArray, model: ScoreModel) -> NullScores:
    """Give standard normal scores the observed distribution of percentiles and of hits.

    Parameters
    ----------
    latent : ndarray
    model : ScoreModel

    Returns
    -------
    NullScores
        Of the shape of ``latent``.
    """
    place = special.ndtr(latent)
    grid = np.linspace(0, 1, len(model.percentiles))
    hits = 100.0 * (place > 1 - model.hit_rate)
    return NullScores(np.interp(place, grid, model.percentiles), hits)


def _crossed(
    rng: np.random.Generator, variances: tuple[float, float, float], shape: tuple[int, ...]
) -> FloatArray:
    """Person, image and cell effects: ``shape`` is (n_sets, n_conditions, n_people, n_images, 1)."""
    sets, conditions, people, images, _ = shape
    person, image, cell = np.sqrt(variances)
    return np.asarray(
        person * rng.standard_normal((sets, conditions, people, 1, 1))
        + image * rng.standard_normal((sets, conditions, 1, images, 1))
        + cell * rng.standard_normal(shape)
    )


def _seeds(
    rng: np.random.Generator, variances: tuple[float, float, float, float], shape: tuple[int, ...]
) -> FloatArray:
    """Draw what each seed adds everywhere, to people, to images and to single cells."""
    sets, conditions, people, images, seeds = shape
    main, person, image, cell = np.sqrt(variances)
    return np.asarray(
        main * rng.standard_normal((sets, conditions, 1, 1, seeds))
        + person * rng.standard_normal((sets, conditions, people, 1, seeds))
        + image * rng.standard_normal((sets, conditions, 1, images, seeds))
        + cell * rng.standard_normal(shape)
    )
