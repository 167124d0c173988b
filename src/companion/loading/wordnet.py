"""Words of WordNet categories: a text file of ids such as ``n01443537`` and their words, one category a line.

The id is followed by a tab (or blanks) and by words that are parted by commas:
``n01443537<tab>goldfish, Carassius auratus``.
"""

from __future__ import annotations

import re
from pathlib import Path

from companion.errors import DataError
from companion.loading.reading import advising, present
from companion.loading.store import data_file

_LINE = re.compile(r"(?P<category>n\d{8})[\t ]+(?P<words>\S.*)")


def wordnet_lemmas() -> dict[str, list[str]]:
    """Read the words of all ImageNet categories, from the file that the manifest names.

    Returns
    -------
    dict of category to list of str
        As :func:`read_lemmas` returns them.

    Raises
    ------
    MissingDataError
        If the file is not on this machine.

    References
    ----------
    Miller (1995), Communications of the ACM 38: WordNet.
    """
    return read_lemmas(data_file("wordnet-lemmas"))


@advising("get the file anew, as the manifest says for wordnet-lemmas")
def read_lemmas(path: Path) -> dict[str, list[str]]:
    """Read a file of categories and their words.

    Parameters
    ----------
    path : Path
        Text in UTF-8, with line ends of any system.

    Returns
    -------
    dict of category to list of str
        In the order of the file. Words are as they are spelt there, several parts of one parted by blanks:
        ``{"n01443537": ["goldfish", "Carassius auratus"]}``.

    Raises
    ------
    DataError
        If a line is not an id and its words, a word is empty, a category stands twice, or there is no line.
    """
    try:
        lines = present(path).read_text("utf-8-sig").rstrip("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError("A file of words cannot be read", where=path, expected="UTF-8", got=error) from error
    lemmas: dict[str, list[str]] = {}
    for number, line in enumerate(lines, start=1):
        match = _LINE.fullmatch(line)
        words = [word.strip() for word in match["words"].split(",")] if match else []
        if match is None or not all(words):
            raise DataError(
                "A line of a file of words is malformed",
                where=f"{path}, line {number}",
                expected="n01443537, a tab, and words parted by commas",
                got=repr(line[:80]),
            )
        if match["category"] in lemmas:
            raise DataError("A category stands twice", where=f"{path}, line {number}", got=match["category"])
        lemmas[match["category"]] = words
    return lemmas
