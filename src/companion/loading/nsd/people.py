"""Which people of the Natural Scenes Dataset are on this machine with all that texts about scenes take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from companion.loading.nsd.design import DESIGN_FILE
from companion.loading.nsd.responses import voxel_file
from companion.loading.nsd.stimuli import COCO_TABLE
from companion.loading.sources import OFFICIAL, Null, ScaleName, Source, recordings_folder
from companion.project import data_root

_EIGHT = range(1, 9)
_CAPTIONS = "nsd-coco-captions"


def nsd_people(
    subjects: Sequence[int] = (), *, source: Source, scale: ScaleName = "lesson", null: Null | None = None
) -> dict[int, Path]:
    """Find whose responses there are to go with a joint space.

    Parameters
    ----------
    subjects : sequence of int
        People by number; empty means all eight.
    source, scale, null
        As in :func:`companion.loading.sources.recordings_folder`.

    Returns
    -------
    dict of int to Path
        Those of them that are there, each with the folder to load from. Empty where any official file that
        texts take is absent: responses, design or captions, which come under the data set's own terms. Then
        a chapter goes on without them.

    Raises
    ------
    MissingDataError
        If the recordings of the miniature world have not been made.
    """
    if source == "official":
        folder = data_root() / OFFICIAL["nsd"]
        if not (folder / DESIGN_FILE).is_file() or not (data_root() / _CAPTIONS / COCO_TABLE).is_file():
            return {}
    else:
        folder = recordings_folder("nsd", source=source, scale=scale, null=null)
    return {one: folder for one in subjects or _EIGHT if (folder / voxel_file(one)).is_file()}
