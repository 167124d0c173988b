"""fMRI of simulated brains: voxels that read early, mid and late codes in shares that differ by region.

Responses are linear in the codes; noise is Gaussian, correlated between neighbouring voxels, with an offset
and a slow drift in every run. So the best possible decoder is known in closed form.
Values stand for percent signal change: the noise of a voxel in a single trial has a deviation of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from companion.simulation.brains.cortex import REGION_CENTRES, places_around
from companion.simulation.brains.person import person_rng
from companion.simulation.brains.tuning import FloatArray, Mixture, Weights, draw_weights, respond
from companion.simulation.codes import STAGES, Codes
from companion.simulation.dials import Dials

FmriDataset = Literal["god", "nsd"]

ROI_MIXTURE: Mapping[str, Mixture] = {
    "V1": {"early": 0.80, "mid": 0.15, "late": 0.05},
    "V2": {"early": 0.65, "mid": 0.27, "late": 0.08},
    "V3": {"early": 0.50, "mid": 0.38, "late": 0.12},
    "V4": {"early": 0.30, "mid": 0.45, "late": 0.25},
    "LOC": {"early": 0.10, "mid": 0.50, "late": 0.40},
    "FFA": {"early": 0.05, "mid": 0.30, "late": 0.65},
    "PPA": {"early": 0.10, "mid": 0.25, "late": 0.65},
}
"""Share of a region's signal variance that comes from each stage."""

SIGNAL_UNIT: Mapping[FmriDataset, float] = {"god": 0.45, "nsd": 0.65}
"""Root mean square of the part of a response that repeats, percent signal change, at a signal dial of one."""

UNPREDICTED: Mapping[FmriDataset, float] = {"god": 0.65, "nsd": 0.40}
"""Share of the signal variance that repeats but that no code predicts.

It varies along the same dimensions as the codes, so that more repetitions or voxels do not average it out.
Without it a voxel's reliability and the identification of images could not both be as they are in people:
with many voxels and repetitions, responses as reliable as theirs would name nearly every image."""

SEEN: Mixture = {"early": 1.0, "mid": 1.0, "late": 1.0}
IMAGINED: Mixture = {"early": 0.03, "mid": 0.12, "late": 0.30}
"""Amplitude of each stage in imagery, relative to perception."""

NOISE_SD = 1.0
"""Percent signal change, single trial, without the effects of runs."""
NOISE_SHARED = 0.4
"""Share of the noise variance that neighbouring voxels have in common."""
NOISE_LENGTH = 0.010
"""Metres; the correlation of shared noise at distance r is ``exp(-r**2 / (2 length**2))``."""
RUN_OFFSET_SD = 0.3
"""Percent signal change; one offset per run, correlated between voxels as the noise is."""
RUN_DRIFT_SD = 0.3
"""Percent signal change; one slow drift per run: half a period of a cosine."""
N_WAVES = 128
"""Random waves that make up the shared field; its correlation errs by about ``1 / sqrt(2 n)``."""


