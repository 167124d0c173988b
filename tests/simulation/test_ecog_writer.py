"""ECoG files as mne-bids reads them; a patient is written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from companion.errors import DataError
from companion.simulation.writers.ecog import EcogRun, write_ecog_subject

RATE = 1000.0
ELECTRODES = pd.DataFrame(
    {
        "name": ["G1", "G2", "D1"],
        "x": [0.01, -0.02, 0.03],
        "y": [-0.05, -0.06, -0.07],
        "z": [-0.01, 0.0, 0.01],
        "region": ["Ventral Stream Visual Cortex", "n/a", "Early Visual Cortex"],
        "type": ["ECOG", "ECOG", "SEEG"],
    }
)


def one_run(task: str = "test") -> EcogRun:
    events = pd.DataFrame(
        {
            "onset": [0.1, 0.613],
            "duration": [0.525, 0.501],
            "trial_type": ["leading", "image"],
            "stim_id": ["n00000001_5", "n01443537_22563"],
        }
    )
    signals = np.random.default_rng(5).normal(0, 1e-5, (3, 1200))
    return EcogRun("01", task, "01", signals, events, bad=("G2",))


def write(folder: Path, *runs: EcogRun, subject: int = 1, simulated: bool = True) -> Path:
    return write_ecog_subject(
        folder, subject, runs, electrodes=ELECTRODES, sampling_rate=RATE, simulated=simulated
    )


def test_mne_bids_reads_all_that_was_written(tmp_path: Path) -> None:
    from mne_bids import BIDSPath, read_raw_bids

    run = one_run()
    write(tmp_path, one_run("baseline"), run)
    raw = read_raw_bids(
        BIDSPath(root=tmp_path, subject="E1", session="01", task="test", run="01", datatype="ieeg"),
        verbose="error",
    )
    np.testing.assert_allclose(raw.get_data(), run.signals, rtol=1e-6, atol=1e-12)
    assert raw.info["sfreq"] == RATE
    assert raw.info["line_freq"] == 60
    assert raw.get_channel_types() == ["ecog", "ecog", "seeg"]
    assert raw.info["bads"] == ["G2"]
    positions = raw.get_montage().get_positions()
    assert positions["coord_frame"] == "mni_tal"
    np.testing.assert_allclose(np.stack(list(positions["ch_pos"].values())), ELECTRODES[["x", "y", "z"]])
    np.testing.assert_allclose(raw.annotations.onset, run.events["onset"])
    np.testing.assert_allclose(raw.annotations.duration, run.events["duration"])
    assert list(raw.annotations.description) == ["leading", "image"]
    assert [extra["stim_id"] for extra in raw.annotations.extras] == list(run.events["stim_id"])


def test_files_are_marked_unless_told_otherwise(tmp_path: Path) -> None:
    for name, simulated in (("made", True), ("recorded", False)):
        write(tmp_path / name, one_run(), simulated=simulated)
        description = json.loads((tmp_path / name / "dataset_description.json").read_text("utf-8"))
        assert description.get("Simulated", False) is simulated
        assert description["Name"].startswith("SIMULATED") is simulated


def test_regions_stand_beside_their_electrodes(tmp_path: Path) -> None:
    folder = write(tmp_path, one_run())
    table = pd.read_csv(next(folder.glob("ses-01/ieeg/*_electrodes.tsv")), sep="\t", keep_default_na=False)
    assert list(table["name"]) == list(ELECTRODES["name"])
    assert list(table["region"]) == list(ELECTRODES["region"])


def test_patients_share_a_data_set(tmp_path: Path) -> None:
    for subject in (1, 2):
        write(tmp_path, one_run(), subject=subject)
    assert (tmp_path / "participants.tsv").read_text().split() == ["participant_id", "sub-E1", "sub-E2"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "dataset_description.json",
        "participants.tsv",
        "sub-E1",
        "sub-E2",
    ]


def test_a_patient_is_not_overwritten(tmp_path: Path) -> None:
    folder = write(tmp_path, one_run())
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(DataError, match="written already"):
        write(tmp_path, one_run())
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_simulated_and_recorded_patients_stay_apart(tmp_path: Path) -> None:
    write(tmp_path, one_run(), simulated=False)
    with pytest.raises(DataError, match="may not share a data set"):
        write(tmp_path, one_run(), subject=2)
    assert not list(tmp_path.glob("sub-E2"))


def test_what_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    def runs() -> Iterator[EcogRun]:
        yield one_run("baseline")
        raise RuntimeError("out of ideas")

    with pytest.raises(RuntimeError, match="out of ideas"):
        write_ecog_subject(tmp_path, 1, runs(), electrodes=ELECTRODES, sampling_rate=RATE)
    assert not list(tmp_path.iterdir())


def test_runs_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    run = one_run()
    with pytest.raises(DataError, match=r"(?s)do not fit the electrodes.*task-test.*\(3, n_samples\)"):
        write(tmp_path, replace(run, signals=run.signals[:2]))
    with pytest.raises(DataError, match=r"(?s)outside its run.*ses-01, task-test, run-01"):
        write(tmp_path, replace(run, events=run.events.assign(onset=[0.1, 1.2])))
    assert not list(tmp_path.iterdir())
