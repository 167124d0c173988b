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
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import filelock

from companion.errors import ChapterError, CompanionError
from companion.project import project_root
from companion.running.chapters import Chapter, choose
from companion.running.exercises import refuse_unsolved
from companion.running.freshness import fingerprint, is_fresh, outputs
from companion.running.layout import Layout, read_json, write_json
from companion.running.provenance import environment
from companion.running.scorecard import BUILD_FOLDER
from companion.running.session import RUN_FOLDER

CELL_TIMEOUT_S = 3600


def execute(chapter: Chapter, parameters: dict[str, Any], layout: Layout, *, force: bool = False) -> None:
    """Run a chapter and put its outputs in place, the record last.

    Parameters
    ----------
    chapter : Chapter
    parameters : dict
        Already checked values that replace the chapter's defaults.
    layout : Layout
    force : bool
        Run even if the last run still stands.

    Raises
    ------
    ChapterError
        If a cell fails, or the chapter prints on standard error. The outputs of the last good run stay.
    """
    with filelock.FileLock(layout.lock(chapter.name)):
        if not force and is_fresh(chapter, parameters, layout):
            return
        workspace = layout.workspace(chapter.name)
        shutil.rmtree(workspace, ignore_errors=True)  # of a run that was killed
        workspace.mkdir(parents=True)
        started = time.perf_counter()
        notebook = _run_notebook(chapter, parameters, layout)
        seconds = time.perf_counter() - started
        _place(chapter, parameters, layout, notebook, seconds)


def _run_notebook(chapter: Chapter, parameters: dict[str, Any], layout: Layout) -> Any:
    """Execute the notebook in the workspace and return it, clean."""
    import nbformat
    import papermill

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
    try:
        papermill.execute_notebook(
            source,
            done,
            parameters,
            cwd=project_root(),
            kernel_name="python3",
            language="python",
            execution_timeout=None if parameters.get("scale") == "paper" else CELL_TIMEOUT_S,
            progress_bar={"bar_format": "{n_fmt}/{total_fmt}", "file": sys.stdout, "mininterval": 0.5},
        )
    except papermill.PapermillExecutionError as error:
        raise ChapterError(
            f"Chapter {chapter.name} failed in code cell {error.exec_count}: {error.ename}: {error.evalue}",
            where=f"book/{chapter.name}.md\n\n{_indented(error.source)}\n",
            do=f"mend the cell; the other chapters are kept\n\n{_indented(_plain(error.traceback))}",
        ) from error
    executed = nbformat.read(done, as_version=4)
    executed.cells.pop()
    _refuse_complaints(chapter, executed)
    refuse_unsolved(chapter.name, executed)
    return _clean(chapter, executed)


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
    return notebook


def _place(
    chapter: Chapter, parameters: dict[str, Any], layout: Layout, notebook: Any, seconds: float
) -> None:
    """Move the outputs to where the book looks for them; the record comes last and makes them count."""
    import nbformat

    name, workspace = chapter.name, layout.workspace(chapter.name)
    kernel = read_json(workspace / "kernel.json")
    if kernel is None:
        raise ChapterError(
            f"Chapter {name} ended before its last cell", do="remove sys.exit() or the like from its cells"
        )
    layout.record(name).unlink(missing_ok=True)
    for folder in (layout.notebook(name).parent, layout.results(name).parent, layout.figures(name).parent):
        folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, workspace / "clean.ipynb")
    (workspace / "clean.ipynb").replace(layout.notebook(name))
    results = workspace / "results.json"
    if not results.exists():
        write_json(results, {})
    results.replace(layout.results(name))
    shutil.rmtree(layout.figures(name), ignore_errors=True)
    (workspace / "figures").mkdir(exist_ok=True)
    (workspace / "figures").replace(layout.figures(name))
    write_json(
        layout.record(name),
        {
            "chapter": name,
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(seconds, 1),
            "peak_memory_mb": round(kernel["peak_memory_mb"]),
            "device": kernel["device"],
            "environment": environment(),
            "fingerprint": fingerprint(chapter, parameters, kernel["modules"], layout),
            "outputs": outputs(name, layout),
        },
    )
    shutil.rmtree(workspace)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip().splitlines())


def _plain(traceback: list[str]) -> str:
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(traceback))


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)  # the kernel watches this process and ends with it


def main() -> int:
    """Take a job from standard input, run it, and print the outcome as the last line."""
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        [chapter] = choose([job["chapter"]])
        execute(chapter, job["parameters"], Layout(Path(job["build"])), force=job["force"])
    except CompanionError as error:
        print(f"\n{json.dumps({'error': str(error)})}", flush=True)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
