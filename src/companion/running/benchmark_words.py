"""Measured rates, ratios and memory put into the cells of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from companion.running.wording import plain

_NBSP = "\N{NO-BREAK SPACE}"
_LARGE = 1000
Spread = Mapping[str, float]


def amount(value: float) -> str:
    """Three significant digits, thousands with commas, no power of ten unless tiny.

    Examples
    --------
    >>> amount(12884.0), amount(54.94), amount(0.00123), amount(0.0)
    ('12,880', '54.9', '0.00123', '0')
    """
    if abs(value) >= _LARGE:
        digits = len(str(int(abs(value)))) - 4
        return f"{round(value, -digits):,.0f}"
    return f"{value:.3g}"


def rate(found: Spread, unit: str) -> str:
    r"""Median rate with its unit and range, for a cell.

    Examples
    --------
    >>> found = {"median": 928.0, "lowest": 900.0, "highest": 1010.0}
    >>> rate(found, "samples/s").replace("\N{NO-BREAK SPACE}", "~")
    '928~samples/s<br>(900~to~1,010)'
    """
    middle = f"{amount(found['median'])}{_NBSP}{unit}"
    return middle + _range(found)


def compared(found: Spread | None, target: float | None) -> str:
    r"""Say how many times faster, with the range, and whether a target was met.

    Examples
    --------
    >>> faster = {"median": 3.1, "lowest": 2.9, "highest": 3.4}
    >>> compared(faster, 4.0).replace("\N{NO-BREAK SPACE}", "~")
    '**3.1**<br>(2.9~to~3.4)<br>target~4: missed'
    >>> compared(None, 4.0)
    '–'
    """
    if found is None:
        return "–"
    met = "met" if target is not None and found["median"] >= target else "missed"
    said = f"<br>target{_NBSP}{target:g}: {met}" if target is not None else ""
    return f"**{amount(found['median'])}**{_range(found)}{said}"


def percentage(share: float | None) -> str:
    r"""Share for a cell; a dash where there is none.

    Examples
    --------
    >>> percentage(0.514).replace("\N{NO-BREAK SPACE}", "~"), percentage(None)
    ('51~%', '–')
    """
    return "–" if share is None else f"{100 * share:.{2 if share < 0.995 else 3}g}{_NBSP}%"


def memory(peak: Spread | None) -> str:
    """Peak memory of ours and of the reference, for a cell.

    Examples
    --------
    >>> memory({"ours": 981.6, "reference": 1453.2})
    '982<br>(1,453)'
    """
    return "–" if peak is None else f"{peak['ours']:,.0f}<br>({peak['reference']:,.0f})"


def bounded(row: Mapping[str, Any]) -> str:
    """Sentence that says how near a path is to its floor, and what bounds it."""
    if not row["floor_note"]:
        return ""
    if row["share_of_floor"] is None:
        return f"What bounds it: {plain(row['floor_note'])}."
    return f"It reaches {percentage(row['share_of_floor'])} of its floor: {plain(row['floor_note'])}."


def reach(row: Mapping[str, Any]) -> str:
    """Sentence that says where the target of a path lies, seen from its floor."""
    if not row["floor"]:
        return ""
    wanted = row["target"] * row["reference"]["median"]
    share = percentage(wanted / row["floor"])
    if wanted > row["floor"]:
        return f" The target is {share} of that floor: beyond what this machine can do in this way."
    return f" The target would be {share} of that floor."


def _range(found: Spread) -> str:
    if found["lowest"] == found["highest"]:
        return ""
    return f"<br>({amount(found['lowest'])}{_NBSP}to{_NBSP}{amount(found['highest'])})"
