"""Whether a chapter's last run still stands: what went in is unchanged, what came out is still there."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from companion.errors import MissingDataError
from companion.loading.store import checksums, missing
from companion.project import project_root
from companion.running.chapters import Chapter, all_chapters, book_folder
from companion.running.layout import Layout, read_sealed, sha256, tree_sha256
from companion.running.worlds import recordings
from companion.system.source_code import code_sha256


def fingerprint(
    chapter: Chapter, parameters: Mapping[str, Any], modules: Iterable[str], layout: Layout
) -> dict[str, Any]:
    """Everything a chapter's outcome depends on.

    Parameters
    ----------
    chapter : Chapter
    parameters : mapping
        Values that replace the chapter's defaults.
    modules : iterable of str
        The modules of this package that the chapter imported.
    layout : Layout
        Where the results of the others lie, for a chapter that reads them.

    Returns
    -------
    dict
        Checksums of the text, the data, the files read, the lock and the modules, and the parameters.
    """
    others = [one for one in all_chapters().values() if not one.last] if chapter.last else []
    return {
        "text": hashlib.sha256(chapter.text.encode()).hexdigest(),
        "parameters": dict(sorted(parameters.items())),
        "data": checksums(chapter.needs) | recordings(chapter, parameters),
        "reads": {name: sha256(book_folder() / name) for name in chapter.reads},
        "lock": sha256(project_root() / "requirements.lock"),
        "modules": {name: _module_sha256(name) for name in sorted(modules)},
        **({"results": {one.name: _results(one, layout) for one in others}} if others else {}),
    }


def outputs(notebook: Path, results: Path, figures: Path) -> dict[str, str]:
    """Checksums of what a finished run left."""
    return {"notebook": sha256(notebook), "results": sha256(results), "figures": tree_sha256(figures)}


def finished_record(chapter: Chapter, layout: Layout) -> dict[str, Any] | None:
    """Record of the last run, if the run still stands with the parameters it had; else None."""
    record = read_sealed(layout.record(chapter.name))
    name = chapter.name
    if record is None:
        return None
    if record["outputs"] != outputs(layout.notebook(name), layout.results(name), layout.figures(name)):
        return None
    known = record["fingerprint"]
    try:
        now = fingerprint(chapter, known["parameters"], known["modules"], layout)
    except MissingDataError:
        return None
    return record if known == now else None


def is_fresh(chapter: Chapter, parameters: Mapping[str, Any], layout: Layout) -> bool:
    """Whether running the chapter with these parameters would only repeat its last run."""
    record = finished_record(chapter, layout)
    return record is not None and record["fingerprint"]["parameters"] == dict(sorted(parameters.items()))


def _results(chapter: Chapter, layout: Layout) -> str:
    """Checksum of what another chapter found; results of an earlier run do not count where data are gone."""
    return "data missing" if missing(chapter.needs) else sha256(layout.results(chapter.name))


def _module_sha256(name: str) -> str:
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return "absent"
    return code_sha256(Path(spec.origin)) if spec is not None and spec.origin else "absent"
