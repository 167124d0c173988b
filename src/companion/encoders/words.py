"""A tokenizer whose tokens are whole words of a fixed list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from companion.errors import DataError

if TYPE_CHECKING:
    import torch

_WORD = re.compile(r"[a-z0-9]+")
PADDING = 0
UNKNOWN = 1
_FIRST = 2


class WordTokenizer:
    """From texts to numbers of words: the words in order, an end token, then padding.

    The end token has the largest number of all, because CLIP's text tower reads its output where the largest
    number stands.

    Parameters
    ----------
    vocabulary : sequence of str
        Words in lower case, each once; the position gives the number.
    context_length : int
        Tokens per text, the end token included; words beyond it are cut off.

    Examples
    --------
    >>> from companion.encoders import WordTokenizer
    >>> tokenise = WordTokenizer(["a", "red", "dovel"], context_length=6)
    >>> tokenise(["A red, red zorp."]).tolist()
    [[2, 3, 3, 1, 5, 0]]
    """

    def __init__(self, vocabulary: Sequence[str], context_length: int) -> None:
        self.vocabulary = tuple(vocabulary)
        self.context_length = context_length
        self._number = {word: number for number, word in enumerate(self.vocabulary, start=_FIRST)}
        if len(self._number) < len(self.vocabulary):
            raise DataError("A word stands twice in a vocabulary", got=f"{len(self.vocabulary)} words")

    @classmethod
    def from_file(cls, path: Path, context_length: int) -> WordTokenizer:
        """Read a vocabulary: one word a line."""
        return cls(path.read_text("utf-8").split(), context_length)

    @property
    def end(self) -> int:
        """Number of the end token."""
        return _FIRST + len(self.vocabulary)

    @property
    def n_tokens(self) -> int:
        """Size of the table of token vectors."""
        return self.end + 1

    def __call__(self, texts: Sequence[str]) -> torch.Tensor:
        """Tokens of texts, of shape (n_texts, context_length)."""
        import torch

        tokens = torch.full((len(texts), self.context_length), PADDING, dtype=torch.long)
        for row, text in enumerate(texts):
            words = words_in(text)[: self.context_length - 1]
            numbers = [*(self._number.get(word, UNKNOWN) for word in words), self.end]
            tokens[row, : len(numbers)] = torch.tensor(numbers)
        return tokens

    def with_unknown(self, tokens: torch.Tensor, share: float, rng: np.random.Generator) -> torch.Tensor:
        """Replace a share of the words by the unknown word, so that training gives it a meaning."""
        import torch

        drawn = torch.from_numpy(rng.random(tokens.shape) < share)
        return torch.where(drawn & (tokens >= _FIRST) & (tokens < self.end), UNKNOWN, tokens)


def words_in(text: str) -> list[str]:
    """Words of a text in lower case; hyphens and punctuation part words.

    Examples
    --------
    >>> words_in("A long-legged dovel.")
    ['a', 'long', 'legged', 'dovel']
    """
    return _WORD.findall(text.lower())
