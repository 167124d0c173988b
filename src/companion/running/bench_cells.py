"""Cells of the bench: targets under three supervisions, as vectors to be learnt and vectors to be found.

A *target* is the space in which vectors are decoded: that of CLIP, bent by judges, bent by brains, or both.
A *supervision* is what the decoder is shown of a training picture there: its vector, the vector of its texts,
or the mean of the two. Whatever was trained, candidates are the presented pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from companion.embeddings import Embeddings

FloatArray = npt.NDArray[np.float64]
Supervision = Literal["picture", "text", "both"]
SUPERVISIONS: tuple[Supervision, ...] = get_args(Supervision)
BASE = "base"
"""The target that nobody bent."""
Role = Literal["base", "aligned", "permuted", "permuted brains"]
"""Who bent a target: nobody, real teachers, permuted ones, or real judges and then permuted brains."""


class BenchTarget(NamedTuple):
    """A space that is decoded, and whether its teachers were real.

    Parameters
    ----------
    target : str
        Method, such as ``"gLocal-like"``.
    role : {"base", "aligned", "permuted", "permuted brains"}
    seed : int
        Of the auto-encoder; the first one where there is none.
    start : str
        Name of the image space that it starts from.
    bend : callable
        From vectors of that space, of pictures or of texts, to those of the target.
    """

    target: str
    role: Role
    seed: int
    start: str
    bend: Callable[[Embeddings], Embeddings]


class Cell(NamedTuple):
    """What a decoder learns and what it is looked up in, relative to means over training pictures.

    Parameters
    ----------
    target : str
        Method.
    role : str
        As of the target, or the name of a control.
    seed : int
    supervision : {"picture", "text", "both"}
    targets : Embeddings of shape (n_training, n_features)
    gallery : Embeddings of shape (n_test, n_features)
        Presented pictures, under every supervision.
    """

    target: str
    role: str
    seed: int
    supervision: Supervision
    targets: Embeddings
    gallery: Embeddings


def cells_of(
    target: BenchTarget,
    pictures: Embeddings,
    texts: Embeddings | None,
    texts_of: Mapping[str, Sequence[str]],
    *,
    training: Sequence[str],
    test: Sequence[str],
) -> list[Cell]:
    """Make the cells of one target: one per supervision, or one alone where texts have no place in it.

    Vectors are brought to length 1 after bending, those of a picture's texts also after averaging; *both* is
    the mean of the two. A vector of length zero, such as that of an auto-encoder in which no unit is on,
    stays zero. From targets and gallery a mean over training pictures is then subtracted, of what was trained
    and of pictures: pictures and texts lie in two clouds, and which cloud an answer lies in tells nothing.

    Parameters
    ----------
    target : BenchTarget
    pictures : Embeddings of shape (n_pictures, n_start)
        In the space that the target starts from; holds training and test pictures.
    texts : Embeddings of shape (n_texts, n_start) or None
        In the same space, by text; None where texts cannot be brought there.
    texts_of : mapping of stimulus to sequence of str
        Texts of each training picture.
    training, test : sequence of str
        Stimuli, each once.

    Returns
    -------
    list of Cell
    """
    known = unit_or_zero(target.bend(pictures.select(training)))
    mean = known.values.mean(axis=0)
    gallery = unit_or_zero(target.bend(pictures.select(test))).centred(mean)
    trained: dict[Supervision, Embeddings] = {"picture": known}
    if texts is not None:
        said = known.with_rows(_text_means(unit_or_zero(target.bend(texts)), texts_of, training), training)
        trained |= {"text": said, "both": _mean_of(known, said)}
    return [
        Cell(target.target, target.role, target.seed, supervision, vectors.centred(), gallery)
        for supervision, vectors in trained.items()
    ]


def control_cells(cells: Sequence[Cell], seed: int) -> list[Cell]:
    """Make controls of supervision from the cells of the base.

    Parameters
    ----------
    cells : sequence of Cell
        Of one target, as :func:`cells_of` makes them.
    seed : int
        Of the exchange.

    Returns
    -------
    list of Cell
        *exchanged pictures*: each training response is shown the vector of another picture, so that nothing
        can be learnt. *exchanged texts*, where there are texts: the mean of the right picture's vector and
        another picture's texts.
    """
    of = {cell.supervision: cell for cell in cells}
    right = of["picture"].targets
    order = np.random.default_rng(seed).permutation(len(right))
    made = [of["picture"]._replace(role="exchanged pictures", targets=_exchanged(right, order))]
    if "text" in of:
        other = _mean_of(right, _exchanged(of["text"].targets, order))
        made.append(of["both"]._replace(role="exchanged texts", targets=other))
    return made


def unit_or_zero(vectors: Embeddings) -> Embeddings:
    """Vectors brought to length 1; one of length zero stays zero.

    Parameters
    ----------
    vectors : Embeddings of shape (n, n_features)
    """
    lengths = np.linalg.norm(vectors.values, axis=1, keepdims=True)
    return vectors.with_rows(vectors.values / np.where(lengths > 0, lengths, 1), vectors.ids)


def _text_means(
    texts: Embeddings, texts_of: Mapping[str, Sequence[str]], stimuli: Sequence[str]
) -> FloatArray:
    """Direction of the mean over each picture's texts."""
    owned = [texts_of[name] for name in stimuli]
    rows = texts.rows_of([text for own in owned for text in own])
    counts = np.array([len(own) for own in owned])
    means = np.add.reduceat(rows, np.cumsum(counts) - counts, axis=0) / counts[:, None]
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    found: FloatArray = means / np.where(lengths > 0, lengths, 1)
    return found


def _mean_of(one: Embeddings, other: Embeddings) -> Embeddings:
    return one.with_rows((one.values + other.select(one.ids).values) / 2, one.ids)


def _exchanged(vectors: Embeddings, order: npt.NDArray[np.intp]) -> Embeddings:
    return vectors.with_rows(vectors.values[order], vectors.ids)
