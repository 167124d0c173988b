from __future__ import annotations

import io
from pathlib import Path

import pytest
import yaml
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import Link
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

from companion.errors import CompanionError
from companion.running.browser.binding import Leaf, bind, first_sheets, front
from companion.running.browser.pdf import print_book, printed_pages

ROOT = "http://127.0.0.1:1/"


def sheets(n: int) -> io.BytesIO:
    writer = PdfWriter()
    for _ in range(n):
        writer.add_blank_page(595.92, 842.88)
    stream = io.BytesIO()
    writer.write(stream)
    return stream


def leaf(page: str, part: str, n: int, links: tuple[str, ...] = ()) -> Leaf:
    """Sheets with links on the first one."""
    writer = PdfWriter(clone_from=sheets(n))
    for address in links:
        writer.add_annotation(0, Link(rect=(0, 0, 9, 9), url=address))
    stream = io.BytesIO()
    writer.write(stream)
    return Leaf(page, part, f"Title of {page}", stream)


@pytest.fixture
def leaves() -> list[Leaf]:
    to = (f"{ROOT}book/b.html#x", f"{ROOT}genindex.html", "https://example.org/")
    return [leaf("book/a", "", 2, to), leaf("book/b", "Part <1>", 3), leaf("book/c", "Part <1>", 1)]


def own_sheets(text: str) -> io.BytesIO:
    """As many sheets as the text asks for, in the place of a browser."""
    return sheets(text.count('class="sheet"') or text.count('class="front"'))


def test_pages_are_printed_in_the_order_of_the_contents_without_the_api(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toc = {
        "root": "book/index",
        "parts": [
            {"caption": "One", "chapters": [{"file": "book/b"}, {"file": "book/a"}]},
            {
                "caption": "Reference",
                "chapters": [{"file": "book/api", "sections": [{"file": "book/api_x"}]}],
            },
            {"caption": "Two", "chapters": [{"file": "book/c", "sections": [{"file": "book/d"}]}]},
        ],
    }
    (tmp_path / "book").mkdir()  # this and the manifest make a project
    (tmp_path / "data_manifest.yaml").touch()
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(toc))
    monkeypatch.setenv("COMPANION_PROJECT", str(tmp_path))
    assert printed_pages() == [
        ("", "book/index"),
        ("One", "book/b"),
        ("One", "book/a"),
        ("Two", "book/c"),
        ("Two", "book/d"),
    ]


def test_contents_give_the_sheet_on_which_a_page_begins(leaves: list[Leaf]) -> None:
    assert first_sheets(leaves, 2) == {"book/a": 2, "book/b": 4, "book/c": 7}
    text = front(leaves, 2)
    assert "<td>Title of book/b</td><td>5</td>" in text
    assert text.count("Part &lt;1&gt;") == 1


def test_all_sheets_are_bound_behind_the_front_with_bookmarks(leaves: list[Leaf]) -> None:
    bound = PdfReader(_written(bind(leaves, ROOT, own_sheets)))
    assert len(bound.pages) == 2 + 6
    first, part, pages = bound.outline
    assert first.title == "Title of book/a"
    assert part.title == "Part <1>"
    assert [page.title for page in pages] == ["Title of book/b", "Title of book/c"]
    assert [bound.get_destination_page_number(page) for page in pages] == [4, 7]
    assert bound.metadata is not None
    assert "Decoding what a person sees" in str(bound.metadata.title)


def test_links_lead_within_the_file_and_those_to_pages_not_printed_are_taken_off(leaves: list[Leaf]) -> None:
    bound = PdfReader(_written(bind(leaves, ROOT, own_sheets)))
    inwards, outwards = (one.get_object() for one in bound.pages[2]["/Annots"])  # type: ignore[attr-defined]
    assert inwards["/Dest"][0].get_object() == bound.pages[4].get_object()
    assert outwards["/A"]["/URI"] == "https://example.org/"


def test_links_within_a_page_find_its_own_anchor_though_another_page_has_one_of_that_name() -> None:
    pages = []
    for name in ("book/a", "book/b"):
        writer = PdfWriter(clone_from=sheets(3))
        writer.add_named_destination("key-points", 1)
        link = Link(rect=(0, 0, 9, 9), url="")
        link.pop("/A")
        link[NameObject("/Dest")] = TextStringObject("key-points")
        writer.add_annotation(0, link)
        stream = io.BytesIO()
        writer.write(stream)
        pages.append(Leaf(name, "", name, stream))
    bound = PdfReader(_written(bind(pages, ROOT, own_sheets)))
    n_front = 2
    for start in (n_front, n_front + 3):
        annotation = bound.pages[start]["/Annots"][0].get_object()  # type: ignore[index]
        assert isinstance(annotation, DictionaryObject)
        goal = annotation["/Dest"]
        assert isinstance(goal, ArrayObject)
        assert goal[0].get_object() == bound.pages[start + 1].get_object()


def test_a_book_that_was_not_rendered_is_not_printed(tmp_path: Path) -> None:
    with pytest.raises(CompanionError, match="make book"):
        print_book(tmp_path, tmp_path / "book.pdf")
    assert not (tmp_path / "book.pdf").exists()


def _written(writer: PdfWriter) -> io.BytesIO:
    stream = io.BytesIO()
    writer.write(stream)
    return stream
