"""The four vectors that must stand beside every decoded one, and become pictures in the same way.

* *Ceiling*: the true vector of what was seen. No decoder can make a better picture with this generator.
* *Shuffled*: what was decoded while the same person saw something else. What this reaches, the generator and
  the mean reach without the right brain response. (A decoder *trained* on shuffled pairs is another control:
  its vectors go through the same functions as any decoder's.)
* *Mean*: the mean training vector, the same for every stimulus.
* *Category*: the nearest category of training. If its picture looks as good as the decoded one, the decoder
  is naming one of the categories that it was trained on, and the generator does the rest.

References
----------
Shirakawa et al. (2025), Neural Networks 190, 107515 (decoders that classify into training clusters).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from companion.decoding.galleries import concept_centres
from companion.decoding.identification import exchange
from companion.embeddings import Embeddings
from companion.errors import DataError


class Companions(NamedTuple):
    """Four vectors for every decoded one, in the same order.

    Parameters
    ----------
    ceiling, shuffled, mean, category : Embeddings of shape (n_stimuli, n_features)
        Named by stimulus. See the module.
    chosen : DataFrame
        One row per stimulus: ``stimulus``, ``category`` (the nearest one of training), ``cosine`` to its
        centre, ``picture`` (training picture nearest to that centre) and ``shuffled_from`` (what was seen
        while the shuffled vector was decoded).
    """

    ceiling: Embeddings
    shuffled: Embeddings
    mean: Embeddings
    category: Embeddings
    chosen: pd.DataFrame


def companions(
    decoded: Embeddings,
    truth: Embeddings,
    training: Embeddings,
    categories: Mapping[str, str],
    *,
    seed: int = 0,
) -> Companions:
    """Make the four companions of decoded vectors.

    Parameters
    ----------
    decoded : Embeddings of shape (n_stimuli, n_features)
        Vectors read from the brain, rescaled if the generator gets them rescaled.
    truth : Embeddings
        Image vectors of what was seen.
    training : Embeddings of shape (n_training, n_features)
        Image vectors of the training stimuli.
    categories : mapping of str to str
        Training stimulus -> category. Where there are no categories, as in NSD, every picture is its own:
        the nearest training picture.
    seed : int
        Of the exchange: one random cycle, so that no stimulus keeps its own vector.

    Returns
    -------
    Companions

    Raises
    ------
    DataError
        If spaces differ, a decoded stimulus is among those of training, or only one was decoded.

    Examples
    --------
    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.decoding import companions
    >>> seen = Embeddings(np.eye(3)[:2], ("tiger", "hammer"), "toy")
    >>> training = Embeddings([[1.0, 0.0, 0.2], [0.1, 1.0, 0.0]], ("cat 1", "axe 1"), "toy")
    >>> beside = companions(seen, seen, training, {"cat 1": "cat", "axe 1": "axe"})
    >>> beside.chosen[["stimulus", "category", "picture", "shuffled_from"]].values.tolist()
    [['tiger', 'cat', 'cat 1', 'hammer'], ['hammer', 'axe', 'axe 1', 'tiger']]
    >>> beside.shuffled.values.tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    """
    true = truth.select(decoded.ids)
    _check(decoded, true, training)
    origin = exchange(len(decoded), seed)
    unit = training.normalised()
    mean = np.tile(unit.values.mean(axis=0), (len(decoded), 1))
    centres = concept_centres(training, categories, presented=decoded.ids).normalised()
    cosines = decoded.normalised().values @ centres.values.T
    nearest = cosines.argmax(axis=1)
    typical = _typical(unit, centres, categories)
    chosen = pd.DataFrame(
        {
            "stimulus": decoded.ids,
            "category": [centres.ids[row] for row in nearest],
            "cosine": cosines[np.arange(len(decoded)), nearest],
            "picture": [typical[centres.ids[row]] for row in nearest],
            "shuffled_from": [decoded.ids[row] for row in origin],
        }
    )
    return Companions(
        true,
        decoded.with_rows(decoded.values[origin], decoded.ids),
        decoded.with_rows(mean, decoded.ids, simulated=training.simulated),
        decoded.with_rows(centres.values[nearest], decoded.ids, simulated=training.simulated),
        chosen,
    )


def _typical(unit: Embeddings, centres: Embeddings, categories: Mapping[str, str]) -> dict[str, str]:
    """Training picture of each category that lies nearest to its centre; of equal ones the earlier.

    The brain chooses the category and nothing more. A picture chosen by the decoded vector would also show
    colours and a scene that resemble what was seen.
    """
    row_of = {name: row for row, name in enumerate(centres.ids)}
    own = np.array([row_of[categories[name]] for name in unit.ids])
    cosines = np.einsum("ij,ij->i", unit.values, centres.values[own])
    best: dict[str, str] = {}
    for row in np.argsort(-cosines, kind="stable"):
        best.setdefault(centres.ids[own[row]], unit.ids[row])
    return best


def _check(decoded: Embeddings, true: Embeddings, training: Embeddings) -> None:
    names = [(one.space, one.aligned_by, one.values.shape[1]) for one in (decoded, true, training)]
    if len(set(names)) > 1:
        raise DataError("Decoded, true and training vectors differ in space", got=names)
    if both := sorted(set(decoded.ids) & set(training.ids)):
        raise DataError("Stimuli to decode are among those of training", got=both[:5])
    if len(decoded) < 2:
        raise DataError("Shuffling needs two stimuli", got=len(decoded))
