"""Stimuli of Generic Object Decoding: names and numbers of images, the three lists, categories.

An image is named ``n03626115_19498``: the WordNet id of its category, then its number in ImageNet. Recordings
store that as the float 3626115.019498, and tables drop its trailing zeros (1621127.01902 is image 19020), so
that a number is always read through six decimals. An imagined category has its WordNet id alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from companion.errors import DataError
from companion.loading.god.bdata import BData, Indices
from companion.loading.reading import advising, located, official, present
from companion.loading.store import data_file
from companion.recording import Split

LISTS: Mapping[Split, str] = {
    "train": "stimulus_ImageNetTraining.tsv",
    "test": "stimulus_ImageNetTest.tsv",
    "imagery": "category_GODImagery.tsv",
}
"""Official file name of the list of each split."""

_DIGITS = re.compile(r"[0-9]{1,15}")
_NAME = re.compile(r"n(?P<category>\d{8})(_(?P<image>[1-9]\d{0,5}))?")


def stimulus_of_number(number: float) -> str:
    """Name the image or category that a recording's number stands for.

    Examples
    --------
    >>> stimulus_of_number(1621127.01902), stimulus_of_number(1621127.0)
    ('n01621127_19020', 'n01621127')
    """
    text = f"{number:.6f}"
    # Numbers of eight digits leave float64 about nine decimals: what lies further off is no stimulus.
    if not 1 <= number < 1e8 or abs(float(text) - number) > 1e-7:
        raise DataError("A number is not that of a stimulus", expected="3626115.019498", got=number)
    category, image = text.split(".")
    return f"n{int(category):08d}" + (f"_{int(image)}" if int(image) else "")


def stimuli_of_label(bdata: BData, key: str, rows: Indices | None = None) -> list[str]:
    """Name the stimulus of each row of a label column, or of some rows.

    Raises
    ------
    DataError
        If a number, at the row named, is not that of a stimulus, or the column is in single precision, which
        would turn an image into another one or into its category.
    """
    where = f"{bdata.path}, {key}"
    if not bdata.double_precision:
        raise DataError(
            "Numbers of stimuli need double precision", where=where, expected="float64", got="another type"
        )
    numbers = bdata.label(key)
    names = []
    for row in range(len(numbers)) if rows is None else rows:
        try:
            names.append(stimulus_of_number(float(numbers[row])))
        except DataError as error:
            raise DataError(
                error.what, where=f"{where}, row {row}", expected="3626115.019498", got=numbers[row]
            ) from error
    return names


def number_of_stimulus(name: str) -> float:
    """Give the number that stands for an image or a category in a recording.

    Examples
    --------
    >>> number_of_stimulus("n03626115_19498")
    3626115.019498
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise DataError("This is not the name of a stimulus", expected="n03626115_19498", got=repr(name))
    return float(f"{match['category']}.{int(match['image'] or 0):06d}")


def category_of(name: str) -> str:
    """WordNet id of the category of an image or category: ``n03626115`` of ``n03626115_19498``.

    Examples
    --------
    >>> from companion.loading import category_of
    >>> category_of("n03626115_19498")
    'n03626115'
    """
    return name.partition("_")[0]


@dataclass(frozen=True, eq=False)
class GodStimuli:
    """What was shown and imagined: three tables, with categories of training and test apart.

    Parameters
    ----------
    train, test : DataFrame
        Columns ``stimulus``, ``category``, ``category_index`` and ``image_index``, one row per image.
    imagery : DataFrame
        Columns ``stimulus`` and ``category`` (the same text) and ``category_index``, one row per category.

    Raises
    ------
    DataError
        If a stimulus is listed twice, a test category is also trained on, or imagined categories are not
        those of the test.

    Examples
    --------
    Lists that would let a decoder train on a category of the test are refused:

    >>> import pandas as pd
    >>> from companion import DataError
    >>> from companion.loading import GodStimuli
    >>> names = pd.DataFrame({"stimulus": ["n00000001_5", "n00000002_7"],
    ...     "category": ["n00000001", "n00000002"], "category_index": [1, 2], "image_index": [1, 2]})
    >>> categories = names[["category", "category_index"]].assign(stimulus=names["category"])
    >>> GodStimuli(train=names[:1], test=names[1:], imagery=categories[1:]).of("test")["stimulus"].tolist()
    ['n00000002_7']
    >>> try:
    ...     GodStimuli(train=names, test=names[1:], imagery=categories[1:])
    ... except DataError as error:
    ...     print(error.what)
    A test category is inside the training list
    """

    train: pd.DataFrame
    test: pd.DataFrame
    imagery: pd.DataFrame

    def __post_init__(self) -> None:
        for split in LISTS:
            listed = self.of(split)["stimulus"]
            if listed.duplicated().any():
                twice = listed[listed.duplicated()].iloc[0]
                raise DataError("A stimulus is listed twice", where=LISTS[split], got=twice)
        train, test, imagery = (set(self.of(split)["category"]) for split in LISTS)
        if both := sorted(train & test):
            raise DataError("A test category is inside the training list", where=LISTS["train"], got=both[0])
        if test != imagery:
            raise DataError(
                "The imagined categories are not those of the perception test",
                where=LISTS["imagery"],
                got=sorted(test ^ imagery)[0],
            )

    def of(self, split: Split) -> pd.DataFrame:
        """List of one split."""
        return {"train": self.train, "test": self.test, "imagery": self.imagery}[split]

    @property
    def categories(self) -> pd.DataFrame:
        """Columns ``category`` (WordNet id), ``split`` ("train" or "test") and ``category_index``."""
        parts = [self.of(split)[["category", "category_index"]].assign(split=split) for split in LISTS][:2]
        table = pd.concat(parts).drop_duplicates("category").reset_index(drop=True)
        return table.loc[:, ["category", "split", "category_index"]]


