"""Numbers printed in the papers, read from ``book/published/*.csv``; the README there explains each column.

Values are as printed. Accuracies are in percent (``top-1``, ``top-5``) or a fraction (``identification``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from companion.errors import DataError
from companion.loading.reading import advising, read_table
from companion.project import project_root
from companion.scores import as_scores

TAGS = frozenset({"paper", "secondary", "inferred"})


@dataclass(frozen=True)
class _Layout:
    """What a table must look like: allowed texts, ranges of numbers, columns that name a row."""

    key: tuple[str, ...]
    texts: Mapping[str, frozenset[str] | None]
    numbers: Mapping[str, tuple[float, float]]
    may_be_empty: frozenset[str] = field(default_factory=frozenset)


_ALLOWED_ALIGNMENTS = frozenset({"human-aligned", "base"})
_ALLOWED_PROTOCOLS = frozenset({"in-subject", "leave-one-subject-out"})
_ALLOWED_SPREADS = frozenset(
    {"SD over seeds", "SEM over subjects", "SEM over subjects by analogy", "mean of SDs", "none"}
)

_LAYOUTS: Mapping[str, _Layout] = {
    "human_aligned_tables": _Layout(
        key=("place", "subject", "encoder", "space", "alignment", "metric"),
        texts={
            "paper": frozenset({"human-aligned"}),
            "place": None,
            "dataset": frozenset({"THINGS-EEG2", "THINGS-MEG", "NSD"}),
            "modality": frozenset({"EEG", "MEG", "fMRI"}),
            "subject": None,
            "encoder": None,
            "space": None,
            "alignment": _ALLOWED_ALIGNMENTS,
            "protocol": _ALLOWED_PROTOCOLS,
            "metric": frozenset({"top-1", "top-5"}),
            "spread_kind": _ALLOWED_SPREADS,
            "tag": TAGS,
        },
        numbers={"n_candidates": (2, 1e6), "value": (0, 100), "spread": (0, 100)},
        may_be_empty=frozenset({"spread"}),
    ),
    "human_aligned_tests": _Layout(
        key=("space", "protocol"),
        texts={
            "paper": frozenset({"human-aligned"}),
            "place": None,
            "modality": frozenset({"EEG"}),
            "encoder": frozenset({"NICE"}),
            "space": None,
            "protocol": _ALLOWED_PROTOCOLS,
            "metric": frozenset({"top-1"}),
            "p_relation": frozenset({"<", ">"}),
            "tag": TAGS,
        },
        numbers={"p_value": (0, 1)},
    ),
    "brain_aligned_fig3": _Layout(
        key=("space", "condition", "roi", "alpha"),
        texts={
            "paper": frozenset({"brain-aligned"}),
            "place": None,
            "dataset": frozenset({"GOD"}),
            "modality": frozenset({"fMRI"}),
            "subject": frozenset({"mean"}),
            "roi": frozenset({"V1", "V2", "V3", "V4", "LOC", "FFA", "PPA"}),
            "space": frozenset({"CLIP", "GloVe"}),
            "alpha": frozenset({"original", "1", "0.1", "0.01", "0.001", "0.0001"}),
            "condition": frozenset({"perception", "imagery"}),
            "metric": frozenset({"identification"}),
            "tag": TAGS,
        },
        numbers={"n_candidates": (2, 1e6), "value": (0, 1), "n_subjects": (1, 1000)},
    ),
    "brain_aligned_tests": _Layout(
        key=("modality", "space", "condition", "comparison"),
        texts={
            "paper": frozenset({"brain-aligned"}),
            "place": None,
            "modality": frozenset({"fMRI", "MEG", "ECoG", "none"}),
            "space": frozenset({"CLIP", "GloVe"}),
            "condition": frozenset({"perception", "imagery", "none"}),
            "comparison": None,
            "p_relation": frozenset({"=", "<"}),
            "tag": TAGS,
        },
        numbers={"p_value": (0, 1), "n_passed": (0, 1000), "n_tests": (1, 1000)},
        may_be_empty=frozenset({"p_relation", "p_value", "n_passed", "n_tests"}),
    ),
    "brain_aligned_consistency": _Layout(
        key=("space", "first", "second", "quantity"),
        texts={
            "paper": frozenset({"brain-aligned"}),
            "place": None,
            "space": frozenset({"CLIP", "GloVe"}),
            "first": frozenset({"fMRI", "MEG"}),
            "second": frozenset({"MEG", "ECoG"}),
            "quantity": frozenset({"original", "improvement", "final"}),
            "tag": TAGS,
        },
        numbers={"r": (-1, 1), "n_categories": (4, 1e6)},
    ),
    "god_zero_shot": _Layout(
        key=("encoder", "metric"),
        texts={
            "paper": None,
            "place": None,
            "dataset": frozenset({"GOD"}),
            "modality": frozenset({"fMRI"}),
            "subject": frozenset({"mean"}),
            "encoder": None,
            "supervision": None,
            "readout": None,
            "metric": frozenset({"top-1", "top-5"}),
            "tag": TAGS,
        },
        numbers={"n_candidates": (2, 1e6), "value": (0, 100), "n_subjects": (1, 1000)},
    ),
    "retrieval_records": _Layout(
        key=("method", "modality", "protocol", "gallery", "top1", "top5"),
        texts={
            "place": None,
            "method": None,
            "dataset": frozenset({"THINGS-EEG2", "THINGS-MEG"}),
            "modality": frozenset({"EEG", "MEG"}),
            "protocol": _ALLOWED_PROTOCOLS,
            "gallery": frozenset({"concept centres", "presented image", "unknown"}),
            "selection": None,
            "test_time": None,
            "note": None,
            "tag": TAGS,
        },
        numbers={"year": (2015, 2100), "n_candidates": (2, 1e6), "top1": (0, 100), "top5": (0, 100)},
        may_be_empty=frozenset({"year", "top5", "note"}),
    ),
}


@advising("take the file from the repository again")
def published(name: str) -> pd.DataFrame:
    """Read one table of printed numbers.

    Parameters
    ----------
    name : str
        Name of a file in ``book/published``, without ``.csv``.

    Returns
    -------
    DataFrame
        The columns of the file, text as strings and numbers as floats; where there is a ``value``, also
        ``decimals``, how many were printed.

    Raises
    ------
    DataError
        If the file is absent or unknown, a column is missing or unknown, an entry is not allowed, or a row is
        there twice.

    Examples
    --------
    >>> from companion.loading import published
    >>> table = published("god_zero_shot")
    >>> table["n_candidates"].unique().tolist(), sorted(table["metric"].unique())
    ([50.0], ['top-1', 'top-5'])
    """
    path = project_root() / "book" / "published" / f"{name}.csv"
    if name not in _LAYOUTS or not path.is_file():
        raise DataError("There is no such table of printed numbers", where=path, expected=sorted(_LAYOUTS))
    layout = _LAYOUTS[name]
    expected = {*layout.texts, *layout.numbers}
    frame = read_table(path, sorted(expected), separator=",")
    if set(frame.columns) != expected:
        raise DataError("The columns are not those expected", where=path, expected=sorted(expected),
                        got=sorted(frame.columns))  # fmt: skip
    if frame.empty:
        raise DataError("A table of printed numbers has no rows", where=path)
    if "value" in frame:
        frame["decimals"] = frame["value"].str.partition(".")[2].str.len().astype(int)
    for column, allowed in layout.texts.items():
        _check_texts(frame[column], allowed, empty=column in layout.may_be_empty, where=f"{path}: {column}")
    for column, bounds in layout.numbers.items():
        frame[column] = _numbers(frame[column], bounds, column in layout.may_be_empty, f"{path}: {column}")
    if (twice := frame.duplicated(list(layout.key))).any():
        row = frame.loc[twice, list(layout.key)].iloc[0].to_dict()
        raise DataError("A printed number is there twice", where=path, got=row)
    return frame


def published_scores(name: str) -> pd.DataFrame:
    """Read one table of printed numbers as a score table.

    Parameters
    ----------
    name : {"human_aligned_tables", "brain_aligned_fig3", "god_zero_shot"}
        A table with one score per row. Printed averages have the subject ``mean``.

    Returns
    -------
    DataFrame
        The columns of `companion.scores.SCORE_COLUMNS`, then ``place``, ``spread``, ``tag`` and the like.

    Examples
    --------
    >>> from companion.loading import published_scores
    >>> scores = published_scores("god_zero_shot")
    >>> scores["dataset"].unique().tolist(), sorted(scores["metric"].unique())
    (['GOD'], ['top-1', 'top-5'])
    """
    return as_scores(published(name), simulated=False)


def _check_texts(column: pd.Series[str], allowed: frozenset[str] | None, *, empty: bool, where: str) -> None:
    filled = column[column != ""]
    if len(filled) < len(column) and not empty:
        raise DataError("A text is missing", where=where)
    if allowed is not None and (odd := set(filled) - allowed):
        raise DataError(
            "A text is not one of those allowed", where=where, expected=sorted(allowed), got=sorted(odd)
        )


def _numbers(
    column: pd.Series[str], bounds: tuple[float, float], empty: bool, where: str
) -> pd.Series[float]:
    numbers = pd.to_numeric(column.where(column != ""), errors="coerce").astype(float)
    if (unread := column[numbers.isna() & ~((column == "") & empty)]).size:
        raise DataError("A number cannot be read", where=where, got=repr(unread.iloc[0]))
    if (outside := numbers[(numbers < bounds[0]) | (numbers > bounds[1])]).size:
        raise DataError("A number is out of range", where=where, expected=f"{bounds[0]} to {bounds[1]}",
                        got=outside.iloc[0])  # fmt: skip
    return numbers
