"""Findings are judged by null worlds: verdicts by hand, and how often a fair test is called unfair."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from companion.errors import DataError
from companion.statistics.null_verdicts import exceeds, most_passes, null_verdicts


def rows(finding: str, level: float = 0.025, **passes: int) -> list[dict[str, object]]:
    return [
        {"finding": finding, "level": level, "kind": kind, "n": 20, "passes": count}
        for kind, count in passes.items()
    ]


def test_verdicts_by_hand() -> None:
    table = pd.DataFrame(
        rows("good", world=15, N1=3, N2=0)
        + rows("idle", world=3, N1=0, N2=0)
        + rows("cheap", world=20, N1=0, N2=4)
        + rows("odd", world=1, N1=9, N2=0)
        + rows("half", world=20, N1=0)
        + rows("above by its mean", 0.5, world=20, N1=15, N2=10)
    )
    found = null_verdicts(table, effect="world", nulls=["N1", "N2"]).set_index("finding")
    assert found["verdict"].to_dict() == {
        "good": "diagnostic",
        "idle": "no effect",
        "cheap": "not diagnostic",
        "odd": "no effect",
        "half": "not run",
        "above by its mean": "diagnostic",
    }
    assert found.loc["cheap", "why"] == "also in N2"
    assert "but N1 give it" in found.loc["odd", "why"]
    assert found.loc["half", "why"] == "N2 not run"


@pytest.mark.parametrize(("n", "level"), [(20, 0.025), (40, 0.025), (20, 0.5), (20, 0.05)])
def test_the_bound_is_the_smallest_that_a_fair_test_keeps(n: int, level: float) -> None:
    most = most_passes(n, level)
    assert stats.binom.sf(most, n, level) <= 0.01 < stats.binom.sf(most - 1, n, level)


def test_fair_tests_rarely_exceed_and_unfair_ones_do() -> None:
    rng = np.random.default_rng(0)

    def share(p: float) -> float:
        counts = rng.binomial(20, p, size=2000)
        return float(np.mean([exceeds({"n": 20, "level": 0.025, "passes": count}) for count in counts]))

    assert share(0.025) <= 0.01 + 0.01
    assert share(0.4) > 0.95


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(DataError, match="no counts of worlds"):
        null_verdicts(pd.DataFrame(rows("a", world=21)), effect="world", nulls=["N1"])
    with pytest.raises(DataError, match="no counts of worlds"):
        null_verdicts(pd.DataFrame(rows("a", world=2) * 2), effect="world", nulls=["N1"])
