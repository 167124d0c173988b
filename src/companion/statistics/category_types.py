"""Which kinds of categories gain: clusters of vectors, and living things against artefacts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.errors import DataError
from companion.statistics.concept_bootstrap import interval
from companion.statistics.similarity import FloatArray

IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class TypeInteraction:
    """Whether living things gain more than artefacts, and more so in one space than in another.

    Attributes
    ----------
    n_living, n_artefacts : int
        Categories.
    difference : float
        Lead of living things over artefacts in the first space, less their lead in the second.
    low, high : float
        Its 95 % interval over categories (percentiles).
    p : float
        Two-sided, by permuted categories.
    effects : DataFrame
        One row per space: ``space``, ``living`` and ``artefacts`` (means), ``difference`` (the lead),
        ``low``, ``high`` and ``p``.
    """

    n_living: int
    n_artefacts: int
    difference: float
    low: float
    high: float
    p: float
    effects: pd.DataFrame


def cluster_categories(vectors: FloatArray, *, n_clusters: int = 10, seed: int = 0) -> IntArray:
    """Cluster category vectors by k-means.

    Parameters
    ----------
    vectors : ndarray of shape (n_categories, n_features)
    n_clusters : int
    seed : int
        Of the ten starts, the best of which is kept.

    Returns
    -------
    ndarray of shape (n_categories,)
        Numbers from 0: the largest cluster first, of equally large ones the one that appears first. The names
        thus depend on the clusters only.

    Raises
    ------
    DataError
        If there are fewer different vectors than clusters, or a value is not finite.

    Notes
    -----
    The paper forms ten clusters in each space; its method is not in the main text. This is a reading.

    References
    ----------
    Vafaei et al. (2026), Communications Biology 9, 206: Figs. 6a and 7a.

    Examples
    --------
    >>> cluster_categories(np.array([[9.0], [0.0], [0.1], [9.1], [0.2]]), n_clusters=2).tolist()
    [1, 0, 0, 1, 0]
    """
    from sklearn.cluster import KMeans

    rows = np.asarray(vectors, dtype=np.float64)
    if rows.ndim != 2 or not np.isfinite(rows).all() or len(np.unique(rows, axis=0)) < n_clusters:
        raise DataError(
            "These vectors cannot be clustered",
            expected=f"a finite matrix of at least {n_clusters} different rows",
            got=rows.shape,
        )
    found = KMeans(n_clusters, n_init=10, random_state=seed).fit_predict(rows)
    _, first, codes, counts = np.unique(found, return_index=True, return_inverse=True, return_counts=True)
    name_of = np.empty(len(counts), dtype=np.intp)
    name_of[np.lexsort((first, -counts))] = np.arange(len(counts))
    return name_of[codes]


def type_interaction(
    improvement: pd.DataFrame,
    *,
    first: str,
    second: str,
    n_permutations: int = 10_000,
    n_bootstrap: int = 10_000,
    seed: int = 0,
) -> TypeInteraction:
    """Test whether the lead of living things over artefacts differs between two spaces.

    Permutation shuffles which categories are living, the same way in both spaces, since these share whatever
    makes a category easy. The bootstrap draws living categories and artefacts anew, each among themselves and
    with their values in both spaces.

    Parameters
    ----------
    improvement : DataFrame
        ``space``, ``category``, ``living`` (bool) and ``value``: aligned less original accuracy, averaged
        over the subjects of a modality, less the same of shuffled labels. Each category once in each of the
        two spaces; other spaces are ignored.
    first, second : str
        The spaces; differences are first minus second.
    n_permutations, n_bootstrap, seed : int

    Returns
    -------
    TypeInteraction

    Raises
    ------
    DataError
        If the spaces do not have the same categories once each with the same type, a value is not finite, or
        there are fewer than two categories of a type.

    Notes
    -----
    p is (1 + permutations that reach the observed size) / (1 + permutations), which never errs too often
    (Phipson and Smyth 2010, Statistical Applications in Genetics and Molecular Biology 9, 39). It takes
    categories as exchangeable, so a type that varies more can also make it small.

    References
    ----------
    Vafaei et al. (2026), Communications Biology 9, 206: gains of artefacts with CLIP, of animals with GloVe.
    """
    values, living = _checked(improvement, (first, second))
    both = np.column_stack([values, values[:, 0] - values[:, 1]])
    observed = _leads(living[None], both)[0]
    p = _permutation_p(observed, living, both, n_permutations, seed)
    low, high = interval(_bootstrap(living, both, n_bootstrap, seed))
    effects = pd.DataFrame(
        {
            "space": [first, second],
            "living": values[living].mean(axis=0),
            "artefacts": values[~living].mean(axis=0),
            "difference": observed[:2],
            "low": low[:2],
            "high": high[:2],
            "p": p[:2],
        }
    )
    n_living, difference = int(living.sum()), float(observed[2])
    return TypeInteraction(
        n_living, len(living) - n_living, difference, float(low[2]), float(high[2]), float(p[2]), effects
    )


def _checked(table: pd.DataFrame, spaces: tuple[str, str]) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Values of both spaces, (n_categories, 2), and which categories are living."""
    rows = table[table["space"].isin(spaces)]
    once = not rows.duplicated(["space", "category"]).any()
    wide = rows.pivot_table(index="category", columns="space", values="value", dropna=False)
    wide = wide.reindex(columns=list(spaces))
    types = rows[["category", "living"]].drop_duplicates().set_index("category")["living"]
    if not once or types.isna().any() or not np.isfinite(wide.to_numpy()).all() or len(types) != len(wide):
        raise DataError(
            "Two spaces do not share their categories",
            where=" and ".join(spaces),
            expected="each category once in each space, finite, with one type",
            got=f"{len(rows)} rows of {len(wide)} categories",
        )
    living = types.loc[wide.index].to_numpy(dtype=bool)
    if min(living.sum(), (~living).sum()) < 2:
        raise DataError("Two types need two categories each", got=f"{living.sum()} living of {len(living)}")
    return wide.to_numpy(dtype=np.float64), living


def _leads(living: npt.NDArray[np.bool_], values: FloatArray) -> FloatArray:
    """Mean over living less mean over artefacts, (n_labellings, n_columns)."""
    weights = np.where(living, 1 / living[0].sum(), -1 / (~living[0]).sum())
    return np.asarray(weights @ values)


def _permutation_p(
    observed: FloatArray, living: npt.NDArray[np.bool_], values: FloatArray, n: int, seed: int
) -> FloatArray:
    labels = np.random.default_rng(seed).permuted(np.tile(living, (n, 1)), axis=1)
    tolerance = 1e-12 * np.abs(values).max()  # sums of the same numbers in another order
    reached = (np.abs(_leads(labels, values)) >= np.abs(observed) - tolerance).sum(axis=0)
    return np.asarray((1 + reached) / (1 + n))


def _bootstrap(living: npt.NDArray[np.bool_], values: FloatArray, n: int, seed: int) -> FloatArray:
    """Leads of categories drawn anew within their types: (n, n_columns)."""
    rng = np.random.default_rng(seed)
    means = []
    for part in (values[living], values[~living]):
        counts = rng.multinomial(len(part), np.full(len(part), 1 / len(part)), size=n)
        means.append(counts @ part / len(part))
    return np.asarray(means[0] - means[1])
