"""Brain responses with their labels: what was shown at each trial, where each value was taken, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.errors import DataError
from companion.recording_checks import all_finite, check_labels, check_times, selected_rows, single_precision

Modality = Literal["EEG", "MEG", "fMRI", "ECoG"]
Split = Literal["train", "test", "imagery"]
Responses = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Recording:
    """Responses of one subject to one split of a data set.

    Brain and stimuli are joined by stimulus id, never by row position. All methods return a new recording;
    the arrays are read-only.

    **A recording holds finite numbers only.** A response that is missing, infinite or too large for single
    precision is refused here and, with the name of its file, by every loader; whoever has such values leaves
    the trial or the unit out first. A unit that never changes stays: standardised, it is zero.

    Parameters
    ----------
    responses : ndarray of shape (n_trials, n_units) or (n_trials, n_units, n_times)
        float32. A unit is a channel, a sensor, an electrode or a voxel.
    trials : DataFrame of n_trials rows
        Column ``stimulus`` (str), and what else is known: ``repetition`` (from 1), ``session``, ``run``.
    units : DataFrame of n_units rows
        Column ``name`` (str), and places: ``x``, ``y``, ``z`` in metres; for voxels one boolean column
        ``roi_<name>`` per region of interest, since regions overlap.
    subject, dataset : str
        Who, and in which data set.
    modality : {"EEG", "MEG", "fMRI", "ECoG"}
        What was measured.
    split : {"train", "test", "imagery"}
        Which part of the data set.
    times : ndarray of shape (n_times,), optional
        Seconds from stimulus onset, ascending; None where responses have no time axis.
    simulated : bool
        Whether the file carried the marker of simulated data.

    Raises
    ------
    DataError
        If lengths do not fit, responses are no numbers, ids are missing, unit names repeat, a region's column
        is not boolean, times do not ascend, or a value is not finite.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from companion import Recording
    >>> trials = pd.DataFrame({"stimulus": ["cat", "key", "cat"]})
    >>> voxels = pd.DataFrame({"name": ["a", "b"], "roi_V1": [True, False]})
    >>> responses = np.array([[1.0, 0.0], [5.0, 2.0], [3.0, 1.0]])
    >>> recording = Recording(responses, trials, voxels, "S1", "toy", "fMRI", "train")
    >>> recording
    Recording(toy, S1, fMRI, train: 3 x 2, 2 stimuli)
    >>> recording.averaged().for_stimuli(["key", "cat"]).roi("V1").responses.tolist()
    [[5.0], [2.0]]
    """

    responses: Responses
    trials: pd.DataFrame
    units: pd.DataFrame
    subject: str
    dataset: str
    modality: Modality
    split: Split
    times: npt.NDArray[np.float64] | None = None
    simulated: bool = False

    def __post_init__(self) -> None:
        check_times(self.times, where=self._place)
        responses = single_precision(self.responses, where=self._place)
        expected = (len(self.trials), len(self.units)) + (() if self.times is None else (len(self.times),))
        if responses.shape != expected:
            raise DataError(
                "Responses do not fit their labels",
                where=self._place,
                expected=f"{expected} from the tables of trials and units and the times",
                got=responses.shape,
                do="give each trial, unit and sample its row or entry",
            )
        check_labels(self.trials, self.units, where=self._place)
        if not all_finite(responses):
            bad = np.argwhere(~np.isfinite(responses))[0]
            raise DataError(
                "A response is not a finite number",
                where=f"{self._place}, trial {bad[0]}, unit {self.units['name'].iloc[bad[1]]}",
                got=f"{int((~np.isfinite(responses)).sum())} such values",
                do="leave the trial or the unit out before the recording is made",
            )
        view = responses.view()
        view.flags.writeable = False
        object.__setattr__(self, "responses", view)

    @property
    def _place(self) -> str:
        return f"{self.dataset}, {self.subject}, {self.modality}, {self.split}"

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.responses.shape))
        n_stimuli = self.trials["stimulus"].nunique()
        mark = ", simulated" if self.simulated else ""
        return f"Recording({self._place}: {shape}, {n_stimuli} stimuli{mark})"

    def __len__(self) -> int:
        return len(self.trials)

    @property
    def stimuli(self) -> list[str]:
        """Stimulus id of each trial."""
        return list(self.trials["stimulus"])

    @property
    def rois(self) -> list[str]:
        """Names of the regions of interest that the table of units knows."""
        return [name.removeprefix("roi_") for name in map(str, self.units.columns) if name.startswith("roi_")]

    def _with(self, **changes: Any) -> Recording:
        return replace(self, **changes)

    def select_trials(self, keep: npt.ArrayLike) -> Recording:
        """Keep some trials, by a mask or by row numbers, in the order given."""
        rows = selected_rows(keep, len(self), where=self._place)
        return self._with(
            responses=self.responses[rows], trials=self.trials.iloc[rows].reset_index(drop=True)
        )

    def for_stimuli(self, ids: Sequence[str]) -> Recording:
        """One trial for each stimulus named, in that order.

        Raises
        ------
        DataError
            If a stimulus was not shown, or was shown more than once: average first.
        """
        table = pd.Series(np.arange(len(self)), index=self.trials["stimulus"])
        if table.index.has_duplicates:
            raise DataError(
                "A stimulus has more than one trial",
                where=self._place,
                expected="one trial for each stimulus",
                got=f"{len(self)} trials of {self.trials['stimulus'].nunique()} stimuli",
                do="use averaged() first",
            )
        if unknown := [name for name in ids if not (isinstance(name, str) and name in table.index)]:
            raise DataError(
                f"{len(unknown)} of {len(ids)} stimuli were not shown",
                where=self._place,
                got=", ".join(map(str, unknown[:5])),
                do="ask for those in .stimuli",
            )
        return self.select_trials(table.loc[list(ids)].to_numpy())

    def select_units(self, keep: npt.ArrayLike) -> Recording:
        """Keep some units, by a mask or by row numbers, in the order given."""
        rows = selected_rows(keep, len(self.units), where=self._place)
        return self._with(
            responses=self.responses[:, rows], units=self.units.iloc[rows].reset_index(drop=True)
        )

    def roi(self, name: str) -> Recording:
        """Keep the voxels of one region of interest.

        Raises
        ------
        DataError
            If the region is unknown or empty.
        """
        if name not in self.rois:
            raise DataError(
                "Unknown region of interest",
                where=self._place,
                expected=self.rois,
                got=name,
                do="name one of .rois",
            )
        inside = self.units[f"roi_{name}"].to_numpy(dtype=bool)
        if not inside.any():
            raise DataError(
                "A region of interest has no voxels", where=self._place, got=name, do="name another of .rois"
            )
        return self.select_units(inside)

    def crop(self, start: float, stop: float) -> Recording:
        """Keep the samples from ``start`` to ``stop`` seconds, both included.

        Raises
        ------
        DataError
            If there is no time axis, or no sample lies in that range.
        """
        if self.times is None:
            raise DataError(
                "This recording has no time axis",
                where=self._place,
                expected="responses over time",
                got="none",
            )
        inside = (self.times >= start - 1e-9) & (self.times <= stop + 1e-9)
        if not inside.any():
            raise DataError(
                "No sample lies in this range",
                where=self._place,
                expected=f"{self.times[0]:g} to {self.times[-1]:g} s",
                got=f"{start:g} to {stop:g} s",
                do="choose a range within .times",
            )
        return self._with(responses=self.responses[:, :, inside], times=self.times[inside])

    def averaged(self) -> Recording:
        """Mean over the repetitions of each stimulus, in the order of first appearance.

        The table of trials keeps ``stimulus`` and counts ``n_repetitions``.
        """
        codes, names = pd.factorize(self.trials["stimulus"])
        counts = np.bincount(codes)
        means = np.empty((len(names), *self.responses.shape[1:]), dtype=np.float32)
        together = np.split(np.argsort(codes, kind="stable"), np.cumsum(counts)[:-1])
        for row, trials_of_one in enumerate(together[: len(names)]):  # np.add.at takes many times as long
            means[row] = self.responses[trials_of_one].mean(axis=0, dtype=np.float64)
        trials = pd.DataFrame({"stimulus": list(names), "n_repetitions": counts})
        return self._with(responses=means, trials=trials)

    def unit_statistics(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Mean and standard deviation (ddof = 1) over trials: two arrays of shape (n_units, ...).

        Take them from the training split only, and hand them to :meth:`standardised` of every split.

        Raises
        ------
        DataError
            If there are fewer than two trials.
        """
        if len(self) < 2:
            raise DataError(
                "A standard deviation needs two trials",
                where=self._place,
                expected="two trials or more",
                got=len(self),
                do="take the statistics from a split with more trials",
            )
        mean = np.empty(self.responses.shape[1:])
        deviation = np.empty(self.responses.shape[1:])
        for unit in range(len(self.units)):  # one at a time: no copy of the whole in double precision
            values = self.responses[:, unit].astype(np.float64)
            mean[unit], deviation[unit] = values.mean(axis=0), values.std(axis=0, ddof=1)
        return mean, deviation

    def standardised(self, mean: npt.ArrayLike, deviation: npt.ArrayLike) -> Recording:
        """Subtract a mean and divide by a deviation; units without any spread become zero.

        Raises
        ------
        DataError
            If these are not finite numbers, one per unit (and sample), or a deviation is negative.
        """
        for given in (mean, deviation):
            single_precision(given, where=self._place)  # that is: numbers
        centre, spread = np.asarray(mean, dtype=np.float64), np.asarray(deviation, dtype=np.float64)
        shape = self.responses.shape[1:]
        fitting = {centre.shape, spread.shape} <= {shape, shape[:1]}
        if not (fitting and np.isfinite(centre).all() and (spread >= 0).all()):
            raise DataError(
                "Means and deviations do not fit the recording",
                where=self._place,
                expected=f"finite numbers of shape {shape}, deviations not negative",
                got=f"{centre.shape} and {spread.shape}",
                do="take both from unit_statistics() of the training split",
            )
        divisor = np.where(spread > 0, spread, np.inf)
        scaled = np.empty_like(self.responses)
        for unit in range(len(self.units)):
            scaled[:, unit] = (self.responses[:, unit] - centre[unit]) / divisor[unit]
        return self._with(responses=scaled)
