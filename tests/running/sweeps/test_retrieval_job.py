"""The retrieval job: what a cell gives is what the functions of the chapters give, however it is packed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from companion.decoding.galleries import Gallery
from companion.decoding.retrieval import centred_rows, ranks
from companion.encoders.cache import EmbeddingCache
from companion.errors import CompanionError, DataError, MissingDataError
from companion.running.decoders import decode, train_decoders
from companion.running.sweeps.cells import World
from companion.running.sweeps.grid import Grid
from companion.running.sweeps.jobs.retrieval import Retrieval, _products
from companion.running.sweeps.jobs.retrieval_data import DATA
from companion.running.sweeps.jobs.retrieval_training import settings_of, together
from companion.running.targets import target_pairs
from companion.training.encoders import Nice, ResidualMlp
from companion.training.settings import PRINTED, Settings

BASE, BENT = "miniature CLIP", "miniature CLIP, gLocal-like"
AXES: dict[str, Any] = {
    "dataset": "things-eeg2",
    "trained_on": "the same person",
    "encoder": "NICE",
    "subject": [1, 2],
    "target": [BASE, BENT],
    "seed": [0, 1],
}
SHORT = {"n_steps": 4, "validate_every": 2, "learning_rate": 4e-3}


class Small(Nice):
    """An encoder of one's own."""


def grid(settings: dict[str, Any] | None = None, **axes: Any) -> Grid:
    return Grid.model_validate(
        {
            "name": "retrieval",
            "job": "retrieval",
            "scale": "smoke",
            "settings": SHORT | (settings or {}),
            "blocks": [{"axes": AXES | axes}],
        }
    )


