"""Matching responses with pictures or texts, in both directions, in galleries of any size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.decoding.standing import Booleans, FloatArray, standing, table_of
from companion.embeddings import Embeddings
from companion.errors import DataError

FORWARD, BACKWARD = "brain to stimulus", "stimulus to brain"


def match(
    queries: Embeddings, gallery: Embeddings, *, answers: Mapping[str, str] | None = None, **labels: Any
) -> pd.DataFrame:
    """Look every query up in a gallery by cosine.

    Parameters
    ----------
    queries : Embeddings of shape (n_queries, n_features)
        Decoded vectors to find pictures or texts; pictures or texts to find decoded vectors.
    gallery : Embeddings of shape (n_candidates, n_features)
    answers : mapping of str to str, optional
        Query -> id of its right candidate, such as trial -> image; a query that is not named is its own.
    **labels
        Further columns, such as ``subject`` and ``supervision``.

    Returns
    -------
    DataFrame
        One row per query with the columns of :func:`companion.decoding.table_of`, and the labels.

    Raises
    ------
    DataError
        If an answer is not in the gallery, or lengths differ.

    Examples
    --------
    Two trials of one picture, looked up among three:

    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.decoding import match
    >>> pictures = Embeddings(np.eye(3), ("cat", "dog", "key"), "toy")
    >>> trials = Embeddings([[0.9, 0.1, 0.0], [0.5, 0.7, 0.0]], ("trial 1", "trial 2"), "toy")
    >>> table = match(trials, pictures, answers={"trial 1": "cat", "trial 2": "cat"})
    >>> table[["item", "answer", "rank", "top1"]].values.tolist()
    [['trial 1', 'cat', 1.0, 1.0], ['trial 2', 'cat', 2.0, 0.0]]
    """
    right = _right_candidates(queries, gallery, answers or {})
    answer = [gallery.ids[row] for row in right.argmax(axis=1)]
    return table_of(queries.ids, answer, standing(cosines(queries, gallery), right), right).assign(**labels)


def match_both_ways(decoded: Embeddings, images: Embeddings, **labels: Any) -> pd.DataFrame:
    """Match decoded vectors with the images that were seen, and the images with the decoded vectors.

    Parameters
    ----------
    decoded : Embeddings of shape (n_images, n_features)
        One per image, named by it.
    images : Embeddings
        At least these images. What was not seen is left out, so that both galleries are equally large.
    **labels
        Further columns.

    Returns
    -------
    DataFrame
        As :func:`match`, twice, with ``direction``: `FORWARD` or `BACKWARD`.

    Examples
    --------
    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.decoding.matching import match_both_ways
    >>> pictures = Embeddings(np.eye(2), ("cat", "dog"), "toy")
    >>> decoded = Embeddings([[1.0, 0.2], [0.9, 0.3]], ("cat", "dog"), "toy")
    >>> match_both_ways(decoded, pictures).groupby("direction")["top1"].mean().to_dict()
    {'brain to stimulus': 0.5, 'stimulus to brain': 1.0}
    """
    seen = images.select(decoded.ids)
    ways = {FORWARD: (decoded, seen), BACKWARD: (seen, decoded)}
    return pd.concat([match(*way, direction=name, **labels) for name, way in ways.items()], ignore_index=True)


def match_captions(
    decoded: Embeddings, captions: Embeddings, image_of: Mapping[str, str], **labels: Any
) -> pd.DataFrame:
    """Match decoded vectors with captions, any caption of the seen image counted right.

    The rank is that of the best own caption among itself and all captions of *other* images: its other own
    captions are no distractors. It is at most k exactly where an own caption is among the first k of all.
    Having several right candidates raises chance, which therefore stands in the table.

    Parameters
    ----------
    decoded : Embeddings of shape (n_images, n_features)
        Named by image.
    captions : Embeddings of shape (n_captions, n_features)
        Captions of these images, and perhaps of others; with one per image (:func:`one_caption`) this is
        plain matching.
    image_of : mapping of str to str
        Caption -> image.
    **labels
        Further columns.

    Returns
    -------
    DataFrame
        As :func:`match`; ``answer`` is the image, ``n_candidates`` the number of wrong captions plus one.

    Raises
    ------
    DataError
        If a caption has no image, or an image no caption.
    """
    owner = _images_of(captions, image_of)
    right = np.array(decoded.ids, dtype=object)[:, None] == owner[None]
    found = standing(cosines(decoded, captions), right)
    return table_of(decoded.ids, decoded.ids, found, right).assign(**labels)


def one_caption(captions: Embeddings, image_of: Mapping[str, str], number: int = 0) -> Embeddings:
    """Take one caption of every image, named by the image.

    Parameters
    ----------
    captions : Embeddings of shape (n_captions, n_features)
    image_of : mapping of str to str
        Caption -> image.
    number : int
        Which caption, from 0, in their order among ``captions``.

    Raises
    ------
    DataError
        If an image has fewer captions.
    """
    rows: dict[str, list[int]] = {}
    for row, image in enumerate(_images_of(captions, image_of)):
        rows.setdefault(image, []).append(row)
    if few := [image for image, own in rows.items() if len(own) <= number]:
        raise DataError(f"Images without a caption of number {number}", where=repr(captions), got=few[:5])
    return captions.with_rows(captions.values[[own[number] for own in rows.values()]], rows)


def on_common_centre(
    decoded: Embeddings, candidates: Embeddings, training: Embeddings
) -> tuple[Embeddings, Embeddings]:
    """Take the mean direction out of each side, so that cosines compare what tells vectors apart.

    Pictures and texts lie in different cones of CLIP's space. A vector decoded in the cone of pictures is
    about equally far from all texts, and which text stands nearest to that cone decides much. Candidates
    lose the mean of all candidates, which needs no answers; decoded vectors lose the mean of *training*
    predictions, never their own: what else was decoded must not change how one response is read.

    Parameters
    ----------
    decoded : Embeddings of shape (n, n_features)
    candidates : Embeddings of shape (n_candidates, n_features)
    training : Embeddings of shape (n_training, n_features)
        Predictions of the same decoder for its training responses.

    Returns
    -------
    decoded, candidates : Embeddings
        Not of length one again.

    Examples
    --------
    >>> from companion import Embeddings
    >>> from companion.decoding import on_common_centre
    >>> training = Embeddings([[2.0, 1.0], [2.0, -1.0]], ("a", "b"), "toy")
    >>> decoded = Embeddings([[2.5, 0.5]], ("cat",), "toy")
    >>> texts = Embeddings([[0.0, 1.0], [0.0, -1.0]], ("cat", "dog"), "toy")
    >>> [one.values.round(2).tolist() for one in on_common_centre(decoded, texts, training)]
    [[[0.09, 0.2]], [[0.0, 1.0], [0.0, -1.0]]]
    """
    centre = training.normalised().values.mean(axis=0)
    return decoded.normalised().centred(centre), candidates.normalised().centred()


def summary(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Summarise matches or names per cell.

    Parameters
    ----------
    table : DataFrame
        As :func:`match` makes it.
    by : list of str
        Columns that name a cell, such as ``["subject", "supervision"]``.

    Returns
    -------
    DataFrame
        One row per cell, in order of appearance: ``by``, ``n`` (queries), ``top1``, ``top5``, ``chance1``,
        ``chance5`` in percent, ``median_rank``, ``percentile`` (mean share of wrong candidates beaten,
        percent; 50 for guessing) and ``n_candidates``.
    """
    shares = ["top1", "top5", "chance1", "chance5", "percentile"]
    cells = table.groupby(by, sort=False)
    found = 100 * cells[shares].mean()
    found.insert(0, "n", cells.size())
    return found.assign(
        median_rank=cells["rank"].median(), n_candidates=cells["n_candidates"].first()
    ).reset_index()


