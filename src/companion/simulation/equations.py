r"""The generative equations of the miniature world, in one place.

For a stimulus with base embedding :math:`x` (miniature CLIP) and known factors :math:`f_s` of each stage
:math:`s` (early: colour, pattern, scene; mid: shape; late: kind and category), with all means taken over the
reference stimuli:

.. math::

    \hat f_s &= A_s x                       && \text{what the base encoder carries linearly} \\
    c_s &= W_s \hat f_s                     && \text{whitened: } d_C \text{ carried dimensions} \\
    (j_s, u_s) &= Q_s V_s (f_s - \hat f_s)  && \text{whitened: } 2 d_B \text{ dimensions beyond it} \\
    b_s &= \sqrt{\sigma}\, j_s + \sqrt{1 - \sigma}\, u_s \\
    z_s &= \left(\sqrt{\tfrac{1 - g}{d_C}}\, c_s,\; \sqrt{\tfrac{g}{d_B}}\, b_s\right)

:math:`z_s` is what brains read (:class:`companion.simulation.codes.Codes`), :math:`g` the dial ``gap``
(tilted by living or artefact), :math:`\sigma` the dial ``sharing``. Judges read :math:`(c_s, j_s)`: of what
lies beyond the base encoder they use the half :math:`j`; the half :math:`u` is the brains' own. A person sees
:math:`z_s M_p` (:meth:`companion.simulation.codes.Codes.seen_by`), and a unit is a weighted sum of these plus
Gaussian noise (``simulation.brains``). So every response is linear and Gaussian given the stimulus, and the
best decoder there is can be written down.

Nulls change these equations and nothing else: see :func:`brain_codes` and :func:`percept`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from companion.errors import DataError
from companion.simulation.codes import STAGES, Codes, FloatArray, Stage
from companion.simulation.dials import Dials, Null

N_CARRIED = 12
"""Carried dimensions of a stage, d_C."""
N_BEYOND = 6
"""Dimensions of a stage beyond the base encoder, d_B; as many are used by judges as by brains."""
JUDGED_BEYOND = 0.5
"""Share of a judge's percept that lies beyond the base encoder."""
SUBSET_SHARE = 0.2
"""Share of the base encoder's own axes that brains carry in N3."""
_SEED = 20_231  # of the rotations; part of the world, not of its noise

Judge = Literal["mid-level", "category"]
JUDGED_STAGES: dict[Judge, tuple[Stage, ...]] = {"mid-level": ("early", "mid"), "category": ("late",)}
"""Mid-level judges compare pictures by look and shape, category judges by kind."""


@dataclass(frozen=True, eq=False)
class Described:
    """Stimuli with what the equations take.

    Parameters
    ----------
    ids : tuple of str
    base : ndarray of shape (n_stimuli, n_features)
        Embeddings by the base encoder.
    factors : mapping of stage to ndarray of shape (n_stimuli, n_factors)
        What was drawn.
    living : ndarray of shape (n_stimuli,)
        True for living things, False for artefacts; a scene may lie between.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.simulation import Described
    >>> factors = {stage: np.zeros((2, 24)) for stage in ("early", "mid", "late")}
    >>> Described(("cat", "key"), np.eye(2), factors, np.array([1.0, 0.0])).select(["key"]).living
    array([0.])
    """

    ids: tuple[str, ...]
    base: FloatArray
    factors: Mapping[Stage, FloatArray]
    living: FloatArray

    def __post_init__(self) -> None:
        sizes = {len(self.ids), len(self.base), len(self.living), *(len(f) for f in self.factors.values())}
        if len(sizes) != 1 or set(self.factors) != set(STAGES):
            raise DataError("Descriptions of stimuli differ in length or lack a stage", got=sorted(sizes))

    def select(self, ids: Sequence[str]) -> Described:
        """Describe some of the stimuli, in the order given."""
        row_of = {name: row for row, name in enumerate(self.ids)}
        rows = [row_of[name] for name in ids]
        factors = {stage: values[rows] for stage, values in self.factors.items()}
        return Described(tuple(ids), self.base[rows], factors, self.living[rows])

    def joined(self, others: Described) -> Described:
        """Describe these stimuli and others."""
        factors = {stage: np.vstack([self.factors[stage], others.factors[stage]]) for stage in STAGES}
        living = np.concatenate([self.living, others.living])
        return Described(self.ids + others.ids, np.vstack([self.base, others.base]), factors, living)


