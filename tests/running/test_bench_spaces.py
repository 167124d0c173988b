"""Spaces and stimuli of the bench: who teaches whom, what is permuted, where texts have a place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from companion.alignment.brain import ALPHAS
from companion.alignment.teachers import permuted_teacher
from companion.embeddings import Embeddings
from companion.encoders.cache import EmbeddingCache
from companion.encoders.glocal import BentEncoder
from companion.errors import DataError, MissingDataError
from companion.loading.god.stimuli import read_god_stimuli
from companion.loading.sources import recordings_folder
from companion.running import bench_spaces
from companion.running.bench_judged import DREAMSIM, FAMILY, GLOCAL, JudgedSpace, judged_spaces
from companion.running.bench_recordings import MOST_VALUES, bench_recordings
from companion.running.bench_spaces import BOTH_BENT, BRAIN, BrainTeaching, bench_targets
from companion.running.bench_stimuli import bench_stimuli

N, D = 6, 4
RNG = np.random.default_rng(0)
CATEGORIES = Embeddings(RNG.normal(size=(N, D)), tuple(f"c{row}" for row in range(N)), FAMILY)
SIMILARITY = {person: np.corrcoef(RNG.normal(size=(N, 5))) for person in (1, 2, 3)}
WORLD: Mapping[str, Any] = {"source": "miniature", "scale": "smoke", "null": None}


class Shift:
    """In the place of an auto-encoder: adds a number that tells who taught it, and halves the size."""

    def __init__(self, amount: float) -> None:
        self.amount = amount

    def transform(self, vectors: Embeddings) -> Embeddings:
        return vectors.with_values(vectors.values[:, :2] + self.amount, aligned_by="somebody")


def spaces() -> dict[str, JudgedSpace]:
    def times(number: float) -> Any:
        return lambda vectors: vectors.with_rows(vectors.values * number, vectors.ids)

    nothing: Any = None
    return {
        FAMILY: JudgedSpace("base", "base", nothing, lambda vectors: vectors),
        "dream": JudgedSpace(DREAMSIM, "aligned", nothing, None),
        "linear": JudgedSpace(GLOCAL, "aligned", nothing, times(3)),
        "linear, permuted": JudgedSpace(GLOCAL, "permuted", nothing, times(-5)),
    }


def test_nobody_is_decoded_in_a_space_of_their_own_making(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def trained(
        space: Embeddings, teachers: Any, *, alphas: Any, seeds: Any, options: Any, device: str
    ) -> Any:
        calls.append((space, teachers, list(alphas), seeds, options.batch_size))
        return {(person, 0.1, seeds[0]): Shift(100 * person) for person in teachers}

    monkeypatch.setattr(bench_spaces, "kept_aligners", trained)
    targets = bench_targets(spaces(), BrainTeaching(CATEGORIES, SIMILARITY, 0.1, [0, 7]))
    assert len(calls) == 5 * 2  # CLIP real and permuted; real judges with both, permuted judges; two seeds
    for space, teachers, alphas, (seed,), batch in calls:
        real = {1: (SIMILARITY[2] + SIMILARITY[3]) / 2, 3: (SIMILARITY[1] + SIMILARITY[2]) / 2}
        wrong = {person: permuted_teacher(one, seed) for person, one in real.items()}
        assert any(all(np.allclose(teachers[person], one[person]) for person in one) for one in (real, wrong))
        np.testing.assert_allclose(np.abs(space.values), np.abs(CATEGORIES.values))  # as long as CLIP's
        assert alphas in (list(ALPHAS), [0.1])
        assert batch == N
    shared = [call for call in calls if call[2] == list(ALPHAS)]
    assert len(shared) == 4
    assert all(np.array_equal(call[0].values, CATEGORIES.values) for call in shared)
    flipped = [call for call in calls if np.allclose(call[0].values, -CATEGORIES.values)]
    assert len(flipped) == 2  # permuted judges are bent further by permuted brains alone
    for _, teachers, _, (seed,), _ in flipped:
        assert np.allclose(teachers[1], permuted_teacher((SIMILARITY[2] + SIMILARITY[3]) / 2, seed))

    by = {(one.target, one.role, one.seed): one for one in targets(2)}
    assert {key[0] for key in by} == {"base", DREAMSIM, GLOCAL, BRAIN, BOTH_BENT}
    assert by["base", "base", 0].start == FAMILY
    assert by[BOTH_BENT, "permuted brains", 0].start == by[BOTH_BENT, "aligned", 0].start == "linear"
    assert by[BOTH_BENT, "permuted", 7].start == "linear, permuted"
    np.testing.assert_allclose(
        by[BRAIN, "aligned", 7].bend(CATEGORIES).values, CATEGORIES.values[:, :2] + 200
    )
    mean = {(one.target, one.role, one.seed): one for one in targets(None)}
    bent = mean[BRAIN, "aligned", 0].bend(CATEGORIES).values
    np.testing.assert_allclose(bent, CATEGORIES.values[:, :2] + 200)  # mean of 100, 200, 300
    start = spaces()["linear"].bend
    assert start is not None
    twice = mean[BOTH_BENT, "aligned", 0].bend(start(CATEGORIES)).values
    np.testing.assert_allclose(twice, CATEGORIES.values[:, :2] + 200)  # brought back to CLIP's length


def test_published_aligners_are_refused_for_they_have_no_control() -> None:
    with pytest.raises(MissingDataError, match="permuted"):
        judged_spaces(source="official")


def test_a_space_that_is_no_map_of_vectors_is_not_bent_further() -> None:
    with pytest.raises(ValueError, match="map"):
        bench_spaces._start(spaces()["dream"], CATEGORIES)


def test_recordings_are_brought_to_one_form(smoke_world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(smoke_world))
    lists = read_god_stimuli(recordings_folder("god", **WORLD))
    found = bench_recordings(lists, **WORLD)
    assert list(found) == ["THINGS-EEG2", "THINGS-MEG", "NSD", "GOD", "GOD-MEG", "ECoG"]
    for recording in found.values():
        one = recording.person(recording.people[0])
        shape = one.training.responses.shape[1:]
        assert one.expected is not None
        assert one.trials.responses.shape[1:] == one.expected.responses.shape[1:] == shape
        assert one.own_view.shape[1:] == shape or not len(one.own_view)
        assert one.training.times is None or np.prod(shape) <= MOST_VALUES
        assert len(set(one.training.stimuli)) == len(one.training)
        assert len(set(one.trials.stimuli)) < len(one.trials)
        assert one.expected.stimuli == one.training.stimuli
        shared = set(map(recording.concept, one.training.stimuli)) & set(
            map(recording.concept, one.trials.stimuli)
        )
        assert not shared
    patient = found["ECoG"].person(found["ECoG"].people[0])
    assert set(patient.training.units["region"]) == {found["ECoG"].region}
    leaky = found["GOD"]._replace(concept=lambda stimulus: "the same")
    with pytest.raises(DataError, match="also trained on"):
        leaky.person(leaky.people[0])


@pytest.mark.parametrize("name", ["THINGS-EEG2", "NSD", "GOD-MEG"])
def test_texts_are_of_training_pictures_and_go_through_the_map_of_pictures(
    name: str, smoke_world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(smoke_world))
    lists = read_god_stimuli(recordings_folder("god", **WORLD))
    one = bench_recordings(lists, **WORLD)[name]
    person = one.person(one.people[0])
    training, test = person.training.stimuli, list(dict.fromkeys(person.trials.stimuli))
    known = {
        key: space
        for key, space in judged_spaces(**WORLD).items()
        if space.target in {"base", GLOCAL} or space.role == "base"
    }
    made = bench_stimuli(name, training, test, known, lists, **WORLD, cache=EmbeddingCache())
    assert set(made.texts_of) == set(training)
    linear = next(key for key, space in known.items() if (space.target, space.role) == (GLOCAL, "aligned"))
    encoder = known[linear].pictures.encoder()
    assert isinstance(encoder, BentEncoder)
    for kind in (made.pictures, made.texts):
        base, bent = kind[FAMILY], kind[linear]
        assert base is not None
        assert bent is not None
        assert base.space == bent.space == FAMILY
        np.testing.assert_allclose(
            encoder.transform.transform(base).values, bent.values, rtol=1e-3, atol=1e-3
        )
    assert set(made.pictures[FAMILY].ids) == {*training, *test}
