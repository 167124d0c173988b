"""Galleries: the candidates among which a decoded vector is looked up, and which of them is the right one.

Two protocols must never share a column. Among *presented images*, the very picture that was seen is a
candidate. Among *concept centres*, a candidate is the mean of other pictures of its concept, and the seen
picture itself is nowhere: that is harder, and published numbers of both kinds are often set side by side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from companion.embeddings import Embeddings
from companion.errors import DataError

Protocol = Literal["presented images", "concept centres", "presented and training images"]


@dataclass(frozen=True, eq=False)
class Gallery:
    """Candidates of a retrieval, with the protocol that made them. Built by its three class methods.

    Parameters
    ----------
    candidates : Embeddings of shape (n_candidates, n_features)
    protocol : {"presented images", "concept centres", "presented and training images"}
        What the candidates are.
    answers : mapping of str to str
        Stimulus -> id of the candidate that is right; a stimulus that is not named is its own answer.

    Examples
    --------
    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.decoding import Gallery
    >>> shown = Embeddings(np.eye(3), ("cat 1", "dog 1", "key 1"), "toy")
    >>> Gallery.presented(shown)
    Gallery(presented images: 3 of 'toy')
    >>> centres = Embeddings(np.eye(3), ("cat", "dog", "key"), "toy")
    >>> gallery = Gallery.of_concepts(centres, {"cat 1": "cat", "dog 1": "dog", "key 1": "key"})
    >>> gallery.rows_of(["key 1", "cat 1"]).tolist()
    [2, 0]
    """

    candidates: Embeddings
    protocol: Protocol
    answers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def presented(cls, images: Embeddings) -> Gallery:
        """Gallery of the presented images: 200 for the THINGS sets, 982 for NSD (often called 1000-way)."""
        return cls(images, "presented images")

    @classmethod
    def enlarged(cls, images: Embeddings, training: Embeddings) -> Gallery:
        """Gallery of the presented images and those of training, 16,740 in THINGS-EEG2.

        Both are treated alike. (The published code divides training images by another length than test
        images, which makes them slightly less similar to everything; Rajabi et al. 2025, Table 10.)

        Raises
        ------
        DataError
            If an image is in both, or the two are of different spaces.
        """
        if shared := set(images.ids) & set(training.ids):
            raise DataError("Images are both test and training", where=repr(images), got=sorted(shared)[:5])
        names = [(one.space, one.aligned_by, one.values.shape[1]) for one in (images, training)]
        if names[0] != names[1]:
            raise DataError("Test and training images differ in space", expected=names[0], got=names[1])
        both = Embeddings(
            np.concatenate([images.values, training.values]),
            images.ids + training.ids,
            images.space,
            images.aligned_by,
            images.simulated or training.simulated,
        )
        return cls(both, "presented and training images")

    @classmethod
    def of_concepts(cls, centres: Embeddings, concepts: Mapping[str, str]) -> Gallery:
        """Gallery of concepts, one centre each.

        Parameters
        ----------
        centres : Embeddings
            One vector per concept, from :func:`concept_centres`.
        concepts : mapping of str to str
            Presented stimulus -> its concept.

        Raises
        ------
        DataError
            If a concept has no centre.
        """
        if unknown := sorted(set(concepts.values()) - set(centres.ids)):
            raise DataError("Concepts without a centre", where=repr(centres), got=unknown[:5])
        return cls(centres, "concept centres", dict(concepts))

    def __repr__(self) -> str:
        return f"Gallery({self.protocol}: {len(self.candidates)} of {self.candidates.space!r})"

    def rows_of(self, stimuli: Sequence[str]) -> npt.NDArray[np.intp]:
        """Row of the right candidate of each stimulus: shape (n_stimuli,).

        Raises
        ------
        DataError
            If the right candidate of a stimulus is not in the gallery.
        """
        row_of = {name: row for row, name in enumerate(self.candidates.ids)}
        right = [self.answers.get(name, name) for name in stimuli]
        if unknown := [name for name in right if name not in row_of]:
            raise DataError(
                f"{len(unknown)} of {len(right)} stimuli are not in the gallery",
                where=repr(self),
                got=", ".join(unknown[:5]),
            )
        return np.array([row_of[name] for name in right], dtype=np.intp)


def concept_centres(
    others: Embeddings, concepts: Mapping[str, str], *, presented: Sequence[str]
) -> Embeddings:
    """Mean vector of other pictures of each concept, each picture brought to length one first.

    Parameters
    ----------
    others : Embeddings of shape (n_images, n_features)
        Pictures of the test concepts that were not shown.
    concepts : mapping of str to str
        Picture -> concept.
    presented : sequence of str
        Pictures that were shown, to make sure that none is among the others.

    Returns
    -------
    Embeddings of shape (n_concepts, n_features)
        By concept, in order of first appearance.

    Raises
    ------
    DataError
        If a presented picture is among the others, or one has no concept.

    Examples
    --------
    >>> from companion import Embeddings
    >>> from companion.decoding import concept_centres
    >>> concepts = {"cat 2": "cat", "cat 3": "cat", "dog 2": "dog"}
    >>> others = Embeddings([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]], tuple(concepts), "toy")
    >>> centres = concept_centres(others, concepts, presented=["cat 1", "dog 1"])
    >>> centres.ids, centres.values.tolist()
    (('cat', 'dog'), [[0.5, 0.5], [1.0, 0.0]])
    """
    if seen := sorted(set(others.ids) & set(presented)):
        raise DataError("A centre must not hold what was shown", where=repr(others), got=seen[:5])
    if unknown := [name for name in others.ids if name not in concepts]:
        raise DataError("Pictures without a concept", where=repr(others), got=unknown[:5])
    names = list(dict.fromkeys(concepts[name] for name in others.ids))
    row_of = {name: row for row, name in enumerate(names)}
    sums = np.zeros((len(names), others.values.shape[1]))
    code = np.array([row_of[concepts[name]] for name in others.ids])
    np.add.at(sums, code, others.normalised().values)
    means = sums / np.bincount(code)[:, None]
    return Embeddings(means, tuple(names), others.space, others.aligned_by, others.simulated)
