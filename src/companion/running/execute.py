"""One chapter, run by papermill in a process of its own.

It is started by :mod:`companion.running.schedule` as ``python -m companion.running.execute``. It takes a job
on standard input, prints its progress on standard output, and ends itself when standard input closes, which
happens when the parent dies, however it dies.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from companion.errors import ChapterError, CompanionError
from companion.project import project_root
from companion.running.chapters import Chapter, choose
from companion.running.exercises import refuse_unsolved
from companion.running.freshness import is_fresh
from companion.running.layout import Layout
from companion.running.placing import complete, place
from companion.running.scorecard import BUILD_FOLDER
from companion.running.session import RUN_FOLDER
from companion.system.trouble import explained, trouble_in
from companion.system.waiting import turn
from companion.system.workers import end_with_input

CELL_TIMEOUT_S = 3600


def execute(chapter: Chapter, parameters: dict[str, Any], layout: Layout, *, force: bool = False) -> bool:
    """Run a chapter and put its outputs in place, the record last.

    Parameters
    ----------
    chapter : Chapter
    parameters : dict
        Already checked values that replace the chapter's defaults.
    layout : Layout
    force : bool
        Run even if the last run still stands.

    Returns
    -------
    bool
        False if nothing was run: its last run stands, perhaps one that was waited for here.

    Raises
    ------
    ChapterError
        If a cell fails, or the chapter prints on standard error. The outputs of the last good run stay.
    """
    with turn(layout.lock(chapter.name), f"chapter {chapter.name}", tell=partial(_send, "waiting")):
        if not force and is_fresh(chapter, parameters, layout):
            return False
        workspace = layout.workspace(chapter.name)
        shutil.rmtree(workspace, ignore_errors=True)  # of a run that was killed
        workspace.mkdir(parents=True)
        started = time.perf_counter()
        notebook = _run_notebook(chapter, parameters, layout)
        seconds = time.perf_counter() - started
        complete(chapter, parameters, layout, notebook, seconds)
        place(chapter.name, layout)
        return True


def _run_notebook(chapter: Chapter, parameters: dict[str, Any], layout: Layout) -> Any:
    """Execute the notebook in the workspace and return it, clean."""
    import nbformat

    workspace = layout.workspace(chapter.name)
    source, done = workspace / "source.ipynb", workspace / "executed.ipynb"
    notebook = chapter.notebook()
    last = nbformat.v4.new_code_cell(
        f"from companion.running import session\nsession.finish({str(workspace)!r})"
    )
    notebook.cells.append(last)
    nbformat.write(notebook, source)
    os.environ[RUN_FOLDER] = str(workspace)
    os.environ[BUILD_FOLDER] = str(layout.build)
    _follow_cells(chapter, source, done, parameters)
    executed = nbformat.read(done, as_version=4)
    executed.cells.pop()
    _refuse_complaints(chapter, executed)
    refuse_unsolved(chapter.name, executed)
    return _clean(chapter, executed)


def _follow_cells(chapter: Chapter, source: Path, done: Path, parameters: dict[str, Any]) -> None:
    """Let papermill run a notebook, and say in words for people what ended it, if anything did."""
    import papermill
    from nbclient.exceptions import CellTimeoutError

    timeout = None if parameters.get("scale") == "paper" else CELL_TIMEOUT_S
    try:
        papermill.execute_notebook(
            source,
            done,
            parameters,
            cwd=project_root(),
            kernel_name="python3",
            language="python",
            execution_timeout=timeout,
            progress_bar={"bar_format": "{n_fmt}/{total_fmt}", "file": sys.stdout, "mininterval": 0.5},
        )
    except papermill.PapermillExecutionError as error:
        said = f"{error.ename}: {error.evalue}"
        raise ChapterError(
            f"Chapter {chapter.name} failed in code cell {error.exec_count}: {said}",
            where=f"book/{chapter.name}.md\n\n{_indented(error.source)}\n",
            do=f"{_cure(said)}\n\n{_indented(_plain(error.traceback))}",
        ) from error
    except CellTimeoutError as error:
        raise ChapterError(
            f"A cell of chapter {chapter.name} took longer than {timeout} s",
            do="choose a smaller scale or fewer steps, or run it when the machine has less to do",
        ) from error
    except RuntimeError as error:
        if "Kernel died" not in str(error):  # while it ran, or while it started
            raise
        raise ended_suddenly(chapter.name, "kernel", error) from error


def _cure(said: str) -> str:
    """Say what to do about an error in a cell: not always it is the cell that has to be mended."""
    trouble = trouble_in(said)
    if trouble:
        return trouble.do
    own = "what to do: " in said  # an error of this package
    return f"{'do what the message says' if own else 'mend the cell'}; the other chapters are kept"


def ended_suddenly(name: str, process: str, got: object) -> ChapterError:
    """Say that a process of a chapter ended without a word, and what that most likely means."""
    return ChapterError(
        f"The {process} of chapter {name} ended suddenly; most likely the system stopped it because memory "
        "was used up",
        got=got,
        do=f"close other programs, run it alone (companion run {name} --jobs 1) or at a smaller scale; the "
        "other chapters are kept",
    )


def _refuse_complaints(chapter: Chapter, notebook: Any) -> None:
    """Fail a chapter for an early exit and for anything on standard error, above all a warning."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":  # papermill takes sys.exit(0) for a success
                problem, got = "left early", f"{output.ename}: {output.evalue}"
            elif output.get("name") == "stderr":
                problem, got = "printed on standard error", output.text.strip()
            else:
                continue
            raise ChapterError(
                f"Chapter {chapter.name} {problem} in code cell {cell.execution_count}",
                where=f"book/{chapter.name}.md\n\n{_indented(cell.source)}\n",
                expected="a chapter that runs to its end and is silent: it is read by people",
                got=got,
                do="remove the cause",
            )


def _clean(chapter: Chapter, notebook: Any) -> Any:
    """Drop times, paths and random ids, so that the same run gives the same bytes."""
    notebook.metadata.pop("papermill", None)
    for position, cell in enumerate(notebook.cells):
        cell["id"] = f"{chapter.name}-{position:03d}"
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        _join_texts(cell)
    return notebook


def _join_texts(cell: Any) -> None:
    """Make one text of those printed one after the other: in how many pieces they came is chance."""
    joined: list[Any] = []
    for output in cell.get("outputs", []):
        if (
            joined
            and output.output_type == joined[-1].output_type == "stream"
            and output.name == joined[-1].name
        ):
            joined[-1].text += output.text
        else:
            joined.append(output)
    if "outputs" in cell:
        cell.outputs = joined


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip().splitlines())


def _plain(traceback: list[str]) -> str:
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(traceback))


def _send(kind: str, text: str) -> None:
    """Tell the process that started this one, which reads what is printed line by line."""
    print(f"\n{json.dumps({kind: text})}", flush=True)  # noqa: T201


def main() -> int:
    """Take a job from standard input, run it, and print the outcome as the last line."""
    job = json.loads(sys.stdin.readline())
    end_with_input()  # and the kernel, which watches this process, with it
    try:
        [chapter] = choose([job["chapter"]])
        if not execute(chapter, job["parameters"], Layout(Path(job["build"])), force=job["force"]):
            _send("unchanged", "another process has just made it")
    except (CompanionError, OSError, MemoryError) as error:
        told = error if isinstance(error, CompanionError) else explained(error)
        if told is None:
            raise
        _send("error", str(told))
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
