"""Matching within random subsets of the test images, as scores on the Natural Scenes Dataset are reported."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.decoding.matching import BACKWARD, FORWARD, cosines
from companion.decoding.standing import Booleans, standing
from companion.embeddings import Embeddings
from companion.errors import DataError


def redraws(
    decoded: Embeddings,
    candidates: Embeddings,
    *,
    image_of: Mapping[str, str] | None = None,
    n_way: int = 300,
    n_redraws: int = 30,
    seed: int = 0,
) -> pd.DataFrame:
    """Draw test images again and again, and match among those drawn.

    Parameters
    ----------
    decoded : Embeddings of shape (n_images, n_features)
        One per image, named by it.
    candidates : Embeddings of shape (n_candidates, n_features)
        Pictures or texts of at least these images, named by image; or several of each, see ``image_of``.
    image_of : mapping of str to str, optional
        Candidate -> image. An image that is drawn brings all its candidates, each of which is right for it;
        then there is no way back, from a candidate to one of as many responses.
    n_way : int
        Images of a subset; each is looked up among all of them.
    n_redraws : int
        Subsets, each drawn anew without replacement. The seed alone decides which, so that methods are
        compared within the same subsets.
    seed : int
        Of the draws.

    Returns
    -------
    DataFrame
        One row per redraw and direction: ``redraw`` (from 1), ``direction``, ``top1`` and ``top5`` in
        percent, ``chance`` (top-1, percent).

    Raises
    ------
    DataError
        If there are too few images, or an image has no candidate.

    Notes
    -----
    Subsets overlap and share decoder and brain, so their spread is no standard error of anything. Where each
    image has one candidate, their expectation is known without drawing:
    :func:`companion.decoding.standing.n_way_hits`.
    """
    if not 2 <= n_way <= len(decoded):
        raise DataError("Too few images to draw from", expected=f"at most {len(decoded)}", got=n_way)
    right = _belongs(decoded, candidates, image_of)
    similarity = cosines(decoded, candidates)
    rng = np.random.default_rng(seed)
    rows: list[dict[str, float | str]] = []
    for redraw in range(1, n_redraws + 1):
        drawn = rng.choice(len(decoded), n_way, replace=False)
        part = np.ix_(drawn, right[drawn].any(axis=0))
        ways = {FORWARD: (similarity[part], right[part])}
        if image_of is None:
            ways[BACKWARD] = (similarity[part].T, right[part].T)
        for name, (values, own) in ways.items():
            found = standing(values, own)
            top = {f"top{k}": 100 * float(found.hits(k).mean()) for k in (1, 5)}
            chance = 100 * float(own.mean(axis=1).mean())
            rows.append({"redraw": redraw, "direction": name, **top, "chance": chance})
    return pd.DataFrame(rows)


def _belongs(decoded: Embeddings, candidates: Embeddings, image_of: Mapping[str, str] | None) -> Booleans:
    """Which candidates are right for which image: (n_images, n_candidates)."""
    owner = [name if image_of is None else image_of.get(name, "") for name in candidates.ids]
    images: npt.NDArray[np.object_] = np.array(decoded.ids, dtype=object)
    right: Booleans = np.asarray(images[:, None] == np.array(owner, dtype=object)[None])
    if bare := [name for name, own in zip(decoded.ids, right, strict=True) if not own.any()]:
        raise DataError("Images without a candidate", where=repr(candidates), got=bare[:5])
    return right
