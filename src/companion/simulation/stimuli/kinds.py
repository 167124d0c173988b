"""Object kinds: the concepts of the miniature world, each with a noun, a meaning and a shape.

Its place among all kinds is a vector ``k`` of 24 numbers, standard normal over kinds::

    k = sqrt(0.4) m_category + sqrt(0.6) e

with ``m_category = sqrt(0.3) m_living + sqrt(0.7) m_own`` (so that animals are nearer to birds than to tools)
and ``e`` the kind's own deviation. Its shape parameters follow smoothly, but not linearly, from
``e``, through a mixture that belongs to the category::

    shape = (W e + sin(2 V e)) / norm

The body plan of the category (``drawing.plans``) turns them into an outline. So kinds that mean alike look
alike within a category, the same shape numbers look different in another one, and no kind is another one in a
different colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from companion.simulation.stimuli.glosses import define
from companion.simulation.stimuli.nouns import invented_nouns

FloatArray = npt.NDArray[np.float64]

N_KINDS = 2504
N_SEMANTIC = 24
N_SHAPE = 12
SEED = 20240
CATEGORY_SHARE = 0.4
LIVING_SHARE = 0.3

LIVING = ("animal", "bird", "fish", "insect", "plant", "fruit")
ARTEFACTS = ("vehicle", "tool", "furniture", "building", "instrument", "vessel")
CATEGORIES = LIVING + ARTEFACTS


@dataclass(frozen=True)
class Kind:
    """One kind of object.

    Attributes
    ----------
    number : int
        Place in `all_kinds`; stable for ever.
    noun : str
        Invented name.
    category : str
        One of ``CATEGORIES``.
    living : bool
        Animal, plant and the like, as opposed to artefact.
    gloss : str
        One sentence of definition.
    semantic : tuple of 24 float
        The latent vector ``k``.
    shape : tuple of 12 float
        What the body plan of the category draws from, standard normal over kinds.

    Examples
    --------
    >>> from companion.simulation import Kind
    >>> kind = Kind(0, "dovel", "bird", True, "A dovel is a long-legged bird.", (0.0,) * 24, (0.0,) * 12)
    >>> kind.noun, kind.living
    ('dovel', True)
    """

    number: int
    noun: str
    category: str
    living: bool
    gloss: str
    semantic: tuple[float, ...]
    shape: tuple[float, ...]


@cache
def all_kinds() -> tuple[Kind, ...]:
    """List the 2,504 kinds of the world, in their fixed order.

    Every run of 12 numbers that starts at a multiple of 12 holds each category once, so any 50 neighbours
    hold them all.

    Examples
    --------
    >>> from companion.simulation import all_kinds
    >>> kinds = all_kinds()
    >>> len(kinds), len({kind.noun for kind in kinds}), len({kind.category for kind in kinds[:12]})
    (2504, 2504, 12)
    """
    rng = np.random.default_rng(SEED)
    nouns = invented_nouns(N_KINDS, rng)
    category = _shuffled_categories(rng)
    own = rng.normal(size=(N_KINDS, N_SEMANTIC))
    semantic = np.sqrt(CATEGORY_SHARE) * _category_means(rng)[category] + np.sqrt(1 - CATEGORY_SHARE) * own
    shape = np.empty((N_KINDS, N_SHAPE))
    for number in range(len(CATEGORIES)):
        members = category == number
        shape[members] = _shapes(own[members], rng)
    kinds = []
    for number, noun in enumerate(nouns):
        name = CATEGORIES[category[number]]
        numbers = tuple(shape[number].tolist())
        kinds.append(
            Kind(
                number,
                noun,
                name,
                name in LIVING,
                define(noun, name, numbers),
                tuple(semantic[number].tolist()),
                numbers,
            )
        )
    return tuple(kinds)


@cache
def semantic_vectors() -> FloatArray:
    """Latent vectors of all kinds, ndarray of shape (n_kinds, 24), read-only."""
    vectors = np.array([kind.semantic for kind in all_kinds()])
    vectors.flags.writeable = False
    return vectors


@cache
def shape_vectors() -> FloatArray:
    """Shape parameters of all kinds, ndarray of shape (n_kinds, 12), read-only."""
    vectors = np.array([kind.shape for kind in all_kinds()])
    vectors.flags.writeable = False
    return vectors


@cache
def category_numbers() -> npt.NDArray[np.int64]:
    """Place in ``CATEGORIES`` of all kinds, ndarray of shape (n_kinds,), read-only."""
    numbers = np.array([CATEGORIES.index(kind.category) for kind in all_kinds()])
    numbers.flags.writeable = False
    return numbers


def _shuffled_categories(rng: np.random.Generator) -> npt.NDArray[np.int64]:
    n_rounds = -(-N_KINDS // len(CATEGORIES))
    rounds = [rng.permutation(len(CATEGORIES)) for _ in range(n_rounds)]
    return np.concatenate(rounds)[:N_KINDS].astype(np.int64)


def _category_means(rng: np.random.Generator) -> FloatArray:
    """Means of the categories, (12, 24): zero on average, with mean square one."""
    own = rng.normal(size=(len(CATEGORIES), N_SEMANTIC))
    own -= own.mean(axis=0)
    side = np.array([1.0 if name in LIVING else -1.0 for name in CATEGORIES])
    living = side[:, None] * np.sign(rng.normal(size=N_SEMANTIC))
    means: FloatArray = np.sqrt(LIVING_SHARE) * living + np.sqrt(1 - LIVING_SHARE) * own / own.std()
    means /= np.sqrt(np.mean(means**2))
    return means


def _shapes(own: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Shape parameters of one category from its kinds' deviations, (n_members, 12)."""
    straight = np.linalg.qr(rng.normal(size=(N_SEMANTIC, N_SEMANTIC)))[0][:, :N_SHAPE]
    bent = np.linalg.qr(rng.normal(size=(N_SEMANTIC, N_SEMANTIC)))[0][:, :N_SHAPE]
    raw: FloatArray = own @ straight + np.sin(2 * own @ bent)
    raw -= raw.mean(axis=0)
    raw /= raw.std(axis=0)
    return raw
