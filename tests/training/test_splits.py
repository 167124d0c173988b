"""Splits never part a group."""

from __future__ import annotations

import numpy as np
import pytest

from companion.training.splits import validation_rows

CONCEPTS = [f"kind{number // 4}" for number in range(80)]


def test_a_group_is_on_one_side_and_every_row_on_one() -> None:
    training, validation = validation_rows(CONCEPTS, share=0.1, seed=0)
    sides = [{CONCEPTS[row] for row in rows} for rows in (training, validation)]
    assert not sides[0] & sides[1]
    assert sorted([*training, *validation]) == list(range(80))
    assert len(sides[1]) == 2


def test_seeds_draw_other_groups() -> None:
    first, second = (validation_rows(CONCEPTS, share=0.2, seed=seed)[1] for seed in (0, 1))
    assert not np.array_equal(first, second)
    assert np.array_equal(first, validation_rows(CONCEPTS, share=0.2, seed=0)[1])


@pytest.mark.parametrize("share", [0.0, 0.01, 1.0])
def test_empty_sides_are_refused(share: float) -> None:
    with pytest.raises(ValueError, match=r"leaves one side|share is a finite"):
        validation_rows(CONCEPTS, share=share, seed=0)
