"""What a caption of the miniature world says of a picture, and where the pictures of NSD lie."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from companion.errors import DataError, MissingDataError
from companion.loading.tables import read_columns
from companion.loading.things_pictures import categories_of, concept_of
from companion.project import data_root

CAPTIONS_FILE = "captions.csv"
_PLAIN_CAPTION = re.compile(r"a (?P<pattern>\w+) (?P<colour>\w+) \w+ (?P<scene>.+)")


def picture_attributes(folder: Path, stimuli: Sequence[str]) -> pd.DataFrame:
    """Say what pictures of the miniature world show, from their plain captions and the list of kinds.

    Parameters
    ----------
    folder : Path
        Of the stimuli.
    stimuli : sequence of str
        Ids as THINGS-EEG2 has them, or without the number.

    Returns
    -------
    DataFrame
        Index: stimuli as given; columns category, colour, pattern, scene (words).

    Raises
    ------
    MissingDataError
        If there are no such captions, as beside photographs.
    DataError
        If a picture has no plain caption, or its kind no category.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from companion.loading import picture_attributes
    >>> kinds = pd.DataFrame({"noun": ["dovel"], "category": ["bird"]})
    >>> captions = pd.DataFrame(
    ...     {"stimulus": ["dovel/dovel_01b"], "caption": ["a striped red dovel in a meadow"]}
    ... )
    >>> with tempfile.TemporaryDirectory() as name:
    ...     kinds.to_csv(Path(name) / "kinds.csv")
    ...     captions.to_csv(Path(name) / "captions.csv")
    ...     picture_attributes(Path(name), ["00001_dovel/dovel_01b"]).iloc[0].to_dict()
    {'category': 'bird', 'colour': 'red', 'pattern': 'striped', 'scene': 'in a meadow'}
    """
    path = folder / CAPTIONS_FILE
    if not path.is_file():
        raise MissingDataError("Nothing lists what these pictures show", where=path)
    table = read_columns(path, {"stimulus": str, "caption": str})
    captions = table.groupby("stimulus")["caption"].first()
    plain = captions.reindex([f"{concept_of(name)}/{name.split('/')[-1]}" for name in stimuli])
    words = plain.set_axis(list(stimuli)).str.extract(_PLAIN_CAPTION)
    words["category"] = pd.Series(categories_of(folder, stimuli))
    if (lacking := words.isna().any(axis=1)).any():
        raise DataError(
            "A picture has no plain caption, or no category",
            where=path,
            expected="a striped red dovel in a meadow",
            got=f"{words.index[lacking][0]}: {plain.iloc[lacking.argmax()]}",
        )
    return words[["category", "colour", "pattern", "scene"]]


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
