"""The bench: its score by hand, what may and may not enter a cell, and one decoder for all cells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from companion.decoding.optimal import optimal_vectors
from companion.decoding.ridge import fit_ridge
from companion.embeddings import Embeddings
from companion.recording import Recording
from companion.running.bench_cells import BenchTarget, Cell, cells_of, control_cells
from companion.running.bench_readout import oracle, percentiles, read
from companion.running.bench_recordings import BenchPerson

N, N_TEST, D = 40, 8, 4
TRAIN = [f"k{number}_a" for number in range(N)]
TEST = [f"t{number}_a" for number in range(N_TEST)]
RNG = np.random.default_rng(0)
PICTURES = Embeddings(RNG.normal(size=(N + N_TEST, D)) + 1, (*TRAIN, *TEST), "toy", simulated=True)
TEXTS = Embeddings(RNG.normal(size=(5, D)) - 1, tuple("vwxyz"), "toy", simulated=True)
TEXTS_OF = {name: ("vwxyz"[row % 5], "vwxyz"[(row + 1) % 5]) for row, name in enumerate(TRAIN)}


def target(**changes: object) -> BenchTarget:
    return BenchTarget("base", "base", 0, "toy", lambda vectors: vectors)._replace(**changes)  # type: ignore[arg-type]


def cells(pictures: Embeddings = PICTURES, texts: Embeddings | None = TEXTS, **changes: object) -> list[Cell]:
    return cells_of(target(**changes), pictures, texts, TEXTS_OF, training=TRAIN, test=TEST)


def unit(values: np.ndarray) -> np.ndarray:
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def recording(values: np.ndarray, stimuli: list[str], split: str) -> Recording:
    units = pd.DataFrame({"name": [f"u{number}" for number in range(values.shape[1])]})
    trials = pd.DataFrame({"stimulus": stimuli})
    return Recording(values.astype(np.float32), trials, units, "S1", "toy", "fMRI", split, simulated=True)  # type: ignore[arg-type]


def person(noise: float, known: bool = True) -> BenchPerson:
    """Responses are a linear map of unit vectors, with noise; two repetitions of each test picture."""
    rng = np.random.default_rng(1)
    weights = rng.normal(size=(D, 7))
    expected = unit(PICTURES.values) @ weights
    test = np.repeat(expected[N:], 2, axis=0)
    return BenchPerson(
        recording(expected[:N] + noise * rng.normal(size=(N, 7)), TRAIN, "train"),
        recording(
            test + noise * rng.normal(size=test.shape),
            [name for name in TEST for _ in range(2)],
            "test",
        ),
        recording(expected[:N], TRAIN, "train") if known else None,
        np.empty((0, 7)),
    )


def test_percentiles_by_hand_ties_count_one_half() -> None:
    gallery = Embeddings([[1, 0], [0, 1], [-1, 0], [2, 0]], tuple("abcd"), "toy")  # type: ignore[arg-type]
    decoded = Embeddings([[1, 0.1], [1, 0], [0, -1]], tuple("cab"), "toy")  # type: ignore[arg-type]
    # c lies last; a ties with d at the top and beats two; b lies last
    np.testing.assert_allclose(percentiles(decoded, gallery), [0, (2 + 0.5) / 3, 0])


def test_percentiles_agree_with_counting() -> None:
    gallery = PICTURES.select(TEST)
    decoded = gallery.with_rows(RNG.normal(size=gallery.values.shape), TEST)
    expected = []
    for row, name in enumerate(TEST):
        mine = unit(decoded.values)[row]
        others = [float(mine @ unit(gallery.values)[TEST.index(other)]) for other in TEST if other != name]
        own = float(mine @ unit(gallery.values)[row])
        expected.append(np.mean([own > other for other in others]))
    np.testing.assert_allclose(percentiles(decoded, gallery), expected)


@pytest.mark.parametrize("vector", [np.ones(D), RNG.normal(size=D), np.zeros(D)])
def test_whoever_always_says_the_same_gets_one_half_in_every_space(vector: np.ndarray) -> None:
    gallery = PICTURES.select(TEST)
    same = gallery.with_rows(np.tile(vector, (N_TEST, 1)), TEST)
    assert percentiles(same, gallery).mean() == pytest.approx(0.5, abs=1e-12)
    assert percentiles(same, gallery.centred()).mean() == pytest.approx(0.5, abs=1e-12)


def test_cells_by_hand() -> None:
    by = {cell.supervision: cell for cell in cells()}
    assert list(by) == ["picture", "text", "both"]
    known = unit(PICTURES.select(TRAIN).values)
    first, second = (unit(TEXTS.select([text]).values)[0] for text in TEXTS_OF[TRAIN[3]])
    said = (first + second) / np.linalg.norm(first + second)
    np.testing.assert_allclose(by["picture"].targets.values, known - known.mean(axis=0))
    one, mean = by["text"].targets.values[3], by["text"].targets.values
    np.testing.assert_allclose(mean.mean(axis=0), 0, atol=1e-12)
    shift = said - one  # what was subtracted: the mean over training texts, the same for all
    other = (unit(TEXTS.select(["v"]).values)[0] + unit(TEXTS.select(["w"]).values)[0])[None]
    np.testing.assert_allclose(by["text"].targets.values[0] + shift, unit(other)[0])
    both = (known + mean + shift) / 2
    np.testing.assert_allclose(by["both"].targets.values, both - both.mean(axis=0), atol=1e-12)
    for cell in by.values():
        shown = unit(PICTURES.select(TEST).values)
        np.testing.assert_allclose(cell.gallery.values, shown - known.mean(axis=0))
        assert cell.gallery.ids == tuple(TEST)


def test_test_pictures_do_not_touch_what_is_learnt_and_no_other_candidate() -> None:
    values = PICTURES.values.copy()
    values[N] += 5  # the first test picture
    for before, after in zip(cells(), cells(PICTURES.with_rows(values, PICTURES.ids)), strict=True):
        np.testing.assert_array_equal(before.targets.values, after.targets.values)
        np.testing.assert_array_equal(before.gallery.values[1:], after.gallery.values[1:])
        assert not np.allclose(before.gallery.values[0], after.gallery.values[0])


def test_without_texts_there_is_one_cell_and_vectors_without_length_stay() -> None:
    assert [cell.supervision for cell in cells(texts=None)] == ["picture"]

    def off(vectors: Embeddings) -> Embeddings:  # as a ReLU may do
        return vectors.with_rows(np.maximum(vectors.values - 2, 0), vectors.ids)

    silent = off(PICTURES).values[:N]
    assert (silent == 0).all(axis=1).any()
    found = cells(bend=off, texts=None)[0]
    rows = np.flatnonzero((silent == 0).all(axis=1))
    np.testing.assert_allclose(np.ptp(found.targets.values[rows], axis=0), 0, atol=1e-15)


def test_controls_exchange_what_is_learnt_and_leave_the_gallery() -> None:
    made = cells()
    by = {cell.supervision: cell for cell in made}
    pictures, texts = control_cells(made, seed=3)
    assert (pictures.role, texts.role) == ("exchanged pictures", "exchanged texts")
    assert (pictures.supervision, texts.supervision) == ("picture", "both")
    order = np.random.default_rng(3).permutation(N)
    assert (order != np.arange(N)).mean() > 0.5
    np.testing.assert_array_equal(pictures.targets.values, by["picture"].targets.values[order])
    both = (by["picture"].targets.values + by["text"].targets.values[order]) / 2
    np.testing.assert_allclose(texts.targets.values, both)
    assert pictures.gallery is by["picture"].gallery
    assert [cell.role for cell in control_cells(cells(texts=None), seed=3)] == ["exchanged pictures"]


def test_one_decoder_reads_every_cell_as_if_it_were_alone() -> None:
    made = [*cells(), *control_cells(cells(), 0)]
    one = person(noise=0.3)
    table = read(one, made, TRAIN, name="toy", test=TEST)
    assert len(table) == len(made) * N_TEST
    assert set(table["metric"]) == {"percentile"}
    assert table["simulated"].all()
    means = one.trials.averaged()
    for cell in made:
        alone = fit_ridge(one.training.responses, TRAIN, {"x": cell.targets}, TRAIN)
        decoded = alone.predict(means.responses, means.stimuli)["x"]
        rows = table[(table["alignment"] == cell.role) & (table["supervision"] == cell.supervision)]
        np.testing.assert_allclose(rows["value"], percentiles(decoded, cell.gallery))


def test_what_is_there_is_found_and_what_is_exchanged_is_not() -> None:
    made = [*cells(texts=None), *control_cells(cells(texts=None), 0)]
    table = read(person(noise=1e-3), made, TRAIN, name="toy", test=TEST)
    means = table.groupby("alignment")["value"].mean()
    assert means["base"] == 1
    assert means["exchanged pictures"] < 0.8


def test_optimal_decoders_of_all_targets_at_once_are_those_one_by_one() -> None:
    def halved(vectors: Embeddings) -> Embeddings:
        return vectors.with_rows(vectors.values[:, :2], vectors.ids)

    bent = cells(target="bent", role="aligned", bend=halved)
    made = [*cells(), *bent, *control_cells(cells(), 0)]
    one = person(noise=0.5)
    found = oracle(one, made)
    assert list(found["space"]) == ["base", "bent"]  # no control, no text
    assert one.expected is not None
    for cell, value in zip((cells()[0], bent[0]), found["value"], strict=True):
        seen = optimal_vectors(one.expected, one.trials, cell.targets).select(TEST)
        assert value == pytest.approx(percentiles(seen, cell.gallery).mean())
    assert found["value"].iloc[0] > 0.5
    assert oracle(replace_expected(one), made).empty


def replace_expected(one: BenchPerson) -> BenchPerson:
    return one._replace(expected=None)


def test_real_responses_in_a_real_space_are_not_called_simulated() -> None:
    one = person(noise=0.3)
    real = one._replace(trials=replace(one.trials, simulated=False))
    space = Embeddings(PICTURES.values, PICTURES.ids, "toy")
    made = cells_of(target(), space, None, {}, training=TRAIN, test=TEST)
    assert not read(real, made, TRAIN, name="toy", test=TEST)["simulated"].any()
