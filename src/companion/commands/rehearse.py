"""``companion rehearse``: what the jobs of the papers would take on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from companion.commands.data import AtLeastOne


def rehearse(
    *chapters: str,
    steps: Annotated[int, AtLeastOne] = 20,
    device: str = "auto",
    json: Annotated[Path | None, Parameter(name="--json")] = None,
) -> int:
    """Do a few steps of every training and decoding at the sizes of the papers, on made-up arrays.

    Prints time per step, peak memory, and the time of one run and of the paper's whole grid.

    Parameters
    ----------
    chapters
        Names such as `targets`; all chapters if none is given.
    steps
        Of each training.
    device
        Where networks compute: auto, cpu or cuda.
    json
        File that receives all rows.
    """
    from companion.running.rehearsal.rehearse import rehearse as rehearse_jobs

    return 0 if rehearse_jobs(list(chapters), steps=steps, device=device, file=json) else 1
