"""Smaller epochs: the mean before onset taken out, and averages over bins of time after it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from companion.errors import DataError

WINDOW = 0.5
"""Seconds after onset that bins divide."""

SHORTEST_BIN = 1e-6
"""Seconds; no recording has samples for shorter ones."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reduction:
    """Baseline correction, then averages in bins, of epochs of shape (..., n_samples).

    Bin ``k`` holds the samples from ``k * bin_width``, included, to ``(k + 1) * bin_width``, excluded.

    Parameters
    ----------
    times : ndarray of shape (n_times,)
        Seconds: centres of the bins, or the samples where there are none.
    edges : ndarray of shape (n_bins + 1,), or None
        Number of the first sample of each bin, and of the first after the last.
    before : ndarray of shape (n_samples,), or None
        Mask of the baseline.
    """

    times: Array
    edges: npt.NDArray[np.intp] | None
    before: npt.NDArray[np.bool_] | None

    @classmethod
    def of(
        cls, times: Array, bin_width: float | None, baseline: tuple[float, float] | None, *, where: str
    ) -> Reduction:
        """Plan the reduction of epochs with samples at ``times``.

        Parameters
        ----------
        times : ndarray of shape (n_samples,)
            Seconds from onset, evenly spaced.
        bin_width : float or None
            Seconds; bins divide 0 to 0.5 s. None keeps all samples.
        baseline : (float, float) or None
            Range whose mean is subtracted, both ends included.
        where : str
            File, for messages.

        Raises
        ------
        DataError
            If the samples do not cover the baseline or the bins, or the bins do not divide the half second.
        """
        span = f"{times[0]:g} to {times[-1]:g} s"
        before = None
        if baseline is not None:
            start, stop = baseline
            before = (times >= start - 1e-9) & (times <= stop + 1e-9)
            if not before.any() or not start >= times[0] - 1e-6:
                raise DataError("The epochs lack the baseline", where=where, expected=baseline, got=span)
        if bin_width is None:
            return cls(times, None, before)
        possible = len(times) > 1 and SHORTEST_BIN <= bin_width <= WINDOW
        n_bins = round(WINDOW / bin_width) if possible else 0
        if n_bins < 1 or abs(n_bins * bin_width - WINDOW) > 1e-9:
            raise DataError(
                "Bins must divide 0.5 s, and hold samples",
                where=where,
                expected=f"such as 0.05 s; there are {len(times)} samples, {span}",
                got=f"{bin_width:g} s",
                do="choose another bin_width",
            )
        step = times[1] - times[0]
        edges = np.searchsorted(times, np.arange(n_bins + 1) * bin_width - step / 2)
        if times[0] > step / 2 or times[-1] < WINDOW - 1.5 * step or (np.diff(edges) < 1).any():
            raise DataError(
                "The epochs do not fill the bins",
                where=where,
                expected=f"samples in each of {n_bins} bins from 0 to {WINDOW:g} s",
                got=f"{span} in steps of {step:g} s",
            )
        centres = ((np.arange(n_bins) + 0.5) * bin_width).astype(np.float64)
        return cls(centres, edges, before)

    def __call__(self, values: Array) -> Array:
        """Reduce epochs of shape (..., n_samples) to (..., n_times)."""
        if self.before is not None:
            values = values - values[..., self.before].mean(axis=-1, keepdims=True)
        if self.edges is None:
            return values
        parts = [values[..., start:stop].mean(axis=-1) for start, stop in pairwise(self.edges)]
        return np.stack(parts, axis=-1)
