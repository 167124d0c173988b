"""Printed pages bound into one PDF: title page, contents, bookmarks, page numbers, links within the file."""

from __future__ import annotations

import html
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from companion.running.landing import citation

if TYPE_CHECKING:
    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import DictionaryObject

_STYLE = """<style>
@page { size: A4; margin: 0 }
body { margin: 0; font: 11pt/1.45 'DejaVu Sans', Arial, sans-serif; color: #222 }
.front { padding: 28mm 24mm 20mm; break-after: page }
h1 { font-size: 26pt; line-height: 1.2; margin: 45mm 0 8mm }
.toc { width: 100%; border-collapse: collapse }
.toc td { padding: 1.2mm 0; vertical-align: top }
.toc td:last-child { text-align: right; padding-left: 6mm }
.toc .part td { font-weight: bold; padding-top: 4mm; text-align: left }
.sheet { height: 297mm; position: relative; break-after: page; overflow: hidden }
.sheet p { position: absolute; bottom: 9mm; left: 17mm; right: 17mm; margin: 0; display: flex;
  justify-content: space-between; font-size: 8pt; color: #555 }
</style>"""


@dataclass
class Leaf:
    """One page of the book, printed.

    Attributes
    ----------
    page : str
        Its name, such as ``book/ruler``.
    part : str
        Caption of its part; empty for the first page.
    title : str
    printed : io.BytesIO
        PDF of its own.
    """

    page: str
    part: str
    title: str
    printed: io.BytesIO

    @cached_property
    def reader(self) -> PdfReader:
        """Its sheets."""
        from pypdf import PdfReader

        return PdfReader(self.printed)

    @property
    def n_sheets(self) -> int:
        """How many sheets it takes."""
        return len(self.reader.pages)


def bind(leaves: Sequence[Leaf], root: str, sheets_of: Callable[[str], io.BytesIO]) -> PdfWriter:
    """Bind printed pages.

    Parameters
    ----------
    leaves : sequence of Leaf
        In the order of the book.
    root : str
        Address under which they were printed; links to it are turned inwards.
    sheets_of : callable
        Prints HTML of ours: the front, and the page numbers.

    Returns
    -------
    pypdf.PdfWriter
    """
    from pypdf import PdfReader, PdfWriter

    n_front = len(PdfReader(sheets_of(front(leaves, 0))).pages)
    writer = PdfWriter()
    for sheet in PdfReader(sheets_of(front(leaves, n_front))).pages:
        writer.add_page(sheet)
    starts = first_sheets(leaves, n_front)
    for leaf in leaves:
        for sheet in leaf.reader.pages:
            writer.add_page(sheet)
    _number(writer, leaves, n_front, sheets_of)
    _turn_links_inwards(writer, leaves, starts, root)
    _add_bookmarks(writer, leaves, starts)
    cited = citation()
    authors = ", ".join(author.get("name", "") for author in cited["authors"])
    writer.add_metadata({"/Title": cited["title"], "/Author": authors})
    return writer


def first_sheets(leaves: Sequence[Leaf], n_front: int) -> dict[str, int]:
    """Count, from 0, on which sheet each page begins.

    Parameters
    ----------
    leaves : sequence of Leaf
    n_front : int
        Sheets of the title page and the contents.

    Returns
    -------
    dict of str to int
    """
    found, position = {}, n_front
    for leaf in leaves:
        found[leaf.page] = position
        position += leaf.n_sheets
    return found


def front(leaves: Sequence[Leaf], n_front: int) -> str:
    """Write title page and contents as HTML.

    Parameters
    ----------
    leaves : sequence of Leaf
    n_front : int
        Sheets that they themselves take.

    Returns
    -------
    str
    """
    cited = citation()
    starts, part, rows = first_sheets(leaves, n_front), "", []
    for leaf in leaves:
        if leaf.part != part:
            part = leaf.part
            rows.append(f'<tr class="part"><td colspan="2">{html.escape(part)}</td></tr>')
        rows.append(f"<tr><td>{html.escape(leaf.title)}</td><td>{starts[leaf.page] + 1}</td></tr>")
    authors = ", ".join(author.get("name", "") for author in cited["authors"])
    edition = f"Version {cited['version']}, {cited['date-released']}. Licence: {cited['license']}."
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8">{_STYLE}'
        f'<div class="front"><h1>{html.escape(cited["title"])}</h1><p>{html.escape(authors)}</p>'
        f"<p>{html.escape(edition)}</p>"
        "<p>Printed from the pages of the book. Code that is a method is shown; code that only draws "
        "and the pages of the API are left out.</p></div>"
        f'<div class="front"><h2>Contents</h2><table class="toc">{"".join(rows)}</table></div>'
    )


