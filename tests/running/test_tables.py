"""How a table becomes lines of Markdown."""

from __future__ import annotations

import pandas as pd
import pytest

from companion.running.tables import table_lines


def test_table_lines_align_numbers_and_escape_bars() -> None:
    frame = pd.DataFrame({"name": ["a|b", None], "t": [1.256, float("nan")]})
    assert table_lines(frame, {"t": "{:.2f}"}) == [
        "| name | t |",
        "| :-- | --: |",
        r"| a\|b | 1.26 |",
        "| – | – |",
    ]
    with pytest.raises(ValueError, match=r"\['p'\]"):
        table_lines(frame, {"p": "{}"})


def test_what_rounds_to_zero_has_no_sign_in_a_table() -> None:
    frame = pd.DataFrame({"value": [-0.001, -0.2, -0.004]})
    assert table_lines(frame, {"value": "{:.1f}"})[2:] == ["| 0.0 |", "| −0.2 |", "| 0.0 |"]
