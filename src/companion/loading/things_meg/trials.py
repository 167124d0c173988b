"""Trials of THINGS-MEG: which image each epoch belongs to, and to which split.

Stimulus ids are ``<concept>/<image>``, such as ``aardvark/aardvark_01b``. The images are not those of
THINGS-EEG2: features of one data set never fit the other.
"""

from __future__ import annotations

from pathlib import PurePosixPath

import pandas as pd

from companion.errors import DataError
from companion.recording import Split

TRAIN_FOLDER, TEST_FOLDER = "images_meg", "images_test_meg"
TRIAL_TYPES = frozenset({"exp", "test", "catch"})
METADATA_COLUMNS = ("trial_type", "category_nr", "test_image_nr", "image_path")
"""Columns that are read; the official files have more."""


def meg_trials(table: pd.DataFrame | None, split: Split, name: str) -> pd.DataFrame:
    """Trials of a split, indexed by their row in the file.

    Parameters
    ----------
    table : DataFrame or None
        Metadata of the epochs, with the columns of ``METADATA_COLUMNS``.
    split : {"train", "test"}
        Which trials.
    name : str
        Name of the file, for errors.

    Returns
    -------
    DataFrame
        ``stimulus``, ``concept``, and ``session`` and ``run`` where the table knows them.

    Raises
    ------
    DataError
        If a column or a label is missing; if the number and the path of an image do not go together, so that
        a test concept would be in the training split; if trials are repeated, missing or too many.
    """
    if table is None or (missing := [column for column in METADATA_COLUMNS if column not in table]):
        raise DataError(
            "The table of trials (metadata) lacks a column",
            where=name,
            expected=list(METADATA_COLUMNS),
            got="no metadata" if table is None else f"no {missing}",
        )
    table = table.reset_index(drop=True)
    _check_types(table, name)
    if unknown := set(table["trial_type"]) - TRIAL_TYPES:
        raise DataError("Unknown type of trial", where=name, expected=sorted(TRIAL_TYPES), got=unknown)
    test, shown = table[table["trial_type"] == "test"], table[table["trial_type"] == "exp"]
    test, shown = _with_stimulus(test, name), _with_stimulus(shown, name)
    by_number = shown["category_nr"].isin(test["category_nr"])
    if (disagree := by_number != shown["concept"].isin(test["concept"])).any():
        raise DataError(
            "A test concept would be in the training split: category_nr and image_path do not agree",
            where=f"{name}, metadata, row {disagree.index[disagree][0]}",
            got=sorted(set(shown.loc[disagree, "concept"]))[:5],
        )
    train = shown[~by_number]
    _check_split(train, test, name)
    known = {"session_nr": "session", "run_nr": "run"}
    part = (train if split == "train" else test).rename(columns=known)
    return part[["stimulus", "concept", *(column for column in known.values() if column in part)]]


def _check_types(table: pd.DataFrame, name: str) -> None:
    """Types and paths are texts, and numbers are numbers, or missing."""
    kinds = {"trial_type": str, "image_path": str, "category_nr": int | float, "test_image_nr": int | float}
    for column, kind in kinds.items():
        known = table[column].notna()
        wrong = known & ~table[column].map(lambda value, kind=kind: isinstance(value, kind))
        if column == "trial_type":
            wrong |= ~known
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            raise DataError(
                "A label of a trial has another type",
                where=f"{name}, metadata, row {row}, column {column!r}",
                expected="a text" if kind is str else "a number",
                got=repr(table[column].iloc[row]),
            )


def _with_stimulus(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Add ``stimulus`` and ``concept`` from the path of the image."""
    for column in ("category_nr", "image_path"):
        if table[column].isna().any():
            row = table.index[table[column].isna()][0]
            where = f"{name}, metadata, row {row}, column {column!r}"
            raise DataError("A trial lacks a label", where=where, expected="a label", got="none")
    pairs = [
        _concept_and_image(path, f"{name}, metadata, row {row}") for row, path in table["image_path"].items()
    ]
    return table.assign(
        concept=[concept for concept, _ in pairs],
        stimulus=[f"{concept}/{image}" for concept, image in pairs],
    )


def _concept_and_image(path: str, where: str) -> tuple[str, str]:
    """Concept and image of a path: test images lie in one folder, the others in one folder per concept."""
    parts = (*PurePosixPath(path).parent.parts, PurePosixPath(path).stem)
    if len(parts) == 3 and parts[0] == TRAIN_FOLDER:
        return parts[1], parts[2]
    if len(parts) == 2 and parts[0] == TEST_FOLDER and "_" in parts[1]:
        return parts[1].rpartition("_")[0], parts[1]
    raise DataError(
        "The path of an image is not of the known kind",
        where=where,
        expected=f"{TRAIN_FOLDER}/aardvark/aardvark_01b.jpg or {TEST_FOLDER}/candelabra_14s.jpg",
        got=path,
    )


def _check_split(train: pd.DataFrame, test: pd.DataFrame, name: str) -> None:
    """No image is missing, repeated, or under two numbers."""
    where = f"{name}, metadata"
    if train.empty or test.empty:
        raise DataError("A split has no trials", where=where, got=f"{len(train)} training, {len(test)} test")
    pairs = test[["test_image_nr", "stimulus"]].drop_duplicates()
    if pairs["test_image_nr"].isna().any() or any(pairs[column].duplicated().any() for column in pairs):
        raise DataError(
            "A test image has two numbers, or a number two images",
            where=where,
            expected="one test_image_nr for each image_path",
            got=f"{pairs['test_image_nr'].nunique()} numbers, {pairs['stimulus'].nunique()} images",
        )
    if train["stimulus"].duplicated().any():
        twice = train.loc[train["stimulus"].duplicated(), "stimulus"].iloc[0]
        raise DataError("A training image is repeated", where=where, expected="each shown once", got=twice)
    for table, column, what in ((train, "concept", "training images"), (test, "stimulus", "repetitions")):
        counts = table[column].value_counts()
        if counts.min() != counts.max():
            raise DataError(
                f"Trials are missing or too many: the number of {what} differs",
                where=where,
                expected=f"{counts.mode()[0]} of each {column}",
                got=f"{counts.min()} of {counts.idxmin()}, {counts.max()} of {counts.idxmax()}",
            )
