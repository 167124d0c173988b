"""Figures of mapping fMRI into a joint space: the drawn data, not the pixels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from companion.figures.mapping import grid_of_scores, pivot_histograms, validation_curves


def test_histograms_count_every_pair_in_the_bins_of_all_panels() -> None:
    rng = np.random.default_rng(0)
    rows = [
        {"texts": texts, "pair": pair, "cosine": rng.normal(mean, 0.1)}
        for texts, mean in (("prompt", 0.3), ("sentence", 0.1))
        for pair in ("own", "another")
        for _ in range(50)
    ]
    figure = pivot_histograms(pd.DataFrame(rows))
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["prompt", "sentence"]
    for ax in figure.axes:
        assert sum(patch.get_height() for patch in ax.patches) == 100
    assert figure.axes[0].patches[0].get_x() == figure.axes[1].patches[0].get_x()


def test_curves_mark_the_epoch_that_is_kept() -> None:
    rows = [
        {"network": network, "person": person, "epoch": epoch, "loss": (epoch - best) ** 2, "best": best}
        for network in ("linear", "VAE")
        for person, best in ((1, 2), (2, 3))
        for epoch in range(1, 5)
    ]
    figure = validation_curves(pd.DataFrame(rows))
    assert len(figure.axes) == 2
    marked = [line.get_xydata().tolist() for line in figure.axes[1].lines if line.get_marker() == "o"]
    assert marked == [[[2, 0]], [[3, 0]]]


def test_scores_show_people_means_and_chance() -> None:
    rows = [
        {"task": task, "network": network, "under": under, "person": person, "value": base + person}
        for task in ("naming", "picture")
        for network in ("ridge", "linear")
        for under, base in (("V", 10), ("T", 20))
        for person in (1, 3)
    ]
    figure = grid_of_scores(pd.DataFrame(rows), chance={"naming": 3.3, "picture": 0.4}, label="Under")
    assert {ax.get_xlabel() for ax in figure.axes} == {"Under"}
    for ax, chance in zip(figure.axes, (3.3, 0.4), strict=True):
        means = [line.get_ydata().tolist() for line in ax.lines if line.get_marker() == "_"]
        assert means == [[12, 22], [12, 22]]
        dots = np.concatenate([line.get_ydata() for line in ax.lines if line.get_marker() == "o"])
        assert sorted(dots) == [11, 11, 13, 13, 21, 21, 23, 23]
        assert any(set(np.atleast_1d(line.get_ydata())) == {chance} for line in ax.lines)
        assert [tick.get_text() for tick in ax.get_xticklabels()] == ["V", "T"]
