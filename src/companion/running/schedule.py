"""Many chapters: skip what stands, run the rest side by side, show how far they are."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import IO, Any, Literal

from tqdm import tqdm

from companion.errors import ChapterError
from companion.loading.store import missing, refuse_wrong_files
from companion.project import project_root
from companion.running.chapters import Chapter
from companion.running.execute import ended_suddenly
from companion.running.freshness import is_fresh
from companion.running.layout import Layout
from companion.running.parameters import check_parameters, refuse_absent_card
from companion.running.worlds import recordings
from companion.system.trouble import explained

_PROGRESS = re.compile(r"(\d+)/(\d+)")

Outcome = Literal["ran", "unchanged", "data missing", "failed"]


@dataclass(frozen=True)
class ChapterRun:
    """What became of one chapter.

    Attributes
    ----------
    chapter : str
        Its name.
    outcome : {"ran", "unchanged", "data missing", "failed"}
        ``data missing`` is no failure: the book gets a page that says what is missing and how to get it.
    detail : str
        For people: how long it took, what is missing, or the error.
    """

    chapter: str
    outcome: Outcome
    detail: str = ""


def run_chapters(
    chapters: list[Chapter],
    given: Mapping[str, Any],
    layout: Layout,
    *,
    jobs: int | None = None,
    force: bool = False,
    say: Callable[[str], None] = print,
) -> list[ChapterRun]:
    """Bring chapters up to date.

    Parameters
    ----------
    chapters : list of Chapter
    given : mapping
        Parameters; each chapter takes those that it declares.
    layout : Layout
    jobs : int, optional
        Chapters at a time; by default one per core, and a chapter uses one thread.
    force : bool
        Run unchanged chapters too.
    say : callable
        Takes each line meant for the reader of the terminal.

    Returns
    -------
    list of ChapterRun
        In the order of the chapters.

    Raises
    ------
    ChapterError
        Before anything runs, if a parameter is unknown to all chapters or has the wrong type.
    MissingDataError
        Likewise, if a chapter's recordings have not been made.
    """
    if jobs is not None and jobs < 1:
        raise ChapterError("The number of jobs must be at least 1", got=jobs)
    parameters = check_parameters(chapters, given)
    refuse_absent_card(parameters)
    done: dict[str, ChapterRun] = {}
    for chapter in chapters:
        if absent := missing(chapter.needs):
            done[chapter.name] = ChapterRun(
                chapter.name, "data missing", f"needs {', '.join(entry.id for entry in absent)}"
            )
            continue
        refuse_wrong_files(chapter.needs)
        recordings(chapter, parameters[chapter.name])  # a missing one is refused before anything runs
    _tell(done.values(), say)
    for last in (False, True):
        group = [chapter for chapter in chapters if chapter.last == last and chapter.name not in done]
        fresh = {
            chapter.name: ChapterRun(chapter.name, "unchanged")
            for chapter in group
            if not force and is_fresh(chapter, parameters[chapter.name], layout)
        }
        _tell(fresh.values(), say)
        done |= fresh
        waiting = [chapter for chapter in group if chapter.name not in fresh]
        if last and any(run.outcome == "failed" for run in done.values()):
            runs = [ChapterRun(c.name, "failed", "a chapter that it reads has failed") for c in waiting]
            _tell(runs, say)
        elif waiting:
            runs = _run_side_by_side(waiting, parameters, layout, jobs or os.cpu_count() or 1, force, say)
        else:
            runs = []
        done |= {run.chapter: run for run in runs}
    return [done[chapter.name] for chapter in chapters]


def _tell(runs: Iterable[ChapterRun], say: Callable[[str], None]) -> None:
    for run in runs:
        say(f"{run.chapter}: {run.outcome}{f' ({run.detail})' if run.detail else ''}")


def _run_side_by_side(
    chapters: list[Chapter],
    parameters: dict[str, dict[str, Any]],
    layout: Layout,
    jobs: int,
    force: bool,
    say: Callable[[str], None],
) -> list[ChapterRun]:
    say(f"running {', '.join(chapter.name for chapter in chapters)}, up to {jobs} at a time")
    runs: list[ChapterRun] = []
    processes: list[subprocess.Popen[str]] = []
    bars = {
        chapter.name: tqdm(
            total=None, desc=f"{chapter.name:>16}", unit="cell", position=i, leave=False, disable=None
        )
        for i, chapter in enumerate(chapters)
    }

    def follow(name: str) -> Callable[[IO[str]], dict[str, str]]:
        return partial(_follow, bar=bars[name], say=say)

    with ThreadPoolExecutor(min(jobs, len(chapters))) as pool:
        futures: set[Future[ChapterRun]] = {
            pool.submit(_run_one, c, parameters[c.name], layout, force, processes, follow(c.name))
            for c in sorted(chapters, key=lambda chapter: -chapter.core_seconds)  # so that none is left over
        }
        try:
            while futures:
                ended, futures = wait(futures, return_when=FIRST_COMPLETED)
                for future in ended:
                    runs.append(future.result())
                    _announce(runs[-1], say)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.kill()
            raise
        finally:
            for bar in bars.values():
                bar.close()
    return runs


def _announce(run: ChapterRun, say: Callable[[str], None]) -> None:
    with tqdm.external_write_mode():
        say(f"{run.chapter}: {run.outcome}{f' ({run.detail})' if run.outcome != 'failed' else ''}")
        if run.outcome == "failed":
            say(run.detail)


def _run_one(
    chapter: Chapter,
    parameters: dict[str, Any],
    layout: Layout,
    force: bool,
    processes: list[subprocess.Popen[str]],
    follow: Callable[[IO[str]], dict[str, str]],
) -> ChapterRun:
    """Run one chapter in a process of its own and follow it to its end, whatever that is."""
    started = time.perf_counter()
    try:
        code, told = _in_own_process(chapter, parameters, layout, force, processes, follow)
    except OSError as refused:  # above all a full disk; the other chapters go on
        return ChapterRun(chapter.name, "failed", str(explained(refused) or refused))
    if code == 0 and "unchanged" in told:
        return ChapterRun(chapter.name, "unchanged", told["unchanged"])
    if code == 0:
        return ChapterRun(chapter.name, "ran", f"{time.perf_counter() - started:.0f} s")
    error = told.get("error", "")
    if not error and code < 0:
        error = str(ended_suddenly(chapter.name, "process", f"signal {signal.Signals(-code).name}"))
    ended = f"Chapter {chapter.name}'s process ended with status {code}; what it printed is in "
    return ChapterRun(chapter.name, "failed", error or f"{ended}{layout.log(chapter.name)}")


def _in_own_process(
    chapter: Chapter,
    parameters: dict[str, Any],
    layout: Layout,
    force: bool,
    processes: list[subprocess.Popen[str]],
    follow: Callable[[IO[str]], dict[str, str]],
) -> tuple[int, dict[str, str]]:
    """Give a process a job; its status, and what it told of its end."""
    job = {"chapter": chapter.name, "parameters": parameters, "build": str(layout.build), "force": force}
    log = layout.log(chapter.name)
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("w", encoding="utf-8") as stderr,
        subprocess.Popen(
            [sys.executable, "-m", "companion.running.execute"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            cwd=project_root(),
            text=True,
            encoding="utf-8",
        ) as process,
    ):
        processes.append(process)
        assert process.stdin and process.stdout  # noqa: PT018, S101 - both are pipes
        process.stdin.write(f"{json.dumps(job)}\n")
        process.stdin.flush()  # and left open: the child ends when it closes
        told = follow(process.stdout)
        return process.wait(), told


def _follow(stream: IO[str], bar: tqdm[Any], say: Callable[[str], None]) -> dict[str, str]:
    """Move the bar as the chapter goes on, pass on whom it waits for; what it told of its end."""
    told: dict[str, str] = {}
    for line in stream:  # universal newlines: a carriage return ends a line too
        if found := _PROGRESS.fullmatch(line.strip()):
            bar.total = int(found[2])
            bar.update(int(found[1]) - bar.n)
        elif line.startswith('{"waiting"'):
            with tqdm.external_write_mode():
                say(json.loads(line)["waiting"])
        elif line.startswith(('{"error"', '{"unchanged"')):
            told |= json.loads(line)
    return told