@pytest.fixture
def world(smoke_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """The smoke world, with places of its own for what is made from it."""
    (tmp_path / "miniature").symlink_to(smoke_world / "miniature")
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    return World("miniature", "smoke")


def test_a_cell_is_what_chapters_would_have_trained_and_scored(world: World) -> None:
    cells = grid().cells()
    assert len(cells) == 8
    found = {cell.key: table for pack in Retrieval().packs(cells, "cpu") for cell, table in run(pack)}
    known, tested = DATA["things-eeg2"].load(world, 2, 0.0)
    [target] = [one.aligned for one in target_pairs("miniature", scale="smoke") if one.aligned.name == BENT]
    stimuli = (*known.stimuli, *tested.stimuli)
    space = DATA["things-eeg2"].vectors(world, stimuli, [target], EmbeddingCache())[BENT]
    n_rows = len(known)
    trained = train_decoders(
        {2: [known]},
        {BENT: space},
        lambda shape, n: Nice(*shape, n),
        Settings(4, min(128, n_rows // 2), validate_every=2, learning_rate=4e-3),
        seeds=[1],
    )[2, BENT, 1]
    gallery = Gallery.presented(centred_rows(space.select(tested.stimuli)))
    expected = ranks(decode(trained, tested, space), gallery)
    [cell] = [c for c in cells if (c.axes["subject"], c.axes["target"], c.axes["seed"]) == (2, BENT, 1)]
    table = found[cell.key]
    assert table.loc[table["metric"] == "rank", "value"].tolist() == expected.tolist()
    assert set(table["validation_loss"]) == {min(trained.validation_losses)}
    assert table["simulated"].all()
    assert set(table["subject"]) == {"sub-02"}


def run(pack: list[Any]) -> list[Any]:
    return list(Retrieval().run(pack, "cpu"))


def test_cells_trained_as_one_program_give_what_they_give_alone(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = grid().cells()
    packs = Retrieval().packs(alone, "cpu")
    assert sorted(map(len, packs)) == [2, 2, 2, 2]
    by_place = {str(cell): table for pack in packs for cell, table in run(pack)}
    (tmp_path / "products").rename(tmp_path / "of-others")  # so that they are trained again
    cells = grid({"together": 8}).cells()
    [pack] = Retrieval().packs(cells, "cuda")  # as on a GPU, computed on the CPU
    programs: list[int] = []
    from companion.training import runs

    class Counted(runs.Program):
        def __init__(self, build: Any, inputs: Any, targets: Any, of: Any, settings: Any) -> None:
            programs.append(len(of))
            super().__init__(build, inputs, targets, of, settings)

    monkeypatch.setattr(runs, "Program", Counted)
    for cell, table in run(pack):
        assert table["value"].tolist() == by_place[str(cell)]["value"].tolist()
    assert programs == [8]


def test_people_that_a_network_was_not_trained_on(world: World) -> None:
    cells = grid(trained_on="other people", subject=[1], target=[BASE], seed=[0]).cells()
    [(_, table)] = run(cells)
    assert set(table["condition"]) == {"other people"}
    assert set(table["subject"]) == {"sub-01"}
    assert settings_of(cells[0], 400).leave_out_same


@pytest.mark.parametrize(("dataset", "encoder"), [("things-meg", "NICE"), ("nsd", "MLP")])
def test_other_recordings_are_read_and_scored(world: World, dataset: str, encoder: str) -> None:
    settings = {"width": 16, "sampling_rate": 100.0}
    cells = grid(settings, dataset=dataset, encoder=encoder, subject=[1], target=[BASE], seed=[0]).cells()
    [(_, table)] = run(cells)
    assert set(table["metric"]) == {"top1", "top5", "rank"}
    assert table["value"].notna().all()


def test_an_encoder_of_ones_own_needs_settings(world: World) -> None:
    own = f"{Small.__module__}:{Small.__name__}"
    with pytest.raises(DataError, match="temperature"):
        grid(encoder=own).cells()
    settings = {"batch_size": 16, "temperature": 0.1}
    cells = grid(settings, encoder=own, subject=[1], target=[BASE], seed=[0]).cells()
    [(_, table)] = run(cells)
    [(_, again)] = run(cells)  # found, not trained again
    assert again["value"].tolist() == table["value"].tolist()


def test_products_hold_no_cell_that_nobody_asked_for(world: World) -> None:
    cells = grid().cells()[:5]
    products = list(_products(cells))
    named = [(p, t, s) for people, names, seeds in products for p in people for t in names for s in seeds]
    places = [(cell.axes["subject"], cell.axes["target"], cell.axes["seed"]) for cell in cells]
    assert sorted(named) == sorted(places)


def test_settings_are_those_of_the_paper_unless_given(world: World) -> None:
    [cell, *_] = grid({"n_steps": None, "validate_every": None, "learning_rate": None}).cells()
    row = PRINTED["NICE", "EEG"]
    found = settings_of(cell, 16_540)
    assert found == Settings(
        50 * (14_886 // 128), 128, row.temperature, learning_rate=2e-4, validate_every=116
    )
    assert together(cell, "cpu") == 1
    assert together(cell, "cuda") == 50


def test_costs_come_from_steps_that_were_timed(world: World) -> None:
    few, many = (grid({"n_steps": n}, subject=[1], target=[BASE], seed=[0]).cells() for n in (100, 10_000))
    [[small], [large]] = [Retrieval().costs([cells], "cpu") for cells in (few, many)]
    assert 0 < small.seconds < large.seconds / 10
    assert 1e8 < small.bytes < 4e9


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"dataset": "things-eeg"}, "things-eeg2"),
        ({"target": "CLIP"}, "miniature CLIP"),
        ({"encoder": "VGG"}, "EEGNet"),
        ({"encoder": "MLP"}, "trains no MLP on EEG"),
        ({"encoder": "json:JSONDecoder"}, "no brain encoder"),
        ({"trained_on": "everybody"}, "other people"),
    ],
)
def test_cells_that_can_never_run_are_refused(world: World, change: dict[str, Any], told: str) -> None:
    with pytest.raises(CompanionError, match=told):
        grid(**change).cells()


def test_people_who_are_not_there_are_refused_before_anything_runs(world: World) -> None:
    cells = grid(subject=[1, 9]).cells()
    with pytest.raises(MissingDataError, match="9"):
        Retrieval().check_data(cells)
    Retrieval().check_data(grid().cells())


def test_the_fmri_network_is_as_wide_as_told(world: World) -> None:
    from companion.running.sweeps.jobs.retrieval_training import build

    axes = {"dataset": "nsd", "encoder": "MLP"}
    network = build(grid({"width": 24}, **axes).cells()[0], (30,), 8)
    assert isinstance(network, ResidualMlp)
    assert network.width == 24
