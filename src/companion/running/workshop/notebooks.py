"""Notebooks for learners: not run, without solutions, readable in any notebook program."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from companion.running.chapters import Chapter, all_chapters
from companion.running.layout import Layout, read_json
from companion.running.teaching import for_workshop
from companion.running.workshop.plain import Plain
from companion.running.worlds import is_simulated, mark_simulated, world_of

SET_UP = """\
# Where this workshop's data and package lie; run this cell first.
import contextlib
import os
import sys
import zipfile
from pathlib import Path

home = next(
    folder
    for folder in (Path.cwd(), *Path.cwd().parents)
    if (folder / "data_manifest.yaml").is_file()
)
os.environ["COMPANION_DATA"] = str(home / "data")
os.environ["COMPANION_PROJECT"] = str(home)
package = home / "package"
if not package.is_dir():
    [wheel] = (home / "wheels").glob("*.whl")
    aside = home / f".package-{os.getpid()}"
    zipfile.ZipFile(wheel).extractall(aside)
    with contextlib.suppress(OSError):  # another notebook was quicker
        aside.rename(package)
sys.path.insert(0, str(package))"""
_HIDDEN = {"hide-input", "remove-cell", "check"}
_TABLE = re.compile(r'chapter\.table\(.*?"(?P<label>tab-[a-z0-9-]+)"', re.DOTALL)


def learners_notebooks(
    chapters: Sequence[Chapter], layout: Layout, parameters: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Make the notebooks that learners start from.

    Parameters
    ----------
    chapters : sequence of Chapter
        Already run, so that sentences have their numbers.
    layout : Layout
        Where their results lie.
    parameters : mapping of str to dict
        Values that took the place of defaults in that run, by chapter.

    Returns
    -------
    dict of str to nbformat.NotebookNode
        By file name, numbered in the order given.
    """
    everything = all_chapters()
    titles = {section.label: section.title for one in everything.values() for section in one.sections}
    titles |= {name: one.title for name, one in everything.items()}
    results = {one.name: read_json(layout.results(one.name)) or {} for one in chapters}
    made = {}
    for position, chapter in enumerate(chapters, start=1):
        notebook = chapter.notebook()
        world = world_of(chapter, parameters[chapter.name])
        if is_simulated(world, results[chapter.name]):
            mark_simulated(notebook, world)
        for_workshop(notebook, chapter, titles)
        _set_parameters(notebook, parameters[chapter.name])
        _put_captions(notebook)
        plain = Plain(results, titles, _numbers(notebook))
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = plain.text(cell.source, chapter.name)
            elif _HIDDEN & set(cell.metadata.get("tags", [])):
                cell.metadata["jupyter"] = {"source_hidden": True}
        notebook.cells.insert(1, _code(SET_UP, f"{chapter.name}-set-up"))
        made[f"{position}-{chapter.name}.ipynb"] = notebook
    return made


def _set_parameters(notebook: Any, values: Mapping[str, Any]) -> None:
    """Put the values of the run below the defaults, as papermill does."""
    if values:
        lines = [f"{name} = {value!r}" for name, value in values.items()]
        after = next(
            position
            for position, cell in enumerate(notebook.cells)
            if "parameters" in cell.metadata.get("tags", [])
        )
        notebook.cells.insert(after + 1, _code("\n".join(lines), "workshop-parameters"))


def _put_captions(notebook: Any) -> None:
    """Say a figure's caption below its cell: notebook programs do not show what the metadata hold."""
    import nbformat

    cells, count = [], 0
    for cell in notebook.cells:
        cells.append(cell)
        figure = cell.metadata.get("mystnb", {}).get("figure")
        if figure:
            count += 1
            caption = nbformat.v4.new_markdown_cell(f"*Figure {count}.* {figure['caption']}")
            caption["id"] = f"{cell['id']}-caption"
            cells.append(caption)
    notebook.cells = cells


def _numbers(notebook: Any) -> dict[str, str]:
    """Name of every figure and table, by label."""
    figures = [cell.metadata.get("mystnb", {}).get("figure", {}).get("name") for cell in notebook.cells]
    named = [name for name in figures if name]
    tables = [
        found["label"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for found in _TABLE.finditer(cell.source)
    ]
    return {name: f"Figure {number}" for number, name in enumerate(named, start=1)} | {
        name: f"Table {number}" for number, name in enumerate(tables, start=1)
    }


def _code(source: str, name: str) -> Any:
    import nbformat

    cell = nbformat.v4.new_code_cell(source)
    cell["id"] = name
    return cell
