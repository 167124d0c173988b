"""YAML as data: plain values, each key once, and nothing that grows while it is read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import ComposerError
from yaml.constructor import ConstructorError

MOST_CHARACTERS = 500_000
"""Of a text, with its aliases written out; the longest YAML file of the project has 50,000."""
DEEPEST = 32
"""Levels of lists and mappings within each other."""
LONGEST_NUMBER = 100
"""Characters of what looks like a number or a date; a text may be longer."""


def read_yaml(path: Path) -> Any:
    """Read a file as :func:`load_yaml` reads its text.

    Raises
    ------
    yaml.YAMLError
        Also if there is no such file, or it is no text in UTF-8.
    """
    try:
        if not path.is_file():  # to open a pipe would wait for ever
            raise OSError("no such file")
        if path.stat().st_size > 4 * MOST_CHARACTERS:
            raise _too_long(f"{path.stat().st_size:,} bytes")
        return load_yaml(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise yaml.YAMLError(str(error)) from error


def load_yaml(text: str) -> Any:
    r"""Read one YAML document of mappings, lists, texts, numbers, dates and truth values.

    PyYAML's safe loader runs no code. It does follow aliases, by which a file of 300 bytes stands for more
    values than a machine can hold; it keeps the last of two equal keys; and it answers some texts with errors
    that are none of YAML's.

    Parameters
    ----------
    text : str

    Returns
    -------
    dict, list, str, int, float, bool, date or None

    Raises
    ------
    yaml.YAMLError
        If the text is no YAML, is too long or too deep, has a tag or a key twice, or a number or date that is
        none. No other error is raised.

    Examples
    --------
    >>> from companion.system.strict_yaml import load_yaml
    >>> load_yaml("name: toy\nseeds: [0, 1]")
    {'name': 'toy', 'seeds': [0, 1]}
    """
    if len(text) > MOST_CHARACTERS:
        raise _too_long(f"{len(text):,} characters")
    try:
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except (ValueError, ArithmeticError, LookupError, RecursionError) as error:
        raise yaml.YAMLError(f"a value that is none: {error}") from error


class _StrictLoader(yaml.SafeLoader):
    """Plain YAML; every node knows how long it is with its aliases written out."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._lengths: dict[yaml.Node, int] = {}

    def compose_node(self, parent: yaml.Node | None, index: int) -> Any:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "tag", None) is not None:
            raise ComposerError(None, None, "a tag (!name); only plain values are read", event.start_mark)
        if self._depth == DEEPEST:
            raise ComposerError(None, None, f"more than {DEEPEST} levels", event.start_mark)
        alias = isinstance(event, yaml.AliasEvent)
        self._depth += 1
        node: Any = super().compose_node(parent, index)
        self._depth -= 1
        if node not in self._lengths:
            if alias:
                raise ComposerError(None, None, "a value that contains itself", event.start_mark)
            self._lengths[node] = self._length(node)
        return node

    def _length(self, node: yaml.Node) -> int:
        if isinstance(node, yaml.ScalarNode):
            return 1 + len(node.value)
        parts = [part for pair in node.value for part in (pair if isinstance(pair, tuple) else (pair,))]
        length = 1 + sum(self._lengths[part] for part in parts)
        if length > MOST_CHARACTERS:
            raise _too_long(f"{length:,} characters, aliases written out,")
        return length

    def compose_mapping_node(self, anchor: Any) -> Any:
        node: Any = super().compose_mapping_node(anchor)
        keys = Counter((key.tag, key.value) for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        if twice := [value for (_, value), times in keys.items() if times > 1]:
            raise ConstructorError(None, None, f"the key {twice[0]} is there twice", node.start_mark)
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        text = not isinstance(node, yaml.ScalarNode) or node.tag.endswith(":str")
        if not text and len(node.value) > LONGEST_NUMBER:
            raise ConstructorError(None, None, "a number without end; quote a text", node.start_mark)
        return super().construct_object(node, deep=deep)


def _too_long(length: str) -> yaml.YAMLError:
    return yaml.YAMLError(f"{length} of YAML; at most {MOST_CHARACTERS:,} are read")
