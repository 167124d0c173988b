"""Where links, anchors and pictures of a folder of pages lead, and what each page weighs."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_ELSEWHERE = ("http:", "https:", "mailto:", "data:", "javascript:", "//")
_LOADED = {"img": "src", "script": "src", "source": "src", "iframe": "src", "link": "href"}


@dataclass
class HtmlPage:
    """What one file of HTML says about others.

    Attributes
    ----------
    anchors : set of str
        Ids that a link may end in.
    links : list of str
        Addresses of ``a`` elements.
    loads : list of str
        Addresses of what the browser loads with the page: pictures, scripts, styles.
    """

    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = HtmlPage()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.page.anchors |= {values[name] for name in ("id", "name") if values.get(name)}
        if tag == "a" and values.get("href"):
            self.page.links.append(values["href"])
        address = values.get(_LOADED.get(tag, ""), "")
        if address and not (tag == "link" and values.get("rel") in {"next", "prev", "search", "index"}):
            self.page.loads.append(address)


def read_page(path: Path) -> HtmlPage:
    """Read one page.

    Parameters
    ----------
    path : Path

    Returns
    -------
    HtmlPage
    """
    reader = _Reader()
    reader.feed(path.read_text("utf-8"))
    return reader.page


def html_pages(folder: Path) -> list[Path]:
    """All pages of a book: its HTML files, without templates among the static files."""
    return sorted(path for path in folder.rglob("*.html") if "_static" not in path.parts)


def broken_links(folder: Path) -> dict[str, list[str]]:
    """Follow all links and loads within a folder.

    Parameters
    ----------
    folder : Path
        Root of the rendered book.

    Returns
    -------
    dict of str to list of str
        By page, with a slash between its parts, the addresses that lead nowhere; sound pages are left out.
    """
    pages = {path.resolve(): read_page(path) for path in html_pages(folder)}
    found = {}
    for path, page in pages.items():
        broken = [
            address for address in dict.fromkeys(page.links + page.loads) if not _leads(address, path, pages)
        ]
        if broken:
            found[path.relative_to(folder.resolve()).as_posix()] = broken
    return found


def _leads(address: str, path: Path, pages: dict[Path, HtmlPage]) -> bool:
    """Tell whether an address on a page leads to a file, and to an anchor in it if it names one."""
    if address.lower().startswith(_ELSEWHERE):
        return True
    parts = urlsplit(address)
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_file():
        return False
    anchor = unquote(parts.fragment)
    return not anchor or target not in pages or anchor in pages[target].anchors


def weights(folder: Path) -> dict[str, int]:
    """Weigh each page with its pictures, without static files that all pages share.

    Parameters
    ----------
    folder : Path
        Root of the rendered book.

    Returns
    -------
    dict of str to int
        Bytes by page.
    """
    found = {}
    for path in html_pages(folder):
        files = {path.resolve()}
        for address in read_page(path).loads:
            local = not address.lower().startswith(_ELSEWHERE) and urlsplit(address).path
            if local and (file := (path.parent / unquote(local)).resolve()).is_file():
                files.add(file)
        own = [file for file in files if "_static" not in file.parts and file.name != "searchindex.js"]
        found[path.relative_to(folder).as_posix()] = sum(file.stat().st_size for file in own)
    return found