def _number(
    writer: PdfWriter, leaves: Sequence[Leaf], n_front: int, sheets_of: Callable[[str], io.BytesIO]
) -> None:
    """Lay title and number over the foot of every sheet of a leaf."""
    from pypdf import PdfReader

    titles = [html.escape(leaf.title) for leaf in leaves for _ in range(leaf.n_sheets)]
    feet = "".join(
        f'<div class="sheet"><p><span>{title}</span><span>{number}</span></p></div>'
        for number, title in enumerate(titles, start=n_front + 1)
    )
    page = f'<!doctype html><html lang="en"><meta charset="utf-8">{_STYLE}{feet}'
    numbers = PdfReader(sheets_of(page)).pages
    for position in range(len(titles)):
        sheet = writer.pages[n_front + position]
        sheet.merge_page(numbers[position])
        sheet.compress_content_streams()  # laid over each other, they are written out in full


def _turn_links_inwards(writer: PdfWriter, leaves: Sequence[Leaf], starts: dict[str, int], root: str) -> None:
    """Let links between pages of the book lead to sheets; those to pages not printed are taken off."""
    from pypdf.generic import ArrayObject, NameObject

    by_page = {leaf.page: leaf for leaf in leaves}
    for leaf in leaves:
        for position in range(leaf.n_sheets):
            sheet = writer.pages[starts[leaf.page] + position]
            kept = ArrayObject()
            for reference in sheet.get("/Annots", []):
                annotation = reference.get_object()
                goal = _goal(annotation, leaf.page, root)
                if goal is None:
                    kept.append(reference)
                elif goal[0] in by_page:
                    annotation.pop("/A", None)
                    annotation[NameObject("/Dest")] = _destination(writer, by_page[goal[0]], starts, goal[1])
                    kept.append(reference)
            sheet[NameObject("/Annots")] = kept


def _goal(annotation: DictionaryObject, page: str, root: str) -> tuple[str, str] | None:
    """Page and anchor that a link leads to; None if it leads out of the book, or is no link."""
    action = annotation.get("/A", {})
    named = annotation.get("/Dest") or action.get("/D")
    if isinstance(named, str):
        return page, unquote(named.removeprefix("/"))
    address = str(action.get("/URI", ""))
    if not address.startswith(root):
        return None
    parts = urlsplit(address.removeprefix(root))
    return parts.path.removesuffix(".html"), unquote(parts.fragment)


def _destination(writer: PdfWriter, leaf: Leaf, starts: dict[str, int], anchor: str) -> Any:
    """Place within the file: that of the anchor if its page knows it, else the page's first sheet."""
    from pypdf.generic import ArrayObject, FloatObject, NameObject, NullObject

    named = leaf.reader.named_destinations
    found = named.get(anchor) or named.get(f"/{anchor}")
    offset = leaf.reader.get_destination_page_number(found) if found is not None else 0
    top = found.top if found is not None and found.top is not None else None
    sheet = writer.pages[starts[leaf.page] + (offset or 0)]
    place = NullObject() if top is None else FloatObject(top)
    return ArrayObject([sheet.indirect_reference, NameObject("/XYZ"), NullObject(), place, NullObject()])


def _add_bookmarks(writer: PdfWriter, leaves: Sequence[Leaf], starts: dict[str, int]) -> None:
    """Parts, pages below them, and their sections below these."""
    part, parent = "", None
    for leaf in leaves:
        start = starts[leaf.page]
        if leaf.part != part:
            part = leaf.part
            parent = writer.add_outline_item(title=part, page_number=start)
        own = writer.add_outline_item(title=leaf.title, page_number=start, parent=parent)
        for title, offset in _sections(leaf.reader):
            writer.add_outline_item(title=title, page_number=start + offset, parent=own)


def _sections(reader: PdfReader) -> list[tuple[str, int]]:
    """Headings of the second level, with the sheet on which they stand."""
    seconds = [item for entry in reader.outline if isinstance(entry, list) for item in entry]
    return [
        (str(item.title).removesuffix("#"), reader.get_destination_page_number(item) or 0)
        for item in seconds
        if not isinstance(item, list)
    ]
