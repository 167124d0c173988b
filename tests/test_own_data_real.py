"""Real recordings through the path for one's own data: the scores their READMEs give, and ours beside them.

``python examples/own_data.py FOLDER`` prints the tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import LeaveOneGroupOut
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from companion.decoding.cross_validation import compare, over_folds
from companion.decoding.estimators import RidgeRetriever
from companion.loading.own_bids_fmri import recording_from_bids_fmri

EXAMPLES = Path(__file__).parents[1] / "examples"
README = {
    "subject1": (0.69, 1143),
    "subject2": (0.70, 361),
    "subject3": (0.64, 645),
    "subject11": (0.65, 180),
}
"""Area under the curve, and trials that were kept."""


@pytest.fixture(scope="module")
def example() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(EXAMPLES))
        yield import_module("own_data")


@pytest.mark.parametrize("subject", README)
def test_faces_and_houses_of_the_muse(example: Any, real: Path, subject: str) -> None:
    scores = example.decode_faces(real / "muse_n170_eeg", subject, n_steps=0).set_index("encoder")
    auc, n_trials = README[subject]
    assert scores.loc["shrinkage LDA (README)", "mean"] == pytest.approx(auc, abs=0.02)
    assert (scores["n_test"] - n_trials).abs().max() <= 1  # filters of MNE and SciPy pad differently
    assert scores.loc["ridge (ours)", "mean"] > 0.58  # 0.5 is guessing; 180 trials have an SD of 0.04
    assert set(scores["chance"]) == {0.5}


def test_the_network_finds_faces_too(example: Any, real: Path) -> None:
    scores = example.decode_faces(real / "muse_n170_eeg", "subject2", n_steps=20).set_index("encoder")
    assert scores.loc["InfoNCE, NICE (ours)", "mean"] > 0.55


def test_eight_categories_of_haxby(example: Any, real: Path) -> None:
    scores = example.decode_categories(real / "haxby2001_subject1", n_steps=40)
    accuracy = scores.set_index("encoder")["mean"]
    assert accuracy["linear SVM (README)"] == pytest.approx(0.917, abs=0.0006)
    assert accuracy["ridge (ours)"] > 0.7
    assert accuracy["InfoNCE, MLP (ours)"] > 0.4
    assert set(scores["chance"]) == {0.125}
    assert scores["step"].to_numpy() == pytest.approx(1 / 96)


@pytest.fixture
def slice_in_bids(real: Path, tmp_path: Path) -> Path:
    """The slice of Haxby's first subject as a BIDS folder with derivatives."""
    with np.load(real / "haxby2001_subject1" / "slice_timeseries.npz") as arrays:
        bold = arrays["bold"].astype(np.float32)
    events = pd.read_csv(real / "haxby2001_subject1" / "slice_events.csv")
    raw, made = tmp_path / "sub-01" / "func", tmp_path / "derivatives" / "sub-01" / "func"
    affine = np.diag([3.1, 3.75, 3.75, 1.0])
    for folder in (raw, made):
        folder.mkdir(parents=True)
    for run, volumes in enumerate(bold, start=1):
        name = f"sub-01_task-objects_run-{run:02d}"
        image = nibabel.Nifti1Image(volumes[:, :, None, :], affine)
        image.header.set_zooms((3.1, 3.75, 3.75, 2.5))
        nibabel.save(image, made / f"{name}_space-T1w_desc-preproc_bold.nii.gz")
        own = events[events["run"] == run].rename(columns={"onset_s": "onset", "duration_s": "duration"})
        own[["onset", "duration", "category"]].to_csv(raw / f"{name}_events.tsv", sep="\t", index=False)
    varies = (bold.std(axis=-1) > 0).all(axis=0)[:, :, None]
    nibabel.save(nibabel.Nifti1Image(varies.astype(np.uint8), affine), tmp_path / "mask.nii.gz")
    return tmp_path


def test_a_slice_of_haxby_from_a_bids_folder(slice_in_bids: Path) -> None:
    recording = recording_from_bids_fmri(
        slice_in_bids,
        "01",
        task="objects",
        mask=slice_in_bids / "mask.nii.gz",
        derivatives=slice_in_bids / "derivatives",
        space="T1w",
        stimulus="category",
    )
    assert len(recording) == 96
    svm = make_pipeline(StandardScaler(), LinearSVC(C=0.01))
    scores = compare(
        {"linear SVM": svm, "ridge": RidgeRetriever()},
        recording.responses,
        recording.stimuli,
        groups=recording.trials["run"],
        cv=LeaveOneGroupOut(),
        subject=recording.subject,
    )
    accuracy = over_folds(scores).set_index("encoder")["mean"]
    assert accuracy["linear SVM"] == pytest.approx(0.729, abs=0.0006)
    assert accuracy["ridge"] > 0.4
