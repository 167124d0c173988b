"""Decoding all test responses together: one is decoded by help of the others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from companion.decoding.galleries import Gallery
from companion.embeddings import Embeddings
from companion.errors import DataError


def one_to_one_hits(decoded: Embeddings, gallery: Gallery) -> npt.NDArray[np.bool_]:
    """Whether each response gets its own picture when every picture is handed out once.

    The assignment of pictures to responses with the largest sum of cosines. It takes for granted that every
    candidate was shown exactly once, which only who made the test set knows: of a response that is read alone
    nothing of the kind can be said. Where responses say nothing, the assignment is a random one, and has one
    hit on average, as guessing has.

    Parameters
    ----------
    decoded : Embeddings of shape (n, n_features)
        Named by what was seen.
    gallery : Gallery
        With as many candidates.

    Returns
    -------
    ndarray of bool, shape (n,)

    Raises
    ------
    DataError
        If there are more or fewer candidates than responses.

    Examples
    --------
    Alone, the second response would be taken for the first picture, which the first response claims:

    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.decoding import Gallery, ranks
    >>> from companion.decoding.leaks.transductive import one_to_one_hits
    >>> pictures = Embeddings(np.eye(2), ("cat", "dog"), "toy")
    >>> decoded = Embeddings([[1.0, 0.1], [0.8, 0.6]], ("cat", "dog"), "toy")
    >>> ranks(decoded, pictures).tolist()
    [1, 2]
    >>> one_to_one_hits(decoded, Gallery.presented(pictures)).tolist()
    [True, True]
    """
    candidates = gallery.candidates.normalised().values
    if len(candidates) != len(decoded):
        raise DataError(
            "Every candidate is handed out once", expected=f"{len(decoded)} candidates", got=len(candidates)
        )
    rows, given = linear_sum_assignment(decoded.normalised().values @ candidates.T, maximize=True)
    hits: npt.NDArray[np.bool_] = given[np.argsort(rows)] == gallery.rows_of(decoded.ids)
    return hits