def cosines(queries: Embeddings, gallery: Embeddings) -> FloatArray:
    """Cosines of queries with candidates: ndarray of shape (n_queries, n_candidates).

    Raises
    ------
    DataError
        If the vectors have different lengths.
    """
    check_lengths(queries, gallery)
    found: FloatArray = queries.normalised().values @ gallery.normalised().values.T
    return found


def check_lengths(queries: Embeddings, gallery: Embeddings) -> None:
    """Refuse vectors of different lengths."""
    if queries.values.shape[1] != gallery.values.shape[1]:
        raise DataError(
            "Queries and gallery have different lengths",
            where=f"{queries!r} in {gallery!r}",
            expected=f"{gallery.values.shape[1]} features",
            got=queries.values.shape[1],
        )


def _right_candidates(queries: Embeddings, gallery: Embeddings, answers: Mapping[str, str]) -> Booleans:
    wanted = [answers.get(name, name) for name in queries.ids]
    if unknown := sorted(set(wanted) - set(gallery.ids)):
        raise DataError("Answers that are not in the gallery", where=repr(gallery), got=unknown[:5])
    return np.asarray(np.array(wanted, dtype=object)[:, None] == np.array(gallery.ids, dtype=object)[None])


def _images_of(captions: Embeddings, image_of: Mapping[str, str]) -> npt.NDArray[np.object_]:
    if unknown := [name for name in captions.ids if name not in image_of]:
        raise DataError("Captions of unknown images", where=repr(captions), got=unknown[:5])
    return np.array([image_of[name] for name in captions.ids], dtype=object)
