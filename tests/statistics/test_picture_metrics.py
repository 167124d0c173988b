"""Measures of made pictures: worked by hand, by brute force, with ties, and where nothing is known."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats
from scipy.ndimage import gaussian_filter

from companion.errors import DataError
from companion.statistics.picture_metrics import (
    beaten_by_answer,
    beaten_test,
    distractors_beaten,
    pixel_correlation,
    semantic_accuracy,
    structure_similarity,
)


def noise(n: int = 4, size: int = 16, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, size=(n, size, size, 3), dtype=np.uint8)


def test_pixels_correlate_as_in_scipy_and_not_with_a_flat_picture() -> None:
    made, seen = noise(seed=1), noise(seed=2)
    made[2] = 77
    found = pixel_correlation(made, seen)
    for row in (0, 1, 3):
        assert found[row] == pytest.approx(stats.pearsonr(made[row].ravel(), seen[row].ravel())[0])
    assert found[2] == 0
    np.testing.assert_allclose(pixel_correlation(seen, seen), 1)
    np.testing.assert_allclose(pixel_correlation(255 - seen, seen), -1)


def test_pixels_by_hand() -> None:
    made = np.array([0, 0, 3, 0, 0, 3]).reshape(1, 1, 2, 3)  # deviations -1 -1 2 -1 -1 2
    seen = np.array([1, 0, 2, 1, 0, 2]).reshape(1, 1, 2, 3)  # deviations 0 -1 1 0 -1 1
    assert pixel_correlation(made, seen)[0] == pytest.approx(6 / np.sqrt(12 * 4))


def test_structure_is_the_formula_of_wang_written_out() -> None:
    made, seen = noise(2, 24, 3), noise(2, 24, 4)
    weights = np.array([0.2125, 0.7154, 0.0721])  # of red, green and blue in grey

    def blur(values: np.ndarray) -> np.ndarray:
        return gaussian_filter(values, 1.5, truncate=3.5)

    for row, value in enumerate(structure_similarity(made, seen)):
        x, y = (one[row] / 255 @ weights for one in (made, seen))
        mx, my = blur(x), blur(y)
        vx, vy, cxy = blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my
        quality = (2 * mx * my + 0.01**2) * (2 * cxy + 0.03**2)
        quality /= (mx**2 + my**2 + 0.01**2) * (vx + vy + 0.03**2)
        assert value == pytest.approx(quality[5:-5, 5:-5].mean())  # where the window lies inside
    np.testing.assert_allclose(structure_similarity(seen, seen), 1)


def test_structure_of_two_flat_pictures_by_hand() -> None:
    black, white = np.zeros((1, 16, 16, 3), np.uint8), np.full((1, 16, 16, 3), 255, np.uint8)
    assert structure_similarity(black, white)[0] == pytest.approx(1e-4 / (1 + 1e-4))


def test_distractors_by_hand_with_a_tie() -> None:
    references = np.array([[1.0, 2, 3], [3.0, 2, 1], [2.0, 4, 6]])
    made = np.array([[1.0, 2, 3], [1.0, 2, 3], [5.0, 5, 5]])
    # first: 1 with its own, -1 and 1 (a tie) with the others; second: -1 against 1 and 1; the flat one ties
    np.testing.assert_allclose(distractors_beaten(made, references), [0.75, 0, 0.5])


def test_distractors_by_brute_force() -> None:
    rng = np.random.default_rng(5)
    references = rng.normal(size=(9, 6))
    made = references + rng.normal(size=references.shape)
    found = distractors_beaten(made, references)
    for row, one in enumerate(made):
        similar = [stats.pearsonr(one, other)[0] for other in references]
        assert found[row] == pytest.approx(np.mean([similar[row] > similar[j] for j in range(9) if j != row]))
    assert found.mean() > 0.7
    np.testing.assert_allclose(distractors_beaten(3 * made + 7, references), found)


def test_distractors_are_the_seen_pictures_and_not_the_made_ones() -> None:
    references = np.array([[1.0, 0, 0, 0], [0.0, 1, 0, 0]])
    made = np.array([[1.0, 0.5, 0, 0], [1.0, 0.9, 0, 0]])
    np.testing.assert_allclose(distractors_beaten(made, references), [1, 0])
    np.testing.assert_allclose(distractors_beaten(references, made), [1, 1])


def test_noise_beats_half_of_the_distractors() -> None:
    rng = np.random.default_rng(6)
    found = distractors_beaten(rng.normal(size=(400, 20)), rng.normal(size=(400, 20)))
    assert abs(found.mean() - 0.5) < 0.06


def test_semantic_accuracy_by_hand() -> None:
    probabilities = np.array([[0.5, 0.3, 0.1, 0.1]] * 4)
    found = semantic_accuracy(probabilities, np.arange(4), n_way=2)
    # the last two are beaten by two of three and tie with one
    np.testing.assert_allclose(found, [1, 2 / 3, 0.5 / 3, 0.5 / 3])
    # of four, all are there: three guesses leave the tied ones one half
    np.testing.assert_allclose(semantic_accuracy(probabilities, np.arange(4), n_way=4, k=3), [1, 1, 0.5, 0.5])


@pytest.mark.parametrize(("n_way", "k"), [(2, 1), (4, 1), (4, 3), (7, 2), (8, 5)])
def test_semantic_accuracy_is_what_draws_converge_to(n_way: int, k: int) -> None:
    rng = np.random.default_rng(7)
    probabilities = rng.integers(0, 4, size=(5, 8)).astype(float)  # many ties
    classes = rng.integers(8, size=5)
    found = semantic_accuracy(probabilities, classes, n_way=n_way, k=k)
    for row, right in enumerate(classes):
        hits = 0
        for _ in range(3000):
            others = rng.choice(np.delete(np.arange(8), right), n_way - 1, replace=False)
            candidates = rng.permutation([right, *others])
            best = candidates[np.argsort(-probabilities[row, candidates], kind="stable")[:k]]
            hits += right in best
        assert found[row] == pytest.approx(hits / 3000, abs=0.04)


def test_a_classifier_that_says_nothing_guesses() -> None:
    found = semantic_accuracy(np.full((3, 60), 0.1), np.array([0, 5, 59]), n_way=50, k=5)
    np.testing.assert_allclose(found, 0.1)


@pytest.mark.parametrize(("n_way", "k"), [(1, 1), (9, 1), (4, 4), (4, 0)])
def test_impossible_numbers_are_refused(n_way: int, k: int) -> None:
    with pytest.raises(ValueError, match="n_way"):
        semantic_accuracy(np.zeros((2, 8)), np.zeros(2, dtype=int), n_way=n_way, k=k)


def test_beaten_under_every_answer_by_brute_force() -> None:
    rng = np.random.default_rng(8)
    features, references = rng.normal(size=(2, 6, 5))
    references[4] = references[2]  # a tie in every row
    table = beaten_by_answer(features, references)
    for row in range(6):
        resemblance = [np.corrcoef(features[row], other)[0, 1] for other in references]
        for answer in range(6):
            others = [resemblance[other] for other in range(6) if other != answer]
            shares = [
                0.5 if abs(one - resemblance[answer]) < 1e-9 else float(one < resemblance[answer])
                for one in others
            ]
            assert table[row, answer] == pytest.approx(np.mean(shares))
    np.testing.assert_array_equal(table.diagonal(), distractors_beaten(features, references))


def test_signed_ranks_by_all_signs() -> None:
    shares = np.array([0.9, 0.8, 0.4, 0.75, 0.6, 0.55, 0.6])  # two at a distance of .1, and one below
    ranks = stats.rankdata(np.abs(np.round(shares - 0.5, 9)))
    observed = ranks[shares > 0.5].sum()
    sums = [ranks[np.array(signs)].sum() for signs in product([True, False], repeat=len(shares))]
    found = beaten_test(shares)
    assert found.p == pytest.approx(np.mean(np.array(sums) >= observed - 1e-9))
    assert found.mean == pytest.approx(shares.mean())
    assert beaten_test(1 - shares).p > 0.9


def test_pictures_at_one_half_say_nothing() -> None:
    assert beaten_test(np.full(6, 0.5)) == (0.5, 1.0, 6)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(DataError, match="differ in shape"):
        pixel_correlation(noise(3), noise(4))
    with pytest.raises(DataError, match="larger than its window"):
        structure_similarity(noise(size=8), noise(size=8))
    with pytest.raises(DataError, match="larger than its window"):
        structure_similarity(noise().astype(float), noise())
    with pytest.raises(DataError, match="two or more"):
        distractors_beaten(np.zeros((1, 3)), np.zeros((1, 3)))
    with pytest.raises(DataError, match="one right class"):
        semantic_accuracy(np.zeros((2, 8)), np.array([0, 8]), n_way=4)
    with pytest.raises(DataError, match="finite"):
        beaten_test(np.array([1.0, np.nan]))
