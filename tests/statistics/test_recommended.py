"""The recommended comparison: what goes into its rows, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from companion.errors import DataError
from companion.scores import as_scores
from companion.statistics.corrections import holm
from companion.statistics.crossed_bootstrap import crossed_interval
from companion.statistics.paired import paired_tests
from companion.statistics.recommended import compare_targets

LEVELS = {"base": 0.2, "aligned": 0.35, "permuted": 0.2}


def hits(n_subjects: int = 6, n_seeds: int = 2, n_stimuli: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = [
        {"dataset": "d", "subject": f"s{s}", "space": space, "alignment": level, "seed": seed,
         "stimulus": f"i{i}", "metric": "top1", "value": float(rng.random() < share + 0.03 * s)}
        for space in ("x", "y")
        for level, share in LEVELS.items()
        for s in range(n_subjects)
        for seed in range(n_seeds)
        for i in range(n_stimuli)
    ]  # fmt: skip
    return as_scores(pd.DataFrame(rows), simulated=True).sample(frac=1, random_state=0)


PAIRS = [("aligned", "base"), ("aligned", "permuted")]


def test_a_row_is_what_its_parts_say() -> None:
    scores = hits()
    table = compare_targets(scores, PAIRS, n_bootstrap=500, seed=3)
    assert len(table) == 4
    row = table[(table["space"] == "y") & (table["second"] == "permuted")].iloc[0]
    cells = {
        level: np.array(
            [
                [
                    100
                    * part.loc[(part["subject"] == f"s{s}") & (part["stimulus"] == f"i{i}"), "value"].mean()
                    for i in sorted(range(40), key=str)
                ]
                for s in range(6)
            ]
        )
        for level, part in scores[scores["space"] == "y"].groupby("alignment")
    }
    one, two = (cells[level] for level in ("aligned", "permuted"))
    expected = paired_tests(one.mean(axis=1), two.mean(axis=1))
    for name in (
        "difference",
        "low",
        "high",
        "t",
        "p_t",
        "p_sign_flip",
        "dz",
        "dz_low",
        "dz_high",
        "n",
        "wins",
    ):
        assert row[name] == pytest.approx(getattr(expected, name))
    crossed = crossed_interval(one - two, n_bootstrap=500, seed=3)
    assert (row["crossed_low"], row["crossed_high"]) == pytest.approx((crossed.low, crossed.high))
    assert (row["n_seeds"], row["n_stimuli"], row["n_tests"]) == (2, 40, 4)
    assert (row["points"], row["ratio"]) == pytest.approx((one.mean() - two.mean(), one.mean() / two.mean()))
    np.testing.assert_allclose(table["p_t_holm"], holm(table["p_t"]))
    np.testing.assert_allclose(table["p_sign_flip_holm"], holm(table["p_sign_flip"]))


def test_more_seeds_are_not_more_units() -> None:
    scores = hits()
    copied = pd.concat([scores, scores.assign(seed=scores["seed"] + 10)])
    one, two = (compare_targets(frame, PAIRS, n_bootstrap=50) for frame in (scores, copied))
    np.testing.assert_allclose(one["p_t"], two["p_t"])
    assert (two["n"] == 6).all()


def test_swapping_sides_turns_signs_only() -> None:
    scores = hits()
    one = compare_targets(scores, [("aligned", "base")], n_bootstrap=50)
    two = compare_targets(scores, [("base", "aligned")], n_bootstrap=50)
    for name in ("difference", "t", "dz", "logit"):
        np.testing.assert_allclose(one[name], -two[name])
    np.testing.assert_allclose(one["p_t_holm"], two["p_t_holm"])
    np.testing.assert_allclose(one["crossed_low"], -two["crossed_high"])


def test_what_cannot_be_tested_is_described() -> None:
    few = compare_targets(hits(n_subjects=2), PAIRS, n_bootstrap=50)
    assert few[["p_t", "p_sign_flip", "p_t_holm", "dz"]].isna().all(axis=None)
    assert few[["difference", "crossed_low", "ratio"]].notna().all(axis=None)
    assert few["test"].str.startswith("none").all()
    scores = hits()
    same = scores[scores["alignment"] == "base"]
    both = pd.concat([same, same.assign(alignment="rotated")])
    assert compare_targets(both, [("base", "rotated")], n_bootstrap=50)["p_t"].isna().all()
    nothing = compare_targets(scores.assign(value=0.0), PAIRS, n_bootstrap=50)
    assert nothing["ratio"].isna().all()
    assert (nothing["points"] == 0).all()


def test_scores_without_a_seed_are_one_run() -> None:
    scores = hits(n_seeds=1).assign(seed=None)
    assert (compare_targets(scores, PAIRS, n_bootstrap=50)["n_seeds"] == 1).all()


def test_sides_that_do_not_match_are_refused() -> None:
    scores = hits()
    odd = (scores["alignment"] == "base") & (scores["subject"] == "s1") & (scores["stimulus"] == "i3")
    for lacking in (
        odd,
        odd & (scores["seed"] == 0),
        (scores["alignment"] == "base") & (scores["seed"] == 1),
    ):
        with pytest.raises(DataError, match="do not form pairs"):
            compare_targets(scores[~lacking], PAIRS, n_bootstrap=50)
    with pytest.raises(DataError, match="several scores"):
        compare_targets(pd.concat([scores, scores[odd]]), PAIRS, n_bootstrap=50)
    with pytest.raises(DataError, match="No scores of this condition"):
        compare_targets(scores, [("aligned", "gLocal")], n_bootstrap=50)
    with pytest.raises(DataError, match="Shares are compared"):
        compare_targets(scores.assign(value=scores["value"] * 100), PAIRS, n_bootstrap=50)
