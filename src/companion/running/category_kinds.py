"""What categories of GOD are called, which of them live, and which are concepts of THINGS, too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from companion.errors import DataError
from companion.loading.god.names import FIRST_SIMULATED
from companion.loading.god.tested_categories import god_test_categories
from companion.loading.sources import Null, ScaleName, Source, recordings_folder
from companion.loading.things_pictures import KINDS_FILE
from companion.loading.wordnet import wordnet_lemmas

_HOMONYM = re.compile(r"(?<=\D)\d+$")


def category_kinds(
    categories: Sequence[str], *, source: Source, scale: ScaleName = "lesson", null: Null | None = None
) -> pd.DataFrame:
    """Name categories, and say which are living things.

    Parameters
    ----------
    categories : sequence of str
        WordNet ids, ``n01443537``; of official ones test categories only.
    source, scale, null
        As a chapter has them.

    Returns
    -------
    DataFrame of shape (n_categories, 2), indexed by category
        ``label`` and ``living`` (bool), in the order given.

    Raises
    ------
    DataError
        If nobody has said of a category whether it lives.
    MissingDataError
        If the world's stimuli have not been made.
    """
    table = god_test_categories() if source == "official" else _kinds(source, scale, null)
    if unknown := [name for name in categories if name not in table.index]:
        raise DataError("A category has no name and type", got=unknown[0])
    return table.loc[list(categories)]


def category_words(
    categories: Sequence[str], *, source: Source, scale: ScaleName = "lesson", null: Null | None = None
) -> dict[str, list[str]]:
    """All words of categories: WordNet's, or the one noun of each in the miniature world.

    Parameters
    ----------
    categories, source, scale, null
        As in :func:`category_kinds`; any category.

    Raises
    ------
    DataError
        If a category has no words.
    MissingDataError
        If the file of words, or the world's stimuli, are not there.
    """
    if source == "official":
        words = wordnet_lemmas()
    else:
        table = _kinds(source, scale, null)
        words = {str(name): [noun] for name, noun in zip(table.index, table["label"], strict=True)}
    if unknown := [name for name in categories if name not in words]:
        raise DataError("A category has no words", got=unknown[0])
    return {name: words[name] for name in categories}


def same_things(words: Mapping[str, Iterable[str]], concepts: Iterable[str]) -> dict[str, str]:
    """Categories that a concept of THINGS has a word of.

    Parameters
    ----------
    words : mapping of category to words
        From :func:`category_words`.
    concepts : iterable of str
        Ids, such as ``polar_bear``; a number at the end, which tells homonyms apart, does not count.

    Returns
    -------
    dict of category to concept
        Categories without such a concept are left out. Two things of one name count as the same.

    Examples
    --------
    >>> same_things({"n1": ["Bat", "chiropteran"], "n2": ["harp"]}, ["bat1", "polar_bear"])
    {'n1': 'bat1'}
    """
    concept_of = {_HOMONYM.sub("", concept).replace("_", " ").lower(): concept for concept in concepts}
    return {
        category: concept_of[word.lower()]
        for category, several in words.items()
        for word in reversed(list(several))
        if word.lower() in concept_of
    }


def _kinds(source: Source, scale: ScaleName, null: Null | None) -> pd.DataFrame:
    folder = recordings_folder("stimuli", source=source, scale=scale, null=null)
    kinds = pd.read_csv(folder / KINDS_FILE, usecols=["number", "noun", "living"])
    names = [f"n{FIRST_SIMULATED + number}" for number in kinds["number"]]
    return pd.DataFrame({"label": kinds["noun"].to_list(), "living": kinds["living"].to_list()}, index=names)
