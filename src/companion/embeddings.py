"""Vectors of stimuli or concepts in one space, labelled by id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from companion.checks import all_usable, real, usable
from companion.errors import DataError

FloatArray = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Embeddings:
    """One vector per stimulus or concept, with its id and the name of the space.

    Two sets are joined by id (:meth:`select`), never by row position. Values cannot be written to; every
    method returns new embeddings.

    Parameters
    ----------
    values : ndarray of shape (n_stimuli, n_features)
        Finite numbers; kept as float64.
    ids : tuple of str
        One id per row, each used once.
    space : str
        Name of the space, such as ``"CLIP ViT-L/14"``.
    aligned_by : str, optional
        What bent the space, such as ``"gLocal"``; None for a space as its model made it.
    simulated : bool
        Whether the stimuli or the model are simulated.

    Raises
    ------
    DataError
        If the array is not a finite matrix, or ids are missing, empty or used twice.

    Examples
    --------
    >>> import numpy as np
    >>> from companion import Embeddings
    >>> space = Embeddings(np.eye(3), ("cat", "dog", "key"), "toy")
    >>> space.select(["key", "cat"]).values[:, 2]
    array([1., 0.])
    """

    values: FloatArray
    ids: tuple[str, ...]
    space: str
    aligned_by: str | None = None
    simulated: bool = False

    def __post_init__(self) -> None:
        ids = tuple(str(name) for name in self.ids)
        where = f"embeddings of the space {self.space!r}"
        values = np.array(real(where, self.values), dtype=np.float64)  # a copy of our own, to be locked
        if values.ndim != 2 or 0 in values.shape:
            raise DataError(
                "Embeddings are a matrix", where=where, expected="(n_stimuli, n_features)", got=values.shape
            )
        if len(ids) != len(values):
            raise DataError("Each row has one id", where=where, expected=len(values), got=f"{len(ids)} ids")
        if twice := _named_twice(ids):
            raise DataError("An id is used twice", where=where, got=_some(twice))
        if not all(ids):
            raise DataError("An id is empty", where=where, got=f"row {ids.index('')}")
        if not all_usable(values):
            rows = [ids[row] for row in np.flatnonzero(~usable(values).all(axis=1))]
            raise DataError("Embeddings hold numbers that are not finite", where=where, got=_some(rows))
        values.flags.writeable = False
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "ids", ids)

    def __repr__(self) -> str:
        n_stimuli, n_features = self.values.shape
        bent = f", aligned by {self.aligned_by}" if self.aligned_by else ""
        mark = ", simulated" if self.simulated else ""
        return f"Embeddings({self.space!r}{bent}: {n_stimuli} stimuli x {n_features} features{mark})"

    def __len__(self) -> int:
        return len(self.ids)

    def select(self, ids: Iterable[str]) -> Embeddings:
        """Rows of the given ids, in the given order.

        Raises
        ------
        DataError
            If an id is not here or is asked for twice.
        """
        wanted = tuple(ids)
        row_of = {name: row for row, name in enumerate(self.ids)}
        if unknown := [name for name in wanted if name not in row_of]:
            raise DataError(
                "Ids without an embedding",
                where=repr(self),
                got=_some(unknown),
                do="compare the spelling with .ids; concepts are matched by name, never by number",
            )
        return replace(self, values=self.values[[row_of[name] for name in wanted]], ids=wanted)

    def rows_of(self, stimuli: Iterable[str]) -> FloatArray:
        """Vectors of trials, whose stimuli may be named more than once.

        Parameters
        ----------
        stimuli : iterable of str
            One per trial.

        Returns
        -------
        ndarray of shape (n_trials, n_features)

        Raises
        ------
        DataError
            If an id is not here.
        """
        wanted = list(stimuli)
        once = self.select(dict.fromkeys(wanted))
        row_of = {name: row for row, name in enumerate(once.ids)}
        return once.values[[row_of[name] for name in wanted]]

    def with_rows(self, values: FloatArray, ids: Iterable[str], *, simulated: bool = False) -> Embeddings:
        """Other vectors of the same space, such as decoded ones.

        Parameters
        ----------
        values : ndarray of shape (n, n_features)
        ids : iterable of str
            One per row.
        simulated : bool
            Whether these vectors are simulated even where the space is not.
        """
        return Embeddings(
            values, tuple(ids), self.space, self.aligned_by, simulated=self.simulated or simulated
        )

    def with_values(
        self, values: FloatArray, *, space: str | None = None, aligned_by: str | None
    ) -> Embeddings:
        """Other vectors of the same stimuli, row for row.

        Parameters
        ----------
        values : ndarray of shape (n_stimuli, n_new_features)
            Rows in the order of ``ids``.
        space : str, optional
            Name of the new space; unchanged if left out.
        aligned_by : str or None
            What bent the new space.
        """
        name = self.space if space is None else space
        return Embeddings(values, self.ids, name, aligned_by, self.simulated)

    def centred(self, mean: FloatArray | None = None) -> Embeddings:
        """Vectors minus a mean vector.

        Parameters
        ----------
        mean : ndarray of shape (n_features,), optional
            Vector to subtract; the mean of these rows if left out. Where a score is to hold for unseen
            stimuli, give the mean of the training rows.
        """
        origin = self.values.mean(axis=0) if mean is None else real("mean", mean)
        if origin.shape != self.values.shape[1:]:
            raise DataError(
                "The mean has another length than the vectors",
                where=repr(self),
                expected=self.values.shape[1:],
                got=origin.shape,
            )
        return replace(self, values=self.values - origin)

    def normalised(self) -> Embeddings:
        """Vectors divided by their Euclidean length, so that inner products are cosines.

        Raises
        ------
        DataError
            If a vector has length zero and hence no direction.
        """
        lengths = np.linalg.norm(self.values, axis=1, keepdims=True)
        if not lengths.all():
            raise DataError(
                "A vector of length zero has no direction",
                where=repr(self),
                got=_some([self.ids[row] for row in np.flatnonzero(lengths == 0)]),
            )
        return replace(self, values=self.values / lengths)


def _named_twice(ids: tuple[str, ...]) -> list[str]:
    if len(set(ids)) == len(ids):
        return []
    seen: set[str] = set()
    return sorted({name for name in ids if name in seen or seen.add(name)})  # type: ignore[func-returns-value]


def _some(names: list[str], most: int = 5) -> str:
    """Name the first few, and say how many there are."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + rest
