"""Naming what was seen, among categories that no decoder was trained on.

Two read-outs, of which published comparisons often take one for one method and the other for its rival. *Text
cosine* names the category whose text lies nearest to the decoded vector. A *classifier* is fitted on vectors
of the test categories, pictures and texts, and classifies the decoded vector: it has seen what the candidates
look like. Both make the same table here, from single trials or from means, so that like stands beside like.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.checks import choice, number
from companion.decoding.matching import check_lengths, cosines, match, on_common_centre
from companion.decoding.standing import standing, table_of
from companion.embeddings import Embeddings
from companion.errors import DataError
from companion.scores import SCORE_COLUMNS, as_scores

TEXT, CLASSIFIER, CENTRED = "text cosine", "SVM", ", centred"
"""Names of read-outs; centred ones have the third behind the first or second."""

PENALTY = 1.0
"""C of the support vector machine, as published."""


def name_by_text(
    decoded: Embeddings,
    anchors: Embeddings,
    *,
    categories: Mapping[str, str] | None = None,
    training: Embeddings | None = None,
    **labels: Any,
) -> pd.DataFrame:
    """Rank categories by the cosine of their texts with the decoded vector.

    Parameters
    ----------
    decoded : Embeddings of shape (n_items, n_features)
        By category, or by trial or image.
    anchors : Embeddings of shape (n_categories, n_features)
        One text vector per candidate, by category; the order changes nothing.
    categories : mapping of str to str, optional
        Decoded id -> category; an id that is not named is a category itself.
    training : Embeddings, optional
        The decoder's predictions for its *training* responses. With them both sides are centred
        (:func:`companion.decoding.on_common_centre`); without, cosines are raw.
    **labels
        Further columns, such as ``subject``, ``supervision`` and ``condition``.

    Returns
    -------
    DataFrame
        One row per decoded vector with the columns of :func:`companion.decoding.table_of`, of which
        ``answer`` is the true category; ``named``, the category that comes first; and ``readout``.

    Raises
    ------
    DataError
        If a true category is not among the anchors, or lengths differ.

    Examples
    --------
    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.decoding import name_by_text
    >>> texts = Embeddings(np.eye(3), ("cat", "dog", "key"), "toy")
    >>> decoded = Embeddings([[0.9, 0.1, 0.0], [0.7, 0.6, 0.1], [0.0, 0.2, 0.5]], texts.ids, "toy")
    >>> name_by_text(decoded, texts)[["answer", "named", "rank"]].values.tolist()
    [['cat', 'cat', 1.0], ['dog', 'cat', 2.0], ['key', 'key', 1.0]]
    """
    if training is not None:
        decoded, anchors = on_common_centre(decoded, anchors, training)
    best = cosines(decoded, anchors).argmax(axis=1)
    readout = TEXT if training is None else TEXT + CENTRED
    found = match(decoded, anchors, answers=categories, readout=readout, **labels)
    return found.assign(named=[anchors.ids[row] for row in best])


def name_by_classifier(
    decoded: Embeddings,
    features: Embeddings,
    classes: Mapping[str, str],
    *,
    categories: Mapping[str, str] | None = None,
    training: Embeddings | None = None,
    gamma: float | str = "scale",
    **labels: Any,
) -> pd.DataFrame:
    """Rank categories by a support vector machine fitted on vectors of the test categories, as BraVL does.

    Parameters
    ----------
    decoded : Embeddings of shape (n_items, n_features)
        As in :func:`name_by_text`. Never used for fitting.
    features : Embeddings of shape (n_vectors, n_features)
        Vectors of the candidate categories; published: one picture and one text of each.
    classes : mapping of str to str
        Id of a vector -> its category.
    categories, training
        As in :func:`name_by_text`.
    gamma : float or {"scale", "auto"}
        Width of the radial kernel, as scikit-learn takes it.
    **labels
        Further columns.

    Returns
    -------
    DataFrame
        As of :func:`name_by_text`; ``similarity`` is the machine's score of the true category.

    Raises
    ------
    DataError
        If a vector has no category, fewer than three categories are there, or a true category is not.

    Notes
    -----
    Where the picture that was shown is among the vectors, the classifier in part matches pictures, which text
    cosine cannot. Departures from the published read-out, all where it cannot be carried over:

    * Published, five latent vectors are drawn per picture and text from what the model believes about them.
      A vector of CLIP has no such spread, so each enters once, without invented noise.
    * Published, gamma is 1e-5, for latent vectors of another size. On vectors of length one it makes the
      kernel flat: probabilities then tie throughout, which is guessing. The default follows the features.
    * Published, categories are ranked by probabilities. These are fitted inside the library to a handful of
      vectors per class, and scikit-learn has given them up. Categories are ranked by the votes of the pairs
      of classes that a prediction counts, equal ones by their margins.

    Examples
    --------
    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.decoding import name_by_classifier
    >>> seen = Embeddings(np.repeat(np.eye(3), 2, axis=0), ("c1", "c2", "d1", "d2", "k1", "k2"), "toy")
    >>> classes = dict(zip(seen.ids, ("cat", "cat", "dog", "dog", "key", "key")))
    >>> decoded = Embeddings([[0.9, 0.2, 0.1], [0.1, 0.2, 0.8]], ("cat", "key"), "toy")
    >>> name_by_classifier(decoded, seen, classes)[["answer", "named", "top1"]].values.tolist()
    [['cat', 'cat', 1.0], ['key', 'key', 1.0]]

    References
    ----------
    Du et al. (2023), TPAMI 45, 10760-10777, released code for fMRI.
    """
    from sklearn.svm import SVC

    if isinstance(gamma, str):
        choice("gamma", gamma, ("auto", "scale"))
    else:
        number("gamma", gamma, above=0)
    check_lengths(decoded, features)
    names = _classes(features, classes)
    if training is not None:
        decoded, features = on_common_centre(decoded, features, training)
    machine = SVC(C=PENALTY, kernel="rbf", gamma=gamma, decision_function_shape="ovr")
    with warnings.catch_warnings():  # one vector per class is no regression, as scikit-learn suspects
        warnings.filterwarnings("ignore", "The number of unique classes is greater", UserWarning)
        machine.fit(features.normalised().values, names)
    candidates = [str(name) for name in machine.classes_]
    scores = np.asarray(machine.decision_function(decoded.normalised().values), dtype=np.float64)
    answers = [(categories or {}).get(name, name) for name in decoded.ids]
    if unknown := sorted(set(answers) - set(candidates)):
        raise DataError("True categories without a vector", where=repr(features), got=unknown[:5])
    right = np.array(answers, dtype=object)[:, None] == np.array(candidates, dtype=object)[None]
    table = table_of(decoded.ids, answers, standing(scores, right), right)
    readout = CLASSIFIER if training is None else CLASSIFIER + CENTRED
    named = [candidates[row] for row in scores.argmax(axis=1)]
    return table.assign(readout=readout, **labels, named=named)


def four_cells(
    decoded: Mapping[str, Embeddings],
    anchors: Embeddings,
    features: Embeddings,
    classes: Mapping[str, str],
    *,
    categories: Mapping[str, str],
    training: Embeddings | None = None,
    **labels: Any,
) -> pd.DataFrame:
    """Name from single trials and from means, by text and by classifier, all with the same vectors.

    Parameters
    ----------
    decoded : mapping of str to Embeddings
        Condition, such as ``"single trial"`` and ``"mean"`` -> decoded vectors of one decoder.
    anchors, features, classes
        As in :func:`name_by_text` and :func:`name_by_classifier`.
    categories : mapping of str to str
        Decoded id of any condition -> category.
    training : Embeddings, optional
        Training predictions, for centred read-outs.
    **labels
        Further columns.

    Returns
    -------
    DataFrame
        As of :func:`name_by_text`, with ``condition``.
    """
    parts = []
    for condition, vectors in decoded.items():
        shared = {"categories": categories, "training": training, "condition": condition} | labels
        parts += [
            name_by_text(vectors, anchors, **shared),
            name_by_classifier(vectors, features, classes, **shared),
        ]
    return pd.concat(parts, ignore_index=True)


def as_naming_scores(
    table: pd.DataFrame, *, n_repetitions: int, simulated: bool, **labels: str | int | float
) -> pd.DataFrame:
    """Write names or matches as rows of the score table.

    Parameters
    ----------
    table : DataFrame
        As made here or in :mod:`companion.decoding.matching`, of one person and one number of repetitions.
    n_repetitions : int
        Trials averaged into each decoded response.
    simulated : bool
        Whether responses or stimuli are simulated.
    **labels
        ``dataset`` and ``subject`` unless the table has them, and what else tells scores apart.

    Returns
    -------
    DataFrame
        Metrics ``top1``, ``top5`` (0 to 1) and ``rank`` (from 1) of every item; a column ``direction`` of
        the table becomes ``protocol``.
    """
    kept = [name for name in table if name in SCORE_COLUMNS]
    shared = table[kept].assign(stimulus=table["item"], **labels, n_repetitions=n_repetitions)
    if "direction" in table:
        shared = shared.assign(protocol=table["direction"])
    parts = [shared.assign(metric=metric, value=table[metric]) for metric in ("top1", "top5", "rank")]
    return as_scores(pd.concat(parts, ignore_index=True), simulated=simulated)


def _classes(features: Embeddings, classes: Mapping[str, str]) -> npt.NDArray[np.str_]:
    if unknown := [name for name in features.ids if name not in classes]:
        raise DataError("Vectors without a category", where=repr(features), got=unknown[:5])
    names = np.array([classes[name] for name in features.ids], dtype=str)
    if len(set(names)) < 3:  # with two, the machine has one score, not one per class
        raise DataError("Too few categories", where=repr(features), expected="3 or more", got=len(set(names)))
    return names
