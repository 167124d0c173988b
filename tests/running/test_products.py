"""Products are made once, found by what went in, and made anew when that or the code changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from companion.errors import ChapterError
from companion.running.products import product, products

MODULES = ["companion.errors"]


class Maker:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> dict[str, np.ndarray]:
        self.calls += 1
        return {"a": np.arange(6.0).reshape(2, 3).T, "b": np.array([self.calls])}


def test_equal_inputs_are_made_once(tmp_path: Path) -> None:
    make = Maker()
    first = product("thing", {"seed": 1, "x": np.ones(3)}, make, made_by=MODULES, root=tmp_path)
    again = product("thing", {"x": np.ones(3), "seed": 1}, make, made_by=MODULES, root=tmp_path)
    assert make.calls == 1
    assert np.array_equal(first["a"], again["a"])
    assert again["a"].shape == (3, 2)


@pytest.mark.parametrize(
    ("name", "inputs", "modules"),
    [
        ("other", {"seed": 1, "x": np.ones(3)}, MODULES),
        ("thing", {"seed": 2, "x": np.ones(3)}, MODULES),
        ("thing", {"seed": 1, "x": np.zeros(3)}, MODULES),
        ("thing", {"seed": 1, "x": np.ones((3, 1))}, MODULES),
        ("thing", {"seed": 1, "x": np.ones(3)}, ["companion.project"]),
    ],
)
def test_whatever_differs_makes_another_product(
    tmp_path: Path, name: str, inputs: dict[str, object], modules: list[str]
) -> None:
    make = Maker()
    product("thing", {"seed": 1, "x": np.ones(3)}, make, made_by=MODULES, root=tmp_path)
    product(name, inputs, make, made_by=modules, root=tmp_path)
    assert make.calls == 2


def test_a_damaged_product_is_made_anew(tmp_path: Path) -> None:
    make = Maker()
    product("thing", {}, make, made_by=MODULES, root=tmp_path)
    [path] = tmp_path.glob("*.safetensors")
    path.write_bytes(path.read_bytes()[:20])
    assert product("thing", {}, make, made_by=MODULES, root=tmp_path)["b"] == [2]


def test_a_maker_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> dict[str, np.ndarray]:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        product("thing", {}, fail, made_by=MODULES, root=tmp_path)
    assert not list(tmp_path.glob("*.safetensors"))


def test_inputs_that_cannot_be_told_apart_are_refused(tmp_path: Path) -> None:
    for value in (object(), float("nan"), {1, 2}):
        with pytest.raises(ChapterError, match="cannot be told apart"):
            product("thing", {"x": value}, Maker(), made_by=MODULES, root=tmp_path)
    with pytest.raises(ChapterError, match="no such module"):
        product("thing", {}, Maker(), made_by=["companion.nowhere"], root=tmp_path)


def test_only_what_is_missing_is_made_and_all_of_it_at_once(tmp_path: Path) -> None:
    asked: list[list[int]] = []

    def make(missing: list[int]) -> dict[int, dict[str, np.ndarray]]:
        asked.append(missing)
        return {key: {"a": np.array([10 * key])} for key in missing}

    def inputs(*keys: int) -> dict[int, dict[str, int]]:
        return {key: {"number": key} for key in keys}

    products("thing", inputs(1, 2), make, made_by=MODULES, root=tmp_path)
    found = products("thing", inputs(4, 2, 3), make, made_by=MODULES, root=tmp_path)
    assert asked == [[1, 2], [4, 3]]
    assert {key: int(arrays["a"][0]) for key, arrays in found.items()} == {4: 40, 2: 20, 3: 30}
    single = product("thing", {"number": 3}, dict, made_by=MODULES, root=tmp_path)
    assert single["a"] == 30
