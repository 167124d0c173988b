"""The page about speed and memory, made from what ``python benchmarks/run.py`` recorded.

Figures are of the machine that was measured and of its day, never of the run that made the pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from companion.running.benchmark_words import amount, bounded, compared, memory, percentage, rate, reach
from companion.running.wording import plain

Record = Mapping[str, Any]
Row = Mapping[str, Any]

HOW = "`python benchmarks/run.py`"
SECTIONS = {
    "training": "Training, against the published loop",
    "encoders": "Every brain encoder, against the published modules",
    "alignment": "Brain-aligning",
    "decoding": "Decoding and statistics",
    "embedding": "Embeddings of pictures",
}
"""Parts whose rows share one form, with their headings."""
GROWTH, NOT_ADOPTED = "growth: ", "not adopted: "


def page_of(records: Sequence[Record]) -> str:
    """Page about one or more records, each of one machine.

    Parameters
    ----------
    records : sequence of dict
        As ``benchmarks/run.py`` writes them: ``machine``, ``small`` and ``parts``.

    Returns
    -------
    str
        MyST with the label ``benchmarks``.
    """
    lines = ["(benchmarks)=", "# Speed and memory", ""]
    if not records:
        return "\n".join(
            [*lines, f"Nothing has been measured in this copy: {HOW} does it, and takes an hour.", ""]
        )
    lines += [
        f"Taken by {HOW} on the machines named here, on the days named here. These pages were made without "
        "measuring anything again, perhaps on another machine.",
        "",
        "*Ours* is the package, *reference* a plain version of the same in this repository: the published "
        "loop, or what one would write first. Both take turns; figures are medians, ranges over turns are in "
        "brackets. The *floor* is the rate if only what bounds a path took time, computed from operations "
        "and bytes, and from what the machine did of each in the same run. *Memory* is the peak of a process "
        "that does nothing else, libraries included; that of the reference is in brackets.",
        "",
    ]
    for record in records:
        lines += _machine(record)
        for name, heading in SECTIONS.items():
            if name in record["parts"]:
                lines += _section(heading, record["parts"][name]["rows"])
        lines += _growth(record) + _chapters(record) + _loading(record) + _not_adopted(record)
    return "\n".join(lines)


def _machine(record: Record) -> list[str]:
    said = record["machine"]
    gpu = f", and {said['gpu']}" if said["gpu"] else ""
    lines = [
        f"## On {plain(said['gpu'] or said['cpu'])}",
        "",
        f"{said['cpu']}, {said['cores']} cores, {said['memory_gb']} GB of memory{gpu}; Python "
        f"{said['python']}, torch {said['torch']}. The load is that of the machine before a part began: near "
        "zero, it was idle.",
        "",
    ]
    if record["small"]:
        lines += ["**Taken with `--small`: sizes that go through the code and mean nothing.**", ""]
    rows = [
        (name, one["date"], f"`{one['commit']}`", one["load"], one["minutes"])
        for name, one in record["parts"].items()
    ]
    return lines + _table(("part", "date", "commit", "load", "minutes"), rows)


def _section(heading: str, rows: Sequence[Row]) -> list[str]:
    """One table, what missed its target, and what bounds each path."""
    shown = [row for row in rows if not row["path"].startswith((GROWTH, NOT_ADOPTED))]
    if not shown:
        return []
    header = ("what", "times faster", "ours", "reference", "of the floor", "memory (MB)")
    cells = [
        (
            f"{_what(row)}; {row['unit']}",
            compared(row["times_faster"], row["target"]),
            amount(row["ours"]["median"]),
            amount(row["reference"]["median"]) if row["reference"] else "–",
            percentage(row["share_of_floor"]),
            memory(row["peak_mb"]),
        )
        for row in shown
        if row["seconds_to_loss"] is None
    ]
    return [f"### {heading}", "", *_table(header, cells), *_targets(shown), *_losses(shown), *_remarks(shown)]


def _targets(rows: Sequence[Row]) -> list[str]:
    """Which targets were met, and why others were not."""
    asked = [row for row in rows if row["target"] and row["times_faster"]]
    missed = [row for row in asked if row["times_faster"]["median"] < row["target"]]
    if not asked:
        return []
    lines = [f"Targets met: {len(asked) - len(missed)} of {len(asked)}.", ""]
    for row in missed:
        lines.append(
            f"* **Missed: {plain(row['path'])}** ({_place(row)}): {row['times_faster']['median']:.2g} times "
            f"faster, not {row['target']:g}. {bounded(row) or 'Its floor was not computed.'}{reach(row)}"
        )
    return [*lines, ""] if missed else lines


def _losses(rows: Sequence[Row]) -> list[str]:
    """Seconds until a validation loss is reached."""
    timed = [row for row in rows if row["seconds_to_loss"]]
    if not timed:
        return []
    cells = []
    for row in timed:
        found = row["seconds_to_loss"]
        seconds = (amount(found[side]) if found[side] else "not reached" for side in ("ours", "reference"))
        cells.append((_what(row), f"{found['level']:.3f}", *seconds))
    header = ("what", "loss", "ours (s)", "reference (s)")
    return [
        "Seconds until the validation loss is below a value fixed in advance:",
        "",
        *_table(header, cells),
    ]


def _remarks(rows: Sequence[Row]) -> list[str]:
    """Everything said of single rows, folded."""
    lines = [
        f"* {plain(row['path'])} ({_place(row)}): {bounded(row)} {plain(row['note'])}"
        for row in rows
        if row["floor_note"] or row["note"]
    ]
    return [":::{dropdown} What bounds each path, and remarks", *lines, ":::", ""] if lines else []


def _growth(record: Record) -> list[str]:
    rows = [row for row in _all(record) if row["path"].startswith(GROWTH)]
    if not rows:
        return []
    cells = [
        (plain(row["path"].removeprefix(GROWTH)), plain(row["size"]), rate(row["ours"], row["unit"]))
        for row in rows
    ]
    return ["### How cost grows", "", *_table(("what", "size", "ours"), cells)]


def _chapters(record: Record) -> list[str]:
    """Jobs of the chapters at the papers' sizes, as ``companion rehearse`` found them."""
    part = record["parts"].get("rehearsal")
    if part is None:
        return []
    cells = [
        (
            f"{{doc}}`{row['chapter']}`: {plain(row['job'])}<br>{plain(row['size'])}",
            amount(row["seconds_per_step"]),
            f"{row['steps']:,}",
            amount(row["extrapolated_hours"]),
            f"{row['grid_runs']:,}",
            amount(row["grid_hours"]),
            f"{row['peak_mb']:,.0f}",
        )
        for row in part["rows"]
    ]
    largest = max(part["rows"], key=lambda row: row["peak_mb"])
    return [
        "### Jobs of the chapters at the sizes of the papers",
        "",
        "`companion rehearse` does a few steps of each and extrapolates. A *run* is one network or fit; the "
        f"*grid* is all runs of the paper. The largest peak is {largest['peak_mb'] / 1024:.1f} GB "
        f"({plain(largest['job'])}).",
        "",
        *_table(("job", "s per step", "steps", "h per run", "runs", "h of the grid", "peak (MB)"), cells),
    ]


