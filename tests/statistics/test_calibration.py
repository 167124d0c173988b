"""Null sets of crossed scores, the table of calibration, and what is said of it."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import asdict, replace
from importlib import import_module
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import companion
from companion.errors import DataError
from companion.loading import calibration
from companion.loading.calibration import read_calibration
from companion.statistics.calibration.__main__ import write_table
from companion.statistics.calibration.bounds import (
    attainable_level,
    attainable_table,
    binomial_level,
    judged,
    permutation_level,
    sign_flip_level,
    signed_rank_level,
    simultaneous_bounds,
)
from companion.statistics.calibration.category_nulls import CATEGORIES
from companion.statistics.calibration.components import (
    Components,
    ScoreModel,
    crossed_components,
    mean_components,
    read_model,
    standard_error,
)
from companion.statistics.calibration.difference_tests import DIFFERENCES, LEVELS, WRONG
from companion.statistics.calibration.guessing_nulls import GUESSING
from companion.statistics.calibration.inventory import INVENTORY, inventory_table
from companion.statistics.calibration.null_sets import REDRAWN, Design, draw_null, latent_variances
from companion.statistics.calibration.plan import COLUMNS, KEY, OtherTask, Task, count, plan, settings
from companion.statistics.calibration.summary import compare_slice, recommended, sized, widest_scope
from companion.statistics.paired import sign_flip, wilcoxon

BOOK = Path(__file__).parents[2] / "book"
PARTS = {
    "person": (12, 1, 1),
    "image": (1, 30, 1),
    "seed": (1, 1, 6),
    "person_image": (12, 30, 1),
    "person_seed": (12, 1, 6),
    "image_seed": (1, 30, 6),
    "rest": (12, 30, 6),
}
SLOW = ("F of units, rank sum", "lead of a space, concepts resampled", "types of categories, permuted")
MODEL = ScoreModel(
    level=Components(0.1, 0.2, 0.02, 0.3, 0.01, 0.05, 0.2),
    difference=Components(0.05, 0.15, 0.02, 0.3, 0.01, 0.05, 0.2),
    percentiles=tuple(np.linspace(0, 100, 11)),
    hit_rate=0.2,
)


def test_components_of_a_table_by_hand() -> None:
    """Rows 1 and 3 apart by two, nothing else: the variance of persons is that of two numbers."""
    table = np.zeros((2, 3, 2)) + np.array([1.0, 3.0])[:, None, None]
    found = crossed_components(table)
    assert found.person == pytest.approx(2)
    assert [value for name, value in asdict(found).items() if name != "person"] == pytest.approx([0] * 6)


@pytest.mark.parametrize("name", PARTS)
def test_each_component_is_found_where_it_is(name: str) -> None:
    rng = np.random.default_rng(1)
    sd = dict.fromkeys(PARTS, 0.2) | {name: 1.0}
    tables = [sum(sd[part] * rng.normal(size=shape) for part, shape in PARTS.items()) for _ in range(40)]
    found = asdict(mean_components([crossed_components(table) for table in tables]))
    spread = pd.DataFrame([asdict(crossed_components(table)) for table in tables]).sem()
    for part, value in found.items():
        assert abs(value - sd[part] ** 2) < 4.5 * spread[part], part


def test_the_standard_error_is_the_spread_of_means_over_other_people_and_seeds() -> None:
    rng = np.random.default_rng(3)
    sd = dict(zip(PARTS, (0.5, 2.0, 0.3, 1.4, 0.6, 0.7, 1.8), strict=True))
    image = 2.0 * rng.normal(size=PARTS["image"])  # the same in every repetition
    means = []
    for _ in range(3000):
        parts = [sd[name] * rng.normal(size=shape) for name, shape in PARTS.items() if name != "image"]
        means.append(sum(part.mean() for part in (image, *parts)))
    variances = Components(**{name: value**2 for name, value in sd.items()})
    found = standard_error(variances, n_people=12, n_images=30, n_seeds=6)
    assert np.std(means) == pytest.approx(found, rel=0.05)
    assert standard_error(variances, n_people=12, n_images=30, n_seeds=12) < found


def test_components_need_a_full_table() -> None:
    with pytest.raises(DataError, match="not crossed"):
        crossed_components(np.zeros((3, 4)))
    assert crossed_components(np.random.default_rng(0).normal(size=(3, 3, 3))).clipped().person >= 0


def test_drawn_scores_have_the_variances_they_are_drawn_from() -> None:
    """What people and images do to a difference, estimated back from the latent scores of many sets."""
    uniform = replace(MODEL, percentiles=tuple(np.linspace(0, 100, 201)), hit_rate=0.5)
    design = Design("any", 8, 10, score="percentile")
    parts = latent_variances(uniform, "people, images and aligners")
    scores = draw_null(uniform, design, 3000, np.random.default_rng(2))
    assert scores.percentiles.shape == (3000, 2, 8, 10, 1)
    latent = stats.norm.ppf(np.clip(scores.percentiles / 100, 1e-9, 1 - 1e-9)) * np.sqrt(parts.total())
    assert latent.var() == pytest.approx(parts.total(), rel=0.05)
    means = (latent[:, 0] - latent[:, 1]).mean(axis=(1, 2, 3))
    expected = 2 * (
        (parts.condition[0] + parts.seed[1]) / 8
        + (parts.condition[1] + parts.seed[2]) / 10
        + (parts.condition[2] + parts.seed[3]) / 80
        + parts.seed[0]
    )
    assert means.var() == pytest.approx(expected, rel=0.08)
    assert scores.hits.mean() == pytest.approx(50, abs=1)


def test_what_is_not_drawn_anew_does_not_vary() -> None:
    people, images, whole = (latent_variances(MODEL, scope) for scope in REDRAWN)
    assert whole.seed[0] == pytest.approx(0.02)
    assert images.seed[0] == people.seed[0] == 0
    assert images.condition == whole.condition
    assert people.condition[1] == people.seed[2] == 0
    assert people.condition[0] == whole.condition[0] == pytest.approx((0.05 - 0.01) / 2)
    assert whole.level[1] == pytest.approx(0.2 - (0.15 - 0.05) / 2)


def test_an_effect_shows_in_the_first_condition() -> None:
    scores = draw_null(MODEL, Design("any", 3, 20), 200, np.random.default_rng(0), shift=1.0)
    assert scores.hits[:, 0].mean() > scores.hits[:, 1].mean() + 20
    with pytest.raises(DataError, match="null set"):
        draw_null(MODEL, Design("any", 0, 20), 2, np.random.default_rng(0))


def test_bounds_hold_all_at_once_and_by_hand() -> None:
    found = simultaneous_bounds([0, 5, 100], 100)
    alpha = 0.01 / 3
    assert found["low"].tolist()[::2] == pytest.approx([0, (alpha / 2) ** (1 / 100)])
    assert found["high"].iloc[0] == pytest.approx(1 - (alpha / 2) ** (1 / 100))
    assert found["size"].tolist() == [0, 0.05, 1]
    assert (simultaneous_bounds([5], 100, n_rows=50)["low"] < found["low"].iloc[1]).all()
    with pytest.raises(DataError, match="among sets"):
        simultaneous_bounds([5], [4])


def test_verdicts() -> None:
    assert judged(0.2, 0.1, 0.05) == "too often"
    assert judged(0.2, 0.04, 0.05) == "recommended"
    assert judged(0.001, 0.0, 0.0) == "recommended"
    assert judged(0.03, 0.02, 0.0178) == "too often"


def test_attainable_levels_are_those_of_the_tests() -> None:
    """All signs of fixed differences: the share of patterns with p at or below .05."""
    for n in (4, 5, 6, 7):
        signs = np.array(list(product([-1.0, 1.0], repeat=n)))
        ranked = [wilcoxon(row * np.arange(1, n + 1)) <= 0.05 for row in signs]
        flipped = [sign_flip(row * 2.0 ** np.arange(n)) <= 0.05 for row in signs]  # no two sums alike
        assert signed_rank_level(n) == pytest.approx(np.mean(ranked))
        assert sign_flip_level(n) == pytest.approx(np.mean(flipped))
    assert binomial_level(50, 0.02) == pytest.approx(float(stats.binom.sf(3, 50, 0.02)))
    assert attainable_level([0.04, 0.5, 1], [0.03, 0.5, 0.47]) == pytest.approx(0.03)
    assert permutation_level(5) == pytest.approx(6 / 120)
    table = attainable_table((4, 6)).set_index("n")
    assert table.loc[4, "sign flip"] == 0
    assert table.loc[6, "McNemar"] == pytest.approx(2 / 64)
    assert table.loc[4, "pairings"] == pytest.approx(1 / 24)


def test_sizes_of_tests_whose_size_is_known() -> None:
    """Where people alone vary, t keeps its level; a test over all cells does not."""
    model = replace(MODEL, difference=Components(0.2, 0.0, 0.0, 0.25, 0.01, 0.0, 0.2))
    task = Task("recordings", Design("any", 6, 40, score="percentile"), "people", DIFFERENCES)
    found = count(task, range(30), model).set_index("test")
    assert found.loc["paired t", "rejections"] == pytest.approx(75, abs=32)
    assert found.loc["sign flip", "rejections"] <= 75
    wrong = Task("wrong", Design("any", 6, 40, 3, score="percentile"), "people", WRONG)
    cells = count(wrong, range(4), model).set_index("test")
    assert cells.loc["t over persons × images", "rejections"] > 0.2 * 200


def test_trials_of_an_image_are_no_sample() -> None:
    rng = np.random.default_rng(0)
    right = GUESSING["permutation of images, 35 trials each"].run(20, rng)
    wrong = GUESSING["exact binomial over trials, 35 an image"].run(20, rng)
    assert right.mean() < 0.3
    assert wrong.mean() > right.mean()


def test_every_test_runs_and_a_chunk_is_the_same_again() -> None:
    for task in plan():
        if isinstance(task, Task) and (task.redrawn != REDRAWN[1] or task.design.n_images > 60):
            continue
        if isinstance(task, Task) and task.part == "power":
            continue
        if isinstance(task, OtherTask) and task.test.name in SLOW:
            continue
        found = count(task, [0], MODEL)
        assert found["rejections"].between(0, found["n_sets"]).all()
    again = [count(plan()[3], [1], MODEL) for _ in range(2)]
    pd.testing.assert_frame_equal(*again)
    assert not count(plan()[3], [1], MODEL, seed=1).equals(again[0])


def test_the_committed_table_is_what_the_package_counts() -> None:
    """A slice drawn from other random numbers; and one chunk more of the same."""
    model, record = read_model()
    table, made = read_calibration(expected=settings(record))
    assert calibration.COLUMNS == COLUMNS  # the doors forbid one room to ask the other
    assert made["n_sets"] >= 1000
    assert table["n_sets"].min() >= 1000
    whole = {tuple(row) for row in table[list(KEY)].itertuples(index=False)}
    for task in plan():
        names = [task.test.name] if isinstance(task, OtherTask) else task.tests
        labels = task.labels()
        assert {(labels["part"], name, *list(labels.values())[1:]) for name in names} <= whole
    chosen = [task for task in plan() if isinstance(task, Task) and task.design.name in ("GOD-MEG", "ECoG")][
        :4
    ]
    drawn = pd.concat([count(task, range(6), model, seed=77) for task in chosen])
    assert compare_slice(table, drawn, keys=KEY)["agrees"].all()


def test_a_slice_that_differs_is_seen() -> None:
    row = {"test": "t", "n_sets": 400, "rejections": 20}
    kept = pd.DataFrame([row | {"n_sets": 4000, "rejections": 200}])
    assert compare_slice(kept, pd.DataFrame([row]), keys=["test"])["agrees"].all()
    broken = pd.DataFrame([row | {"rejections": 60}])
    assert not compare_slice(kept, broken, keys=["test"])["agrees"].any()
    with pytest.raises(DataError, match="not in the table"):
        compare_slice(kept, pd.DataFrame([row | {"test": "u"}]), keys=["test"])


def test_the_list_is_an_output() -> None:
    rows = [
        {"part": "recordings", "design": "EEG", "n_people": 5, "n_images": 9, "n_seeds": 1, "shift": 0.0,
         "redrawn": redrawn, "test": test, "attainable": level, "n_sets": 1000, "rejections": rejected}
        for redrawn, test, level, rejected in (
            ("people and images", "a", 0.05, 51),
            ("people", "a", 0.05, 300),
            ("people", "b", 0.0, 0),
        )
    ]  # fmt: skip
    found = recommended(sized(pd.DataFrame(rows)))
    assert found["redrawn"].tolist() == ["people", "people and images"]
    assert found["too often"].tolist() == [["a"], []]
    assert found["cannot reject"].tolist() == [["b"], []]
    assert found["recommended"].tolist() == [[], ["a"]]


def test_the_table_goes_on_where_it_was_and_is_refused_when_made_otherwise(tmp_path: Path) -> None:
    tasks = [task for task in plan() if isinstance(task, Task) and task.design.name == "GOD-MEG"][:2]
    path = tmp_path / "table.csv"
    first = write_table(path, 50, tasks=tasks[:1])
    both = write_table(path, 50, tasks=tasks)
    assert len(both) == 2 * len(DIFFERENCES) or len(both) > len(first)
    pd.testing.assert_frame_equal(both.iloc[: len(first)], first, check_dtype=False)
    table, record = read_calibration(path, expected=settings(read_model()[1]))
    assert len(table) == len(both)
    with pytest.raises(DataError, match="other settings"):
        read_calibration(path, expected={"seed": -1})
    assert len(write_table(path, 100, tasks=tasks[:1])) == len(first)  # begun anew
    assert record["n_sets"] == 50
    with pytest.raises(DataError, match="cannot be read"):
        read_calibration(tmp_path / "none.csv")


def test_components_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps({"level": {}}))
    with pytest.raises(DataError, match="score_components"):
        read_model(tmp_path / "c.json")


def called(text: str) -> set[str]:
    """Names that are called in the code cells of a page, and not its own functions.

    Exercises are left out: what a solution or a check computes is said of nothing but an answer.
    """
    text = re.sub(r"^```\{solution-start\}.*?^```\{solution-end\}", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(
        r"^```\{code-cell\}[^\n]*\n:tags: \[check.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL
    )
    cells = " ".join(re.findall(r"^```\{code-cell\}.*?^```", text, re.MULTILINE | re.DOTALL))
    own = set(re.findall(r"^def (\w+)\(", cells, re.MULTILINE))
    return set(re.findall(r"\b([a-z]\w+)\(", cells)) - own


def test_the_inventory_lists_what_the_chapters_use() -> None:
    """No chapter calls a listed function unnamed; no function that gives p is missing."""
    own = {"calibration", "controls", "bench", "scorecard"}  # about tests, or about other chapters
    pages = {path.stem: called(path.read_text("utf-8")) for path in BOOK.glob("*.md") if path.stem not in own}
    listed = {use.function.rpartition(".")[2]: set(use.chapters) for use in INVENTORY}
    for name, chapters in listed.items():
        assert {page for page, names in pages.items() if name in names} <= chapters, name
        assert chapters <= set(pages), name
    statistics = Path(companion.__file__).parent / "statistics"
    modules = {path.stem: ast.parse(path.read_text("utf-8")) for path in statistics.glob("*.py")}
    giving_p = {
        one.name
        for tree in modules.values()
        for one in tree.body
        if isinstance(one, ast.FunctionDef)
        and not one.name.startswith("_")
        and re.search(r"pvalue|\bp=|p_value", ast.unparse(one))
    }
    used = giving_p & set().union(*pages.values())
    other = {"paired_p_if_correlated"}  # what p would have been, from printed summaries
    assert used, "no chapter tests anything?"
    assert used - set(listed) <= other


def test_what_is_listed_as_drawn_is_drawn() -> None:
    drawn = {
        name for task in plan() for name in ([task.test.name] if isinstance(task, OtherTask) else task.tests)
    }
    assert {name for use in INVENTORY for name in use.drawn} <= drawn
    assert len(inventory_table()) == len(INVENTORY)
    for test in (*DIFFERENCES.values(), *LEVELS.values(), *GUESSING.values(), *CATEGORIES.values()):
        if test.function:
            module, _, function = test.function.rpartition(".")
            assert hasattr(import_module(f"companion.statistics.{module}"), function)


def test_how_far_findings_reach() -> None:
    def row(redrawn: str, test: str, rejected: int, attainable: float = 0.05) -> dict[str, object]:
        return {
            "part": "recordings", "design": "EEG", "n_people": 5, "n_images": 9, "n_seeds": 1, "shift": 0.0,
            "redrawn": redrawn, "test": test, "attainable": attainable, "n_sets": 1000,
            "rejections": rejected,
        }  # fmt: skip

    first, second, third = REDRAWN
    rows = [row(first, "a", 50), row(second, "a", 50), row(third, "a", 300)]
    rows += [row(first, "b", 300), row(second, "b", 0), row(third, "b", 0)]
    rows += [row(scope, "c", 0, 0.0) for scope in REDRAWN]
    found = widest_scope(sized(pd.DataFrame(rows)))
    assert found["EEG, 5 × 9"].to_dict() == {"a": second, "b": "none", "c": "cannot reject"}
