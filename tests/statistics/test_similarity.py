"""Representational similarity: against scipy, rsatoolbox, loops, and published matrices."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from companion.loading import images92, things
from companion.statistics.similarity import (
    Pairs,
    cosine_similarity,
    noise_ceiling,
    row_agreement,
    spearman,
    standardised,
)


@pytest.fixture
def people() -> np.ndarray:
    """Pair values of seven people who share a structure; whole numbers, so that ties survive averaging."""
    rng = np.random.default_rng(0)
    return np.round(10 * (shared() + rng.normal(size=(7, 190))))


def shared() -> np.ndarray:
    return np.random.default_rng(1).normal(size=190)


def test_pairs_are_the_upper_triangle_where_all_labels_differ() -> None:
    matrix = np.arange(25).reshape(5, 5)
    pairs = Pairs(list("abcde"))
    np.testing.assert_array_equal(pairs.of(matrix), matrix[np.triu_indices(5, 1)])
    np.testing.assert_array_equal(pairs.of(np.stack([matrix, -matrix]))[1], -pairs.of(matrix))


def test_rows_with_one_label_are_never_paired() -> None:
    labels = ["hand", "ear", "hand", "eye", "ear"]
    pairs = Pairs(labels)
    listed = {(i, j) for i in range(5) for j in range(i + 1, 5) if labels[i] != labels[j]}
    assert set(zip(pairs.first, pairs.second, strict=True)) == listed
    assert len(pairs) == 8


def test_pairs_refuse_what_they_do_not_fit() -> None:
    with pytest.raises(ValueError, match="two different labels"):
        Pairs(["a", "a"])
    with pytest.raises(ValueError, match="3 x 3"):
        Pairs(list("abc")).of(np.zeros((4, 4)))


def test_cosines_are_those_of_a_loop() -> None:
    x = np.random.default_rng(0).normal(size=(6, 4))
    expected = [[np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b) for b in x] for a in x]
    np.testing.assert_allclose(cosine_similarity(x), expected)
    np.testing.assert_allclose(cosine_similarity(x * np.arange(1, 7)[:, None]), expected)


def test_spearman_is_that_of_scipy(people: np.ndarray) -> None:
    expected = [stats.spearmanr(person, people[0]).statistic for person in people]
    np.testing.assert_allclose(spearman(people, people[0]), expected)
    np.testing.assert_allclose(spearman(people, np.exp(people[0])), expected)


def test_partial_spearman_is_the_textbook_formula(people: np.ndarray) -> None:
    a, b, control = people[0], people[1], np.sign(people[2])
    ab, ac, bc = (stats.spearmanr(*pair).statistic for pair in ((a, b), (a, control), (b, control)))
    expected = (ab - ac * bc) / np.sqrt((1 - ac**2) * (1 - bc**2))
    assert float(spearman(a, b, control=control)) == pytest.approx(expected)
    assert float(spearman(a, b, control=control)) != pytest.approx(ab, abs=0.01)


def test_partial_spearman_is_the_correlation_of_residuals(people: np.ndarray) -> None:
    ranks = [stats.rankdata(vector) for vector in people[:3]]
    design = np.column_stack([np.ones(190), ranks[2]])
    residuals = [rank - design @ np.linalg.lstsq(design, rank, rcond=None)[0] for rank in ranks[:2]]
    expected = stats.pearsonr(*residuals).statistic
    assert float(spearman(people[0], people[1], control=people[2])) == pytest.approx(expected)


def test_undefined_correlations_are_refused(people: np.ndarray) -> None:
    with pytest.raises(ValueError, match="not defined"):
        spearman(people[0], np.ones(190))
    with pytest.raises(ValueError, match="not defined"):
        spearman(people[0], people[1], control=people[1])


def test_weights_count_pairs_repeatedly(people: np.ndarray) -> None:
    weights = np.random.default_rng(1).integers(0, 4, size=190).astype(float)
    a, b = standardised(people[:2], weights)
    repeated = np.repeat(people[:2], weights.astype(int), axis=1)
    assert float(a @ b) == pytest.approx(stats.pearsonr(*repeated).statistic)


def test_noise_ceiling_is_that_of_a_loop(people: np.ndarray) -> None:
    lower = [stats.spearmanr(p, np.delete(people, i, 0).mean(0)).statistic for i, p in enumerate(people)]
    upper = [stats.spearmanr(p, people.mean(0)).statistic for p in people]
    ceiling = noise_ceiling(people)
    assert ceiling.lower == pytest.approx(np.mean(lower))
    assert ceiling.upper == pytest.approx(np.mean(upper))
    assert ceiling.lower < ceiling.upper
    with pytest.raises(ValueError, match="two people"):
        noise_ceiling(people[:1])


def test_what_people_share_makes_the_ceiling(people: np.ndarray) -> None:
    assert noise_ceiling(people).lower > 0.5
    assert abs(noise_ceiling(people, control=shared()).lower) < 0.15


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::SyntaxWarning")
def test_rsatoolbox_agrees(people: np.ndarray) -> None:
    from rsatoolbox.inference import boot_noise_ceiling
    from rsatoolbox.rdm import RDMs, compare

    rdms = RDMs(people)
    np.testing.assert_allclose(compare(rdms, rdms, method="spearman")[0], spearman(people, people[0]))
    # For rank correlations rsatoolbox ranks each person before it averages; ours averages what it is given.
    ranked = stats.rankdata(people, axis=1)
    np.testing.assert_allclose(boot_noise_ceiling(rdms, method="spearman"), noise_ceiling(ranked))


def test_row_agreement_is_that_of_a_loop() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 6, 6))
    expected = [stats.spearmanr(np.delete(first[i], i), np.delete(second[i], i)).statistic for i in range(6)]
    np.testing.assert_allclose(row_agreement(first, second), expected)


@pytest.mark.usefixtures("data_root")
class TestRealNumbers:
    """Values of the 92 images that were computed elsewhere before this code existed."""

    images = Pairs([str(image) for image in range(92)])

    @pytest.mark.parametrize(("region", "lower", "upper"), [("IT", 0.449, 0.535), ("EVC", 0.239, 0.386)])
    def test_noise_ceilings(self, region: str, lower: float, upper: float) -> None:
        people = self.images.of(images92.second_laboratory(region))
        assert people.shape == (15, 4186)
        np.testing.assert_allclose(noise_ceiling(people), (lower, upper), atol=0.001)

    def test_two_laboratories(self) -> None:
        ours, theirs = images92.second_laboratory("IT").mean(axis=0), images92.human_it().mean(axis=(0, 1))
        assert float(spearman(self.images.of(ours), self.images.of(theirs))) == pytest.approx(
            0.557, abs=0.001
        )

    def test_models_against_the_first_laboratory(self) -> None:
        printed = {
            "animacy": 0.588, "FaceBodyManmadeNatobj": 0.405, "monkeyIT": 0.439, "EVA": 0.354, "HMAX": 0.222,
            "Silhouette": 0.125, "RADON": 0.061, "V1": 0.039,
        }  # fmt: skip
        it = self.images.of(images92.human_it().mean(axis=(0, 1)))
        found = {
            name: float(spearman(self.images.of(m), it)) for name, m in images92.model_matrices().items()
        }
        assert found == pytest.approx(printed, abs=0.001)

    def test_human_embedding_on_the_linked_images(self) -> None:
        labels = images92.concept_labels().query("things_concept != ''")["things_concept"]
        rows, concepts = labels.index.to_numpy(), list(labels.unique())
        pairs = Pairs(list(labels))
        assert (len(rows), len(concepts), len(pairs)) == (63, 51, 1925)
        where = [concepts.index(name) for name in labels]
        everyone = things.human_embedding()

        def against(people: np.ndarray, mean: np.ndarray) -> np.ndarray:
            values = everyone.centred(mean).select(concepts).values[where]
            return spearman(
                1 - pairs.of(cosine_similarity(values)), pairs.of(people[..., rows[:, None], rows])
            )

        it, all_concepts = images92.second_laboratory("IT"), everyone.values.mean(axis=0)
        linked = everyone.select(concepts).values[where].mean(axis=0)
        assert float(against(it.mean(axis=0), all_concepts)) == pytest.approx(0.334, abs=0.001)
        assert float(against(it.mean(axis=0), linked)) == pytest.approx(0.403, abs=0.001)
        assert against(it, all_concepts).mean() == pytest.approx(0.160, abs=0.001)
        ceiling = noise_ceiling(pairs.of(it[..., rows[:, None], rows]))
        np.testing.assert_allclose(ceiling, (0.332, 0.449), atol=0.001)
        judged, evc = images92.judgements().mean(axis=0), images92.second_laboratory("EVC").mean(axis=0)
        assert float(against(judged, all_concepts)) == pytest.approx(0.649, abs=0.001)
        assert float(against(evc, all_concepts)) == pytest.approx(0.167, abs=0.001)

    def test_clip_meets_the_images_on_eight_concepts(self) -> None:
        linked = set(images92.concept_labels()["things_concept"]) - {""}
        assert len(linked & set(things.clip_test_images().ids)) == 8
