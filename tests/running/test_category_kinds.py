"""Names and types of categories, and what THINGS and GOD have in common."""

from __future__ import annotations

from pathlib import Path

import pytest

from companion.errors import DataError, MissingDataError
from companion.loading import sources
from companion.loading.god.tested_categories import god_test_categories
from companion.running.category_kinds import category_kinds, category_words, same_things


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    folder = tmp_path / "miniature" / "lesson" / "stimuli"
    folder.mkdir(parents=True)
    (folder / sources.RECORD).write_text("{}")
    (folder / "kinds.csv").write_text(
        "number,noun,category,living,gloss\n0,buzmul,vessel,False,a\n7,skulud,animal,True,b\n"
    )


@pytest.mark.usefixtures("kinds")
def test_kinds_of_the_miniature_world_have_their_noun_and_type() -> None:
    table = category_kinds(["n90000008", "n90000001"], source="miniature")
    assert table["label"].tolist() == ["skulud", "buzmul"]
    assert table["living"].tolist() == [True, False]
    assert category_words(["n90000008"], source="miniature") == {"n90000008": ["skulud"]}
    with pytest.raises(DataError, match="n90000002"):
        category_kinds(["n90000002"], source="miniature")
    with pytest.raises(DataError, match="n90000002"):
        category_words(["n90000002"], source="miniature")


def test_official_test_categories_are_known_by_heart() -> None:
    some = ["n04572121", "n01443537"]
    table = category_kinds(some, source="official")
    assert table["label"].tolist() == ["welder's mask", "goldfish"]
    assert table.equals(god_test_categories().loc[some])
    with pytest.raises(DataError, match="n02084071"):
        category_kinds(["n02084071"], source="official")


def test_words_need_the_file_of_words() -> None:
    with pytest.raises(MissingDataError):
        category_words(["n01443537"], source="official")


def test_a_concept_is_a_category_that_has_its_word() -> None:
    words = {"n1": ["crane"], "n2": ["ice bear", "Polar bear"], "n3": ["bear"], "n4": ["crane", "hoist"]}
    found = same_things(words, ["crane1", "polar_bear", "harp", "7up"])
    assert found == {"n1": "crane1", "n2": "polar_bear", "n4": "crane1"}
    assert same_things(words, []) == {}
