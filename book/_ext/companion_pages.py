"""Mend the pages: no loader of live kernels, true minus signs, a bibliography that can be read aloud."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx


def _drop_thebe(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Take thebe's scripts and styles off the page; its second declaration is an error in every browser."""
    for kind in ("script_files", "css_files"):
        context[kind] = [asset for asset in context.get(kind, []) if "thebe" not in _text(asset)]


def _set_minus_signs(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Give negative glued numbers a minus sign instead of a hyphen."""
    if "body" in context:
        context["body"] = re.sub(r'(<span class="pasted-text">)-(?=\d)', r"\1−", context["body"])


def _name_list_items(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Let screen readers see the bibliography as the list that it says it is."""
    if "body" in context:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')


def _text(asset: object) -> str:
    attributes = getattr(asset, "attributes", {})
    return f"{getattr(asset, 'filename', asset)} {attributes.get('body', '')}".lower()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("html-page-context", _drop_thebe, priority=900)
    app.connect("html-page-context", _set_minus_signs)
    app.connect("html-page-context", _name_list_items)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
