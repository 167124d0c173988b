"""Image files of Generic Object Decoding, and of the categories among which decoded vectors are identified.

Stimulus images are named ``n03626115_19498.JPEG`` and lie below one folder, in whatever subfolders they came
with. Candidate images lie in one folder per WordNet id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from companion.errors import DataError, MissingDataError
from companion.loading.reading import official

ENDINGS = frozenset({".jpeg", ".jpg", ".png"})
"""Endings of image files, in lower case."""
_CATEGORY = re.compile(r"n\d{8}")


def god_image_files(folder: Path, stimuli: Sequence[str]) -> dict[str, Path]:
    """File of each stimulus image.

    Parameters
    ----------
    folder : Path
        Where the images were put, in subfolders or not.
    stimuli : sequence of str
        Names such as ``n03626115_19498``.

    Returns
    -------
    dict of str to Path
        In the order asked for.

    Raises
    ------
    MissingDataError
        If there is no such folder, or none of the images in it.
    DataError
        If only some are there, or a name stands for several files.
    """
    wanted = set(stimuli)
    found: dict[str, Path] = {}
    for path in _pictures(folder.rglob("*")):
        if path.stem in wanted and found.setdefault(path.stem, path) != path:
            raise DataError(
                "Two files have the name of one image",
                where=path,
                expected="one file",
                got=found[path.stem],
                do="remove one of them",
            )
    if not found:
        raise MissingDataError(
            "None of the stimulus images is on this machine",
            where=folder,
            expected=f"{stimuli[0]}.JPEG and others" if stimuli else "a name",
            do=official("god-stimulus-images"),
        )
    if absent := [name for name in stimuli if name not in found]:
        raise DataError(
            f"{len(absent)} of {len(wanted)} stimulus images are not there",
            where=folder,
            expected=f"{absent[0]}.JPEG",
            do=official("god-stimulus-images"),
        )
    return {name: found[name] for name in stimuli}


def image_categories(folder: Path) -> frozenset[str]:
    """Categories of which at least one image is there.

    Parameters
    ----------
    folder : Path
        Holds one folder per WordNet id.

    Raises
    ------
    MissingDataError
        If there is no such folder, or no image in it.
    """
    inside = folder.iterdir() if folder.is_dir() else iter(())
    found = frozenset(
        path.name
        for path in inside
        if _CATEGORY.fullmatch(path.name) and path.is_dir() and any(_pictures(path.iterdir()))
    )
    if not found:
        raise MissingDataError(
            "No image of a candidate category is on this machine",
            where=folder,
            expected="n01443537/*.JPEG",
            do=official("imagenet-candidates"),
        )
    return found


def images_of_category(folder: Path, category: str) -> list[Path]:
    """Image files of a category, sorted by name.

    Raises
    ------
    MissingDataError
        If there is no folder of that name.
    """
    if not _CATEGORY.fullmatch(category) or not (folder / category).is_dir():
        raise MissingDataError(
            "There is no folder of this category",
            where=folder,
            expected="a WordNet id such as n01443537",
            got=repr(category),
            do="name one of image_categories(folder)",
        )
    return sorted(_pictures((folder / category).iterdir()))


def _pictures(paths: Iterator[Path]) -> Iterator[Path]:
    named = (path for path in paths if path.suffix.lower() in ENDINGS and not path.name.startswith("."))
    return (path for path in named if path.is_file())
