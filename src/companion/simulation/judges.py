"""Simulated judges: people who compare pictures, or kinds, by a percept that we know.

A percept is one vector per stimulus: what judges see in it. Two experiments are run on it. In the first a
reference and two variations are shown, and the closer one is named (two alternatives, forced choice: 2AFC);
it asks for mid-level likeness. In the second three things are shown, and the odd one is named; it asks for
category. Judges err: their choices are drawn from a softmax whose noise is measured in units of the
differences they are shown, so one setting gives the same reliability whatever the percept's scale.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from companion.errors import DataError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

TWO_AFC_NOISE = 0.2
"""Two 2AFC choices of such judges agree in about .84 of triplets."""

ODD_ONE_OUT_TEMPERATURE = 0.45
"""Two odd-one-out choices of such judges agree in about .67 of triplets, as those of people do."""

THEME_SIZE = 8
"""Pictures of one theme; those of a triplet are of one theme."""

N_OTHERS = 30
"""A theme is a picture and the closest of so many others."""


def two_afc(
    percept: FloatArray,
    rng: np.random.Generator,
    n_triplets: int,
    noise: float = TWO_AFC_NOISE,
    *,
    similar_in: FloatArray | None = None,
) -> tuple[IntArray, IntArray]:
    """Let judges say which of two similar pictures is closer to a reference.

    Pictures are parted into themes: one at random, and the ``THEME_SIZE - 1`` closest of ``N_OTHERS`` that
    have no theme yet. A triplet is three pictures of one theme. So pictures are moderately similar, and a
    network that learns from many triplets has few pictures to embed.

    Parameters
    ----------
    percept : ndarray of shape (n_stimuli, n_dimensions)
    rng : numpy.random.Generator
    n_triplets : int
    noise : float
        Of the choices, in units of how much distances differ: 0.1 nearly always names the closer one.
    similar_in : ndarray of shape (n_stimuli, any), optional
        Space in which the pictures of a theme are similar; the percept if left out. A permuted judge gets the
        true percept here, and a generator of the same state, to be asked about the very same triplets.

    Returns
    -------
    triplets : ndarray of shape (n_triplets, 3), int
        Rows of the percept: reference, left, right.
    choice : ndarray of shape (n_triplets,), int
        0 where left was chosen as closer, 1 where right was.

    References
    ----------
    Fu et al. (2023), NeurIPS 36: DreamSim. Its pictures are variations of one theme.

    Examples
    --------
    A judge without noise names the closer one of two pictures:

    >>> import numpy as np
    >>> from companion.simulation import two_afc
    >>> percept = np.random.default_rng(0).normal(size=(30, 2))
    >>> triplets, choice = two_afc(percept, np.random.default_rng(1), 20, noise=1e-9)
    >>> reference, left, right = percept[triplets.T]
    >>> closer = np.linalg.norm(right - reference, axis=1) < np.linalg.norm(left - reference, axis=1)
    >>> bool((choice == closer).all())
    True
    """
    _check(percept, n_triplets)
    place = percept if similar_in is None else similar_in
    if len(place) != len(percept):
        raise DataError(
            "Similarity and percept are about the same stimuli", expected=len(percept), got=len(place)
        )
    themes = _themes(place, rng)
    asked = [themes[number] for number in rng.integers(len(themes), size=n_triplets)]
    triplets = np.array([rng.choice(theme, 3, replace=False) for theme in asked])
    right = two_afc_probabilities(percept, triplets, noise)[:, 1]
    return triplets, (rng.random(n_triplets) < right).astype(np.int64)


def two_afc_probabilities(percept: FloatArray, triplets: IntArray, noise: float) -> FloatArray:
    """Probability that left, and that right, is chosen.

    With Euclidean distances ``d`` from the reference, ``P(right) = 1 / (1 + exp(-(d_left - d_right) / s))``,
    where ``s`` is ``noise`` times the root mean square of ``d_left - d_right`` over these triplets.

    Parameters
    ----------
    percept : ndarray of shape (n_stimuli, n_dimensions)
    triplets : ndarray of shape (n_triplets, 3), int
        Reference, left, right.
    noise : float
        0.1: nearly always the closer one; 1: often the other.

    Returns
    -------
    ndarray of shape (n_triplets, 2)
    """
    reference, left, right = percept[triplets].swapaxes(0, 1)
    distances = np.stack([np.linalg.norm(other - reference, axis=1) for other in (left, right)], axis=1)
    unit = np.sqrt(np.mean((distances[:, 0] - distances[:, 1]) ** 2))
    return _softmax(-distances / (noise * unit))


def odd_one_out(
    percept: FloatArray,
    rng: np.random.Generator,
    n_triplets: int,
    temperature: float = ODD_ONE_OUT_TEMPERATURE,
) -> IntArray:
    """Let judges name the odd one of three stimuli drawn at random.

    Parameters
    ----------
    percept : ndarray of shape (n_stimuli, n_dimensions)
    rng : numpy.random.Generator
    n_triplets : int
    temperature : float
        Of the softmax over the three dot products, relative to their size.

    Returns
    -------
    ndarray of shape (n_triplets, 3), int
        Rows of the percept: the pair that was kept, in random order, then the odd one.

    References
    ----------
    Hebart et al. (2020), Nature Human Behaviour 4: the task and its softmax over three dot products.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.simulation import odd_one_out
    >>> percept = np.array([[1.0, 0.0], [1.1, 0.0], [-2.0, 0.0]])
    >>> odd_one_out(percept, np.random.default_rng(0), 4, temperature=0.01)[:, 2].tolist()
    [2, 2, 2, 2]
    """
    _check(percept, n_triplets)
    shown = np.array([rng.choice(len(percept), 3, replace=False) for _ in range(n_triplets)])
    probabilities = odd_one_out_probabilities(percept, shown, temperature)
    odd = (rng.random((n_triplets, 1)) > probabilities.cumsum(axis=1)[:, :2]).sum(axis=1)
    turns = (odd[:, np.newaxis] + np.array([1, 2, 0])) % 3  # the odd one goes last
    return np.take_along_axis(shown, turns, axis=1)


def odd_one_out_probabilities(percept: FloatArray, triplets: IntArray, temperature: float) -> FloatArray:
    """Probability that each of three is named the odd one.

    ``P(odd = i) = exp(s_jk / T) / sum of the three``, with ``s_jk`` the dot product of the two others'
    centred percepts and ``T`` = ``temperature`` times the root mean square of ``s`` over these triplets.

    Parameters
    ----------
    percept : ndarray of shape (n_stimuli, n_dimensions)
    triplets : ndarray of shape (n_triplets, 3), int
    temperature : float
        0.1: nearly always the most similar pair is kept; 3: nearly any.

    Returns
    -------
    ndarray of shape (n_triplets, 3)
        In the order of the columns of ``triplets``.
    """
    centred = percept - percept.mean(axis=0)
    first, second, third = centred[triplets].swapaxes(0, 1)
    pairs = ((second, third), (first, third), (first, second))
    similarity = np.stack([np.einsum("nd,nd->n", one, other) for one, other in pairs], axis=1)
    return _softmax(similarity / (temperature * np.sqrt(np.mean(similarity**2))))


def self_agreement(probabilities: FloatArray) -> float:
    """How often two independent choices about the same triplet agree: the mean of ``sum_k p_k ** 2``.

    Parameters
    ----------
    probabilities : ndarray of shape (n_triplets, n_alternatives)
        Of :func:`two_afc_probabilities` or :func:`odd_one_out_probabilities`.
    """
    return float(np.mean(np.sum(probabilities**2, axis=1)))


def permuted(percept: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Percept of the permuted teacher: every stimulus gets the vector of another.

    Judges who see it are as reliable, and as structured, as the true ones, but about the wrong stimuli.

    Parameters
    ----------
    percept : ndarray of shape (n_stimuli, n_dimensions)
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (n_stimuli, n_dimensions)
        The same rows, handed round in one random circle, so that none stays where it was.
    """
    _check(percept, 1)
    circle = rng.permutation(len(percept))
    given = np.empty_like(percept)
    given[circle] = percept[np.roll(circle, 1)]
    return given


def _themes(place: FloatArray, rng: np.random.Generator) -> list[IntArray]:
    """Part all rows into groups of three or more similar ones."""
    rows = rng.permutation(len(place))
    themes: list[IntArray] = []
    while len(rows) >= THEME_SIZE + 3:  # what remains after this theme must make another
        others = rows[1 : N_OTHERS + 1]
        distances = np.linalg.norm(place[others] - place[rows[0]], axis=1)
        theme = np.append(rows[0], others[np.argsort(distances)[: THEME_SIZE - 1]])
        themes.append(theme)
        rows = rows[~np.isin(rows, theme)]
    return [*themes, rows]


def _softmax(logits: FloatArray) -> FloatArray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: FloatArray = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _check(percept: FloatArray, n_triplets: int) -> None:
    if percept.ndim != 2 or len(percept) < 3 or n_triplets < 1 or not np.ptp(percept, axis=0).any():
        raise DataError(
            "Judges compare three stimuli or more, which differ",
            expected="a percept of shape (n_stimuli, n_dimensions) and one triplet or more",
            got=f"shape {percept.shape}, {n_triplets} triplets",
        )
