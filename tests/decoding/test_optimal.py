"""Oracle lines from recordings: above trained decoders, with floors at chance, coarse where large."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from companion.decoding.observer import repetition_covariance
from companion.decoding.optimal import coarse, optimal_ranks, optimal_vectors
from companion.decoding.retrieval import centred_rows, ranks
from companion.decoding.ridge import fit_ridge
from companion.embeddings import Embeddings
from companion.errors import DataError
from companion.recording import Recording

N_UNITS, N_TIMES, N_CODES = 4, 6, 5
OTHERS = tuple(f"known/known_{number:03d}" for number in range(300))
TESTED = tuple(f"new/new_{number:02d}" for number in range(30))


def recording(responses: np.ndarray, stimuli: list[str], *, timed: bool = True) -> Recording:
    units = pd.DataFrame({"name": [f"u{number}" for number in range(responses.shape[1])]})
    times = np.arange(responses.shape[2]) / 10 if timed else None
    modality = "EEG" if timed else "fMRI"
    trials = pd.DataFrame({"stimulus": stimuli})
    return Recording(responses.astype(np.float32), trials, units, "s1", "toy", modality, "test", times, True)  # type: ignore[arg-type]


class World:
    """Responses linear in codes; one space carries all codes, another only two of them."""

    def __init__(self, *, noise: float = 2.0, repetitions: int = 4) -> None:
        rng = np.random.default_rng(0)
        codes = rng.normal(size=(len(OTHERS) + len(TESTED), N_CODES))
        maps = rng.normal(size=(N_CODES, N_UNITS, N_TIMES))
        self.responses = np.tensordot(codes, maps, 1)
        self.expected = recording(self.responses, [*OTHERS, *TESTED])
        seen = np.repeat(np.arange(len(OTHERS), len(codes)), repetitions)
        self.trials = recording(
            self.responses[seen] + noise * rng.normal(size=(len(seen), N_UNITS, N_TIMES)),
            [(OTHERS + TESTED)[row] for row in seen],
        )
        self.training = self.responses[:300] + noise * rng.normal(size=(300, N_UNITS, N_TIMES))
        turn = np.linalg.qr(rng.normal(size=(12, 12)))[0]
        poor = np.hstack([codes[:, :2], rng.normal(size=(len(codes), 3))])
        self.spaces = {
            name: Embeddings(values @ turn[:N_CODES], OTHERS + TESTED, name, None, True)
            for name, values in (("all", codes), ("two", poor))
        }


def test_a_space_that_carries_more_has_the_higher_line_and_floors_lie_at_chance() -> None:
    world = World()
    lines = optimal_ranks(world.expected, world.trials, world.spaces)
    means = {name: one.decoded_vector.mean() for name, one in lines.items()}
    assert means["all"] < means["two"] < 15
    for one in lines.values():
        assert one.noise_limited.mean() <= one.ruler_limited.mean()
        assert 10 < one.shuffled.mean() < 21


def test_ridge_with_many_trials_comes_near_its_line_and_not_above() -> None:
    world = World(noise=6.0)
    space = centred_rows(world.spaces["all"])
    decoder = fit_ridge(world.training, OTHERS, {"all": space}, OTHERS)
    tested = world.trials.averaged()
    decoded = decoder.predict(tested.responses, tested.stimuli)["all"]
    found = ranks(decoded, space.select(tested.stimuli)).mean()
    best = optimal_ranks(world.expected, world.trials, world.spaces)["all"].decoded_vector.mean()
    assert best <= found < best + 4


def test_the_decoded_vector_is_the_gaussian_posterior_mean_of_all_values() -> None:
    world = World()
    space = world.spaces["two"]
    view = np.random.default_rng(2).normal(size=(3, N_UNITS, N_TIMES))
    found = optimal_vectors(world.expected, world.trials, space, own_view=view)
    tested = world.trials.averaged()
    assert found.ids == tuple(tested.stimuli)
    assert found.simulated
    assert found.space == space.space
    population, vectors = world.responses[:300].reshape(300, -1), space.values[:300]
    own = view.reshape(3, -1)
    noise = repetition_covariance(world.trials.responses, world.trials.stimuli) / 4 + own.T @ own
    rest, apart = population - population.mean(axis=0), vectors - vectors.mean(axis=0)
    weights = np.linalg.solve(rest.T @ rest / 299 + noise, rest.T @ apart / 299)
    read = tested.responses.reshape(len(tested), -1) - population.mean(axis=0)
    assert found.values == pytest.approx(vectors.mean(axis=0) + read @ weights, abs=1e-5)


def test_decoded_vectors_err_less_than_those_of_a_trained_decoder_and_more_than_none() -> None:
    world = World(noise=6.0)
    space = world.spaces["all"]
    tested = world.trials.averaged()
    truth = space.select(tested.stimuli).values
    trained = fit_ridge(world.training, OTHERS, {"all": space}, OTHERS)
    optimal = optimal_vectors(world.expected, world.trials, space)
    plain = trained.predict(tested.responses, tested.stimuli)["all"].select(optimal.ids)
    error = [float(np.mean((one - truth) ** 2)) for one in (optimal.values, plain.values)]
    assert 0.01 < error[0] < error[1]


def test_tested_pictures_teach_the_decoder_nothing() -> None:
    world = World()
    others = world.expected.select_trials(np.arange(300))
    space = world.spaces["all"]
    one, two = (optimal_vectors(known, world.trials, space) for known in (world.expected, others))
    assert np.array_equal(one.values, two.values)
    without = optimal_vectors(others, world.trials, space.select(OTHERS))  # nor are their vectors needed
    assert np.array_equal(one.values, without.values)


def test_who_knows_what_repetitions_have_in_common_decodes_better() -> None:
    world = World(noise=1.0)
    rng = np.random.default_rng(1)
    view = 40 * rng.normal(size=(4, N_UNITS, N_TIMES))
    of_picture = np.repeat(rng.normal(size=(len(TESTED), 4)), 4, axis=0)
    trials = recording(world.trials.responses + np.tensordot(of_picture, view, 1), world.trials.stimuli)
    unaware = optimal_ranks(world.expected, trials, world.spaces)["all"]
    aware = optimal_ranks(world.expected, trials, world.spaces, own_view=view)["all"]
    assert aware.decoded_vector.mean() < 2 < unaware.decoded_vector.mean()


def test_responses_without_time_have_lines_too() -> None:
    world = World()
    flat = [
        recording(one.responses.reshape(len(one), -1, 1), one.stimuli)
        for one in (world.expected, world.trials)
    ]
    voxels = [
        Recording(one.responses[:, :, 0], one.trials, one.units, "s1", "toy", "fMRI", "test", None, True)
        for one in flat
    ]
    timed = optimal_ranks(world.expected, world.trials, world.spaces)["all"]
    untimed = optimal_ranks(voxels[0], voxels[1], world.spaces)["all"]
    assert np.array_equal(timed.ruler_limited, untimed.ruler_limited)


def test_coarse_averages_neighbours_and_leaves_small_responses_alone() -> None:
    values = np.arange(2 * 3 * 7, dtype=float).reshape(2, 3, 7)
    whole = recording(values, ["a/a_1", "b/b_1"])
    assert coarse(whole, 21) is whole
    less = coarse(whole, 9)  # three units leave room for three samples of two or more: 7 // 3 -> 2
    assert less.responses.shape == (2, 3, 2)
    assert less.responses[0, 0].tolist() == [1.0, 4.0]
    assert less.times is not None
    assert less.times == pytest.approx([0.1, 0.4])


def test_recordings_that_do_not_belong_together_are_refused() -> None:
    world = World()
    with pytest.raises(DataError, match="differ in units"):
        optimal_ranks(coarse(world.expected, 8), world.trials, world.spaces)
    with pytest.raises(DataError, match="differ in units"):
        optimal_vectors(coarse(world.expected, 8), world.trials, world.spaces["all"])
    of_all_voxels = np.ones((2, N_UNITS + 1, N_TIMES))
    with pytest.raises(DataError, match="differ in units"):
        optimal_vectors(world.expected, world.trials, world.spaces["all"], own_view=of_all_voxels)
