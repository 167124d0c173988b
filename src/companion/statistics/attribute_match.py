"""In what retrieved pictures resemble the one that was seen: kind, colour, pattern, scene."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from companion.errors import DataError


def attribute_match(
    retrieved: pd.DataFrame, attributes: pd.DataFrame, *, gallery: Sequence[str], n: int = 5
) -> pd.DataFrame:
    """Share of the best ``n`` candidates, the seen picture left out, that have an attribute of the seen one.

    The seen picture matches itself in everything. Counting it would mix how often it is found with what the
    errors look like, so it is left out on both sides: of what was retrieved (the next one moves up) and of
    the gallery that chance is computed from.

    Parameters
    ----------
    retrieved : DataFrame
        At least ``n + 1`` rows per query, best first: ``stimulus`` and ``candidate``.
    attributes : DataFrame
        Index: picture ids; one column per attribute.
    gallery : sequence of str
        All candidates.
    n : int
        How many retrieved pictures are looked at.

    Returns
    -------
    DataFrame
        One row per query and attribute: ``stimulus``, ``metric`` (``"same <attribute>"``), ``value`` (share
        of the ``n``) and ``chance`` (share of all other candidates: what drawing at random gives on average).
        With labels added, these are rows of the score table.

    Raises
    ------
    DataError
        If a picture has no attributes or a query too few rows.
    """
    if unknown := sorted((set(gallery) | set(retrieved["stimulus"])) - set(attributes.index)):
        raise DataError("Pictures without attributes", got=unknown[:5])
    others = retrieved[retrieved["candidate"] != retrieved["stimulus"]]
    best = others.groupby("stimulus", sort=False).head(n)
    counts = best["stimulus"].value_counts()
    queries = list(dict.fromkeys(retrieved["stimulus"]))
    if short := [name for name in queries if counts.get(name, 0) < n]:
        raise DataError("Too few retrieved pictures", where=short[0], expected=f"{n} besides the seen one")
    parts = []
    for name in attributes:
        values = attributes[name]
        same = values.loc[best["candidate"]].to_numpy() == values.loc[best["stimulus"]].to_numpy()
        share = pd.Series(same, index=best["stimulus"]).groupby(level=0).mean()
        rows = pd.DataFrame({"stimulus": queries, "metric": f"same {name}"})
        rows["value"] = share.loc[queries].to_numpy(dtype=np.float64)
        parts.append(rows.assign(chance=_chance(queries, values, gallery)))
    return pd.concat(parts, ignore_index=True)


def _chance(queries: Sequence[str], values: pd.Series[str], gallery: Sequence[str]) -> np.ndarray:
    """Share of the gallery, without the query, that has the query's value."""
    counts = values.loc[list(gallery)].value_counts()
    inside = np.isin(np.array(queries, dtype=object), np.array(gallery, dtype=object))
    same = counts.reindex(values.loc[list(queries)], fill_value=0).to_numpy() - inside
    return np.asarray(same / (len(gallery) - inside))


def category_confusion(
    retrieved: pd.DataFrame, category_of: Mapping[str, str], categories: Sequence[str]
) -> pd.DataFrame:
    """Category of what was retrieved first, by category of what was seen.

    Parameters
    ----------
    retrieved : DataFrame
        ``stimulus``, ``candidate`` and ``place``.
    category_of : mapping of str to str
        Picture or concept -> category.
    categories : sequence of str
        Order of rows and columns.

    Returns
    -------
    DataFrame
        Seen by retrieved; a row holds shares that sum to 1, or is missing where nothing of the category was
        seen.

    Raises
    ------
    DataError
        If a picture has no category.
    """
    first = retrieved[retrieved["place"] == 1]
    if unknown := sorted({*first["stimulus"], *first["candidate"]} - set(category_of)):
        raise DataError("Pictures without a category", got=unknown[:5])
    seen, named = (first[column].map(category_of) for column in ("stimulus", "candidate"))
    counts = pd.crosstab(seen, named).reindex(index=list(categories), columns=list(categories), fill_value=0)
    shares: pd.DataFrame = counts.div(counts.sum(axis=1).replace(0, np.nan), axis=0)
    return shares.rename_axis(index="seen", columns="retrieved")
