"""All rehearsed jobs, and the chapters that have none."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from companion.running.rehearsal.aligning import aligning_jobs
from companion.running.rehearsal.encoder_grid import encoder_jobs
from companion.running.rehearsal.jobs import Job
from companion.running.rehearsal.looking import looking_jobs
from companion.running.rehearsal.mapping import mapping_jobs
from companion.running.rehearsal.prompts import prompt_jobs
from companion.running.rehearsal.reading import reading_jobs
from companion.running.rehearsal.sizes import Sizes

WITHOUT: Mapping[str, str] = MappingProxyType(
    {
        "retested": "reads the numbers that the papers printed; always at full size",
        "ruler": "its small public files are always read at full size",
        "sweeps": "runs the jobs of other chapters, many times; its grids are in their `grid_runs`",
        "calibration": "draws small null tables; nothing of it grows with recordings",
        "nothing_there": "reads records and tables kept with the book",
        "own_data": "a guide on one person's trials; its trainings are those of contrastive",
        "scorecard": "reads what the other chapters found",
    }
)
"""Why a chapter has nothing to rehearse."""


def all_jobs(sizes: Sizes | None = None) -> list[Job]:
    """Jobs of all chapters, those of a chapter together, in the order of the book."""
    sizes = sizes or Sizes()
    parts = (looking_jobs, encoder_jobs, reading_jobs, aligning_jobs, mapping_jobs, prompt_jobs)
    found = [job for part in parts for job in part(sizes)]
    order = list(dict.fromkeys(job.chapter for job in found))
    return sorted(found, key=lambda job: order.index(job.chapter))
