"""What a linear unit reads: weights on the dimensions of each stage, bent by the person's own geometry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from companion.simulation.brains.person import person_rng
from companion.simulation.codes import STAGES, Codes, Stage
from companion.simulation.dials import Dataset, Dials

FloatArray = npt.NDArray[np.float64]
Mixture = Mapping[Stage, float]
"""Share of the signal variance that each stage has in a unit; shares add up to one."""
Weights = Mapping[Stage, FloatArray]
"""One array of shape (n_dimensions, n_units) per stage."""

GAIN_SPREAD = 0.4
"""Standard deviation of the logarithm of a unit's amplitude; mean square amplitude is one."""


def draw_weights(
    dataset: Dataset, subject: int, mixtures: Sequence[Mixture], codes: Codes, dials: Dials, amplitude: float
) -> dict[Stage, FloatArray]:
    """Draw weights of one person's units on the codes of the group.

    ``W = amplitude * gain * sqrt(share) * M N`` per stage, with ``N`` drawn from N(0, 1) and ``M`` the
    person's geometry: ``codes.seen_by(...)`` equals ``codes M``. Responses ``sum_stages codes W`` then have
    an expected variance of ``amplitude**2`` over units and reference stimuli.

    Parameters
    ----------
    dataset, subject : str, int
        Whose person it is; draws depend on nothing else but the seed and the numbers of units and dimensions.
    mixtures : sequence of mapping of stage to float
        One per unit.
    codes : Codes
        For its numbers of dimensions only.
    dials : Dials
        ``seed`` and ``individual``.
    amplitude : float
        Root mean square response.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.simulation import Codes, Dials, draw_weights
    >>> rng = np.random.default_rng(0)
    >>> codes = Codes(("cat", "key"), {stage: rng.normal(size=(2, 3)) for stage in ("early", "mid", "late")})
    >>> early_only = {"early": 1.0, "mid": 0.0, "late": 0.0}
    >>> weights = draw_weights("god", 1, [early_only] * 5, codes, Dials(), amplitude=2.0)
    >>> {stage: (values.shape, bool(values.any())) for stage, values in weights.items()}
    {'early': ((3, 5), True), 'mid': ((3, 5), False), 'late': ((3, 5), False)}
    """
    rng = person_rng(dials.seed, dataset, subject, "tuning")
    n_units = len(mixtures)
    gain = np.exp(GAIN_SPREAD * rng.normal(size=n_units) - GAIN_SPREAD**2)
    geometry = own_geometry(dataset, subject, codes, dials)
    weights: dict[Stage, FloatArray] = {}
    for stage in STAGES:
        share = np.array([mixture[stage] for mixture in mixtures])
        drawn = rng.normal(size=(codes.stages[stage].shape[1], n_units))
        weights[stage] = geometry[stage] @ (drawn * (amplitude * gain * np.sqrt(share)))
    return weights


def own_geometry(dataset: Dataset, subject: int, codes: Codes, dials: Dials) -> dict[Stage, FloatArray]:
    """Matrix per stage that turns the group's codes into this person's.

    Found by showing unit vectors to :meth:`Codes.seen_by`, which is linear.
    """
    widths = {stage: codes.stages[stage].shape[1] for stage in STAGES}
    n = max(widths.values())
    units = Codes(tuple(map(str, range(n))), {stage: np.eye(n, width) for stage, width in widths.items()})
    seen = units.seen_by(person_rng(dials.seed, dataset, subject, "geometry"), dials.individual)
    return {stage: seen.stages[stage][:width] for stage, width in widths.items()}


def respond(codes: Codes, weights: Weights, stage_gain: Mixture) -> FloatArray:
    """Add up what units read of each stage: ndarray of shape (n_stimuli, n_units)."""
    responses = np.zeros((len(codes), weights[STAGES[0]].shape[1]))
    for stage in STAGES:
        responses += stage_gain[stage] * (codes.stages[stage] @ weights[stage])
    return responses
