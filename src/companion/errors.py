"""The errors a user may meet. Each says what, where, expected, got and what to do."""

from __future__ import annotations


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
        details = (("where", where), ("expected", expected), ("got", got), ("what to do", do))
        lines += [f"  {label}: {detail}" for label, detail in details if detail is not None]
        super().__init__("\n".join(lines))
        self.what = what


class DataError(CompanionError):
    """A file, table or array is not what it should be."""


class MissingDataError(DataError):
    """A data set of the manifest is not on this machine."""


class DownloadError(DataError):
    """A download did not complete; nothing was left under the final name."""


class ChapterError(CompanionError):
    """A chapter cannot be run, or failed while it ran."""
