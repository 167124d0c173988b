"""The errors a user may meet. Each says what, where, expected, got and what to do."""

from __future__ import annotations

LONGEST_DETAIL = 2_000
"""Characters of what was expected and what was found that a message shows."""


class CompanionError(Exception):
    """Something a person can mend; the command line prints the message without a traceback.

    Parameters
    ----------
    what : str
        What went wrong, in one sentence.
    where : str, optional
        File, key, chapter or address.
    expected, got : str, optional
        What should have been there, and what was.
    do : str, optional
        What to do about it.

    Examples
    --------
    >>> from companion import CompanionError
    >>> print(CompanionError("The map does not fit", expected="4 features", got=3, do="fit it anew"))
    The map does not fit
      expected: 4 features
      got: 3
      what to do: fit it anew
    """

    def __init__(
        self,
        what: str,
        *,
        where: object = None,
        expected: object = None,
        got: object = None,
        do: str | None = None,
    ) -> None:
        lines = [what]
        details = (
            ("where", where),
            ("expected", None if expected is None else _shortened(str(expected))),
            ("got", None if got is None else _shortened(str(got))),
            ("what to do", do),
        )
        lines += [f"  {label}: {detail}" for label, detail in details if detail is not None]
        super().__init__(_plain("\n".join(lines)))
        self.what = what

    def advise(self, do: str) -> None:
        """Say what to do, where the message does not say so yet."""
        if "\n  what to do: " not in str(self):
            self.args = (f"{self}\n  what to do: {do}",)

    def locate(self, where: object) -> None:
        """Say where; in front of a place within that, if the message names one."""
        first, *more = str(self).split("\n")
        if more and more[0].startswith("  where: "):
            more[0] = more[0].replace("  where: ", f"  where: {where}, ", 1)
        else:
            more.insert(0, f"  where: {where}")
        self.args = ("\n".join([first, *more]),)


class DataError(CompanionError):
    """A file, table or array is not what it should be.

    Examples
    --------
    >>> import numpy as np
    >>> from companion import DataError, Embeddings
    >>> try:
    ...     Embeddings(np.eye(2), ("cat", "cat"), "toy")
    ... except DataError as error:
    ...     print(error.what)
    An id is used twice
    """


class MissingDataError(DataError):
    """A data set of the manifest is not on this machine.

    Examples
    --------
    Whoever handles wrong data handles missing data, too:

    >>> from companion import DataError, MissingDataError
    >>> try:
    ...     raise MissingDataError("The recording is not here", do="companion data fetch things-meg")
    ... except DataError as error:
    ...     print(error)
    The recording is not here
      what to do: companion data fetch things-meg
    """


class DownloadError(DataError):
    """A download did not complete; nothing was left under the final name.

    Examples
    --------
    >>> from companion import DownloadError
    >>> print(DownloadError("The server sent another file", where="example.org", do="try again later"))
    The server sent another file
      where: example.org
      what to do: try again later
    """


class ChapterError(CompanionError):
    """A chapter cannot be run, or failed while it ran.

    Examples
    --------
    >>> from companion import ChapterError
    >>> print(ChapterError("Unknown chapter", got="rulers", do="companion run ruler"))
    Unknown chapter
      got: rulers
      what to do: companion run ruler
    """


def _shortened(text: str) -> str:
    """Beginning and end of a text that may be as long as a file."""
    if len(text) <= LONGEST_DETAIL:
        return text
    return f"{text[: LONGEST_DETAIL - 500]} ... ({len(text)} characters) ... {text[-400:]}"


def _plain(text: str) -> str:
    """Text with what could steer a terminal, or cannot be written, escaped: it may come from a file."""
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else ascii(letter)[1:-1] for letter in text
    )
