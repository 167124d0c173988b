"""Chapters that use recordings: which ones, whether they are there, and the marks of a simulated page."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from companion.errors import ChapterError
from companion.loading.sources import RECORD, Null, Part, ScaleName, Source, recordings_folder
from companion.project import data_root
from companion.running.chapters import Chapter
from companion.running.layout import sha256
from companion.running.parameters import declared_parameters
from companion.running.session import PRINTED_MARK, TABLE_MARK

FIGURE_MARK = "Simulated data."


_MODALITY: Mapping[Part, str] = {
    "things-eeg2": "EEG",
    "things-meg": "MEG",
    "nsd": "fMRI",
    "god": "fMRI",
    "god-meg": "MEG",
    "ecog": "ECoG",
}
_SIMULATED_ONLY: tuple[Part, ...] = ("judges", "doses")
"""Parts that a run on official recordings does without."""


@dataclass(frozen=True)
class World:
    """Whose recordings a run of a chapter uses.

    Attributes
    ----------
    source, scale, null : str
        The chapter's parameters of these names.
    modalities : tuple of str, optional
        Its parameter ``modalities``; None for a chapter that has none and uses all.
    """

    source: Source
    scale: ScaleName
    null: Null
    modalities: tuple[str, ...] | None = None

    @property
    def simulated(self) -> bool:
        """Whether nobody was measured."""
        return self.source != "official"

    def uses(self, part: Part) -> bool:
        """Whether a run needs a part that its chapter names."""
        if not self.simulated and part in _SIMULATED_ONLY:
            return False
        return self.modalities is None or _MODALITY.get(part) in {None, *self.modalities}


def world_of(chapter: Chapter, parameters: Mapping[str, Any]) -> World | None:
    """Look up a run's world; None for a chapter that uses no recordings.

    Parameters
    ----------
    chapter : Chapter
    parameters : mapping
        Values that replace the chapter's defaults.

    Raises
    ------
    ChapterError
        If a chapter that uses recordings does not declare the three parameters.
    """
    if not chapter.world:
        return None
    defaults = declared_parameters(chapter)
    if lacking := [name for name in ("source", "scale", "null") if name not in defaults]:
        raise ChapterError(
            "A chapter that uses recordings lacks a parameter",
            where=f"book/{chapter.name}.md",
            expected="source, scale and null in the cell tagged parameters",
            got=f"no {', '.join(lacking)}",
        )

    def value(name: str) -> Any:
        return parameters[name] if name in parameters else ast.literal_eval(defaults[name][1])

    return World(
        cast(Source, value("source")),
        cast(ScaleName, value("scale")),
        cast(Null, value("null")),
        tuple(value("modalities")) if "modalities" in defaults else None,
    )


def recordings(chapter: Chapter, parameters: Mapping[str, Any]) -> dict[str, str]:
    """Checksums of the records of the parts that a run uses, by place in the data folder.

    Raises
    ------
    MissingDataError
        If a part is not there; the command that makes it is named.
    """
    world = world_of(chapter, parameters)
    found: dict[str, str] = {}
    for part in chapter.world if world is None or world.simulated else chapter.official:
        assert world is not None  # noqa: S101 - for the type checker
        if not world.uses(part):
            continue
        folder = recordings_folder(part, source=world.source, scale=world.scale, null=world.null)
        if world.simulated:
            path = folder / RECORD
            found[path.relative_to(data_root()).as_posix()] = sha256(path)
    return found


def is_simulated(world: World | None, results: Mapping[str, Any]) -> bool:
    """Whether a page shows simulated data: those of its world, or what it recorded as such itself."""
    return (world is not None and world.simulated) or bool(results.get("simulated", False))


def mark_simulated(notebook: Any, world: World | None) -> None:
    """Say that data are simulated: below the page's title, and in the caption of every figure and table.

    Tables of numbers from print are left as they are.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        An executed chapter; changed in place.
    world : World or None
        Of the run; None for a page that draws small worlds of its own.
    """
    top = next(cell for cell in notebook.cells if cell.cell_type == "markdown")
    lines = top.source.split("\n")
    title = next(row for row, line in enumerate(lines) if line.startswith("# "))
    lines[title + 1 : title + 1] = ["", *_admonition(world)]
    top.source = "\n".join(lines)
    for cell in notebook.cells:
        figure = cell.metadata.get("mystnb", {}).get("figure")
        if figure:
            figure["caption"] = _marked(figure["caption"])
        for output in cell.get("outputs", []):
            if TABLE_MARK in output.get("metadata", {}) and not output.metadata.get(PRINTED_MARK):
                first, _, rest = output.metadata[TABLE_MARK].partition("\n")
                output.metadata[TABLE_MARK] = f"{_marked(first)}\n{rest}"


def _marked(caption: str) -> str:
    sentence = caption.rstrip()
    return f"{sentence}{'' if sentence.endswith('.') else '.'} {FIGURE_MARK}"


def _admonition(world: World | None) -> list[str]:
    if world is None:
        source = "Its numbers come from simulated worlds, drawn on it or kept with the book."
    else:
        source = f"Its recordings {_origin(world)}; they are written in the official file layouts."
    return [
        ":::{admonition} Simulated data",
        ":class: caution simulated",
        f"Nobody was measured for this page. {source} Such a page can show when a method works, why, and "
        "when a score means nothing; it can never show that a paper is right.",
        ":::",
    ]


def _origin(world: World) -> str:
    return {
        "miniature": f"come from the miniature world (`scale = {world.scale}`)",
        "null": f"come from the null world {world.null} (`scale = {world.scale}`)",
        "official": "lie where official files belong, and carry the mark of simulated ones",
    }[world.source]
