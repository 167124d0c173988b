"""MyST for any notebook program: roles become words, directives become quotations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from companion.running.wording import plain

_LABEL = re.compile(r"^\([a-z0-9-]+\)=\n+", re.MULTILINE)
_ROLE = re.compile(r"\{(?P<role>[a-z]+(?::[a-z]+)?)\}`(?P<content>[^`]+)`")
_DIRECTIVE = re.compile(
    r"^(?P<fence>`{3,}|:{3,})\{(?P<name>[a-z-]+)\}[ ]*(?P<title>[^\n]*)\n(?P<body>.*?)^(?P=fence)[ ]*$",
    re.MULTILINE | re.DOTALL,
)
_OPTION = re.compile(r"\A(:[a-z-]+:[^\n]*\n)+")
_TITLED = re.compile(r"(?P<title>.*?)\s*<(?P<target>[^<>]+)>")


@dataclass(frozen=True)
class Plain:
    """What the words of a page refer to.

    Attributes
    ----------
    results : mapping of str to dict
        What each chapter recorded, by its name.
    titles : mapping of str to str
        Titles of sections, by label, and of chapters, by name.
    numbers : mapping of str to str
        Names such as "Figure 2", by label of a figure or table.
    """

    results: Mapping[str, Mapping[str, Any]]
    titles: Mapping[str, str]
    numbers: Mapping[str, str]

    def text(self, markdown: str, chapter: str) -> str:
        """Return Markdown that says the same without MyST.

        Parameters
        ----------
        markdown : str
            Text of a cell.
        chapter : str
            Name of the page it stands on.

        Examples
        --------
        >>> plain = Plain({"ruler": {"rho": 0.386}}, {"ruler-key": "Key points"}, {"fig-a": "Figure 1"})
        >>> plain.text("It is {glue:text}`rho:.2f` ({numref}`fig-a`, {ref}`ruler-key`).", "ruler")
        'It is 0.39 (Figure 1, *Key points*).'
        """

        def word(found: re.Match[str]) -> str:
            return self._word(found["role"], found["content"], chapter)

        return _DIRECTIVE.sub(_quoted, _ROLE.sub(word, _LABEL.sub("", markdown)))

    def _word(self, role: str, content: str, chapter: str) -> str:
        if role == "glue:text":
            return self._value(content, chapter)
        if role in {"cite:t", "cite:p"}:
            cited = [_citation(key.strip(), in_brackets=role == "cite:p") for key in content.split(",")]
            return f"({'; '.join(cited)})" if role == "cite:p" else " and ".join(cited)
        titled = _TITLED.fullmatch(content)
        target = titled["target"] if titled else content
        if titled:
            return titled["title"]
        if role == "numref":
            return self.numbers.get(target, target)
        if role in {"ref", "doc"}:
            return f"*{self.titles.get(target, target)}*"
        return target

    def _value(self, content: str, chapter: str) -> str:
        page, _, key = content.rpartition("::")
        name, _, template = key.partition(":")
        found = self.results.get(Path(page).stem if page else chapter, {})
        if name not in found:
            return "…"  # found by a chapter that is not part of this workshop
        text = format(found[name], template)
        return text.replace("-", "−", 1) if isinstance(found[name], float | int) else plain(text)


def _quoted(found: re.Match[str]) -> str:
    """Turn a directive into a quotation under its title."""
    body = _OPTION.sub("", found["body"]).strip("\n")
    kind = {"exercise": "Exercise: "}.get(found["name"], "")
    title = f"**{kind}{found['title']}**\n\n" if found["title"] else ""
    return "\n".join(f"> {line}".rstrip() for line in f"{title}{body}".split("\n"))


def _citation(key: str, *, in_brackets: bool) -> str:
    names, year = _bibliography()[key]
    return f"{names}, {year}" if in_brackets else f"{names} ({year})"


@cache
def _bibliography() -> dict[str, tuple[str, str]]:
    """Look up how authors are cited, and the year, by key."""
    from pybtex.database import parse_file

    from companion.running.chapters import book_folder

    found = {}
    for key, entry in parse_file(str(book_folder() / "references.bib")).entries.items():
        names = [" ".join(person.last_names) for person in entry.persons.get("author", [])]
        first = (names or [str(entry.fields.get("title", key))])[0].strip("{}")
        others = {0: "", 1: "", 2: f" and {names[1].strip('{}')}" if len(names) == 2 else ""}
        said = first + others.get(len(names), " et al.")
        found[key] = (said, str(entry.fields.get("year", "no year")))
    return found