@dataclass(frozen=True, eq=False)
class FmriModel:
    """One person's voxels.

    Parameters
    ----------
    regions : tuple of str
        Region of each voxel, a key of ``ROI_MIXTURE``.
    places : ndarray of shape (n_voxels, 3)
        Metres, MNI.
    weights : mapping of stage to ndarray of shape (n_dimensions, n_voxels)
        On the codes of the group: signal, tuning and the person's own geometry in one.
    field : ndarray of shape (2 N_WAVES, n_voxels)
        Loadings of the shared noise; every column has length one.
    unpredicted : float
        Share of the signal variance that no code predicts.
    seed, dataset, subject : int, str, int
        Whose voxels these are.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.simulation import Codes, Dials, fmri_model
    >>> rng = np.random.default_rng(0)
    >>> codes = Codes(("cat", "key"), {stage: rng.normal(size=(2, 3)) for stage in ("early", "mid", "late")})
    >>> model = fmri_model("god", 1, ["V1", "V1", "FFA"], codes=codes, dials=Dials())
    >>> model.n_voxels, model.noise(5, rng).shape
    (3, (5, 3))
    """

    regions: tuple[str, ...]
    places: FloatArray
    weights: Weights
    field: FloatArray
    unpredicted: float
    seed: int
    dataset: FmriDataset
    subject: int

    @property
    def n_voxels(self) -> int:
        """Count the voxels."""
        return len(self.regions)

    def expected(self, codes: Codes, stage_gain: Mixture = SEEN) -> FloatArray:
        """Predict responses from the codes, without noise.

        Parameters
        ----------
        codes : Codes
            Of the group; the person's own geometry is part of the weights.
        stage_gain : mapping of stage to float
            ``SEEN`` or ``IMAGINED``.

        Returns
        -------
        ndarray of shape (n_stimuli, n_voxels)
            Percent signal change.
        """
        return respond(codes, self.weights, stage_gain)

    def own_view(self, stimuli: Sequence[str], stage_gain: Mixture = SEEN) -> FloatArray:
        """Draw what repeats in this person's responses but follows from no code.

        A stimulus has one such deviation, drawn from its id, whenever and however often it is shown. To a
        decoder it is Gaussian noise (:meth:`own_view_covariance`) that repetitions do not average out.

        Parameters
        ----------
        stimuli : sequence of str
            Ids; may repeat.
        stage_gain : mapping of stage to float
            ``SEEN`` or ``IMAGINED``.

        Returns
        -------
        ndarray of shape (n_stimuli, n_voxels)
        """
        names = tuple(dict.fromkeys(stimuli))
        widths = [self.weights[stage].shape[0] for stage in STAGES]
        drawn = np.empty((len(names), sum(widths)))
        for row, name in enumerate(names):
            rng = person_rng(self.seed, self.dataset, self.subject, f"own view of {name}")
            drawn[row] = rng.normal(size=sum(widths))
        parts = np.split(drawn, np.cumsum(widths)[:-1], axis=1)
        stages = {
            stage: self._own_scale * part / np.sqrt(width)
            for stage, part, width in zip(STAGES, parts, widths, strict=True)
        }
        return respond(Codes(names, stages).select(stimuli), self.weights, stage_gain)

    def own_view_covariance(self, stage_gain: Mixture = SEEN) -> FloatArray:
        """Covariance of :meth:`own_view` between voxels: ndarray of shape (n_voxels, n_voxels)."""
        loadings = self.own_view_loadings(stage_gain)
        covariance: FloatArray = loadings.T @ loadings
        return covariance

    def own_view_loadings(self, stage_gain: Mixture = SEEN) -> FloatArray:
        """Give the loadings of :meth:`own_view` on independent draws from N(0, 1): (n_draws, n_voxels)."""
        parts = [
            stage_gain[stage] * self._own_scale * self.weights[stage] / np.sqrt(len(self.weights[stage]))
            for stage in STAGES
        ]
        return np.vstack(parts)

    @property
    def _own_scale(self) -> float:
        return float(np.sqrt(self.unpredicted / (1 - self.unpredicted)))

    def noise(self, n_trials: int, rng: np.random.Generator) -> FloatArray:
        """Draw the noise of single trials: ndarray of shape (n_trials, n_voxels)."""
        own = rng.normal(size=(n_trials, self.n_voxels))
        shared = self._fields(n_trials, rng)
        noise: FloatArray = NOISE_SD * (np.sqrt(NOISE_SHARED) * shared + np.sqrt(1 - NOISE_SHARED) * own)
        return noise

    def noise_covariance(self) -> FloatArray:
        """Covariance of :meth:`noise` between voxels: ndarray of shape (n_voxels, n_voxels)."""
        shared = NOISE_SHARED * (self.field.T @ self.field)
        covariance: FloatArray = NOISE_SD**2 * (shared + (1 - NOISE_SHARED) * np.eye(self.n_voxels))
        return covariance

    def run_effects(self, runs: npt.NDArray[np.int64], rng: np.random.Generator) -> FloatArray:
        """Draw offsets and drifts of runs.

        Parameters
        ----------
        runs : ndarray of shape (n_trials,)
            Number of each trial's run, trials in the order of time.
        rng : numpy.random.Generator
            Of the noise.

        Returns
        -------
        ndarray of shape (n_trials, n_voxels)
        """
        effects = np.empty((len(runs), self.n_voxels))
        for run in np.unique(runs):
            inside = np.flatnonzero(runs == run)
            phase = np.pi * (np.arange(len(inside)) + 0.5) / len(inside)
            offset, drift = self._fields(2, rng)
            effects[inside] = RUN_OFFSET_SD * offset + RUN_DRIFT_SD * np.outer(
                np.sqrt(2) * np.cos(phase), drift
            )
        return effects

    def _fields(self, n_fields: int, rng: np.random.Generator) -> FloatArray:
        """Smooth Gaussian fields of variance one: ndarray of shape (n_fields, n_voxels)."""
        return rng.normal(size=(n_fields, len(self.field))) @ self.field


