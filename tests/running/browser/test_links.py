from __future__ import annotations

from pathlib import Path

import pytest

from companion.running.browser.links import broken_links, html_pages, read_page, weights


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """Two pages with pictures, and a template among the static files."""
    (tmp_path / "book").mkdir()
    (tmp_path / "_images").mkdir()
    (tmp_path / "_static").mkdir()
    (tmp_path / "_images/a%20b.png").write_bytes(b"x")
    (tmp_path / "_images/a b.png").write_bytes(b"x" * 500)
    (tmp_path / "_static/all.css").write_bytes(b"y" * 9000)
    (tmp_path / "_static/macros.html").write_text('<a href="nowhere.html">template</a>')
    (tmp_path / "book/one.html").write_text(
        '<link rel="stylesheet" href="../_static/all.css?v=1"><link rel="next" href="two.html">'
        '<h1 id="top">One</h1><a href="two.html#here">there</a><a href="#top">up</a><a href="https://a.org">out</a>'
        '<img src="../_images/a%20b.png" alt="x"><img src="../_images/a%20b.png" alt="again">'
    )
    (tmp_path / "book/two.html").write_text('<p id="here">Two</p><a href="one.html">back</a>')
    return tmp_path


def test_a_sound_tree_has_no_broken_links(pages: Path) -> None:
    assert broken_links(pages) == {}
    assert [path.name for path in html_pages(pages)] == ["one.html", "two.html"]


@pytest.mark.parametrize(
    "address", ["three.html", "one.html#bottom", "#bottom", "../_images/c.png", "../book", "two.html#Here"]
)
def test_what_leads_nowhere_is_named(pages: Path, address: str) -> None:
    with (pages / "book/two.html").open("a") as stream:
        stream.write(f'<a href="{address}">x</a>')
    assert broken_links(pages) == {"book/two.html": [address]}


def test_a_picture_that_is_not_there_is_named(pages: Path) -> None:
    with (pages / "book/one.html").open("a") as stream:
        stream.write('<img src="../_images/gone.png" alt="gone">')
    assert broken_links(pages) == {"book/one.html": ["../_images/gone.png"]}


def test_a_page_weighs_itself_and_each_picture_once_but_not_what_all_pages_share(pages: Path) -> None:
    own = (pages / "book/one.html").stat().st_size
    assert weights(pages) == {
        "book/one.html": own + 500,
        "book/two.html": (pages / "book/two.html").stat().st_size,
    }


def test_links_to_neighbours_are_not_loaded_with_the_page(pages: Path) -> None:
    page = read_page(pages / "book/one.html")
    assert "two.html" not in page.loads
    assert page.anchors == {"top"}
