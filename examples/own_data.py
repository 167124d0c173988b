"""Decode your own data: two real recordings, from files to a table, with any scikit-learn classifier.

    .venv/bin/python examples/own_data.py FOLDER

FOLDER holds the real recordings that the tests use (``COMPANION_REAL``): ``muse_n170_eeg``, EEG of four
people who saw faces and houses, and ``haxby2001_subject1``, fMRI of eight categories. Take it as a template:
what is particular to these files is in `muse_epochs` and `haxby_recording`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import mne
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import LeaveOneGroupOut, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC

from companion.decoding.cross_validation import compare, over_folds
from companion.decoding.estimators import RidgeRetriever
from companion.loading.own_epochs import recording_from_epochs
from companion.loading.own_fmri import recording_from_patterns
from companion.recording import Recording
from companion.training.estimator import ContrastiveRetriever

RATE = 256.0  # samples per second of the headset
PEOPLE = ("subject1", "subject2", "subject3", "subject11")


def muse_epochs(folder: Path, subject: str) -> mne.BaseEpochs:
    """Cut faces and houses of one person: 1 to 30 Hz, no trial above 100 microvolts, baseline removed."""
    table = pd.read_csv(folder / "recordings.csv")
    with np.load(folder / "recordings.npz", allow_pickle=False) as arrays:
        info = mne.create_info([str(name) for name in arrays["channels"]], RATE, "eeg")
        parts = []
        for name in table.loc[table["subject"] == subject, "recording"]:
            raw = mne.io.RawArray(arrays[f"{name}_eeg"].T * 1e-6, info, verbose="error")
            form = {"order": 4, "ftype": "butter"}
            raw.filter(1, 30, method="iir", iir_params=form, phase="zero", verbose="error")
            marker = arrays[f"{name}_marker"]
            onsets = np.flatnonzero(marker)
            events = np.column_stack([onsets, np.zeros_like(onsets), marker[onsets]])
            cut = mne.Epochs(
                raw,
                events,
                {"house": 1, "face": 2},
                tmin=-25 / RATE,
                tmax=204 / RATE,
                baseline=(None, -1 / RATE),
                reject={"eeg": 100e-6},
                preload=True,
                verbose="error",
            )
            parts.append(cut)
    return mne.concatenate_epochs(parts, verbose="error")


def haxby_recording(folder: Path) -> Recording:
    """Label mean patterns of blocks of ventral temporal cortex, less the mean of their run."""
    with np.load(folder / "vt_patterns.npz", allow_pickle=False) as arrays:
        patterns = arrays["block_patterns"].astype(np.float64)
        runs, shown = arrays["block_run"], [str(name) for name in arrays["block_category"]]
    for run in np.unique(runs):
        patterns[runs == run] -= patterns[runs == run].mean(axis=0)
    return recording_from_patterns(
        patterns, shown, runs=list(runs), subject="subject 1", dataset="Haxby 2001"
    )


def decode_faces(folder: Path, subject: str, *, n_steps: int = 100) -> pd.DataFrame:
    """Face or house from single trials, ten folds, area under the curve."""
    epochs = muse_epochs(folder, subject)
    recording = recording_from_epochs(epochs, subject=subject, dataset="Muse N170").crop(0.05, 0.5)
    lda = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    estimators: dict[str, BaseEstimator] = {
        "shrinkage LDA (README)": _coarse(lda),
        "ridge (ours)": _coarse(RidgeRetriever()),
    }
    if n_steps:
        estimators["InfoNCE, NICE (ours)"] = ContrastiveRetriever(n_steps=n_steps)
    folds = StratifiedKFold(10, shuffle=True, random_state=0)
    scores = compare(
        estimators,
        recording.responses * 1e6,  # microvolts
        recording.stimuli,
        cv=folds,
        metrics=["roc_auc"],
        subject=subject,
        dataset=recording.dataset,
    )
    return over_folds(scores)


def decode_categories(folder: Path, *, n_steps: int = 100) -> pd.DataFrame:
    """One of eight categories from a block, leaving one run out at a time."""
    recording = haxby_recording(folder)
    estimators: dict[str, BaseEstimator] = {
        "linear SVM (README)": make_pipeline(StandardScaler(), LinearSVC(C=0.01)),
        "ridge (ours)": RidgeRetriever(),
        "InfoNCE, MLP (ours)": ContrastiveRetriever(n_steps=n_steps, batch_size=64),
    }
    scores = compare(
        estimators,
        recording.responses,
        recording.stimuli,
        groups=recording.trials["run"],
        cv=LeaveOneGroupOut(),
        subject=recording.subject,
        dataset=recording.dataset,
    )
    return over_folds(scores)


def _coarse(classifier: BaseEstimator) -> Pipeline:
    """Put every 4th sample of all channels in one row before a classifier."""
    return make_pipeline(FunctionTransformer(_every_fourth), classifier)


def _every_fourth(responses: np.ndarray) -> np.ndarray:
    return responses[:, :, ::4].reshape(len(responses), -1)


def main(real: Path) -> None:
    """Print both tables."""
    faces = [decode_faces(real / "muse_n170_eeg", subject) for subject in PEOPLE]
    table = pd.concat([*faces, decode_categories(real / "haxby2001_subject1")], ignore_index=True)
    sys.stdout.write(table.round(3).to_string(index=False) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
