"""Recordings loaded when asked for, and decoders trained on them one at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from companion.recording import Recording
from companion.running.decoder_runs import joined
from companion.running.decoders import chosen_device, follow_training, predict, train_decoders
from companion.running.shelf import Shelf
from companion.training.settings import Settings

from .test_decoders import build, recording, space

SETTINGS = Settings(n_steps=3, batch_size=16, validate_every=2, learning_rate=1e-3)
SIZE = recording("sub-01", 1).responses.nbytes


class Loader:
    """Makes recordings and remembers for whom."""

    def __init__(self) -> None:
        self.loaded: list[int] = []

    def __call__(self, person: int) -> Recording:
        self.loaded.append(person)
        return recording(f"sub-{person:02d}", person)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))


def test_nothing_is_loaded_before_it_is_asked_for() -> None:
    load = Loader()
    shelf = Shelf([1, 2, 3], load)
    some = shelf.some([3, 1])
    assert (list(shelf), len(shelf), len(some), load.loaded) == ([1, 2, 3], 3, 2, [])
    assert [one.subject for one in some] == ["sub-03", "sub-01"]
    assert [one.subject for one in some[1:]] == ["sub-01"]
    assert some[-1] is shelf[1]
    assert load.loaded == [3, 1]
    with pytest.raises(KeyError):
        shelf[4]


@pytest.mark.parametrize(("room", "loads"), [(3 * SIZE, 3), (2 * SIZE, 4), (0, 6)])
def test_as_many_stay_as_there_is_room_for(room: int, loads: int) -> None:
    load = Loader()
    shelf = Shelf([1, 2, 3], load, room=room)
    for _ in range(2):
        assert [one.subject for one in shelf.values()] == ["sub-01", "sub-02", "sub-03"]
    assert len(load.loaded) == loads


def test_pooled_people_who_are_loaded_one_at_a_time_train_the_same_encoder() -> None:
    held = {"all": [recording(f"sub-{person:02d}", person) for person in (1, 2, 3)]}
    shelf = Shelf([1, 2, 3], Loader(), room=0)
    found = [
        train_decoders(known, {"base": space()}, build, SETTINGS, seeds=[0], validate_on="stimulus")
        for known in (held, {"all": shelf.some([1, 2, 3])})
    ]
    other, responses = recording("sub-09", 9), recording("sub-09", 9).responses
    decoded = [predict(one["all", "base", 0].encoder, responses) for one in found]
    np.testing.assert_array_equal(*decoded)
    last = list(follow_training(other, space(), build, SETTINGS, seed=0))[-1]
    assert last[0] == SETTINGS.n_steps


def test_a_recording_is_loaded_twice_for_a_group_and_none_before_its_turn() -> None:
    load = Loader()
    shelf = Shelf([1, 2, 3], load, room=0)
    known = {person: shelf.some([person]) for person in shelf}
    groups = joined(known, 1, None, chosen_device("cpu"))
    assert [list(group) for group in groups] == [[1], [2], [3]]
    assert load.loaded == []
    train_decoders(known, {"base": space()}, build, SETTINGS, seeds=[0])
    assert load.loaded == [1, 1, 2, 2, 3, 3]
