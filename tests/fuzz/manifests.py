"""Manifests: entries of the project's own, odd YAML, and changes at the borders of lines and tokens."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from random import Random
from typing import Any

from companion.project import MANIFEST_NAME, project_root

NAME = MANIFEST_NAME
LONGEST = 8192
READS = "companion.loading.manifest companion.loading.entries companion.system.strict_yaml"

_SMALL = """\
entries:
  - id: a-set
    title: A set
    papers: [shared]
    origin: download
    address: https://a.org
    licence: CC0
    access: public
    citation: [someone2020]
    layout: bytes
    chapters: [ruler]
    files:
      - {name: a.bin, url: https://a.org/b/a.bin, size: 10, sha256: %s}
""" % ("0" * 64)

_ODD = [
    "entries: &a [*a]\n",
    "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nentries: [*c, *c]\n",
    "a: &a {x: 1}\nb: &b {<<: [*a, *a]}\nc: &c {<<: [*b, *b]}\nentries: [*c]\n",
    "entries: !!python/object/apply:os.system [ls]\n",
    "!!python/name:os.system\n",
    "%YAML 1.2\n%TAG ! tag:a.org,2000:\n---\nentries: !x []\n",
    "entries: " + "[" * 200 + "]" * 200,
    "? [a, b]\n: entries\n",
    "--- []\n--- []\n",
    "entries: []\nentries: []\n",
    "\ufeffentries: []\r\n",
]

_VALUES = [
    "9" * 5000,
    "-1",
    "0x1F",
    "1:60:60",
    "1_000",
    "1e999",
    ".nan",
    "-.inf",
    "null",
    "~",
    "yes",
    "unknown",
    "2001-13-45",
    "2001-12-14t21:59:43.10-05:00",
    "!!int x",
    "!!int ''",
    "!!float x",
    "!!bool x",
    "!!timestamp x",
    "!!binary =",
    "!!set {a, b}",
    "!!omap [a: 1]",
    "!!python/tuple [1]",
    '"\\ud800"',
    '"\\U0010ffff\\0\\x1b[2J"',
    '"\\UFFFFFFFF"',
    "*a",
    "&a x",
    "|-\n        text",
    ">+\n",
    "{}",
    "[]",
    "[[[[1]]]]",
    "{a: {b: {c: 1}}}",
    "http://me:secret@a.org",
    "https://a.org/%2e%2e/x",
    "https://[::1",
    "https://a.org:99999/x",
    "../../x",
    "=",
    "<<",
    "x" * 3000,
]
_PLAIN = (
    0,
    -1,
    2**63,
    2**64,
    10**30,
    1.5,
    float("nan"),
    "",
    "\0",
    "\ud800",
    "unknown",
    "A" * 64,
    [],
    {},
    [[]],
    True,
)
_TOKENS = [
    "- ",
    "? ",
    ": ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&a ",
    "*a",
    "!!str ",
    "| ",
    "<<: *a",
    "\n",
    "\t",
    "  ",
    "#",
    "---\n",
    "...\n",
]
_KEYS = [
    "id",
    "files",
    "size",
    "sha256",
    "no_checksum",
    "with_book",
    "steps",
    "notes",
    "citation",
    "entries",
    "<<",
]


def seeds() -> list[bytes]:
    """Each entry of the project's manifest by itself, a small one, and odd YAML."""
    own = (project_root() / MANIFEST_NAME).read_text("utf-8")
    entries = re.split(r"\n(?=  - id:)", own)[1:]
    small = ["entries:\n" + entry for entry in entries if len(entry) < 2500]
    return [text.encode() for text in (*small[:40], _SMALL, *_ODD)]


def mutate(data: bytes, rng: Random, others: list[bytes]) -> bytes:
    """Change values and keys of what the text says; else lines, values and tokens of the text."""
    if rng.random() < 0.6 and (content := _content(data)):
        return _changed_content(content, rng)
    lines = _lines(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        lines = _changed_lines(lines, rng, others) or [""]
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def _changed_lines(lines: list[str], rng: Random, others: list[bytes]) -> list[str]:
    at = rng.randrange(len(lines))
    line = lines[at]
    place = rng.randint(0, len(line))
    value = f"{rng.choice(_KEYS)}: {rng.choice(_VALUES)}"
    other = _lines(rng.choice(others))
    piece = rng.choice(
        (
            [],
            lines[at : at + rng.choice((1, 5))] * rng.choice((2, 2, 30)),
            [_other_value(line, rng)],
            [_other_value(line, rng)],
            [line[:place] + rng.choice(_TOKENS) + line[place:]],
            [" " * rng.choice((0, 2, 4, 6)) + value, line],
            [" " * rng.choice((0, 1, 2, 4, 6)) + line.lstrip(" ")],
        )
    )
    if rng.random() < 0.1:
        return lines[:at] + other[rng.randrange(len(other)) :]
    return lines[:at] + piece + lines[at + 1 :]


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "surrogateescape").split("\n")


def _content(data: bytes) -> dict[str, Any] | list[Any] | None:
    """What a text says, if it says something."""
    import yaml  # once it is instrumented

    from companion.system.strict_yaml import load_yaml

    try:
        content = load_yaml(data.decode()) if len(data) < LONGEST else None
    except (yaml.YAMLError, ValueError):
        return None
    return content if isinstance(content, (dict, list)) else None


def _changed_content(content: Any, rng: Random) -> bytes:
    marks: list[str] = []
    for _ in range(rng.choice((1, 1, 2, 3))):
        place = content
        while isinstance(place, (dict, list)) and place:
            inside = list(place) if isinstance(place, dict) else range(len(place))
            key = rng.choice(inside)
            if rng.random() < 0.4 or not isinstance(place[key], (dict, list)):
                break
            place = place[key]
        if not place:
            continue
        value = rng.choice((*_PLAIN, place[key], [place[key]] * 2, {"a": place[key]}, None))
        match rng.randrange(5):
            case 0:
                del place[key]
            case 1 if isinstance(place, dict):
                place[rng.choice((*_KEYS, "", 5))] = place[key]
            case 1:
                place.insert(key, copy.deepcopy(place[key]))
            case 2:
                place[key] = f"MARK{len(marks)}"
                marks.append(rng.choice(_VALUES))
            case _:
                place[key] = value
    text = json.dumps(content, default=str, ensure_ascii=rng.random() < 0.5)
    for number, value in enumerate(marks):
        text = text.replace(f'"MARK{number}"', value)
    return text.encode("utf-8", "surrogatepass")


def _other_value(line: str, rng: Random) -> str:
    value = rng.choice(_VALUES)
    if rng.random() < 0.3:
        value = rng.choice(("[{0}, {0}]", "&a {0}", "{{a: {0}}}", "{0} {0}")).format(value)
    return re.sub(r"(: ).*|$", lambda found: f"{found[1] or ': '}{value}", line, count=1)


def readers(path: Path) -> list[Any]:
    """The reader of manifests, and what an entry can be asked."""
    from companion.loading.manifest import load_manifest

    def read() -> None:
        for entry in load_manifest(path).entries:
            str((entry.manual, entry.size, [file.pinned for file in entry.files], entry.title)).encode()

    return [read]
