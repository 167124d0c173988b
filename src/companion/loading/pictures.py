"""Picture files that the THINGS recordings show, and what a caption of the miniature world says of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from companion.errors import DataError, MissingDataError
from companion.project import data_root

IMAGES = "object_images"
"""Folder of the THINGS pictures, one folder per concept; the miniature world lays its own like these."""
_CAPTIONS, _KINDS = "captions.csv", "kinds.csv"
_FOLDER_NUMBER = re.compile(r"^\d{5}_(?=.*/)")
_PLAIN_CAPTION = re.compile(r"a (?P<pattern>\w+) (?P<colour>\w+) (?P<noun>\w+) (?P<scene>.+)")


def things_pictures(folder: Path, stimuli: Sequence[str]) -> dict[str, Path]:
    """Where the pictures of THINGS-EEG2 or THINGS-MEG lie.

    Parameters
    ----------
    folder : Path
        Of the pictures; holds ``object_images/<concept>/<picture>.jpg``.
    stimuli : sequence of str
        Ids as in either recording: ``00001_aardvark/aardvark_01b`` or ``aardvark/aardvark_01b``.

    Returns
    -------
    dict of str to Path
        By id as given.

    Raises
    ------
    MissingDataError
        If a picture is not there.
    """
    found = {name: folder / IMAGES / f"{_FOLDER_NUMBER.sub('', name)}.jpg" for name in stimuli}
    if absent := [path for path in found.values() if not path.is_file()]:
        raise MissingDataError(
            f"{len(absent)} of {len(found)} pictures are not there",
            where=absent[0],
            do=f"let {IMAGES} hold one folder of pictures per concept, as in the THINGS archive",
        )
    return found


def picture_attributes(folder: Path, stimuli: Sequence[str]) -> pd.DataFrame:
    """Say what pictures of the miniature world show, from their plain captions and the list of kinds.

    Parameters
    ----------
    folder : Path
        Of the stimuli.
    stimuli : sequence of str
        Ids as in :func:`things_pictures`.

    Returns
    -------
    DataFrame
        Index: stimuli as given; columns category, colour, pattern, scene (words).

    Raises
    ------
    MissingDataError
        If there are no such lists, as beside photographs.
    DataError
        If a picture has no plain caption, or its kind no category.
    """
    for name in (_CAPTIONS, _KINDS):
        if not (folder / name).is_file():
            raise MissingDataError("Pictures without a list of what they show", where=folder / name)
    captions = pd.read_csv(folder / _CAPTIONS).groupby("stimulus")["caption"].first()
    categories = pd.read_csv(folder / _KINDS).set_index("noun")["category"]
    plain = captions.reindex([_FOLDER_NUMBER.sub("", name) for name in stimuli])
    words = plain.str.extract(_PLAIN_CAPTION)
    words["category"] = words["noun"].map(categories)
    if (lacking := words.isna().any(axis=1)).any():
        raise DataError(
            "A picture has no plain caption, or no category",
            where=folder / _CAPTIONS,
            expected="a striped red dovel in a meadow",
            got=f"{plain.index[lacking][0]}: {plain[lacking].iloc[0]}",
        )
    return words.set_axis(list(stimuli))[["category", "colour", "pattern", "scene"]]


def nsd_picture_folder(stimuli: Path) -> Path:
    """Say where the pictures of NSD lie, beside those of THINGS.

    Parameters
    ----------
    stimuli : Path
        Of the THINGS pictures. The miniature world keeps its NSD pictures below; official ones have a folder
        of their own in the data folder.
    """
    below = stimuli / "nsd"
    return below if below.is_dir() else data_root() / "nsd-stimuli"