@dataclass(frozen=True, eq=False)
class _StageMaps:
    factor_mean: FloatArray
    factor_scale: FloatArray
    predict: FloatArray  # (n_features, n_factors)
    carried: FloatArray  # (n_factors, N_CARRIED)
    beyond: FloatArray  # (n_factors, 2 * N_BEYOND)


@dataclass(frozen=True, eq=False)
class Equations:
    """The maps of the module's equations; :func:`fit_equations` makes them."""

    base_mean: FloatArray
    axes: FloatArray
    axis_sizes: FloatArray
    stages: Mapping[Stage, _StageMaps]

    def carried(self, stimuli: Described, stage: Stage) -> FloatArray:
        """Whitened carried dimensions c: (n_stimuli, N_CARRIED)."""
        maps = self.stages[stage]
        carried: FloatArray = (stimuli.base - self.base_mean) @ maps.predict @ maps.carried
        return carried

    def beyond(self, stimuli: Described, stage: Stage) -> tuple[FloatArray, FloatArray]:
        """Whitened dimensions beyond the base encoder, j and u: (n_stimuli, N_BEYOND) each."""
        maps = self.stages[stage]
        scaled = (stimuli.factors[stage] - maps.factor_mean) / maps.factor_scale
        rest = (scaled - (stimuli.base - self.base_mean) @ maps.predict) @ maps.beyond
        return rest[:, :N_BEYOND], rest[:, N_BEYOND:]

    def base_axes(self, stimuli: Described) -> FloatArray:
        """Principal components of the base embedding, of total variance 1: (n_stimuli, n_features)."""
        scale = np.sqrt(np.sum(self.axis_sizes**2))
        components: FloatArray = (stimuli.base - self.base_mean) @ self.axes / scale
        return components


def fit_equations(reference: Described) -> Equations:
    """Take means, regressions and whitenings from reference stimuli.

    Parameters
    ----------
    reference : Described
        A few thousand stimuli of every kind; they are shown to no simulated person.

    Raises
    ------
    DataError
        If there are fewer stimuli than would make the regressions well posed.

    Examples
    --------
    What brains have beyond the base encoder cannot be predicted from it, and half of that is what judges use:

    >>> import numpy as np
    >>> from companion.simulation import Described, fit_equations
    >>> rng, ids = np.random.default_rng(0), tuple(map(str, range(800)))
    >>> factors = {stage: rng.normal(size=(800, 30)) for stage in ("early", "mid", "late")}
    >>> base = sum(factors.values())[:, :20] + rng.normal(size=(800, 20))
    >>> described = Described(ids, base, factors, living=np.ones(800))
    >>> judged, unused = fit_equations(described).beyond(described, "mid")
    >>> judged.shape, unused.shape, bool(abs(base.T @ judged / 800).max() < 1e-6)
    ((800, 6), (800, 6), True)
    """
    n_stimuli, n_features = reference.base.shape
    if n_stimuli < 4 * n_features:
        raise DataError(
            "Too few reference stimuli", expected=f"at least {4 * n_features}", got=str(n_stimuli)
        )
    mean = reference.base.mean(axis=0)
    centred = reference.base - mean
    _, singular, axes = np.linalg.svd(centred, full_matrices=False)
    rng = np.random.default_rng(_SEED)
    stages = {stage: _fit_stage(centred, reference.factors[stage], rng) for stage in STAGES}
    return Equations(mean, axes.T, singular / np.sqrt(n_stimuli), stages)


