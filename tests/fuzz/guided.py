"""A process that lets atheris choose the inputs of one reader; a second one counts the lines they reached.

Called by `tests.fuzz`; by hand: ``python -m tests.fuzz.guided pickles FOLDER --runs 1000 --seed 0``.
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from types import CodeType, FrameType, ModuleType
from typing import Any

from . import manifests, pickles
from .guard import Guard

SUBJECTS: dict[str, ModuleType] = {"pickles": pickles, "manifest": manifests}


def fuzz(subject: ModuleType, folder: Path, runs: int, seed: int, minutes: float) -> None:
    """Run the fuzzer to its end, which ends this process."""
    import atheris

    path = folder / subject.NAME
    seeds = subject.seeds()
    for number, content in enumerate(seeds):
        (folder / "seeds" / str(number)).write_bytes(content)
    with atheris.instrument_imports(include=subject.READS.split()):
        readers = subject.readers(path)
        _read_once(readers, path, seeds)  # what is imported late is imported now
    guard = Guard(folder / "log.jsonl", path, every_line=False)
    done, flushed = 0, time.monotonic()

    def check(content: bytes) -> None:
        nonlocal done, flushed
        path.write_bytes(content)
        guard.check(done, readers, content)
        done += 1
        if done >= runs or time.monotonic() > flushed + 5:
            guard.flush()
            flushed = time.monotonic()

    def mutate(data: bytes, most: int, number: int) -> bytes:
        rng = Random(number)
        if rng.random() < 0.15:
            return bytes(atheris.Mutate(data, most))
        return bytes(subject.mutate(data, rng, seeds)[:most])

    options = {
        "runs": runs,
        "seed": seed + 1,  # 0 would be drawn from the clock
        "max_len": subject.LONGEST,
        "max_total_time": round(60 * minutes),
        "timeout": 60,
        "rss_limit_mb": 4096,
        "artifact_prefix": f"{folder}/crash-",
    }
    arguments = [f"-{name}={value}" for name, value in options.items()]
    atheris.Setup(
        [sys.argv[0], *arguments, str(folder / "corpus"), str(folder / "seeds")], check, custom_mutator=mutate
    )
    atheris.Fuzz()


def count_lines(subject: ModuleType, folder: Path) -> None:
    """Read what the fuzzer kept once more: lines of functions that run, largest memory of one input."""
    path = folder / subject.NAME
    readers = subject.readers(path)
    kept = [file.read_bytes() for part in ("seeds", "corpus") for file in sorted((folder / part).iterdir())]
    _read_once(readers, path, kept[:50])
    modules = [
        sys.modules[name] for name in sorted(sys.modules) if name.startswith(tuple(subject.READS.split()))
    ]
    there = {(module.__file__, line) for module in modules for line in _lines_of_functions(module)}
    files = {file for file, _ in there}
    seen: set[tuple[str, int]] = set()

    def watch(frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        if frame.f_code.co_filename not in files:
            return None
        seen.add((frame.f_code.co_filename, frame.f_lineno))
        return watch

    sys.settrace(watch)
    _read_once(readers, path, kept)
    sys.settrace(None)
    largest = max(_peak(readers, path, content) for content in kept)
    missed = sorted(f"{Path(file).name}:{line}" for file, line in there - seen)
    report = {
        "lines": len(there),
        "lines_reached": len(there & seen),
        "missed": missed,
        "kept": len(kept),
        "peak_mb": round(largest / 2**20, 2),
    }
    (folder / "lines.json").write_text(json.dumps(report), "utf-8")


def _read_once(readers: list[Callable[[], object]], path: Path, contents: list[bytes]) -> None:
    for content in contents:
        path.write_bytes(content)
        for reader in readers:
            with suppress(Exception):  # what it raises is judged by the guard
                reader()


def _peak(readers: list[Callable[[], object]], path: Path, content: bytes) -> int:
    tracemalloc.start()
    _read_once(readers, path, [content])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def _lines_of_functions(module: ModuleType) -> set[int]:
    """Lines that only run when something is called."""
    lines: set[int] = set()
    to_do: list[CodeType] = [compile(inspect.getsource(module), str(module.__file__), "exec")]
    while to_do:
        code = to_do.pop()
        to_do.extend(part for part in code.co_consts if isinstance(part, CodeType))
        if code.co_flags & inspect.CO_OPTIMIZED:
            lines |= {line for _, _, line in code.co_lines() if line and line != code.co_firstlineno}
    return lines


def main() -> None:
    """Fuzz, or count lines."""
    parser = argparse.ArgumentParser()
    parser.add_argument("subject", choices=SUBJECTS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("--lines", action="store_true", help="count the lines that an earlier run reached")
    asked = parser.parse_args()
    for part in ("seeds", "corpus"):
        (asked.folder / part).mkdir(parents=True, exist_ok=True)
    if asked.lines:
        count_lines(SUBJECTS[asked.subject], asked.folder)
    else:
        fuzz(SUBJECTS[asked.subject], asked.folder, asked.runs, asked.seed, asked.minutes)


if __name__ == "__main__":
    main()
