"""The 50 test categories of Generic Object Decoding: what they are called, and which of them live.

``tested_categories.csv`` holds this project's own mapping. Labels are those of Figs. 6 and 7 of the
brain-aligned paper, WordNet ids those of the GOD repository. A category counts as living if its WordNet id
names an animal; this includes the conch, which a picture may show as an empty shell. All others are
artefacts.
"""

from __future__ import annotations

from importlib import resources

import pandas as pd


def god_test_categories() -> pd.DataFrame:
    """Name the test categories.

    Returns
    -------
    DataFrame of shape (50, 2), indexed by category (WordNet id)
        ``label`` and ``living`` (bool).

    References
    ----------
    Vafaei et al. (2026), Communications Biology 9, 206, Figs. 6 and 7; Horikawa & Kamitani (2017), Nature
    Communications 8, 15037.
    """
    with resources.as_file(resources.files(__package__) / "tested_categories.csv") as path:
        return pd.read_csv(path, index_col="category", dtype={"label": str, "living": bool})
