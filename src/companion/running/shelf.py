"""Recordings of many people, loaded when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import overload

from companion.recording import Recording

ROOM = 4 * 2**30
"""Bytes of recordings that stay in memory. Ten people of THINGS-EEG2 have 10 GiB, and nine of them, prepared
for training, another 8."""


class Shelf(Mapping[int, Recording]):
    """People's recordings by number; as many as there is room for are loaded once, others each time.

    What is loaded first stays. To drop the one that was not asked for longest would keep none where all are
    gone through in turn.

    Parameters
    ----------
    people : iterable of int
    load : callable
        From a person's number to the recording.
    room : int
        Bytes of responses that may stay.

    Examples
    --------
    A shelf with room for one person keeps the first, and loads the second each time:

    >>> import numpy as np, pandas as pd
    >>> from companion import Recording
    >>> from companion.running import Shelf
    >>> def load(person):
    ...     print("loading", person)
    ...     return Recording(np.ones((1, 2)), pd.DataFrame({"stimulus": ["cat"]}),
    ...         pd.DataFrame({"name": ["a", "b"]}), f"S{person}", "toy", "fMRI", "train")
    >>> shelf = Shelf([1, 2], load, room=10)
    >>> subjects = [shelf[person].subject for person in (1, 2, 1, 2)]
    loading 1
    loading 2
    loading 2
    >>> subjects
    ['S1', 'S2', 'S1', 'S2']
    """

    def __init__(self, people: Iterable[int], load: Callable[[int], Recording], *, room: int = ROOM) -> None:
        self._people = tuple(people)
        self._load = load
        self._room = room
        self._kept: dict[int, Recording] = {}

    def __getitem__(self, person: int) -> Recording:
        """Find a person's recording, or load it."""
        if person not in self._people:
            raise KeyError(person)
        if person in self._kept:
            return self._kept[person]
        found = self._load(person)
        if found.responses.nbytes + sum(one.responses.nbytes for one in self._kept.values()) <= self._room:
            self._kept[person] = found
        return found

    def __iter__(self) -> Iterator[int]:
        """Go through the numbers of people."""
        return iter(self._people)

    def __len__(self) -> int:
        """Count people."""
        return len(self._people)

    def some(self, people: Iterable[int]) -> Sequence[Recording]:
        """Name some people, whose recordings are loaded when they are looked at."""
        return _Some(self, tuple(people))


class _Some(Sequence[Recording]):
    """A sequence that holds numbers of people, not their recordings."""

    def __init__(self, shelf: Shelf, people: tuple[int, ...]) -> None:
        self._shelf, self._people = shelf, people

    @overload
    def __getitem__(self, place: int) -> Recording: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Recording]: ...
    def __getitem__(self, place: int | slice) -> Recording | Sequence[Recording]:
        if isinstance(place, slice):
            return _Some(self._shelf, self._people[place])
        return self._shelf[self._people[place]]

    def __len__(self) -> int:
        return len(self._people)
