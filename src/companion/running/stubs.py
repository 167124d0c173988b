"""The page that stands in for a chapter whose data are not on this machine."""

from __future__ import annotations

from companion.loading.entries import Entry
from companion.running.chapters import Chapter
from companion.running.wording import plain


def stub_page(chapter: Chapter, absent: list[Entry]) -> str:
    """Say what is missing, why, and how to get it; keep the title and the section labels.

    Parameters
    ----------
    chapter : Chapter
    absent : list of Entry
        The data sets that it needs and that are missing.

    Returns
    -------
    str
        A MyST page without numbers: references from other pages still resolve, and nothing is pretended.
    """
    title, *sections = chapter.sections
    lines = [
        f"({title.label})=",
        f"# {title.title}",
        "",
        ":::{admonition} Not computed in this copy of the book",
    ]
    lines += [
        ":class: warning",
        "",
        f"This chapter needs {_count(absent)} not on the machine that built these pages:",
    ]
    lines += ["", *(line for entry in absent for line in _entry_lines(entry)), "", ":::", ""]
    for section in sections:
        lines += [
            f"({section.label})=",
            f"{'#' * section.level} {section.title}",
            "",
            "*Not computed here.*",
            "",
        ]
    return "\n".join(lines)


def _count(absent: list[Entry]) -> str:
    return "a data set that is" if len(absent) == 1 else f"{len(absent)} data sets that are"


def _entry_lines(entry: Entry) -> list[str]:
    how = plain("; ".join(entry.steps)) if entry.manual else f"run `companion data fetch {entry.id}`"
    return [
        f"* **{plain(entry.title)}** (`{entry.id}`)",
        f"  * why it is not here: {_why(entry)}",
        f"  * how to get it: {how}",
        f"  * licence: {plain(entry.licence)}; access: {plain(entry.access)}",
    ]


def _why(entry: Entry) -> str:
    if not entry.manual:
        return "it has not been downloaded"
    if entry.origin == "request":
        return "its owners give it on request, and it may not be passed on"
    return (
        "its address, size or checksum is not known, so that it cannot be fetched and checked automatically"
    )