def brain_codes(equations: Equations, stimuli: Described, dials: Dials, null: Null | None = None) -> Codes:
    """Compute what brains read: the module's :math:`z`.

    Parameters
    ----------
    equations : Equations
    stimuli : Described
    dials : Dials
        ``gap``, ``sharing`` and ``artefact_tilt`` count here.
    null : {"N0", "N1", "N2", "N3"}, optional
        N0 leaves brains as they are (it concerns aligners). N1: every stage is the base embedding, all axes
        at their own variances. N2: ``sharing`` is zero. N3: every stage is a few of the base embedding's own
        axes, at equal variances.

    Examples
    --------
    With no gap, brains read only what the base encoder carries:

    >>> import numpy as np
    >>> from companion.simulation import Described, Dials, brain_codes, fit_equations
    >>> rng, ids = np.random.default_rng(0), tuple(map(str, range(800)))
    >>> factors = {stage: rng.normal(size=(800, 30)) for stage in ("early", "mid", "late")}
    >>> base = sum(factors.values())[:, :20] + rng.normal(size=(800, 20))
    >>> described = Described(ids, base, factors, living=np.ones(800))
    >>> equations = fit_equations(described)
    >>> [float(np.var(brain_codes(equations, described, Dials(gap=gap)).stages["mid"][:, 12:]).round(3))
    ...     for gap in (0.0, 0.5)]
    [0.0, 0.058]
    """
    if null == "N1":
        same = equations.base_axes(stimuli)
        return Codes(stimuli.ids, dict.fromkeys(STAGES, same))
    if null == "N3":
        some = _subset(equations, stimuli)
        return Codes(stimuli.ids, dict.fromkeys(STAGES, some))
    sharing = 0.0 if null == "N2" else dials.sharing
    gap = gap_of(stimuli.living, dials)[:, None]
    codes = {}
    for stage in STAGES:
        judged, own = equations.beyond(stimuli, stage)
        beyond = np.sqrt(sharing) * judged + np.sqrt(1 - sharing) * own
        carried = np.sqrt((1 - gap) / N_CARRIED) * equations.carried(stimuli, stage)
        codes[stage] = np.hstack([carried, np.sqrt(gap / N_BEYOND) * beyond])
    return Codes(stimuli.ids, codes)


def percept(equations: Equations, stimuli: Described, judge: Judge, null: Null | None = None) -> FloatArray:
    """Compute what judges compare: (n_stimuli, n_dimensions), of mean squared length 1.

    Parameters
    ----------
    equations : Equations
    stimuli : Described
    judge : {"mid-level", "category"}
        Which stages count.
    null : {"N0", "N1", "N2", "N3"}, optional
        N1 and N3: what brains read there. N2: only dimensions that no brain carries.
    """
    if null in {"N1", "N3"}:
        return equations.base_axes(stimuli) if null == "N1" else _subset(equations, stimuli)
    share = 1.0 if null == "N2" else JUDGED_BEYOND
    stages = JUDGED_STAGES[judge]
    parts = []
    for stage in stages:
        judged, _ = equations.beyond(stimuli, stage)
        parts.append(np.sqrt((1 - share) / N_CARRIED / len(stages)) * equations.carried(stimuli, stage))
        parts.append(np.sqrt(share / N_BEYOND / len(stages)) * judged)
    return np.hstack(parts)


def gap_of(living: FloatArray, dials: Dials) -> FloatArray:
    """Share of the reliable variance beyond the base encoder, for each stimulus."""
    gap: FloatArray = dials.gap * (1 + dials.artefact_tilt * (1 - 2 * np.asarray(living, dtype=float)))
    if gap.size and not (gap.min() >= 0 and gap.max() <= 1):
        raise DataError(
            "The gap of a stimulus lies outside 0 to 1", got=f"{dials.gap}, {dials.artefact_tilt}"
        )
    return gap


def _subset(equations: Equations, stimuli: Described) -> FloatArray:
    n_axes = equations.axes.shape[1]
    chosen = np.random.default_rng(_SEED).choice(n_axes, max(2, round(SUBSET_SHARE * n_axes)), replace=False)
    some = (stimuli.base - equations.base_mean) @ equations.axes[:, chosen]
    scaled: FloatArray = some / (equations.axis_sizes[chosen] * np.sqrt(len(chosen)))
    return scaled


def _fit_stage(base: FloatArray, factors: FloatArray, rng: np.random.Generator) -> _StageMaps:
    mean, scale = factors.mean(axis=0), factors.std(axis=0)
    scaled = (factors - mean) / np.where(scale > 0, scale, np.inf)
    predict = np.linalg.lstsq(base, scaled, rcond=None)[0]
    fitted = base @ predict
    beyond = _whitening(scaled - fitted, 2 * N_BEYOND)
    rotation = np.linalg.qr(rng.normal(size=(2 * N_BEYOND, 2 * N_BEYOND)))[0]
    return _StageMaps(
        mean, np.where(scale > 0, scale, np.inf), predict, _whitening(fitted, N_CARRIED), beyond @ rotation
    )


def _whitening(values: FloatArray, n: int) -> FloatArray:
    """Map to the n directions of largest variance, each of variance 1: (n_columns, n)."""
    sizes, axes = np.linalg.eigh(values.T @ values / len(values))
    if sizes[-n] < 1e-8 * sizes[-1]:
        raise DataError(
            "Factors span too few directions", expected=str(n), got=str(int((sizes > 1e-8).sum()))
        )
    whitening: FloatArray = axes[:, -n:] / np.sqrt(sizes[-n:])
    return whitening
