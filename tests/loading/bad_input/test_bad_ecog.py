"""ECoG as BIDS: tables, side files, headers and signals that are not what they should be."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bad_input.damage import (
    DEEP_JSON,
    ODD_CELLS,
    ODD_VALUES,
    damaged_bytes,
    damaged_table,
    damaged_value,
)
from tests.bad_recordings import Verdict, any_accident, copy_of, demand, file_accident

from companion.loading.ecog.responses import load_ecog
from companion.simulation.writers.ecog import EcogRun, write_ecog_subject

REFUSED, SAME, EITHER = Verdict.REFUSED, Verdict.SAME, Verdict.EITHER
SHOWN = {
    "baseline": ["face_1", "face_2", "face_3"],
    "training": ["n00000001_5", "n00000002_5"],
    "test": ["n00000009_7"],
}
RUN = "sub-E1/ses-01/ieeg/sub-E1_ses-01_task-{}_run-01_{}"


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    runs = []
    for task, images in SHOWN.items():
        events = pd.DataFrame(
            {"onset": 0.5 + np.arange(len(images)), "duration": 0.5, "trial_type": "image", "stim_id": images}
        )
        runs.append(EcogRun("01", task, "01", rng.normal(0, 1e-5, (3, 1000 * (len(images) + 1))), events))
    electrodes = pd.DataFrame(
        {
            "name": ["A1", "A2", "A3"],
            "x": [0.01, 0.02, 0.03],
            "y": -0.05,
            "z": -0.02,
            "region": "V",
            "type": "ECOG",
        }
    )
    folder = tmp_path_factory.mktemp("ecog")
    write_ecog_subject(folder, 1, runs, electrodes=electrodes, sampling_rate=1000.0)
    return folder


def load(folder: Path, **options: Any) -> Any:
    return load_ecog(folder, 1, **{"split": "train", **options})


@cache
def undamaged(folder: Path, log_power: bool) -> Any:
    return load(folder, log_power=log_power)


def tables(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.tsv")) if path.name != "participants.tsv"]


def other_table(draw: st.DrawFn, folder: Path) -> Verdict:
    path = draw(st.sampled_from(tables(folder)))
    header, *rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
    kind = draw(st.sampled_from(["cells", "bytes", "file", "ends", "twice"]))
    if kind == "cells":
        text = draw(damaged_table(header, rows)).replace(",", "\t")
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
    elif kind == "bytes":
        path.write_bytes(draw(damaged_bytes(path.read_bytes())))
    elif kind == "file":
        file_accident(draw, path)
        return EITHER  # such as participants.tsv, which nobody needs
    elif kind == "ends":
        content = path.read_bytes()
        kinds = {
            b"\xef\xbb\xbf" + content: SAME,
            content.replace(b"\n", b"\r\n"): SAME,
            content + b"\n\n": EITHER,
        }
        path.write_bytes(changed := draw(st.sampled_from(list(kinds))))
        return kinds[changed]  # MNE-BIDS itself takes no empty lines
    else:
        place = draw(st.integers(0, len(header) - 1))
        lines = [[*line, line[place]] for line in (header, *rows)]
        path.write_text("\n".join("\t".join(line) for line in lines) + "\n")
        return EITHER if path.name.endswith("scans.tsv") else REFUSED
    return EITHER


def other_json(draw: st.DrawFn, folder: Path) -> Verdict:
    path = draw(st.sampled_from(sorted(folder.rglob("*.json"))))
    if draw(st.booleans()):
        path.write_text(json.dumps(draw(damaged_value(json.loads(path.read_bytes())))))
    else:
        path.write_bytes(draw(st.sampled_from(DEEP_JSON) | damaged_bytes(path.read_bytes())))
    return EITHER


def other_recording(draw: st.DrawFn, folder: Path) -> Verdict:
    task, ending = (
        draw(st.sampled_from(["baseline", "training"])),
        draw(st.sampled_from(["vhdr", "vmrk", "eeg"])),
    )
    any_accident(draw, folder / RUN.format(task, f"ieeg.{ending}"))
    return EITHER


HEADERS = {
    "DataFile": ["../../x.eeg", "/etc/passwd", "", "nothing.eeg", "a\\b", "$b.eeg"],
    "MarkerFile": ["../x.vmrk", "/dev/zero", "nothing.vmrk"],
    "SamplingInterval": ["0", "-1000", "nan", "1e-300", "1e300", "10000", "x", ""],
    "NumberOfChannels": ["0", "-1", "2", "1000000000", "x"],
    "DataFormat": ["ASCII", "x"],
    "DataOrientation": ["VECTORIZED", "x"],
    "BinaryFormat": ["INT_16", "UINT_16", "x"],
    "Ch1": ["A1,,nan,V", "A1,,0,V", "A1,,1e300,V", "A2,,1,V", ",,,", "A1,,1,Q"],
}


def other_header(draw: st.DrawFn, folder: Path) -> Verdict:
    path = folder / RUN.format("training", "ieeg.vhdr")
    key = draw(st.sampled_from(sorted(HEADERS)))
    value = draw(st.sampled_from(HEADERS[key]))
    lines = path.read_text("utf-8").splitlines()
    assert any(line.startswith(f"{key}=") for line in lines)
    path.write_text("\n".join(f"{key}={value}" if line.startswith(f"{key}=") else line for line in lines))
    return REFUSED if key in ("DataFile", "MarkerFile") and value not in ("", "$b.eeg") else EITHER


def other_names(draw: st.DrawFn, folder: Path) -> Verdict:
    """A file of another person or session, a run twice, or a part gone."""
    kind = draw(st.sampled_from(["gone", "person", "session", "run", "baseline", "link"]))
    if kind == "gone":
        draw(st.sampled_from(sorted(path for path in folder.rglob("*") if path.is_file()))).unlink()
        return EITHER
    if kind == "link":  # as git-annex keeps its files: outside, under other names
        path = folder / RUN.format("training", "events.tsv")
        path.rename(folder.parent / "kept-elsewhere")
        path.symlink_to(folder.parent / "kept-elsewhere")
        return SAME
    task = "baseline" if kind == "baseline" else "training"
    other = {
        "person": ("sub-E1_", "sub-E2_"),
        "session": ("_ses-01", "_ses-02"),
        "run": ("_run-01", "_run-1"),
    }
    for path in sorted((folder / "sub-E1/ses-01/ieeg").glob(f"*task-{task}_*")):
        if kind == "baseline":
            path.unlink()
        else:
            before, after = other[kind]
            path.with_name(path.name.replace(before, after)).write_bytes(path.read_bytes())
    return REFUSED


CHANGES = [other_table, other_table, other_json, other_recording, other_header, other_names]


@given(data=st.data(), change=st.sampled_from(CHANGES), log_power=st.booleans())
def test_a_folder(valid: Path, data: st.DataObject, change: Any, log_power: bool) -> None:
    same = undamaged(valid, log_power)
    with copy_of(valid) as folder:
        verdict = change(data.draw, folder)
        names = ["sub-E1", "dataset_description.json", str(folder), "GOD-ECoG"]
        found = demand(lambda: load(folder, log_power=log_power), verdict, names=names, same=same)
        if found is not None:
            assert np.isfinite(found.responses).all()


@given(subject=st.sampled_from([0, 2, -1]), split=ODD_VALUES | st.just("imagery"))
def test_people_and_splits_that_do_not_exist(valid: Path, subject: int, split: Any) -> None:
    demand(lambda: load_ecog(valid, subject, split="train"), REFUSED, names=f"sub-E{subject}")
    demand(lambda: load(valid, split=split), REFUSED, names="split")


@given(value=ODD_CELLS, column=st.sampled_from(["onset", "trial_type", "stim_id"]))
def test_one_cell_of_the_events(valid: Path, value: str, column: str) -> None:
    with copy_of(valid) as folder:
        path = folder / RUN.format("training", "events.tsv")
        frame = pd.read_csv(path, sep="\t", dtype=str)
        frame.loc[0, column] = value
        with path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as stream:
            frame.to_csv(stream, sep="\t", index=False)
        found = demand(lambda: load(folder), EITHER, names="task-training_run-01")
        assert found is None or len(found) in (1, 2)
