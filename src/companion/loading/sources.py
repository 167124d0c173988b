"""Where a chapter's recordings lie: official files, or those of the miniature world, in the same layouts.

The miniature world is written by ``companion data simulate`` below ``miniature/<scale>`` of the data
folder: ``stimuli`` once, and the recordings once for the world and once for each null. A part counts as
there when its record, ``world.json``, is: it is written last.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args

from companion.errors import DataError, MissingDataError
from companion.loading.json_files import read_json_object
from companion.loading.manifest import load_manifest
from companion.loading.reading import advising
from companion.loading.store import how_to_get
from companion.project import data_root

Source = Literal["miniature", "null", "official"]
ScaleName = Literal["smoke", "lesson", "paper"]
Null = Literal["N0", "N1", "N2", "N3"]
Part = Literal["stimuli", "judges", "things-eeg2", "things-meg", "nsd", "god", "god-meg", "ecog", "doses"]

PARTS: tuple[Part, ...] = get_args(Part)
RECORD = "world.json"
MAKE_ANEW = "remove this part of the miniature world and make it again: companion data simulate"
OFFICIAL: dict[Part, str] = {
    "stimuli": "things-images",
    "judges": "nights",
    "things-eeg2": "things-eeg2-250hz-atm",
    "things-meg": "things-meg",
    "nsd": "nsd-nsdgeneral",
    "god": "god-fmri",
    "god-meg": "god-meg-osaka",
    "ecog": "god-ecog-osaka",
}
"""Entry of the manifest whose folder holds the official files of a part; nobody can turn a real dial, so that
``doses`` has none."""
OTHER_FORM: dict[Part, str] = {"things-eeg2": "things-eeg2-17-channels"}
"""The same recording in another official form, which is read where the usual one is not here."""


def miniature_folder(part: Part, *, scale: ScaleName, null: Null | None = None) -> Path:
    """Where the miniature files of a part lie, or would lie.

    Stimuli are the same in every null, doses are the world's with a dial turned, and N0 concerns aligners
    only, so that its recordings are the world's.
    """
    root = data_root() / "miniature" / scale
    if part in {"stimuli", "doses"}:
        return root / part
    return root / ("world" if null in {None, "N0"} else str(null)) / part


def recordings_folder(part: Part, *, source: Source, scale: ScaleName, null: Null | None = None) -> Path:
    """Folder to hand to the loaders of a part.

    Parameters
    ----------
    part : str
        One of the six recordings, the stimuli, or the choices of judges about them.
    source : {"miniature", "null", "official"}
        Whose files.
    scale : {"smoke", "lesson", "paper"}
        Size of the miniature world; official files have one size.
    null : {"N0", "N1", "N2", "N3"}, optional
        Which null; counts only where ``source`` is ``null``, and must be given there.

    Raises
    ------
    MissingDataError
        If the files are not on this machine; the command that makes or explains them is named.
    DataError
        If a name is unknown.

    Examples
    --------
    Where a part of the miniature world is missing, the error names the command that makes it:

    >>> import tempfile
    >>> from unittest.mock import patch
    >>> from companion import MissingDataError
    >>> from companion.loading import recordings_folder
    >>> with tempfile.TemporaryDirectory() as name, patch.dict("os.environ", COMPANION_DATA=name):
    ...     try:
    ...         recordings_folder("things-eeg2", source="miniature", scale="smoke")
    ...     except MissingDataError as error:
    ...         print(str(error).splitlines()[-1].strip())
    what to do: run: companion data simulate things-eeg2 --scale smoke
    """
    _check(part=(part, PARTS), source=(source, get_args(Source)), scale=(scale, get_args(ScaleName)))
    if source == "official":
        if part not in OFFICIAL:
            raise MissingDataError(
                "Only a simulated world has this part",
                where=part,
                do="run the chapter with source: miniature",
            )
        entry = load_manifest().entry(OFFICIAL[part])
        for name in (entry.id, OTHER_FORM.get(part, entry.id)):
            if (data_root() / name).is_dir():
                return data_root() / name
        raise MissingDataError(f"{entry.title} is not here", where=entry.id, do=how_to_get(entry))
    chosen: Null | None = None
    if source == "null":
        _check(null=(null, get_args(Null)))
        chosen = null
    folder = miniature_folder(part, scale=scale, null=chosen)
    if not (folder / RECORD).is_file():
        raise MissingDataError(
            "This part of the miniature world has not been made",
            where=folder,
            do=f"run: {simulate_command(part, scale, chosen)}",
        )
    return folder


def simulate_command(part: Part, scale: ScaleName, null: Null | None) -> str:
    """Command that makes a part of the miniature world."""
    words = ["companion data simulate", part, f"--scale {scale}", f"--null {null}" if null else ""]
    return " ".join(word for word in words if word)


def world_record(part: Part, *, scale: ScaleName, null: Null | None = None) -> dict[str, Any]:
    """Read what was put in: dials, numbers and amplitudes of a part of the miniature world.

    Raises
    ------
    MissingDataError
        If the part has not been made.
    DataError
        If its record cannot be read.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> from unittest.mock import patch
    >>> from companion.loading import world_record
    >>> from companion.loading.sources import miniature_folder
    >>> with tempfile.TemporaryDirectory() as name, patch.dict("os.environ", COMPANION_DATA=name):
    ...     folder = miniature_folder("god", scale="smoke")
    ...     folder.mkdir(parents=True)
    ...     _ = (folder / "world.json").write_text(json.dumps({"simulated": True, "dials": {"gap": 0.5}}))
    ...     world_record("god", scale="smoke")["dials"]
    {'gap': 0.5}
    """
    source: Source = "null" if null else "miniature"
    path = recordings_folder(part, source=source, scale=scale, null=null) / RECORD
    again = f"remove the folder, and run: {simulate_command(part, scale, null)}"
    with advising(again):
        return read_json_object(path)


def _check(**given: tuple[object, tuple[str, ...]]) -> None:
    for name, (value, known) in given.items():
        if value not in known:
            raise DataError(f"Unknown {name}", expected=f"one of {', '.join(known)}", got=value)
