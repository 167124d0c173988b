"""The ``companion workshop`` commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App

from companion.commands.data import AtLeastOne, Jobs
from companion.loading.sources import ScaleName

workshop_app = App(name="workshop", help="Teach from the book.")


@workshop_app.command
def pack(
    target: Path = Path("decoding-workshop.zip"),
    *chapters: str,
    people: Annotated[int, AtLeastOne] = 3,
    scale: ScaleName = "lesson",
    jobs: Jobs = None,
) -> int:
    """Make one zip for a class: notebooks without solutions, their data, the package, a start script.

    Parameters
    ----------
    target
        The zip.
    chapters
        In the order of the workshop; those of the three-hour schedule if none is given.
    people
        How many people of each simulated recording go along.
    scale
        Size of the miniature world; it must have been made.
    jobs
        Chapters at a time; one per core by default.
    """
    from companion.running.workshop.pack import USUAL, make_pack

    make_pack(target, chapters or USUAL, people=people, scale=scale, jobs=jobs)
    return 0
