"""The tree that Jupyter Book renders: prose copied, executed chapters put in, generated pages added."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from companion.errors import ChapterError
from companion.loading.manifest import load_manifest
from companion.loading.store import missing
from companion.project import project_root
from companion.running.benchmark_records import benchmark_page
from companion.running.chapters import Chapter, all_chapters, book_folder
from companion.running.freshness import finished_record
from companion.running.landing import complete_index
from companion.running.layout import Layout, write_text
from companion.running.light_pictures import lighten
from companion.running.pages import data_page, footer, parameters_page, provenance_page
from companion.running.session import TABLE_MARK
from companion.running.stubs import stub_page
from companion.running.teaching import complete_teaching, for_workshop
from companion.running.worlds import is_simulated, mark_simulated, world_of

_NOT_RENDERED = shutil.ignore_patterns("published", "records", "claims.yaml", "__pycache__")


def build_stage(layout: Layout) -> dict[str, Mapping[str, Any] | None]:
    """Lay the staging tree anew.

    Parameters
    ----------
    layout : Layout

    Returns
    -------
    dict
        Record of each chapter; None where a page stands in for it because its data are missing.

    Raises
    ------
    ChapterError
        If a chapter has not been run since its text, data or code last changed.
    """
    stage = layout.stage
    shutil.rmtree(stage, ignore_errors=True)
    shutil.copytree(book_folder(), stage / "book", ignore=_NOT_RENDERED)
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(project_root() / name, stage / name)
    records: dict[str, Mapping[str, Any] | None] = {}
    for name, chapter in all_chapters().items():
        (stage / "book" / f"{name}.md").unlink()
        records[name] = _stage_chapter(chapter, layout, stage / "book")
    write_text(stage / "book" / "provenance.md", provenance_page(records))
    write_text(stage / "book" / "data.md", data_page(load_manifest()))
    write_text(stage / "book" / "parameters.md", parameters_page(all_chapters()))
    write_text(stage / "book" / "benchmarks.md", benchmark_page())
    for_teachers = stage / "book" / "teaching.md"
    if for_teachers.is_file():  # a small book does without
        write_text(for_teachers, complete_teaching(for_teachers.read_text("utf-8"), all_chapters()))
    complete_index(layout)
    return records


def _stage_chapter(chapter: Chapter, layout: Layout, folder: Path) -> Mapping[str, Any] | None:
    import nbformat

    if absent := missing(chapter.needs):
        write_text(folder / f"{chapter.name}.md", stub_page(chapter, absent))
        return None
    record = finished_record(chapter, layout)
    if record is None:
        raise ChapterError(
            f"Chapter {chapter.name} has not been run since it, its data or its code last changed",
            do=f"companion run {chapter.name}",
        )
    notebook = nbformat.read(layout.notebook(chapter.name), as_version=4)
    world = world_of(chapter, record["fingerprint"]["parameters"])
    results = json.loads(layout.results(chapter.name).read_text("utf-8"))
    if is_simulated(world, results):
        mark_simulated(notebook, world)
    if layout.edition == "workshop":
        for_workshop(notebook, chapter, {name: one.title for name, one in all_chapters().items()})
    lighten(notebook, layout.build / "light_pictures")
    notebook.cells = [part for cell in notebook.cells for part in with_tables(cell)]
    closing = nbformat.v4.new_markdown_cell(footer(chapter, record))
    closing["id"] = f"{chapter.name}-provenance"
    notebook.cells.append(closing)
    nbformat.write(notebook, folder / f"{chapter.name}.ipynb")
    return record


def with_tables(cell: Any) -> list[Any]:
    """Turn table outputs of a cell into Markdown cells after it, so that the page can number them."""
    import nbformat

    outputs = cell.get("outputs", [])
    tables = [output for output in outputs if TABLE_MARK in output.get("metadata", {})]
    if not tables:
        return [cell]
    cell.outputs = [output for output in outputs if output not in tables]
    parts = [cell]
    for position, output in enumerate(tables):
        part = nbformat.v4.new_markdown_cell(output.metadata[TABLE_MARK])
        part["id"] = f"{cell['id']}-table-{position}"
        parts.append(part)
    return parts
