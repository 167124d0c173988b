"""What a chapter's run made: written in its workspace, then moved to where the book looks for it."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from companion.errors import ChapterError
from companion.running.chapters import Chapter
from companion.running.freshness import fingerprint, outputs
from companion.running.layout import Layout, read_json, write_json, write_sealed
from companion.running.provenance import environment


def complete(
    chapter: Chapter, parameters: dict[str, Any], layout: Layout, notebook: Any, seconds: float
) -> None:
    """Write all that is kept beside the last good outputs, so that a full disk takes nothing from these."""
    import nbformat

    name, workspace = chapter.name, layout.workspace(chapter.name)
    kernel = read_json(workspace / "kernel.json")
    if kernel is None:
        raise ChapterError(
            f"Chapter {name} ended before its last cell", do="remove sys.exit() or the like from its cells"
        )
    made = _made(layout, name)
    nbformat.write(notebook, made["notebook"])
    if not made["results"].exists():
        write_json(made["results"], {})
    made["figures"].mkdir(exist_ok=True)
    write_sealed(
        made["record"],
        {
            "chapter": name,
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(seconds, 1),
            "peak_memory_mb": round(kernel["peak_memory_mb"]),
            "device": kernel["device"],
            "environment": environment(),
            "fingerprint": fingerprint(chapter, parameters, kernel["modules"], layout),
            "outputs": outputs(made["notebook"], made["results"], made["figures"]),
        },
    )


def _made(layout: Layout, name: str) -> dict[str, Path]:
    """Where a run leaves its outputs until all of them are written.

    The record lies beside the workspace: this is gone when that is moved, so that a finished run leaves none.
    """
    workspace = layout.workspace(name)
    return {
        "notebook": workspace / "clean.ipynb",
        "results": workspace / "results.json",
        "figures": workspace / "figures",
        "record": workspace.with_name(f"{name}.json"),
    }


def place(name: str, layout: Layout) -> None:
    """Move the outputs to where the book looks for them; the record comes last and makes them count."""
    made = _made(layout, name)
    targets = {
        "notebook": layout.notebook(name),
        "results": layout.results(name),
        "figures": layout.figures(name),
        "record": layout.record(name),
    }
    for target in targets.values():
        target.parent.mkdir(parents=True, exist_ok=True)
    targets["record"].unlink(missing_ok=True)
    shutil.rmtree(targets["figures"], ignore_errors=True)
    for kind in ("notebook", "results", "figures"):
        made[kind].replace(targets[kind])
    shutil.rmtree(layout.workspace(name))
    made["record"].replace(targets["record"])
