"""Rows of the two parts that print records of their own: training and brain-aligning."""

from __future__ import annotations

from typing import Any

from rows import TARGET, against, row

AIM_OF_NICE = 8.0
TARGET_OF_DECODERS = 10.0
_IN_TURN = "products, bytes moved and exponentials, one after the other"
Record = dict[str, Any]
Spread = dict[str, float]


def of_training(record: Record, array: tuple[int, int, int], batch_size: int) -> list[Record]:
    """Rows of what ``training.measure`` gives, for responses of some size."""
    n_channels, n_times, n_features = array
    size = f"{n_channels} × {n_times}, {n_features} features, batch {batch_size}"
    rows = [
        _nice(record, size, int(key.rsplit(" ", 1)[1])) for key in record if key.startswith("one NICE run")
    ]
    rows += [
        _stack(record, size, int(key.rsplit(" ", 1)[1]))
        for key in record
        if key.startswith("convolutions of ATM-S")
    ]
    together = against(record["lesson, nine runs together, threads: 1"])
    note = _losses(record["lesson, validation loss"])
    rows.append(
        row("NICE, nine runs together", "lesson, against one by one", "samples/s", **together, note=note)
    )
    if table := record.get("Table 1, NICE"):
        rows.append(_table_one(table))
    return rows


def _nice(record: Record, size: str, threads: int) -> Record:
    return row(
        "NICE, EEG",
        size,
        "samples/s",
        **against(record[f"one NICE run, threads: {threads}"]),
        threads=threads,
        target=TARGET,
        floor=record[f"floor, threads: {threads}"]["samples_per_second"]["together"],
        floor_note=_IN_TURN,
        peak_mb=_named(record["peak_mb"]) if threads == 1 else None,
        note=f"The aim is {AIM_OF_NICE:g}. {_losses(record['validation loss'])}",
    )


def _stack(record: Record, size: str, threads: int) -> Record:
    name = "convolutions of ATM-S"
    return row(
        name,
        size,
        "samples/s",
        **against(record[f"{name}, threads: {threads}"]),
        threads=threads,
        target=TARGET,
        floor=record[f"floor, threads: {threads}"]["of_the_stack_of_ATM-S"]["together"],
        floor_note=_IN_TURN,
    )


def _losses(found: Record) -> str:
    difference, seeds = found["difference"], found["sd_over_seeds"]
    return (
        f"Validation loss after {found['n_steps']} steps, ours less reference: {difference['mean']:+.3f} (SD "
        f"{difference['sd']:.3f}); seeds differ by {seeds['ours']:.3f} and {seeds['other']:.3f}."
    )


def _table_one(table: Record) -> Record:
    rates = [one["samples_per_second"] for one in table["by_length_of_vectors"].values()]
    spread = {"median": sorted(rates)[len(rates) // 2], "lowest": min(rates), "highest": max(rates)}
    return row(
        "NICE, all runs of a target together",
        f"{table['runs_together']} runs, {table['steps_per_run']} steps each",
        "samples/s",
        spread,
        device=table["device"],
        note=f"All {table['runs_in_the_row']} runs of this row of Table 1: "
        f"{table['minutes_for_the_row']:.3g} min.",
    )


def of_alignment(record: Record, size: Any) -> list[Record]:
    """Rows of what ``alignment.measure`` gives, for arrays of some ``alignment.Size``."""
    rows = []
    for key, found in record.items():
        kind, _, where = key.partition(", ")
        threads = int(where.rsplit(" ", 1)[1]) if where.startswith("threads") else 1
        place = {"threads": threads, "device": "CPU" if where.startswith("threads") else where}
        if kind == "auto-encoders":
            figure = found.pop("all of Fig. 3")
            rows += [_space(name, size.n, one, place) for name, one in found.items()]
            rows.append(_figure(figure, place))
        elif kind == "decoders":
            arrays = f"{size.n_samples:,} samples, {size.n_region:,} voxels, {size.n_used} chosen"
            rows.append(_decoders(f"{arrays}, {size.n_units} units", found, place))
    return rows


def _space(name: str, n: int, found: Record, place: Record) -> Record:
    alone = found["times_faster"]["one by one"]["median"]
    return row(
        f"auto-encoders, {name}",
        f"{n} categories, together against a plain loop",
        "models/h",
        _per_hour(found["seconds_per_model"]["together"]),
        reference=_per_hour(found["seconds_per_model"]["plain loop"]),
        times_faster=found["times_faster"]["plain loop"],
        **place,
        note=f"Together {alone:.2g} times faster than ours one by one. Latent vectors differ from the loop's "
        f"by at most {found['latent_vectors_differ_by']:.0e}.",
    )


def _figure(found: Record, place: Record) -> Record:
    seconds, n = found["seconds"], found["n_models"]
    ratio = seconds["plain loop"] / seconds["together"]
    return row(
        "all auto-encoders of Fig. 3",
        f"{n} models",
        "models/h",
        _same(3600 * n / seconds["together"]),
        reference=_same(3600 * n / seconds["plain loop"]),
        times_faster=_same(ratio),
        floor=3600 * n / found["seconds_at_the_floor"]["both"],
        floor_note="products, and what Adam reads and writes if nothing stays in a cache",
        **place,
        note=f"Extrapolated from {found['share_trained_together']:.1%} of the epochs: "
        f"{seconds['together'] / 60:.3g} min instead of {seconds['plain loop'] / 60:.3g} min.",
    )


def _decoders(arrays: str, found: Record, place: Record) -> Record:
    seconds = found["seconds_per_set"]
    return row(
        "linear decoders of a region, each unit with voxels of its own",
        arrays,
        "sets/h",
        _per_hour(seconds["ours"]),
        reference=_per_hour(seconds["loop"]),
        times_faster=found["times_faster"],
        target=TARGET_OF_DECODERS,
        floor=3600 / found["seconds_at_the_floor"],
        floor_note="products, decompositions at the speed of products, systems read and written twice",
        **place,
        note=f"Largest difference from the loop: {max(found['largest_difference'].values()):.0e}.",
    )


def _per_hour(seconds: Spread) -> Spread:
    return {
        "median": 3600 / seconds["median"],
        "lowest": 3600 / seconds["highest"],
        "highest": 3600 / seconds["lowest"],
    }


def _same(value: float) -> Spread:
    return dict.fromkeys(("median", "lowest", "highest"), value)


def _named(peak: Spread) -> Spread | None:
    return {"ours": peak["ours"], "reference": peak["other"]} if peak else None
