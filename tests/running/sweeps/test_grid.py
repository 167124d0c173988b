"""Grids: what a file declares, in which order, under which names, and what is refused."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from companion.errors import CompanionError, DataError
from companion.running.sweeps.grid import Grid, read_grid
from tests.running.sweeps.toy import NAME

CONTENT: dict[str, Any] = {
    "name": "toy",
    "job": NAME,
    "settings": {"packed": 3},
    "blocks": [{"axes": {"number": [1, 2], "letter": ["a", "b"]}}],
}


def written(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "grid.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def test_a_grid_is_the_product_of_its_axes_with_the_last_one_fastest(tmp_path: Path) -> None:
    cells = read_grid(written(tmp_path, CONTENT)).cells()
    assert [tuple(cell.axes.values()) for cell in cells] == [(1, "a"), (1, "b"), (2, "a"), (2, "b")]
    assert {cell.settings["packed"] for cell in cells} == {3}
    assert str(cells[0]) == "number 1, letter a"


def test_a_cell_that_two_blocks_declare_counts_once() -> None:
    twice = CONTENT | {"blocks": [*CONTENT["blocks"], {"axes": {"number": [2, 3], "letter": "a"}}]}
    assert len(Grid.model_validate(twice).cells()) == 5
    other = CONTENT | {"blocks": [*CONTENT["blocks"], CONTENT["blocks"][0] | {"settings": {"seconds": 1.0}}]}
    assert len(Grid.model_validate(other).cells()) == 8


def test_all_stands_for_what_the_job_knows() -> None:
    found = Grid.model_validate(CONTENT | {"blocks": [{"axes": {"number": "all", "letter": "a"}}]}).cells()
    assert [cell.axes["number"] for cell in found] == [1, 2, 3]


def test_a_key_depends_on_what_is_declared_and_not_on_how(toy: Callable[..., Grid]) -> None:
    cell, *_ = Grid.model_validate(CONTENT).cells()
    turned = CONTENT | {"blocks": [{"axes": {"letter": ["a"], "number": [1]}}], "about": "other words"}
    assert Grid.model_validate(turned).cells()[0].key == cell.key
    written_out = CONTENT | {"settings": {"packed": 3, "seconds": 0.0}}  # a default, written out
    assert Grid.model_validate(written_out).cells()[0].key == cell.key
    for change in ({"settings": {"packed": 4}}, {"scale": "smoke"}, {"source": "null", "null": "N1"}):
        assert Grid.model_validate(CONTENT | change).cells()[0].key != cell.key
    assert pickle.loads(pickle.dumps(cell)).key == cell.key


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": "Not a folder"}, "small letters"),
        ({"blocks": []}, "blocks"),
        ({"blocks": [{"axes": {"number": [1]}}]}, "letter"),
        ({"blocks": [{"axes": {"number": [1], "letter": "a", "colour": "red"}}]}, "colour"),
        ({"blocks": [{"axes": {"number": ["1"], "letter": "a"}}]}, "int"),
        ({"blocks": [{"axes": {"number": [True], "letter": "a"}}]}, "bool"),
        ({"blocks": [{"axes": {"number": [1, 1], "letter": "a"}}]}, "twice"),
        ({"blocks": [{"axes": {"number": [], "letter": "a"}}]}, "empty"),
        ({"settings": {"speed": 3}}, "speed"),
        ({"settings": {"packed": "many"}}, "packed"),
        ({"job": "guessing"}, "retrieval"),
        ({"job": "tests.running.sweeps.toy:Nobody"}, "Nobody"),
        ({"job": "tests.running.sweeps.toy:ToySettings"}, "subclass of Job"),
        ({"colour": "red"}, "colour"),
        ({"source": "elsewhere"}, "source"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    path = written(tmp_path, CONTENT | change)
    with pytest.raises(DataError, match=told):
        read_grid(path).cells()


@pytest.mark.parametrize("text", ["- 1\n", "name: [", "name: x", "\x00", ""])
def test_what_is_no_grid_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    path = tmp_path / "grid.yaml"
    path.write_text(text)
    with pytest.raises(CompanionError, match=r"grid\.yaml"):
        read_grid(path)
    with pytest.raises(DataError, match="nowhere"):
        read_grid(tmp_path / "nowhere.yaml")
