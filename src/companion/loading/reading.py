"""Files read strictly: what is absent, of another kind or damaged is refused with its name and a way out.

Tables are read as text, so that ``n/a`` and ids such as ``001`` stay what they are.
"""

from __future__ import annotations

import csv
import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from companion.errors import DataError, MissingDataError

if TYPE_CHECKING:
    import pandas as pd


def present(path: Path) -> Path:
    """Hand a path on if a regular file lies there: opening a pipe would wait for ever.

    Raises
    ------
    MissingDataError
        If there is none.
    """
    if not path.is_file():
        raise MissingDataError(
            "A file is missing",
            where=path,
            expected="a regular file",
            got="something else" if path.exists() else "nothing of this name",
            do="fetch it, or name its folder",
        )
    return path


@contextmanager
def foreign_reader(what: str, *, where: object, do: str) -> Iterator[None]:
    """Turn what another library raises on damaged bytes, whatever it is, into a :class:`DataError`.

    Warnings about content are errors, too: what was read is then not what was written. Those about the
    library itself (deprecations) say nothing of the file, and are passed over.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for kind in (DeprecationWarning, FutureWarning, PendingDeprecationWarning, ResourceWarning):
                warnings.simplefilter("ignore", kind)
            yield
    except DataError:
        raise
    except Exception as error:
        raise DataError(what, where=where, got=f"{type(error).__name__}: {error}", do=do) from error


@contextmanager
def located(where: object) -> Iterator[None]:
    """Name the place in every :class:`DataError`, in front of the one that it names itself."""
    try:
        yield
    except DataError as error:
        error.locate(where)
        raise


@contextmanager
def advising(do: str) -> Iterator[None]:
    """Say what to do in every :class:`DataError` that does not say so itself; serves as a decorator, too."""
    try:
        yield
    except DataError as error:
        error.advise(do)
        raise


def official(entry: str) -> str:
    """Advice for files of an entry of the manifest.

    Examples
    --------
    >>> official("things-meg")
    'get the files anew (companion data list: things-meg), or simulate them anew (companion data simulate)'
    """
    return (
        f"get the files anew (companion data list: {entry}), or simulate them anew (companion data simulate)"
    )


def read_table(path: Path, columns: Sequence[str], *, separator: str = "\t") -> pd.DataFrame:
    r"""Read a table as text; empty lines are passed over.

    Parameters
    ----------
    path : Path
        UTF-8, with or without a byte order mark and with line ends of any system.
    columns : sequence of str
        That must be there; others are kept.
    separator : str
        A tab or a comma.

    Raises
    ------
    MissingDataError
        If there is no such file.
    DataError
        If it is no table of this form, a row has another length than the header, or a column is missing or
        twice there.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     path = Path(name) / "events.tsv"
    ...     _ = path.write_text("onset\tstim_id\n0.5\t001\n")
    ...     read_table(path, ["onset"]).to_dict("records")
    [{'onset': '0.5', 'stim_id': '001'}]
    """
    import pandas as pd  # half a second, which every start of the command line would pay

    try:
        with present(path).open(encoding="utf-8-sig", newline="") as stream:
            rows = [row for row in csv.reader(stream, delimiter=separator, strict=True) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            "A table cannot be read",
            where=path,
            expected=f"UTF-8, {_SEPARATORS[separator]}",
            got=error,
            do=MEND,
        ) from error
    header, *body = rows or [[]]
    if wrong := [name for name in columns if name not in header] or sorted(repeated(header)):
        raise DataError(
            f"A table lacks column {wrong[0]!r}, or has it twice",
            where=path,
            expected=f"{', '.join(columns)}; {_SEPARATORS[separator]}",
            got=", ".join(header) or "no header",
            do=MEND,
        )
    if odd := [number for number, row in enumerate(body) if len(row) != len(header)]:
        raise DataError(
            "A row of a table has another length than its header",
            where=f"{path}, row {odd[0]} below the header",
            expected=f"{len(header)} values, {_SEPARATORS[separator]}",
            got=f"{len(body[odd[0]])}",
            do=MEND,
        )
    return pd.DataFrame(body, columns=header, dtype=str)


MEND = "get the file anew, or mend it in an editor of plain text"
"""Advice for files that people can read."""
_SEPARATORS = {"\t": "separated by tabs", ",": "separated by commas"}


def repeated(names: Sequence[str]) -> set[str]:
    """Names that are there more than once."""
    return {name for name in names if names.count(name) > 1}


def numbers(
    table: pd.DataFrame, column: str, *, where: object, smallest: float = -np.inf
) -> npt.NDArray[np.float64]:
    """Finite numbers of a column.

    Raises
    ------
    DataError
        If a value is none, or below the smallest.

    Examples
    --------
    >>> import pandas as pd
    >>> numbers(pd.DataFrame({"onset": ["0.5", "2"]}), "onset", where="events.tsv").tolist()
    [0.5, 2.0]
    """
    import pandas as pd

    values = pd.to_numeric(table[column], errors="coerce").to_numpy(np.float64)
    wrong = ~np.isfinite(values) | (values < smallest)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(
            "A value of a table is no number, or out of range",
            where=f"{where}, column {column!r}, row {row} below the header",
            expected="finite numbers" + (f" from {smallest:g} on" if np.isfinite(smallest) else ""),
            got=repr(table[column].iloc[row]),
            do=MEND,
        )
    return values


def listed_texts(values: Any) -> list[str]:
    """Entries of a list, tuple or one-dimensional array as texts; none of anything else.

    Examples
    --------
    >>> listed_texts(np.array(["Oz", "Pz"])), listed_texts("Oz")
    (['Oz', 'Pz'], [])
    """
    is_list = isinstance(values, list | tuple) or (isinstance(values, np.ndarray) and values.ndim == 1)
    return [str(value) for value in values] if is_list else []


def one_of(value: object, known: Collection[object], *, what: str, where: object) -> None:
    """Refuse what a caller names and a data set does not have.

    Raises
    ------
    DataError
        If the value is not among those known.
    """
    if not (isinstance(value, str | int | np.integer) and not isinstance(value, bool) and value in known):
        raise DataError(
            what,
            where=where,
            expected=f"{known[0]} to {known[-1]}"
            if isinstance(known, range) and known
            else " or ".join(map(str, known)),
            got=repr(value),
            do="name one of these",
        )
