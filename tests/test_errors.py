"""Messages hold what files say: they cannot steer a terminal, are always writable, and end."""

from __future__ import annotations

import pytest

from companion.errors import LONGEST_DETAIL, CompanionError


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("\ud800", "\\ud800"),
        ("\u202ea", "\\u202ea"),
        ("a\x00\r", "a\\x00\\r"),
        ("ä脳", "ä脳"),
    ],
)
def test_what_steers_a_terminal_is_escaped(text: str, shown: str) -> None:
    error = CompanionError(text, where=text, expected=text, got=text, do=text)
    assert str(error).count(shown) == 5
    str(error).encode()


def test_lines_stay_lines() -> None:
    assert str(CompanionError("a\nb", do="c\td")) == "a\nb\n  what to do: c\td"


def test_long_details_are_cut_in_the_middle() -> None:
    message = str(CompanionError("Odd", got="the start" + "x" * 10**6 + "the end"))
    assert len(message) < LONGEST_DETAIL + 100
    assert "got: the start" in message
    assert message.endswith("the end")