def god_stimuli() -> GodStimuli:
    """Read the official lists: 150 x 8 training images, 50 test images, the 50 categories to imagine.

    References
    ----------
    Horikawa & Kamitani (2017), Nature Communications 8, 15037.
    """
    return _read({split: data_file("god-stimulus-lists", name) for split, name in LISTS.items()})


def read_god_stimuli(folder: Path) -> GodStimuli:
    """Read lists of the official layout and names from any folder.

    Raises
    ------
    DataError
        If a list is absent or a row is not as its layout says.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from companion.loading import GodStimuli, read_god_stimuli
    >>> from companion.simulation.writers.god_stimuli import write_god_stimuli
    >>> names = pd.DataFrame({"stimulus": ["n00000001_5", "n00000002_7"],
    ...     "category": ["n00000001", "n00000002"], "category_index": [1, 2], "image_index": [1, 2]})
    >>> categories = names[["category", "category_index"]].assign(stimulus=names["category"])
    >>> with tempfile.TemporaryDirectory() as name:
    ...     _ = write_god_stimuli(Path(name), GodStimuli(names[:1], names[1:], categories[1:]))
    ...     read_god_stimuli(Path(name)).train["stimulus"].tolist()
    ['n00000001_5']
    """
    return _read({split: folder / name for split, name in LISTS.items()})


@advising(official("god-stimulus-lists"))
def _read(paths: Mapping[Split, Path]) -> GodStimuli:
    return GodStimuli(**{split: _read_list(path, images=split != "imagery") for split, path in paths.items()})


def _read_list(path: Path, *, images: bool) -> pd.DataFrame:
    """One list; line ends of any system are taken, and a last line without one."""
    try:
        rows = [line.split("\t") for line in present(path).read_text("utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError("A stimulus list cannot be read", where=path, expected="UTF-8", got=error) from error
    columns = ["stimulus", "number", "category_index", "image_index"][: 4 if images else 3]
    for at, row in enumerate(rows, start=1):
        _check_row(row, columns, images, f"{path}, line {at}")
    table = pd.DataFrame(rows, columns=columns)
    table["category"] = [category_of(name) for name in table["stimulus"]]
    indices = [column for column in columns if column.endswith("index")]
    table[indices] = table[indices].astype(int)
    pairs = table[["category", "category_index"]].drop_duplicates()
    if table.empty or pairs["category"].duplicated().any() or pairs["category_index"].duplicated().any():
        raise DataError(
            "Categories and their numbers do not match one to one",
            where=path,
            expected="one number of each category",
            got=f"{pairs['category'].nunique()} categories, {pairs['category_index'].nunique()} numbers",
        )
    return table.loc[:, ["stimulus", "category", *indices]]


def _check_row(row: Sequence[str], columns: Sequence[str], images: bool, where: str) -> None:
    form = "n03626115_19498" if images else "n03626115"
    match = _NAME.fullmatch(row[0])
    if len(row) != len(columns) or match is None or bool(match["image"]) != images:
        expected = f"{form} and {len(columns) - 1} numbers, separated by tabs"
        raise DataError(
            "A row of a stimulus list is not as it should be", where=where, expected=expected, got=row
        )
    if not all(_DIGITS.fullmatch(number) for number in [row[1].replace(".", "", 1), *row[2:]]):
        raise DataError(
            "A number of a stimulus list cannot be read", where=where, expected="at most 15 digits", got=row
        )
    with located(where):
        listed = stimulus_of_number(float(row[1]))
    if listed != row[0]:
        raise DataError("Name and number of a stimulus differ", where=where, expected=row[0], got=row[1])
