"""Take something out of the responses and see what the decoder loses; for decoders of any kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.checks import finite
from companion.errors import DataError

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]
Decode = Callable[[FloatArray], FloatArray]
Removal = Callable[[FloatArray], FloatArray]

METRICS = ("top1", "rank", "margin")


@dataclass(frozen=True, eq=False)
class Readout:
    """A trained decoder and the pictures it chooses from.

    Attributes
    ----------
    decode : callable
        Responses of shape (n, n_channels, n_times) to vectors of shape (n, n_features).
    gallery : ndarray of shape (n_candidates, n_features)
        Vectors of the candidates.
    seen : ndarray of int, shape (n,)
        Row of the gallery that each response saw.

    Raises
    ------
    DataError
        If a row is not in the gallery, or there is nothing to choose from.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.decoding import Readout
    >>> readout = Readout(lambda responses: responses[:, :, 0], gallery=np.eye(3), seen=np.array([0, 2]))
    >>> responses = np.array([[1.0, 0.0, 0.0], [0.0, 0.9, 0.5]])[:, :, None]  # 3 channels, 1 time
    >>> {name: values.tolist() for name, values in readout.scores(responses).items() if name != "margin"}
    {'top1': [1.0, 0.0], 'rank': [1.0, 0.5]}
    """

    decode: Decode
    gallery: FloatArray
    seen: IntArray

    def __post_init__(self) -> None:
        n, seen = len(finite("vectors of the gallery", self.gallery, ndim=2)), np.asarray(self.seen)
        finite("rows of the gallery", seen, ndim=1)
        if n < 2 or seen.dtype.kind not in "iu" or seen.min() < 0 or seen.max() >= n:
            raise DataError(
                "Rows of the gallery do not fit it",
                expected=f"two candidates or more, rows from 0 to {n - 1}",
                got=f"{n} candidates, rows {seen.min()} to {seen.max()} ({seen.dtype})",
            )

    def scores(self, responses: FloatArray) -> dict[str, FloatArray]:
        """Score responses, one value each.

        Parameters
        ----------
        responses : ndarray of shape (n, n_channels, n_times)

        Returns
        -------
        dict of str to ndarray of shape (n,)
            ``top1``: 1 where the seen picture is the most similar by cosine (chance 1 / n_candidates).
            ``rank``: share of the other candidates that are less similar (chance .5). ``margin``: cosine with
            the seen picture minus the mean cosine with the others (chance 0). Candidates that are equally
            similar count against the seen one, so that an empty response scores nothing.
        """
        finite("responses", responses)
        decoded = finite("decoded vectors", self.decode(responses), ndim=2)
        if decoded.shape != (len(self.seen), np.shape(self.gallery)[1]):
            raise DataError(
                "The decoder lost responses or features",
                expected=(len(self.seen), np.shape(self.gallery)[1]),
                got=decoded.shape,
            )
        cosines = _rows_of_length_one(decoded) @ _rows_of_length_one(self.gallery).T
        own = cosines[np.arange(len(cosines)), self.seen]
        n_others = len(self.gallery) - 1
        not_less = (cosines >= own[:, None] - 1e-7).sum(axis=1) - 1  # single precision of the decoder
        return {
            "top1": (not_less == 0).astype(np.float64),
            "rank": 1 - not_less / n_others,
            "margin": own - (cosines.sum(axis=1) - own) / n_others,
        }


def drops(
    readout: Readout,
    responses: FloatArray,
    removals: Mapping[str, Removal],
    *,
    around: FloatArray | float = 0.0,
) -> pd.DataFrame:
    """Scores before and after something was removed.

    Parameters
    ----------
    readout : Readout
    responses : ndarray of shape (n, n_channels, n_times)
        Test responses of one person.
    removals : mapping of str to callable
        Each takes an array like `responses` and returns a new one with something taken out.
    around : ndarray of shape (n_channels, n_times) or float
        What stays: removals act on the difference to it. 0 takes out everything. With the mean of the
        **training** responses the decoder still sees the usual course, and only loses what tells pictures
        apart; removal to 0 also confronts it with responses unlike any it was trained on.

    Returns
    -------
    DataFrame
        One row for each removal and metric: ``removed``, ``metric``, ``intact`` and ``score`` (means over
        responses), ``drop`` (their difference), ``share`` (of the energy of the differences to `around`
        that was taken out: a wide band may cost more only because it is wide).

    Examples
    --------
    >>> import numpy as np
    >>> from companion.decoding import Readout, drops
    >>> responses = np.eye(3)[:, :, None]  # 3 responses, 3 channels, 1 time
    >>> readout = Readout(lambda some: some[:, :, 0], gallery=np.eye(3), seen=np.arange(3))
    >>> def without_first(signals):
    ...     return signals * np.array([0.0, 1.0, 1.0])[:, None]
    >>> table = drops(readout, responses, {"first channel": without_first})
    >>> table.query("metric == 'top1'")[["intact", "score", "share"]].round(2).values.tolist()
    [[1.0, 0.67, 0.33]]
    """
    responses = np.asarray(finite("responses", responses), dtype=np.float32)
    around = finite("values in the place of what is removed", around, least=0)
    differences = (responses - around).astype(np.float32)
    energy = float(np.square(differences, dtype=np.float64).sum())
    intact = {name: float(values.mean()) for name, values in readout.scores(responses).items()}
    rows = []
    for name, remove in removals.items():
        kept = remove(differences)
        share = float(np.square(differences - kept, dtype=np.float64).sum()) / energy if energy else 0.0
        values = readout.scores((kept + around).astype(np.float32))
        for metric in METRICS:
            score = float(values[metric].mean())
            rows.append((name, metric, intact[metric], score, intact[metric] - score, share))
    return pd.DataFrame(rows, columns=["removed", "metric", "intact", "score", "drop", "share"])


def _rows_of_length_one(vectors: FloatArray) -> FloatArray:
    values = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return np.asarray(values / np.where(lengths > 0, lengths, 1))
