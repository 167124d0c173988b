"""Cells of naming are what the chapter's functions give, and are refused where they could never run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from companion.decoding.naming import name_by_text
from companion.encoders.cache import EmbeddingCache
from companion.errors import DataError, MissingDataError
from companion.loading.god.people import god_folder, load_god_people
from companion.loading.god.stimuli import category_of, read_god_stimuli
from companion.project import data_root, project_root
from companion.running import mapping
from companion.running.joint_sources import god_source
from companion.running.joint_space import god_joint_space
from companion.running.mapping import fit_mappings
from companion.running.sweeps import timing
from companion.running.sweeps.cells import Cell, World
from companion.running.sweeps.grid import Grid, read_grid
from companion.running.sweeps.jobs import naming
from companion.running.sweeps.jobs.god_data import ROIS
from companion.running.sweeps.jobs.naming import Naming, NamingSettings
from companion.running.sweeps.jobs.naming_costs import Sizes, sizes_of, time_mapping
from companion.running.sweeps.results import SweepFolder, read_sweep
from companion.running.sweeps.worker import Order, perform
from companion.training.supervision import MappingSettings

AXES: dict[str, Any] = {"subject": 2, "supervision": ["T", "V&T"], "network": ["linear", "MLP"], "seed": 1}
SETTINGS: dict[str, Any] = {"n_epochs": 2, "width": 16, "learning_rate": 3e-3}
SMALL = World("miniature", "smoke")
JOB = Naming()


def cells(source: str = "miniature", settings: dict[str, Any] | None = None, **axes: Any) -> list[Cell]:
    declared = {
        "name": "try",
        "job": "naming",
        "source": source,
        "scale": "smoke",
        "settings": SETTINGS | (settings or {}),
        "blocks": [{"axes": AXES | axes}],
    }
    return Grid.model_validate(declared).cells()


def by_hand() -> pd.DataFrame:
    """As book/naming.md goes about it, for one person and one seed."""
    folder = god_folder(source="miniature", scale="smoke")
    lists = read_god_stimuli(folder)
    chosen: dict[str, Any] = {"stimuli": lists, "rois": list(ROIS)}
    brains = load_god_people(folder, split="train", **chosen)[2]
    tests = load_god_people(folder, split="test", **chosen)[2]
    space = god_joint_space(lists, source="miniature", scale="smoke", cache=EmbeddingCache())
    seen = list(dict.fromkeys(tests.stimuli))
    anchors = space.names["prompt"].select([category_of(name) for name in seen])
    trials = [f"{name} #{row}" for row, name in enumerate(tests.stimuli)]
    category = {name: category_of(name.split(" #")[0]) for name in [*seen, *trials]}
    tables = []
    for kind, width in (("linear", None), ("MLP", 16)):
        networks = fit_mappings(
            brains,
            space,
            [category_of(name) for name in brains.stimuli],
            MappingSettings(n_epochs=2, batch_size=len(set(brains.stimuli)) // 2, learning_rate=3e-3),
            kind=kind,  # type: ignore[arg-type]
            width=width,
            seeds=[1],
        )
        for under in ("T", "V&T"):
            one = networks[under, 1]  # type: ignore[index]
            for condition, decoded in {
                "mean": one.decode(tests.averaged()),
                "single trial": one.decode(tests, trials),
            }.items():
                for training in (None, one.decode(brains)):
                    labels = {"condition": condition, "supervision": under, "encoder": kind}
                    tables.append(
                        name_by_text(decoded, anchors, categories=category, training=training, **labels)
                    )
    return pd.concat(tables, ignore_index=True)


def test_a_sweep_keeps_what_the_functions_of_the_chapter_give(world: Path) -> None:
    grid = cells()
    folder = SweepFolder.named("try")
    folder.declare({}, [cell.key for cell in grid])
    for pack in JOB.packs(grid, "cpu"):
        perform(Order(tuple(pack), folder.path, data_root(), "cpu", 1))
    assert not folder.failed(cell.key for cell in grid)
    found = read_sweep("try")
    assert found["simulated"].all()
    assert set(found["metric"]) == {"top1", "top5", "rank"}
    assert (found["n_candidates"] == 10).all()
    assert (found["network"] == found["encoder"]).all()
    assert found.groupby("condition")["n_repetitions"].first().to_dict() == {"mean": 7, "single trial": 1}
    expected = by_hand()
    expected["stimulus"] = expected["item"].str.split(" #").str[0]
    names = ["condition", "readout", "supervision", "encoder", "stimulus"]
    wide = expected.groupby(names)[["top1", "top5", "rank"]].mean()
    assert len(found) == 3 * len(wide) == 3 * 4 * 4 * 10
    long = found.pivot_table("value", names, "metric")
    pd.testing.assert_frame_equal(
        long[wide.columns.tolist()].sort_index(), wide.sort_index(), check_names=False, rtol=1e-9
    )


def test_each_network_is_kept_as_it_is_done(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[int] = []
    train = mapping._train

    def counted(*given: Any) -> Any:
        trained.append(given[-1])
        return train(*given)

    monkeypatch.setattr(mapping, "_train", counted)
    grid = cells(network="linear", seed=[0, 1], supervision="V")
    first, _ = next(iter(JOB.run(grid, "cpu")))
    assert (first.key, trained) == (grid[0].key, [0])
    assert len(list(JOB.run(grid, "cpu"))) == 2
    assert trained == [0, 1]


def test_settings_change_scores(world: Path) -> None:
    def values(settings: dict[str, Any]) -> Any:
        ((_, table),) = JOB.run(cells(supervision="T", network="MLP", settings=settings), "cpu")
        return table["value"].to_numpy()

    unchanged = values({})
    for change in (
        {"rois": ["V4"]},
        {"width": 8},
        {"n_epochs": 4},
        {"batch_size": 20},
        {"learning_rate": 0.1},
    ):
        assert not np.array_equal(values(change), unchanged), change


def test_packs_share_a_person() -> None:
    grid = cells(subject=[1, 2], seed=[0, 1, 2])
    assert [len(pack) for pack in JOB.packs(grid, "cpu")] == [3] * 8
    on_gpu = JOB.packs(grid, "cuda")
    assert [{cell.axes["subject"] for cell in pack} for pack in on_gpu] == [{1}, {2}]
    assert sorted(cell.key for pack in on_gpu for cell in pack) == sorted(cell.key for cell in grid)


@pytest.mark.parametrize(
    ("axes", "settings", "told"),
    [
        ({"supervision": "VT"}, {}, "Unknown supervision"),
        ({"network": "mlp"}, {}, "Unknown network"),
        ({}, {"rois": ["V9"]}, "settings"),
        ({}, {"rois": []}, "settings"),
        ({}, {"backbone": "ViT-B/32"}, "settings"),
        ({}, {"learning_rate": 0.0}, "settings"),
    ],
)
def test_cells_that_can_never_run_are_refused(
    axes: dict[str, Any], settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        cells(settings=settings, **axes)


def test_data_that_are_not_here_are_named(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    JOB.check_data(cells())
    with pytest.raises(MissingDataError, match="Subject7"):
        JOB.check_data(cells(subject=7))
    with pytest.raises(MissingDataError, match="god"):
        JOB.check_data(cells("official"))

    def without_pictures(*given: Any, **how: Any) -> Any:
        return god_source(*given, **how)._replace(pictures=None)

    monkeypatch.setattr(naming, "god_source", without_pictures)
    JOB.check_data(cells(supervision="T"))
    with pytest.raises(MissingDataError, match="Pictures supervise"):
        JOB.check_data(cells())
    (world / "miniature").unlink()
    with pytest.raises(MissingDataError, match="companion data simulate god"):
        JOB.check_data(cells())


def test_all_stands_for_what_is_there(world: Path) -> None:
    assert JOB.known("subject", SMALL) == [1, 2]
    assert JOB.known("seed", SMALL) is None
    grid = read_grid(project_root() / "book/grids/mappings-small.yaml")
    assert grid.world == SMALL
    assert len(grid.cells()) == 2 * 3 * 3


def test_costs_follow_what_is_left(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def here(work: Callable[..., Any], *given: Any) -> Any:
        return work(*given)

    monkeypatch.setattr(timing, "in_own_process", here)
    packs = JOB.packs(cells(seed=[0, 1], network=["linear", "VAE"]), "cpu")
    packs[0] = packs[0][:1]
    found = JOB.costs(packs, "cpu")
    assert found[2].seconds == pytest.approx(2 * found[0].seconds)  # the same network, the other supervision
    assert min(one.seconds for one in found) > 0
    assert min(one.bytes for one in found) > 1e7
    assert sizes_of(packs[0][0]) == Sizes(160, 84, 64)


def test_costs_need_no_data() -> None:
    grid = read_grid(project_root() / "book/grids/mappings.yaml").cells()
    assert len(grid) == 5 * 3 * 3 * 5
    assert sizes_of(grid[0]) == Sizes(1200, 4500, 512)
    assert min(time_mapping(Sizes(40, 5, 4), NamingSettings(width=4), "MLP", "cpu")) > 0
