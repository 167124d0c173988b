"""Write the three stimulus lists of Generic Object Decoding, and captions as released with BrainCLIP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from companion.loading.god.stimuli import LISTS, GodStimuli, number_of_stimulus
from companion.simulation.writers.whole_file import whole_path

CAPTIONS = "GOD_train_caps_hm_and_wdnet.json"
"""Official file name of the captions."""


def write_god_stimuli(folder: Path, stimuli: GodStimuli) -> list[Path]:
    """Write the three lists; their numbers drop trailing zeros, as the official ones do.

    The layout has no room for a marker of simulated data: the lists name stimuli and hold no measurement.

    Parameters
    ----------
    folder : Path
        Folder to write to; it exists.
    stimuli : GodStimuli
        What is shown and imagined.

    Returns
    -------
    list of Path
        The files written.
    """
    paths = []
    for split, name in LISTS.items():
        columns = ["stimulus", "category_index"] + ["image_index"] * (split != "imagery")
        rows = stimuli.of(split)[columns].itertuples(index=False)
        lines = [
            "\t".join(
                [row[0], f"{number_of_stimulus(row[0]):.6f}".rstrip("0").rstrip("."), *map(str, row[1:])]
            )
            for row in rows
        ]
        paths.append(folder / name)
        with whole_path(paths[-1]) as part:
            part.write_text("\n".join(lines) + "\n", "utf-8", newline="\n")
    return paths


def write_god_captions(
    folder: Path, captions: Mapping[str, tuple[str, str]], *, simulated: bool = True
) -> Path:
    """Write two captions per training image as one JSON object.

    Parameters
    ----------
    folder : Path
        Folder to write to; it exists.
    captions : mapping of str to two str
        Image name to the category's prompt ("an image of <category>.") and a sentence.
    simulated : bool
        Whether to mark the file as simulated.

    Returns
    -------
    Path
        The file written.
    """
    marker = {"simulated": True} if simulated else {}
    content = {**marker, **{name: list(pair) for name, pair in captions.items()}}
    path = folder / CAPTIONS
    with whole_path(path) as part:
        part.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    return path
