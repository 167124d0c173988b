"""N-way retrieval: how what was seen ranks among the candidates of a gallery."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.checks import finite, whole, without_rounding
from companion.decoding.galleries import Gallery
from companion.embeddings import Embeddings
from companion.errors import DataError
from companion.scores import SCORE_COLUMNS, as_scores

FloatArray = npt.NDArray[np.float64]
Ranks = npt.NDArray[np.intp]

_TIE = 1e-12  # cosines closer than this count as equal: rounding must not break ties
_BLOCK = 2**23  # cosines held at a time, 64 MiB
_COMPUTED = frozenset(
    {"n_candidates", "n_repetitions", "metric", "value", "simulated", "protocol", "stimulus"}
)


def centred_rows(embeddings: Embeddings) -> Embeddings:
    """Subtract from every vector its own mean over features, then divide it by its length.

    Parameters
    ----------
    embeddings : Embeddings of shape (n, n_features)
        Decoded vectors, or those of a gallery.

    Returns
    -------
    Embeddings

    Raises
    ------
    DataError
        If a vector has equal entries throughout, so that nothing is left.

    Notes
    -----
    The published code does this to both sides (Rajabi et al. 2025; the paper says "cosine"). Once the gallery
    is treated, doing it to decoded vectors changes no ranking: their mean meets vectors that sum to zero, and
    their length is common to all candidates. Treating the gallery can change rankings, because the
    *candidates'* lengths change unequally.

    Examples
    --------
    >>> from companion import Embeddings
    >>> from companion.decoding import centred_rows
    >>> centred_rows(Embeddings([[3.0, 1.0], [0.0, 5.0]], ("cat", "dog"), "toy")).values.round(3).tolist()
    [[0.707, -0.707], [-0.707, 0.707]]
    """
    rows = embeddings.values
    return embeddings.with_values(
        without_rounding(rows - rows.mean(axis=1, keepdims=True), rows), aligned_by=embeddings.aligned_by
    ).normalised()


def relative_rows(embeddings: Embeddings, training: Sequence[str]) -> Embeddings:
    """Subtract from :func:`centred_rows` their mean over training stimuli.

    In an aligned space all vectors may point nearly the same way. That common vector says nothing about a
    picture, and yet cosines with a regularised prediction, which stays close to it, are decided by how far
    each candidate strays from it. What is regressed is therefore read relative to the mean.

    Parameters
    ----------
    embeddings : Embeddings of shape (n, n_features)
    training : sequence of str
        Ids of the stimuli that the mean is taken over; an id may come more than once and counts once.

    Returns
    -------
    Embeddings of shape (n, n_features)
    """
    unit = centred_rows(embeddings)
    return unit.centred(unit.select(dict.fromkeys(training)).values.mean(axis=0))


def ranks(decoded: Embeddings, gallery: Gallery | Embeddings) -> Ranks:
    """Rank of what was seen among all candidates of the gallery, by cosine.

    Parameters
    ----------
    decoded : Embeddings of shape (n_decoded, n_features)
        Vectors read from the brain, each named by the stimulus that was seen.
    gallery : Gallery or Embeddings of shape (n_candidates, n_features)
        The candidates; plain embeddings stand for the presented images.

    Returns
    -------
    ndarray of shape (n_decoded,)
        1 for the most similar. Of candidates that are equally similar the seen one comes last, so that a
        constant prediction never scores.

    Examples
    --------
    >>> from companion import Embeddings
    >>> from companion.decoding import ranks
    >>> pictures = Embeddings([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]], ("cat", "dog", "key"), "toy")
    >>> decoded = Embeddings([[0.9, 0.1], [0.5, 0.9]], ("cat", "dog"), "toy")
    >>> ranks(decoded, pictures).tolist()
    [1, 2]
    """
    among = gallery if isinstance(gallery, Gallery) else Gallery.presented(gallery)
    own = among.rows_of(decoded.ids)
    found = [(similar >= _own(similar, own[rows])).sum(axis=1) for rows, similar in _cosines(decoded, among)]
    return np.concatenate(found)


def csls_ranks(decoded: Embeddings, gallery: Gallery, n_nearest: int = 10) -> Ranks:
    r"""Ranks by cross-domain similarity local scaling. Transductive: it uses the whole test set.

    Candidates that lie close to many decoded vectors ("hubs") are made less similar to all:
    :math:`2 \cos(w, v) - r(w) - r(v)`, with :math:`r` the mean cosine to the nearest vectors of the other
    side. How one response is decoded thus depends on all others that were measured, which nobody knows who
    decodes them one by one. Never set it beside scores of plain cosines without saying so.

    Parameters
    ----------
    decoded, gallery : Embeddings, Gallery
        As in :func:`ranks`.
    n_nearest : int
        Neighbours whose mean is taken, at most the number of decoded vectors and of candidates.

    Returns
    -------
    ndarray of shape (n_decoded,)

    References
    ----------
    Conneau et al. (2018), Word translation without parallel data, ICLR.
    """
    if not 1 <= n_nearest <= min(len(decoded), len(gallery.candidates)):
        raise ValueError(f"n_nearest lies between 1 and {min(len(decoded), len(gallery.candidates))}")
    similar = np.concatenate([block for _, block in _cosines(decoded, gallery)])
    # r(w) is the same for all candidates of a decoded vector, so it moves no rank and is left out.
    hubs = np.partition(similar, len(similar) - n_nearest, axis=0)[-n_nearest:].mean(axis=0)
    similar = 2 * similar - hubs
    found: Ranks = (similar >= _own(similar, gallery.rows_of(decoded.ids))).sum(axis=1)
    return found


def top_k(found: npt.ArrayLike, k: int) -> float:
    """Share of ranks that are at most ``k``.

    Examples
    --------
    >>> from companion.decoding import top_k
    >>> top_k([1, 4, 2, 1], 1), top_k([1, 4, 2, 1], 3)
    (0.5, 0.75)
    """
    whole("k", k)
    return float((finite("ranks", found) <= k).mean())


def retrieved(decoded: Embeddings, gallery: Gallery, n: int) -> pd.DataFrame:
    """Name the best candidates of every decoded vector.

    Parameters
    ----------
    decoded, gallery : Embeddings, Gallery
        As in :func:`ranks`.
    n : int
        How many to name, at most the number of candidates.

    Returns
    -------
    DataFrame
        ``n`` rows per decoded vector, best first: ``stimulus`` (seen), ``place`` (from 1), ``candidate``,
        ``cosine`` and ``hit`` (whether the candidate is what was seen). Ties as in :func:`ranks`.

    Examples
    --------
    >>> from companion import Embeddings
    >>> from companion.decoding import Gallery, retrieved
    >>> gallery = Gallery.presented(Embeddings([[1.0, 0.0], [0.0, 1.0]], ("cat", "dog"), "toy"))
    >>> table = retrieved(Embeddings([[0.8, 0.6]], ("dog",), "toy"), gallery, 2)
    >>> table[["candidate", "cosine", "hit"]].values.tolist()
    [['cat', 0.8, False], ['dog', 0.6, True]]
    """
    whole("n", n, most=len(gallery.candidates))
    own = gallery.rows_of(decoded.ids)
    best = np.empty((len(decoded), n), dtype=np.intp)
    cosine = np.empty((len(decoded), n))
    for rows, similar in _cosines(decoded, gallery):
        ordered = similar.copy()
        np.put_along_axis(ordered, own[rows, None], _own(similar, own[rows]), axis=1)
        best[rows] = _best(ordered, n)
        cosine[rows] = np.take_along_axis(similar, best[rows], axis=1)
    names = np.array(gallery.candidates.ids, dtype=object)
    return pd.DataFrame(
        {
            "stimulus": np.repeat(np.array(decoded.ids, dtype=object), n),
            "place": np.tile(np.arange(1, n + 1), len(decoded)),
            "candidate": names[best].ravel(),
            "cosine": cosine.ravel(),
            "hit": (best == own[:, None]).ravel(),
        }
    )


def retrieval_scores(
    decoded: Embeddings, gallery: Gallery, *, n_repetitions: int, simulated: bool, **labels: str | int | float
) -> pd.DataFrame:
    """Write retrieval as rows of the score table: whether each stimulus came first, among five, and where.

    Parameters
    ----------
    decoded, gallery : Embeddings, Gallery
        As in :func:`ranks`. Protocol and number of candidates are those of the gallery.
    n_repetitions : int
        Trials averaged into each decoded response.
    simulated : bool
        Whether responses or pictures are simulated.
    **labels
        Other columns of ``companion.scores.SCORE_COLUMNS``: ``dataset`` and ``subject`` always, and what
        else tells scores apart, such as ``encoder``, ``seed`` and ``alignment``. ``space`` is the gallery's
        unless given.

    Returns
    -------
    DataFrame
        Score table with metrics ``top1`` and ``top5`` (0 or 1) and ``rank`` (from 1).

    Raises
    ------
    DataError
        If embeddings are simulated and the scores are not said to be, or a label is no column.

    Examples
    --------
    >>> from companion import Embeddings
    >>> from companion.decoding import Gallery, retrieval_scores
    >>> space = Embeddings([[1.0, 0.0], [0.0, 1.0]], ("cat", "dog"), "toy")
    >>> labels = {"dataset": "toy", "subject": "one", "n_repetitions": 4, "simulated": True}
    >>> scores = retrieval_scores(space.select(["dog"]), Gallery.presented(space), **labels)
    >>> scores[["stimulus", "metric", "value"]].values.tolist()
    [['dog', 'top1', 1.0], ['dog', 'top5', 1.0], ['dog', 'rank', 1.0]]
    """
    if not simulated and (decoded.simulated or gallery.candidates.simulated):
        raise DataError("Scores of simulated vectors are simulated", where=gallery, do="pass simulated=True")
    if unknown := sorted(set(labels) - set(SCORE_COLUMNS) | set(labels) & _COMPUTED):
        raise DataError("These are no labels of retrieval scores", expected=SCORE_COLUMNS, got=unknown)
    whole("n_repetitions", n_repetitions)
    found = ranks(decoded, gallery)
    shared: dict[str, Any] = {"space": gallery.candidates.space} | labels
    shared |= {"protocol": gallery.protocol, "n_candidates": len(gallery.candidates)}
    values = {"top1": found <= 1, "top5": found <= 5, "rank": found}
    parts = [
        pd.DataFrame({"stimulus": decoded.ids, "metric": metric, "value": value.astype(np.float64)})
        for metric, value in values.items()
    ]
    table = pd.concat(parts, ignore_index=True).assign(**shared, n_repetitions=n_repetitions)
    return as_scores(table, simulated=simulated)


def _cosines(decoded: Embeddings, gallery: Gallery) -> Iterator[tuple[slice, FloatArray]]:
    """Cosines with all candidates, a block of decoded vectors at a time: (slice, (n_block, n_candidates))."""
    candidates = gallery.candidates.normalised().values
    if decoded.values.shape[1] != candidates.shape[1]:
        raise DataError(
            "Decoded vectors and gallery have different lengths",
            where=f"{decoded!r} in {gallery!r}",
            expected=f"{candidates.shape[1]} features",
            got=decoded.values.shape[1],
        )
    unit = decoded.normalised().values
    step = max(1, _BLOCK // len(candidates))
    for start in range(0, len(unit), step):
        rows = slice(start, start + step)
        yield rows, unit[rows] @ candidates.T


def _best(similar: FloatArray, n: int) -> Ranks:
    """Columns of the n largest of each row, largest first, equal ones in order: only these are sorted."""
    edges = np.partition(similar, -n, axis=1)[:, -n]
    best = np.empty((len(similar), n), dtype=np.intp)
    for row, (values, edge) in enumerate(zip(similar, edges, strict=True)):
        among = np.flatnonzero(values >= edge)
        best[row] = among[np.argsort(-values[among], kind="stable")[:n]]
    return best


def _own(similar: FloatArray, own: Ranks) -> FloatArray:
    """Similarity of the seen candidate, lowered so that ties come before it: (n, n_candidates) to (n, 1)."""
    return np.take_along_axis(similar, own[:, None], axis=1) - _TIE
