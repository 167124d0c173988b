"""GloVe vectors: the words needed, streamed out of a text file or out of a zip archive.

The layout is one word per line, then its numbers, separated by single blanks. Every line is counted and a zip
member is read to its end, where its checksum is compared; only the wanted words are kept.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from companion.embeddings import Embeddings, FloatArray
from companion.encoders.text_lines import lines_of
from companion.errors import DataError

_BETWEEN_WORDS = re.compile(r"[_\-'\s]+")


@dataclass(frozen=True, eq=False)
class CategoryVectors:
    """Word vectors of categories, and what they are made of.

    Parameters
    ----------
    vectors : Embeddings of shape (n_found, n_features)
        Categories with at least one word, in the order asked for.
    words : mapping from category to tuple of str
        The words whose vectors were averaged; empty for a category without any.

    Examples
    --------
    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.encoders import CategoryVectors
    >>> vectors = Embeddings(np.ones((1, 2)), ("n01",), "words")
    >>> found = CategoryVectors(vectors, {"n01": ("dog", "hound"), "n02": ()})
    >>> [category for category, words in found.words.items() if not words]
    ['n02']
    """

    vectors: Embeddings
    words: Mapping[str, tuple[str, ...]]

    @property
    def without_words(self) -> tuple[str, ...]:
        """Categories none of whose words is in the file; they have no vector."""
        return tuple(category for category, words in self.words.items() if not words)


def category_vectors(
    path: Path,
    lemmas: Mapping[str, Sequence[str]],
    *,
    space: str,
    member: str | None = None,
) -> CategoryVectors:
    r"""Vectors of categories from the words of their lemmas.

    A lemma is put in lower case and split into words at ``_``, ``-``, ``'`` and blanks. The vector of a lemma
    is the mean of its words that are in the file; that of a category is the mean of its lemmas with at least
    one such word. So ``{"n02071294": ["killer_whale", "Orcinus_orca"]}`` weighs both names equally.

    Parameters
    ----------
    path : Path
        Text file, or zip archive that holds one. The file's words must be in lower case
        (glove.42B.300d, glove.6B, glove.twitter.27B; not glove.840B).
    lemmas : mapping from category to sequence of str
    space : str
        Name of the space, such as ``"GloVe 42B"``.
    member : str, optional
        Which file of a zip archive; may be left out where it holds one text file.

    Returns
    -------
    CategoryVectors
        Categories without any word found are named there; look at them.

    Raises
    ------
    DataError
        If the file is damaged or malformed, or no word of any category is in it.

    References
    ----------
    Vafaei et al. (2026), Communications Biology 9, 206, Methods: mean over the ImageNet annotations.
    Pennington, Socher & Manning (2014), EMNLP: GloVe.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from companion.encoders import category_vectors
    >>> with tempfile.TemporaryDirectory() as name:
    ...     path = Path(name) / "vectors.txt"
    ...     _ = path.write_text("killer 1 0\nwhale 0 1\norcinus 4 4\n")
    ...     found = category_vectors(path, {"n02071294": ["killer_whale", "Orcinus_orca"]}, space="words")
    >>> found.vectors.values.tolist(), found.words["n02071294"]
    ([[2.25, 2.25]], ('killer', 'whale', 'orcinus'))
    """
    split = {category: [words_of(lemma) for lemma in names] for category, names in lemmas.items()}
    wanted = {word for names in split.values() for words in names for word in words}
    found = _read(path, wanted, member)
    used: dict[str, tuple[str, ...]] = {}
    means: dict[str, FloatArray] = {}
    for category, names in split.items():
        known = [present for words in names if (present := [word for word in words if word in found])]
        used[category] = tuple(dict.fromkeys(word for words in known for word in words))
        if known:
            means[category] = np.mean(
                [np.mean([found[word] for word in words], axis=0) for words in known], axis=0
            )
    if not means:
        raise _none_found(path, wanted)
    return CategoryVectors(Embeddings(np.array(list(means.values())), tuple(means), space), used)


def word_vectors(path: Path, words: Iterable[str], *, space: str, member: str | None = None) -> Embeddings:
    """Vectors of single words, exactly as they are spelt.

    Parameters
    ----------
    path, space, member
        As in :func:`category_vectors`.
    words : iterable of str

    Returns
    -------
    Embeddings of shape (n_found, n_features)
        Words that are in the file, in the order asked for; compare ``.ids`` with what was asked.

    Raises
    ------
    DataError
        If the file is damaged or malformed, or none of the words is in it.

    Examples
    --------
    >>> from companion.encoders import miniature_word_vectors_file, word_vectors
    >>> word_vectors(miniature_word_vectors_file(), ["red", "Red", "blue"], space="miniature words").ids
    ('red', 'blue')
    """
    asked = list(dict.fromkeys(words))
    found = _read(path, set(asked), member)
    if not found:
        raise _none_found(path, asked)
    present = tuple(word for word in asked if word in found)
    return Embeddings(np.array([found[word] for word in present]), present, space)


def words_of(lemma: str) -> list[str]:
    """Words of a lemma, in lower case.

    Examples
    --------
    >>> from companion.encoders import words_of
    >>> words_of("welder's_mask"), words_of("Stained-glass")
    (['welder', 's', 'mask'], ['stained', 'glass'])
    """
    return [word for word in _BETWEEN_WORDS.split(lemma.lower()) if word]


def _read(path: Path, wanted: set[str], member: str | None) -> dict[str, FloatArray]:
    """Vectors of the wanted words; the whole file passes by, line after line."""
    keys = {word.encode("utf-8"): word for word in wanted}
    found: dict[str, FloatArray] = {}
    n_features = 0
    with lines_of(path, member) as lines:
        for number, line in enumerate(lines, start=1):
            n_features = n_features or line.count(b" ")
            key = _word_of(line, n_features, f"{path}, line {number}")
            if (word := keys.get(key)) is None:
                continue
            if word in found:
                raise _malformed(f"{path}, line {number}", "each word once", f"{word!r} again")
            found[word] = _numbers(line, n_features, f"{path}, line {number}")
    if not n_features:
        raise DataError("A word vector file is empty", where=path, do="fetch it again")
    return found


def _word_of(line: bytes, n_features: int, where: str) -> bytes:
    """Count the numbers of a line, and return its word.

    A few words of glove.840B contain blanks; what follows such a blank is no number.
    """
    blanks = line.count(b" ")
    first, _, rest = line.partition(b" ")
    if n_features < 1 or blanks < n_features or not first:
        raise _malformed(where, f"a word and {max(n_features, 1)} numbers", f"{blanks} blanks")
    if blanks == n_features:
        return first
    surplus = rest.split(b" ", blanks - n_features)[:-1]
    if all(map(_is_number, surplus)):
        raise _malformed(where, f"{n_features} numbers", f"{blanks} blanks")
    return b" ".join([first, *surplus])


def _numbers(line: bytes, n_features: int, where: str) -> FloatArray:
    fields = line.split(b" ")[-n_features:]
    for field in fields:
        if not _is_number(field) or not math.isfinite(float(field)):
            raise _malformed(where, "finite numbers", repr(field.decode("utf-8", "replace").strip()))
    return np.array(fields, dtype=np.float64)


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return b"_" not in field  # which Python allows in numbers


def _malformed(where: str, expected: str, got: str) -> DataError:
    return DataError(
        "A line is not in GloVe's layout",
        where=where,
        expected=expected,
        got=got,
        do="fetch the file again; a first line with two counts (word2vec's layout) must be removed",
    )


def _none_found(path: Path, wanted: Iterable[str]) -> DataError:
    return DataError(
        "None of the words is in the file",
        where=path,
        expected=f"some of {sorted(wanted)[:5]}",
        do="look at the words' language and spelling; this file may be in another case",
    )