def _loading(record: Record) -> list[str]:
    part = record["parts"].get("memory")
    if part is None:
        return []
    cells = [
        (plain(row["path"]), f"{row['seconds']:.0f}", f"{row['peak_mb']:,.0f}", f"{row['bound_mb']:,.0f}")
        for row in part["rows"]
    ]
    return [
        "### Loading files of the official size",
        "",
        *_table(("what", "s", "peak (MB)", "bound (MB)"), cells),
    ]


def _not_adopted(record: Record) -> list[str]:
    """Show what was tried and is not in the package."""
    rows = [row for row in _all(record) if row["path"].startswith(NOT_ADOPTED)]
    if not rows:
        return []
    cells = [
        (
            f"**{plain(row['path'].removeprefix(NOT_ADOPTED))}**<br>{plain(row['size'])}",
            compared(row["times_faster"], None),
            plain(row["note"]),
        )
        for row in rows
    ]
    return ["### Tried and not adopted", "", *_table(("what", "times faster", "why not"), cells)]


def _all(record: Record) -> list[Row]:
    return [row for name in SECTIONS for row in record["parts"].get(name, {"rows": []})["rows"]]


def _what(row: Row) -> str:
    return f"**{plain(row['path'])}**<br>{plain(row['size'])}; {_place(row)}"


def _place(row: Row) -> str:
    if row["device"] != "CPU":
        return plain(row["device"])
    return f"{row['threads']} thread{'s' * (row['threads'] > 1)}"


def _table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Markdown table; all columns but the first are aligned to the right."""
    marks = [":--", *["--:"] * (len(header) - 1)]
    return [*(f"| {' | '.join(map(str, cells))} |" for cells in (header, marks, *rows)), ""]
