"""Brain-aligned spaces are trained once, and teachers are what the paper describes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from companion.alignment.autoencoder import Options
from companion.alignment.brain import fit_aligners
from companion.embeddings import Embeddings
from companion.errors import DataError
from companion.recording import Recording
from companion.running import brain_aligned
from companion.running.brain_aligned import kept_aligners, region_similarity

N, D = 12, 6
SHORT = Options(n_epochs=3, batch_size=6)
RNG = np.random.default_rng(0)
SPACE = Embeddings(RNG.normal(size=(N, D)), tuple(f"c{i}" for i in range(N)), "words")
TEACHERS = {name: np.corrcoef(RNG.normal(size=(N, 5))) for name in ("S1", "S2")}


def test_aligners_are_trained_once_and_alpha_one_for_all_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[tuple[float, ...]] = []

    def counted(*given: object, **how: object) -> object:
        trained.append(tuple(how["alphas"]))  # type: ignore[arg-type]
        return fit_aligners(*given, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(brain_aligned, "fit_aligners", counted)
    alphas, seeds = (1.0, 0.1), (0, 1)
    first = kept_aligners(SPACE, TEACHERS, alphas=alphas, seeds=seeds, options=SHORT)  # type: ignore[arg-type]
    assert trained == [(0.1, 1.0)]
    second = kept_aligners(SPACE, TEACHERS, alphas=alphas, seeds=seeds, options=SHORT)  # type: ignore[arg-type]
    kept_aligners(SPACE, {"S1": TEACHERS["S1"]}, alphas=(1.0,), seeds=seeds, options=SHORT)
    assert trained == [(0.1, 1.0)]
    direct = fit_aligners(SPACE, TEACHERS, alphas=alphas, seeds=seeds, options=SHORT)  # type: ignore[arg-type]
    assert set(first) == set(second) == set(direct)
    for key, one in direct.items():
        for found in (first[key], second[key]):
            np.testing.assert_allclose(found.transform(SPACE).values, one.transform(SPACE).values, atol=1e-5)
    kept_aligners(SPACE, {"S1": TEACHERS["S2"]}, alphas=(0.1,), options=SHORT)
    assert len(trained) == 2  # each teacher by itself; and here another matrix has the name


def test_a_teacher_is_the_cosine_of_standardised_means_over_samples_of_a_category() -> None:
    categories = ["b", "a", "b", "a"]
    values = RNG.normal(size=(4, 3)).astype(np.float32)
    units = pd.DataFrame({"name": ["v1", "v2", "v3"], "roi_V4": [True, True, False]})
    trials = pd.DataFrame({"stimulus": [f"s{i}" for i in range(4)], "category": categories})
    recording = Recording(values, trials, units, "Subject1", "GOD", "fMRI", "train")
    scaled = (values[:, :2] - values[:, :2].mean(0)) / values[:, :2].std(0, ddof=1)
    means = np.array([scaled[[1, 3]].mean(0), scaled[[0, 2]].mean(0)])
    cosine = means[0] @ means[1] / np.linalg.norm(means, axis=1).prod()
    found = region_similarity(recording, "V4", ["a", "b"])
    np.testing.assert_allclose(found, [[1, cosine], [cosine, 1]], rtol=1e-5)


def test_teachers_of_pictures_average_nothing_and_raw_ones_keep_the_mean() -> None:
    values = RNG.normal(size=(4, 3)).astype(np.float32) + 5
    units = pd.DataFrame({"name": ["v1", "v2", "v3"], "roi_V4": True})
    trials = pd.DataFrame({"stimulus": ["s2", "s0", "s1", "s0"], "category": ["b", "a", "b", "a"]})
    recording = Recording(values, trials, units, "Subject1", "GOD", "fMRI", "train")
    raw = region_similarity(recording, "V4", ["a", "b"], standardised=False)
    means = np.array([values[[1, 3]].mean(0), values[[0, 2]].mean(0)])
    assert raw[0, 1] == pytest.approx(means[0] @ means[1] / np.linalg.norm(means, axis=1).prod(), rel=1e-5)
    shown = region_similarity(recording, "V4", ["s0", "s1", "s2"], level="stimulus")
    scaled = (values - values.mean(0)) / values.std(0, ddof=1)
    rows = np.array([scaled[[1, 3]].mean(0), scaled[2], scaled[0]])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(shown, rows @ rows.T, atol=1e-5)
    with pytest.raises(DataError, match="lacks samples"):
        region_similarity(recording, "V4", ["a", "c"])
