"""Cells of brain-aligning are what the chapter's functions give, and nobody teaches for his own decoders."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from companion.alignment.autoencoder import Options
from companion.alignment.brain import others
from companion.decoding.identification import MEASURES, identify
from companion.decoding.linear import fit_linear
from companion.encoders.cache import EmbeddingCache
from companion.errors import DataError, MissingDataError
from companion.loading.god.people import god_folder, load_god_people
from companion.loading.god.stimuli import read_god_stimuli
from companion.project import data_root, project_root
from companion.recording import Recording
from companion.running import brain_aligned, semantic_spaces
from companion.running.brain_aligned import kept_aligners, region_similarity
from companion.running.miniature_semantics import miniature_sources
from companion.running.sweeps import timing
from companion.running.sweeps.cells import Cell, World
from companion.running.sweeps.grid import Grid, read_grid
from companion.running.sweeps.jobs import aligned_regions, god_data
from companion.running.sweeps.jobs.aligning_costs import AligningTimes, Sizes, sizes_of, time_aligning
from companion.running.sweeps.jobs.brain_aligning import BrainAligning, BrainAligningSettings
from companion.running.sweeps.results import SweepFolder, read_sweep
from companion.running.sweeps.worker import Order, perform

AXES: dict[str, Any] = {"space": "image", "roi": "V4", "subject": [1, 2], "alpha": [1, 0.1], "seed": 0}
SETTINGS: dict[str, Any] = {"people": [1, 2], "n_epochs": 2}
JOB = BrainAligning()


def cells(source: str = "miniature", settings: dict[str, Any] | None = None, **axes: Any) -> list[Cell]:
    declared = {
        "name": "try",
        "job": "brain-aligning",
        "source": source,
        "scale": "smoke",
        "settings": SETTINGS | (settings or {}),
        "blocks": [{"axes": AXES | axes}],
    }
    return Grid.model_validate(declared).cells()


def ran(some: Iterable[Cell]) -> dict[str, pd.DataFrame]:
    return {cell.key: table for cell, table in JOB.run(list(some), "cpu")}


def by_hand(kind: str, roi: str, alphas: tuple[float, ...]) -> pd.DataFrame:
    """As book/brain_aligning.md goes about it."""
    folder = god_folder(source="miniature", scale="smoke")
    lists = read_god_stimuli(folder)
    brains: dict[str, dict[int, Recording]] = {
        split: load_god_people(folder, split=split, stimuli=lists, rois=["V4", "V1"])  # type: ignore[arg-type]
        for split in ("train", "test", "imagery")
    }
    space = semantic_spaces.semantic_spaces(lists, source="miniature", scale="smoke", cache=EmbeddingCache())[
        kind  # type: ignore[index]
    ]
    teachers = others(
        {one: region_similarity(brains["train"][one], roi, space.categories.ids) for one in (1, 2)}
    )
    found = kept_aligners(
        space.categories, teachers, alphas=alphas, options=Options(2, min(50, len(space.categories)))
    )
    tables = []
    for person in (1, 2):
        variants = {alpha: space.mapped(found[person, alpha, 0].transform) for alpha in alphas}
        known = brains["train"][person].roi(roi)
        named = {str(alpha): one.targets for alpha, one in (variants | {np.nan: space}).items()}
        fitted = fit_linear(known.responses, known.stimuli, named, n_voxels=500)
        for split in ("test", "imagery"):
            new = brains[split][person].roi(roi)
            of_stimulus = dict(zip(new.stimuli, new.trials["category"], strict=True))
            means = new.averaged()
            decoded = fitted.predict(means.responses, [of_stimulus[name] for name in means.stimuli])
            for alpha, one in (variants | {np.nan: space}).items():
                tables.append(
                    identify(
                        decoded[str(alpha)].select(one.test.ids),
                        one.test,
                        one.candidates,
                        mean=fitted.origins[str(alpha)],
                        subject=person,
                        split=split,
                        alpha=alpha,
                    )
                )
    return pd.concat(tables, ignore_index=True)


@pytest.mark.parametrize(("space", "roi"), [("image", "V4"), ("word", "V1")])
def test_a_sweep_keeps_what_the_functions_of_the_chapter_give(world: Path, space: str, roi: str) -> None:
    grid = cells(space=space, roi=roi)
    folder = SweepFolder.named("try")
    folder.declare({}, [cell.key for cell in grid])
    for pack in JOB.packs(grid, "cpu"):
        perform(Order(tuple(pack), folder.path, data_root(), "cpu", 1))
    assert not folder.failed(cell.key for cell in grid)
    found = read_sweep("try")
    expected = by_hand(space, roi, (1.0, 0.1))
    assert set(found["metric"]) == set(MEASURES)
    assert found["simulated"].all()
    assert (found["space"] == space).all()
    assert (found["roi"] == roi).all()
    names = ["subject", "split", "alpha", "stimulus", "metric"]
    wide = expected.melt(["stimulus", "subject", "split", "alpha"], list(MEASURES), var_name="metric")
    both = found.merge(wide, on=names, suffixes=("", "_expected"))
    assert len(both) == len(found) == len(wide)
    np.testing.assert_allclose(both["value"], both["value_expected"], atol=1e-9)
    assert (found["alpha"].isna() == (found["alignment"] == "none")).all()
    assert set(found.groupby("condition")["split"].first()) == {"test", "imagery"}


def test_who_is_decoded_does_not_teach(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taught: list[dict[Any, Any]] = []

    def watched(space: Any, teachers: dict[Any, Any], **how: Any) -> Any:
        taught.append(teachers)
        return kept_aligners(space, teachers, **how)

    def other_brain(*given: Any, **how: Any) -> dict[int, Recording]:
        people = load_god_people(*given, **how)
        rng = np.random.default_rng(0)
        strange = rng.normal(size=people[1].responses.shape).astype(np.float32)
        return people | {1: replace(people[1], responses=strange)}

    monkeypatch.setattr(aligned_regions, "kept_aligners", watched)
    grid = cells(alpha=0.1)
    ran(grid)
    monkeypatch.setattr(god_data, "load_god_people", other_brain)
    ran(grid)
    before, after = taught
    # The mean of the others is taken from the sum of all, so that the last digit may differ.
    np.testing.assert_allclose(before["V4 of all but 1"], after["V4 of all but 1"], atol=1e-14)
    assert np.abs(before["V4 of all but 2"] - after["V4 of all but 2"]).max() > 0.1


def test_a_pack_goes_on_where_it_was_and_trains_nothing_twice(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[tuple[float, ...]] = []
    fit = brain_aligned.fit_aligners

    def counted(*given: Any, **how: Any) -> Any:
        trained.append(tuple(how["alphas"]))
        return fit(*given, **how)

    monkeypatch.setattr(brain_aligned, "fit_aligners", counted)
    grid = cells(alpha=[1, 0.1, 0.01])
    first = {cell.key: table for cell, table in zip_first(JOB.run(grid, "cpu"), 3)}
    rest = ran(cell for cell in grid if cell.key not in first)
    assert trained == [(1.0,), (0.01, 0.1)]  # the second call found all of it
    whole = ran(grid)
    assert set(whole) == set(first) | set(rest)
    for key, table in (first | rest).items():
        pd.testing.assert_frame_equal(table, whole[key])


def zip_first(items: Iterable[tuple[Cell, pd.DataFrame]], n: int) -> list[tuple[Cell, pd.DataFrame]]:
    return [item for item, _ in zip(items, range(n), strict=False)]


def test_official_files_go_the_same_way(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = ran(cells(settings={"n_candidates": 20}))
    folder = god_folder(source="miniature", scale="smoke")
    (world / "god-fmri").symlink_to(folder)
    monkeypatch.setattr(god_data, "god_stimuli", lambda: read_god_stimuli(folder))
    shelf = world / "miniature/smoke/stimuli"
    monkeypatch.setattr(
        semantic_spaces,
        "official_sources",
        lambda lists, *, seed, device, cache: miniature_sources(lists, shelf, device=device, cache=cache),
    )
    found = ran(cells("official", settings={"n_candidates": 20}))
    assert not set(found) & set(expected)  # another world, other names of cells
    for one, other in zip(found.values(), expected.values(), strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_settings_change_scores(world: Path) -> None:
    def values(settings: dict[str, Any]) -> Any:
        (table,) = ran(cells(subject=1, alpha=0.1, settings=settings)).values()
        return table["value"].to_numpy()

    unchanged = values({})
    for change in (
        {"n_voxels": 3},
        {"draw": 1, "n_candidates": 20},
        {"standardised": False},
        {"latent": "before ReLU"},
        {"n_epochs": 5},
    ):
        assert not np.allclose(values(change), unchanged), change


def test_packs_hold_what_trains_together() -> None:
    grid = cells(space=["image", "word"], roi=["V4", "V1"], seed=[0, 1])
    on_cpu, on_gpu = JOB.packs(grid, "cpu"), JOB.packs(grid, "cuda")
    assert [len(pack) for pack in on_cpu] == [4] * 8
    assert [len(pack) for pack in on_gpu] == [8] * 4
    for packs in (on_cpu, on_gpu):
        assert sorted(cell.key for pack in packs for cell in pack) == sorted(cell.key for cell in grid)


def test_a_pack_for_a_gpu_gives_what_packs_for_a_cpu_give(world: Path) -> None:
    grid = cells(roi=["V4", "V1"])
    (whole,) = JOB.packs(grid, "cuda")
    at_once = ran(whole)
    one_by_one = [ran(pack) for pack in JOB.packs(grid, "cpu")]
    assert len(one_by_one) == 2
    for key, table in (one_by_one[0] | one_by_one[1]).items():
        pd.testing.assert_frame_equal(table, at_once[key])


@pytest.mark.parametrize(
    ("axes", "settings", "told"),
    [
        ({"roi": "V9"}, {}, "Unknown roi"),
        ({"space": "text"}, {}, "Unknown space"),
        ({"alpha": 0.0}, {}, "alpha"),
        ({"alpha": 2}, {}, "alpha"),
        ({"subject": 3}, {}, "Unknown subject"),
        ({}, {"people": [1]}, "settings"),
        ({}, {"batch_size": 1}, "settings"),
        ({}, {"reduction": "median"}, "settings"),
    ],
)
def test_cells_that_can_never_run_are_refused(
    axes: dict[str, Any], settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        cells(settings=settings, **axes)


def test_data_that_are_not_here_are_named(world: Path) -> None:
    JOB.check_data(cells())
    with pytest.raises(MissingDataError, match="Subject7"):
        JOB.check_data(cells(settings={"people": [1, 2, 7]}))
    with pytest.raises(MissingDataError, match="god"):
        JOB.check_data(cells("official"))
    (world / "miniature").unlink()
    with pytest.raises(MissingDataError, match="companion data simulate god"):
        JOB.check_data(cells())


def test_all_stands_for_what_is_there(world: Path) -> None:
    small = World("miniature", "smoke")
    assert JOB.known("subject", small) == [1, 2]
    assert JOB.known("seed", small) is None
    grid = cells(space="all", roi="all", subject="all", alpha="all")
    assert len(grid) == 2 * 7 * 2 * 5


def test_costs_follow_what_is_left(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def here(work: Callable[..., Any], *given: Any) -> Any:
        return work(*given)

    monkeypatch.setattr(timing, "in_own_process", here)
    packs = JOB.packs(cells(roi=["V4", "V1"], subject=[1, 2]), "cpu")
    packs[1] = packs[1][:1]
    both = JOB.costs(packs, "cpu")
    assert both[0].seconds > both[1].seconds > 0
    assert both[0].bytes == both[1].bytes > 1e7
    sizes = Sizes(20, 160, 10, 30, 64, 12)
    assert sizes_of(packs[0]) == sizes
    times = AligningTimes(epoch=2.0, unit=0.1, bytes=5.0)
    models, units = 3, 4 * 32 + 2 * 64  # alpha 1 of two people is one model, with two original spaces
    assert times.cost(packs[0], sizes, 10).seconds == pytest.approx(models * 10 * 2.0 + units * 0.1)


def test_costs_need_no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = read_grid(project_root() / "book/grids/alignments.yaml").cells()
    assert len(grid) == 350
    assert sizes_of(grid[:1]) == Sizes(150, 1200, 50, 1000, 512, 1000)
    small = Sizes(6, 24, 4, 8, 8, 5)
    found = time_aligning(small, BrainAligningSettings(), 2, "cpu")
    assert min(found) > 0


def test_the_small_grid_is_of_the_miniature_world(world: Path) -> None:
    grid = read_grid(project_root() / "book/grids/alignments-small.yaml")
    assert grid.world == World("miniature", "smoke")
    assert len(grid.cells()) == 24
