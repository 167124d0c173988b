"""Names and types of the 50 test categories."""

from __future__ import annotations

import pytest

from companion.loading.god.stimuli import god_stimuli
from companion.loading.god.tested_categories import god_test_categories


def test_every_category_has_one_name_and_a_type() -> None:
    table = god_test_categories()
    assert table.shape == (50, 2)
    assert table.index.is_unique
    assert table["label"].is_unique
    assert table["living"].dtype == bool


def test_living_ones_are_the_animals() -> None:
    table = god_test_categories().set_index("label")["living"]
    assert table.sum() == 15
    assert table[["goldfish", "housefly", "conch", "domestic llama"]].all()
    assert not table[["airliner", "barrow", "iPod", "welder's mask"]].any()
    assert table["bat"]  # the animal, n02139199


@pytest.mark.usefixtures("data_root")
def test_they_are_those_of_the_official_list() -> None:
    assert list(god_test_categories().index) == sorted(god_stimuli().test["category"])
