"""Choices of judges about pictures: which of two is more like a third, and which of three is the odd one.

Our own layout, two tables of text. ``two_afc.csv``: teacher, split, reference, left, right, choice (0 for
left, 1 for right). ``odd_one_out.csv``: teacher, split, first, second, odd (the first two were kept
together). Pictures are named by stimulus id. The teacher is ``judges``; ``permuted-1`` and so on, the same
judges with the pictures exchanged; or ``leaky``, who also judged test pictures. Splits are train,
validation and test, of different kinds. ``two_afc_answers.csv`` and ``odd_one_out_answers.csv`` hold
repeated answers to the first test triplets.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.errors import DataError
from companion.loading.reading import read_table
from companion.loading.tables import read_columns

JudgedSplit = Literal["train", "validation", "test"]
Task = Literal["two_afc", "odd_one_out"]

COLUMNS: dict[Task, tuple[str, ...]] = {
    "two_afc": ("reference", "left", "right", "choice"),
    "odd_one_out": ("first", "second", "odd"),
}
_ALTERNATIVES: dict[Task, int] = {"two_afc": 2, "odd_one_out": 3}


def read_judgements(folder: Path, task: Task, *, teacher: str, split: JudgedSplit) -> pd.DataFrame:
    """Read the choices of one teacher in one split.

    Parameters
    ----------
    folder : Path
        Of the judges.
    task : {"two_afc", "odd_one_out"}
    teacher : str
        Such as ``judges`` or ``permuted-1``.
    split : {"train", "validation", "test"}

    Returns
    -------
    DataFrame
        Columns as in ``COLUMNS``; in the order of the file.

    Raises
    ------
    DataError
        If the file cannot be read, lacks a column, or holds no such choices.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from companion.loading import read_judgements
    >>> choices = pd.DataFrame({"teacher": ["judges", "permuted-1"], "split": "test", "reference": "cat",
    ...     "left": "dog", "right": "key", "choice": [0, 1]})
    >>> with tempfile.TemporaryDirectory() as name:
    ...     choices.to_csv(Path(name) / "two_afc.csv")
    ...     table = read_judgements(Path(name), "two_afc", teacher="judges", split="test")
    >>> table.to_dict("records")
    [{'reference': 'cat', 'left': 'dog', 'right': 'key', 'choice': 0}]
    """
    _check_task(task)
    kinds = {name: int if name == "choice" else str for name in ("teacher", "split", *COLUMNS[task])}
    table = read_columns(folder / f"{task}.csv", kinds)
    rows = table[(table["teacher"] == teacher) & (table["split"] == split)]
    if rows.empty:
        known = sorted(set(zip(table["teacher"], table["split"], strict=True)))
        raise DataError(
            "There are no such choices",
            where=f"{task}.csv",
            expected=f"one of {', '.join('/'.join(pair) for pair in known)}",
            got=f"{teacher}/{split}",
        )
    chosen = rows.loc[:, list(COLUMNS[task])].reset_index(drop=True)
    if task == "two_afc" and not chosen["choice"].isin([0, 1]).all():
        odd = chosen.loc[~chosen["choice"].isin([0, 1]), "choice"].iloc[0]
        raise DataError("A choice is neither left nor right", where=f"{task}.csv", expected="0 or 1", got=odd)
    first, second, third = (chosen[name] for name in COLUMNS[task][:3])
    if (twice := (first == second) | (second == third) | (third == first)).any():
        raise DataError(
            "A picture stands twice in one choice",
            where=f"{task}.csv, {teacher}/{split}",
            expected="three pictures",
            got=", ".join(map(str, chosen[twice].iloc[0])),
        )
    return chosen


def read_answers(folder: Path, task: Task) -> npt.NDArray[np.int64]:
    """Read repeated answers to the first test triplets.

    Returns
    -------
    ndarray of int, shape (n_triplets, n_answers)
        Number of the alternative that was named.

    Raises
    ------
    DataError
        If the file cannot be read, holds no answers, or one that names no alternative.
    """
    _check_task(task)
    path = folder / f"{task}_answers.csv"
    header = map(str, read_table(path, (), separator=",").columns)
    columns = [name for name in header if name.startswith("answer_")]
    if not columns:
        raise DataError("A table of answers has no answers", where=path, expected="columns answer_1 ...")
    answers = read_columns(path, dict.fromkeys(columns, int)).to_numpy(dtype=np.int64)
    if not ((answers >= 0) & (answers < _ALTERNATIVES[task])).all():
        raise DataError(
            "An answer names no alternative",
            where=path,
            expected=f"0 to {_ALTERNATIVES[task] - 1}",
            got=f"{answers.min()} to {answers.max()}",
        )
    return answers


def _check_task(task: Task) -> None:
    if task not in COLUMNS:
        raise DataError("There is no such task", expected=" or ".join(COLUMNS), got=task)
