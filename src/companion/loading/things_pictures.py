"""Pictures of THINGS by stimulus id, the other pictures of their concepts, and what category these are of.

The official download and the miniature world name pictures alike, ``aardvark/aardvark_01b.jpg``; the first
lies in the folder itself or in ``object_images``, as it was unpacked. Folders of THINGS-EEG2 are numbered,
``00001_aardvark``; the number is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from companion.errors import DataError, MissingDataError
from companion.loading.inside import inside
from companion.loading.tables import read_columns
from companion.loading.things import concept_table

KINDS_FILE = "kinds.csv"
_NUMBER = re.compile(r"^\d{5}_(?=.)")


def concept_of(stimulus: str) -> str:
    """Concept of a picture.

    Examples
    --------
    >>> from companion.loading import concept_of
    >>> concept_of("00001_aardvark/aardvark_01b"), concept_of("aardvark/aardvark_02s")
    ('aardvark', 'aardvark')
    """
    return _NUMBER.sub("", stimulus.split("/")[0])


def picture_files(folder: Path, stimuli: Sequence[str]) -> dict[str, Path]:
    """File of each picture.

    Parameters
    ----------
    folder : Path
        Of the stimuli: the official pictures, or those of the miniature world.
    stimuli : sequence of str
        Ids as THINGS-EEG2 has them, or without the number.

    Raises
    ------
    MissingDataError
        If a picture is not there.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from companion.loading import picture_files
    >>> with tempfile.TemporaryDirectory() as name:
    ...     (Path(name) / "aardvark").mkdir()
    ...     (Path(name) / "aardvark" / "aardvark_01b.jpg").touch()
    ...     found = picture_files(Path(name), ["00001_aardvark/aardvark_01b"])
    >>> found["00001_aardvark/aardvark_01b"].name
    'aardvark_01b.jpg'
    """
    root = _root(folder)
    found = {
        name: inside(root, f"{concept_of(name)}/{name.split('/')[-1]}.jpg", where="the ids of stimuli")
        for name in stimuli
    }
    if absent := [path for path in found.values() if not path.is_file()]:
        raise MissingDataError(
            f"{len(absent)} of {len(found)} pictures are not on this machine",
            where=absent[0],
            do="unpack the pictures of THINGS, one folder per concept, or make the stimuli of the world",
        )
    return found


def other_pictures(folder: Path, stimuli: Sequence[str]) -> dict[str, Path]:
    """All further pictures of the concepts that these show, by id such as ``aardvark/aardvark_02s``.

    Parameters
    ----------
    folder, stimuli
        As in :func:`picture_files`.

    Raises
    ------
    DataError
        If a concept has no other picture.
    """
    root = _root(folder)
    shown = {f"{concept_of(name)}/{name.split('/')[-1]}" for name in stimuli}
    found: dict[str, Path] = {}
    for concept in dict.fromkeys(map(concept_of, stimuli)):
        files = {
            f"{concept}/{path.stem}": path
            for path in sorted(inside(root, concept, where="the ids of stimuli").glob("*.jpg"))
        }
        others = {name: path for name, path in files.items() if name not in shown}
        if not others:
            raise DataError(
                "A concept has no picture but those shown",
                where=root / concept,
                do="unpack all pictures of THINGS, not only those of a recording",
            )
        found |= others
    return found


def categories_of(folder: Path, stimuli: Sequence[str]) -> dict[str, str]:
    """Category of what each picture shows, where it has one.

    THINGS sorts 1,295 of its 1,854 concepts into 27 categories, some into several, of which the first counts
    here; kinds of the miniature world have one each, in the file beside their pictures.

    Parameters
    ----------
    folder, stimuli
        As in :func:`picture_files`.

    Returns
    -------
    dict of str to str
        Stimulus -> category, without those that have none.
    """
    path = folder / KINDS_FILE
    if path.is_file():
        table = read_columns(path, {"noun": str, "category": str})
        if (twice := table["noun"].duplicated()).any():
            raise DataError("A kind is there twice", where=path, got=table["noun"][twice].iloc[0])
        known = dict(zip(table["noun"], table["category"], strict=True))
    else:
        known = {name: first[0] for name, first in concept_table()["categories"].items() if first}
    return {name: known[concept_of(name)] for name in stimuli if concept_of(name) in known}


def _root(folder: Path) -> Path:
    inner = folder / "object_images"
    return inner if inner.is_dir() else folder