def fmri_model(
    dataset: FmriDataset, subject: int, regions: Sequence[str], *, codes: Codes, dials: Dials
) -> FmriModel:
    """Make one person's voxels.

    Parameters
    ----------
    dataset : {"god", "nsd"}
        Which sets the signal's unit and dial.
    subject : int
        Number of the person.
    regions : sequence of str
        Region of each voxel, keys of ``ROI_MIXTURE``.
    codes : Codes
        Any stimuli of the world: only the numbers of dimensions are used.
    dials : Dials
        ``signal``, ``individual`` and ``seed``.

    Examples
    --------
    The same person answers the same pictures alike; another person has another geometry:

    >>> import numpy as np
    >>> from companion.simulation import Codes, Dials, fmri_model
    >>> rng = np.random.default_rng(0)
    >>> codes = Codes(("cat", "key"), {stage: rng.normal(size=(2, 3)) for stage in ("early", "mid", "late")})
    >>> first, again, other = (fmri_model("god", person, ["V1"] * 4, codes=codes, dials=Dials())
    ...     for person in (1, 1, 2))
    >>> [bool(np.allclose(first.expected(codes), one.expected(codes))) for one in (again, other)]
    [True, False]
    """
    amplitude = SIGNAL_UNIT[dataset] * dials.signal[dataset] * np.sqrt(1 - UNPREDICTED[dataset])
    mixtures = [ROI_MIXTURE[region] for region in regions]
    places = _places(regions, person_rng(dials.seed, dataset, subject, "topography"))
    return FmriModel(
        regions=tuple(regions),
        places=places,
        weights=draw_weights(dataset, subject, mixtures, codes, dials, amplitude),
        field=_field(places, person_rng(dials.seed, dataset, subject, "noise field")),
        unpredicted=UNPREDICTED[dataset],
        seed=dials.seed,
        dataset=dataset,
        subject=subject,
    )


def _places(regions: Sequence[str], rng: np.random.Generator) -> FloatArray:
    names = np.array(regions)
    places = np.empty((len(names), 3))
    for region in ROI_MIXTURE:  # in this order, whatever that of the voxels
        inside = np.flatnonzero(names == region)
        places[inside] = places_around(rng, REGION_CENTRES[region], len(inside))
    return places


def _field(places: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw loadings whose inner products approximate the Gaussian kernel (random Fourier features).

    References
    ----------
    Rahimi & Recht (2007), Advances in Neural Information Processing Systems 20, section 3.
    """
    angles = (rng.normal(size=(N_WAVES, 3)) / NOISE_LENGTH) @ places.T
    loadings: FloatArray = np.concatenate([np.cos(angles), np.sin(angles)]) / np.sqrt(N_WAVES)
    return loadings
