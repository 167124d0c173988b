"""Mend the pages: no live kernels, true minus signs, lists and tables to be read aloud, glossary links."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

Page = dict[str, Any]
Target = tuple[str, str]

_EVERYDAY = {"cell", "evidence", "gap", "grid", "leak", "pack", "pattern", "sharing", "sweep", "V", "T"}
"""Terms that are words of every day as well; a link at each would often lead to a sense that is not meant."""
_PROSE = (nodes.paragraph, nodes.emphasis, nodes.strong)
_NOT_WITHIN = (
    nodes.reference,
    nodes.title,
    nodes.caption,
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.table,
    nodes.term,
    nodes.citation,
    addnodes.desc,
)


def _drop_thebe(app: Sphinx, pagename: str, templatename: str, context: Page, doctree: object) -> None:
    """Take thebe's scripts and styles off the page; its second declaration is an error in every browser."""
    for kind in ("script_files", "css_files"):
        context[kind] = [asset for asset in context.get(kind, []) if "thebe" not in _text(asset)]


def _mend_body(app: Sphinx, pagename: str, templatename: str, context: Page, doctree: object) -> None:
    """Give negative glued numbers a minus sign; let screen readers see lists, and no empty headings."""
    if "body" in context:
        body = re.sub(r'(<span class="pasted-text">)-(?=\d)', r"\1−", context["body"])
        body = body.replace('role="doc-biblioentry"', 'role="listitem"')
        context["body"] = re.sub(r"<th(?: [^>]*)?></th>", "<td></td>", body)


def _text(asset: object) -> str:
    attributes = getattr(asset, "attributes", {})
    return f"{getattr(asset, 'filename', asset)} {attributes.get('body', '')}".lower()


def _link_terms(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Lead from the first use of each glossary term on a page to its explanation."""
    terms = _terms(app)
    if docname in {document for document, _ in terms.values()}:
        return
    for text in list(doctree.findall(nodes.Text)):
        if terms and isinstance(text.parent, _PROSE) and not _kept(text):
            _link_in(text, terms, app, docname)


def _name_toggles(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Say what the arrow beside a page with pages below it does; the theme leaves it without a name."""
    contents = context.get("generate_toctree_html")
    if contents is not None:
        context["generate_toctree_html"] = lambda *args, **options: str(contents(*args, **options)).replace(
            "<summary>", '<summary aria-label="Show the pages below">'
        )


def _terms(app: Sphinx) -> dict[str, Target]:
    """Entries of the glossary by name, the longest first; one entry may explain several names."""
    entries = app.env.get_domain("std").data["objects"].items()
    names = [
        (name, target)
        for (kind, heading), target in entries
        if kind == "term"
        for name in heading.split(", ")
        if name not in _EVERYDAY
    ]
    return dict(sorted(names, key=lambda entry: (-len(entry[0]), entry[0])))


def _kept(text: nodes.Text) -> bool:
    """Tell whether a text stands where no link belongs."""
    ancestor = text.parent
    while ancestor is not None:
        if isinstance(ancestor, _NOT_WITHIN):
            return True
        ancestor = ancestor.parent
    return False


def _link_in(text: nodes.Text, left: dict[str, Target], app: Sphinx, docname: str) -> None:
    """Link the terms in one text; what is linked is taken out of ``left``."""
    words = "|".join(re.escape(name) for name in left)
    pieces: list[nodes.Node] = []
    start = 0
    for found in re.finditer(rf"(?<![\w-])(?:{words})s?(?![\w-])", str(text), re.IGNORECASE):
        name = _named(found[0], left)
        if name is None:
            continue
        document, anchor = target = left[name]
        for other in [other for other, leads in left.items() if leads == target]:
            del left[other]
        address = f"{app.builder.get_relative_uri(docname, document)}#{anchor}"
        link = nodes.reference("", "", internal=True, refuri=address, classes=["glossed"])
        link += nodes.Text(found[0])
        pieces += [nodes.Text(str(text)[start : found.start()]), link]
        start = found.end()
    if pieces:
        text.parent.replace(text, [*pieces, nodes.Text(str(text)[start:])])


def _named(word: str, left: dict[str, Target]) -> str | None:
    """Look a word up: as it stands, in the singular, or as it would stand within a sentence."""
    candidates = (word, word.removesuffix("s"))
    return next(
        (form for one in candidates for form in (one, one[:1].lower() + one[1:]) if form in left), None
    )


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("html-page-context", _drop_thebe, priority=900)
    app.connect("html-page-context", _mend_body)
    app.connect("html-page-context", _name_toggles, priority=900)
    app.connect("doctree-resolved", _link_terms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
