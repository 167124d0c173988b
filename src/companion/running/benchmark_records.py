"""The records of ``benchmarks/run.py`` that this project holds, and their page."""

from __future__ import annotations

from companion.errors import CompanionError
from companion.project import project_root
from companion.running.benchmark_page import HOW, page_of
from companion.running.layout import read_json

FOLDER = "benchmarks"
FILES = ("record.json", "record-gpu.json")


def benchmark_page() -> str:
    """Page made from the records of this project.

    Raises
    ------
    CompanionError
        If one is there and cannot be read.
    """
    there = [path for name in FILES if (path := project_root() / FOLDER / name).is_file()]
    try:
        return page_of([read_json(path) or {} for path in there])
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise CompanionError(
            "A record of the benchmarks cannot be read",
            where=", ".join(map(str, there)),
            expected="machine, small and parts, as benchmarks/run.py writes them",
            got=f"{type(error).__name__}: {error}",
            do=f"run {HOW} again, or take the file from the repository",
        ) from error
