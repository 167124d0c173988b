"""MyST turned into Markdown that every notebook program shows."""

from __future__ import annotations

import re

import pytest

from companion.running.chapters import all_chapters
from companion.running.workshop.plain import Plain

PLAIN = Plain(
    {"ruler": {"rho": 0.3861, "gain": -1.25, "space": "CLIP"}, "spaces": {"n": 12}},
    {"ruler-key": "Key points", "spaces": "Spaces"},
    {"fig-a": "Figure 1", "tab-b": "Table 2"},
)


@pytest.mark.parametrize(
    ("myst", "markdown"),
    [
        ("(ruler-key)=\n## Key points", "## Key points"),
        ("{glue:text}`rho:.2f` and {glue:text}`space`", "0.39 and CLIP"),
        ("{glue:text}`gain:+.2f`", "−1.25"),
        ("{glue:text}`spaces.md::n`", "12"),
        ("{glue:text}`elsewhere.md::n`", "…"),
        ("{numref}`fig-a`, {numref}`tab-b`", "Figure 1, Table 2"),
        ("{ref}`ruler-key`; {ref}`here <ruler-key>`; {doc}`spaces`", "*Key points*; here; *Spaces*"),
        ("{cite:p}`radford2021clip`", "(Radford et al., 2021)"),
        ("{cite:t}`radford2021clip`", "Radford et al. (2021)"),
        (
            "```{admonition} Mind\n:class: tip\nOne.\n\nTwo.\n```\nThree.",
            "> **Mind**\n>\n> One.\n>\n> Two.\nThree.",
        ),
        ("```{exercise} Count\n:label: ex-1\n\nHow many?\n```", "> **Exercise: Count**\n>\n> How many?"),
        ("$x$ and `code` stay", "$x$ and `code` stay"),
    ],
)
def test_one_thing(myst: str, markdown: str) -> None:
    assert PLAIN.text(myst, "ruler") == markdown


@pytest.mark.parametrize("chapter", list(all_chapters().values()), ids=lambda chapter: chapter.name)
def test_nothing_of_myst_is_left_in_a_chapter(chapter) -> None:
    for cell in chapter.notebook().cells:
        if cell.cell_type == "markdown" and "solution-" not in cell.source:
            text = PLAIN.text(cell.source, chapter.name)
            assert not re.search(r"\{[a-z:]+\}`|^[`:]{3,}\{|^\([a-z-]+\)=", text, re.MULTILINE), text
