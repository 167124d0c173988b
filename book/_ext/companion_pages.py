"""Mend the theme's pages: no loader of live kernels, which is declared twice and needs the network."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx


def _drop_thebe(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Take thebe's scripts and styles off the page; its second declaration is an error in every browser."""
    for kind in ("script_files", "css_files"):
        context[kind] = [asset for asset in context.get(kind, []) if "thebe" not in _text(asset)]


def _text(asset: object) -> str:
    attributes = getattr(asset, "attributes", {})
    return f"{getattr(asset, 'filename', asset)} {attributes.get('body', '')}".lower()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("html-page-context", _drop_thebe, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
