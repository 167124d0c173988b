"""The workshop edition: chapters without solutions, with goals and minutes; and the page for teachers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from companion.running.chapters import Chapter, Teaching
from companion.running.exercises import CHECK_MARK

_START = re.compile(r"^```+\{solution-start\}", re.MULTILINE)
_END = re.compile(r"^```+\{solution-end\}\n```+\n?", re.MULTILINE)
_CHAPTERS = re.compile(r"^%%chapters$", re.MULTILINE)
_HEADING = re.compile(r"^\((?P<label>[a-z0-9-]+)\)=\n+##+ .+$", re.MULTILINE)


def for_workshop(notebook: Any, chapter: Chapter, titles: Mapping[str, str]) -> None:
    """Turn a chapter, executed or not, into what a learner starts from.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Changed in place: no solutions and no outcome of a check.
    chapter : Chapter
    titles : mapping of str to str
        Title by name of all chapters, for the prerequisites.
    """
    notebook.cells = _without_solutions(notebook.cells)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            outputs = cell.get("outputs", [])
            cell.outputs = [one for one in outputs if CHECK_MARK not in one.get("metadata", {})]
    if chapter.teaching is not None:
        _add_goals(notebook, chapter.teaching, titles)
        _add_times(notebook, chapter.teaching)


def complete_teaching(text: str, chapters: Mapping[str, Chapter]) -> str:
    r"""Put a table of the chapters where the page for teachers has the line ``%%chapters``.

    Parameters
    ----------
    text : str
        The page, as written.
    chapters : mapping of str to Chapter
        All, by name; those without ``teaching`` are left out.

    Returns
    -------
    str
        The page; for each chapter minutes in full, what it needs, and what learners will be able to do.

    Examples
    --------
    >>> complete_teaching("Before\n%%chapters\nAfter", {}).splitlines()[:2]
    ['Before', '```{table} The chapters in a workshop']
    """
    titles = {name: chapter.title for name, chapter in chapters.items()}
    lines = [
        "```{table} The chapters in a workshop",
        ":name: tab-teaching-chapters",
        "",
        "| chapter | minutes | you need | you will be able to |",
        "|:--|--:|:--|:--|",
    ]
    for name, chapter in chapters.items():
        if (known := chapter.teaching) is not None:
            needs = "; ".join(_needs(known, titles)) or "nothing before it"
            goals = "; ".join(known.objectives)
            lines.append(f"| {{doc}}`{name}` | {sum(known.minutes.values())} | {needs} | {goals} |")
    table = "\n".join([*lines, "```"])
    return _CHAPTERS.sub(lambda _: table, text)


def _needs(teaching: Teaching, titles: Mapping[str, str]) -> list[str]:
    """Prerequisites, chapters by their titles."""
    return [f"*{titles[name]}*" if name in titles else name for name in teaching.prerequisites]


def _without_solutions(cells: list[Any]) -> list[Any]:
    """Drop what stands from each ``solution-start`` to its ``solution-end``, in text and in code."""
    kept, inside = [], False
    for cell in cells:
        if cell.cell_type != "markdown":
            if not inside:
                kept.append(cell)
            continue
        cell.source, inside = _cut(cell.source, inside)
        if cell.source.strip():
            kept.append(cell)
    return kept


def _cut(text: str, inside: bool) -> tuple[str, bool]:
    """Return the text outside of solutions, and whether a solution is open at its end."""
    kept = ""
    while text:
        found = (_END if inside else _START).search(text)
        if found is None:
            return (kept if inside else kept + text).strip("\n"), inside
        if inside:
            text = text[found.end() :]
        else:
            kept, text = kept + text[: found.start()], text[found.end() :]
        inside = not inside
    return kept.strip("\n"), inside


def _add_goals(notebook: Any, teaching: Teaching, titles: Mapping[str, str]) -> None:
    top = next(cell for cell in notebook.cells if cell.cell_type == "markdown")
    lines = top.source.split("\n")
    title = next(row for row, line in enumerate(lines) if line.startswith("# "))
    needs = _needs(teaching, titles)
    goals = [
        ":::{admonition} In this session",
        ":class: note workshop",
        f"* **Time:** about {sum(teaching.minutes.values())} minutes.",
        f"* **You need:** {'; '.join(needs) or 'nothing before it'}.",
        *(f"* **You will be able to** {goal}." for goal in teaching.objectives),
        ":::",
    ]
    lines[title + 1 : title + 1] = ["", *goals]
    top.source = "\n".join(lines)


def _add_times(notebook: Any, teaching: Teaching) -> None:
    """Say below each heading that has minutes how long it takes, and how much has gone."""
    gone = 0

    def with_time(found: re.Match[str]) -> str:
        nonlocal gone
        minutes = teaching.minutes.get(found["label"])
        if minutes is None:
            return found[0]
        gone += minutes
        return f"{found[0]}\n\n*About {minutes} min; {gone} min at its end.*"

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _HEADING.sub(with_time, cell.source)
