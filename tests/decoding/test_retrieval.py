"""Ranks of what was seen, against a count by hand, with ties, in every kind of gallery."""

from __future__ import annotations

import numpy as np
import pytest

from companion.decoding import retrieval
from companion.decoding.galleries import Gallery, concept_centres
from companion.decoding.retrieval import (
    centred_rows,
    csls_ranks,
    ranks,
    relative_rows,
    retrieval_scores,
    retrieved,
    top_k,
)
from companion.embeddings import Embeddings
from companion.errors import DataError


def vectors(n: int, seed: int, n_features: int = 5) -> Embeddings:
    values = np.random.default_rng(seed).normal(size=(n, n_features))
    return Embeddings(values, tuple(f"g{i}" for i in range(n)), "toy")


def with_ties(n: int = 40) -> tuple[Embeddings, Embeddings]:
    """Candidates with whole numbers, so that many are equally similar, and decoded vectors of all of them."""
    rng = np.random.default_rng(4)
    ids = tuple(f"g{i}" for i in range(n))
    signs = [Embeddings(rng.choice([-1.0, 1.0], size=(n, 4)), ids, "signs") for _ in range(2)]
    return signs[0], signs[1]


def counted(decoded: Embeddings, gallery: Embeddings) -> list[int]:
    """Ranks one pair at a time; of equals the seen one is last."""
    found = []
    for name, vector in zip(decoded.ids, decoded.values, strict=True):
        cosines = {
            other: round(float(vector @ v / np.linalg.norm(vector) / np.linalg.norm(v)), 9)
            for other, v in zip(gallery.ids, gallery.values, strict=True)
        }
        found.append(1 + sum(cosines[other] >= cosines[name] for other in cosines if other != name))
    return found


@pytest.mark.parametrize("block", [2**23, 100, 1])
def test_ranks_count_the_candidates_that_are_at_least_as_similar(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieval, "_BLOCK", block)
    decoded, gallery = with_ties()
    assert ranks(decoded, gallery).tolist() == counted(decoded, gallery)
    decoded, gallery = vectors(30, 0).select(["g3", "g7", "g0", "g29"]), vectors(30, 1)
    assert ranks(decoded, gallery).tolist() == counted(decoded, gallery)


def test_the_picture_itself_is_first_and_a_constant_never_scores() -> None:
    gallery = vectors(30, 1)
    assert (ranks(gallery, gallery) == 1).all()
    same = Embeddings(np.ones((30, 5)), gallery.ids, "collapsed")
    assert (ranks(gallery, same) == 30).all()
    assert (ranks(same, vectors(30, 2)) == counted(same, vectors(30, 2))).all()


def test_top_k_of_shuffled_labels_is_within_binomial_limits() -> None:
    rng = np.random.default_rng(5)
    gallery = vectors(200, 6, 32)
    shuffled = Embeddings(gallery.values, tuple(rng.permutation(np.array(gallery.ids))), "toy")
    found = ranks(shuffled, gallery)
    assert top_k(found, 1) <= 5 / 200
    assert top_k(found, 5) <= 13 / 200  # P(more) < 0.001
    assert top_k([1, 2, 6, 5], 5) == 0.75


@pytest.mark.parametrize("n", [1, 5, 40])
def test_the_best_are_named_in_the_order_of_the_ranks(n: int) -> None:
    decoded, gallery = with_ties()
    table = retrieved(decoded, Gallery.presented(gallery), n)
    found = dict(zip(decoded.ids, ranks(decoded, gallery).tolist(), strict=True))
    assert len(table) == n * len(decoded)
    for name in decoded.ids:
        rows = table[table["stimulus"] == name]
        assert rows["place"].tolist() == list(range(1, n + 1))
        assert (np.diff(rows["cosine"]) <= 1e-9).all()
        assert rows["candidate"].is_unique
        assert rows.loc[rows["hit"], "place"].tolist() == [found[name]] * (found[name] <= n)
        assert (rows["hit"] == (rows["candidate"] == name)).all()
    first = table.iloc[0]
    one, other = decoded.select([first["stimulus"]]).values[0], gallery.select([first["candidate"]]).values[0]
    assert first["cosine"] == pytest.approx(one @ other / 4)


def test_rankings_ignore_a_common_rotation_and_centring_of_the_decoded_side_only() -> None:
    decoded, gallery = centred_rows(vectors(30, 7)), centred_rows(vectors(30, 8))
    expected = ranks(decoded, gallery)
    turn = np.linalg.qr(np.random.default_rng(9).normal(size=(5, 5)))[0]
    turned = [one.with_values(one.values @ turn, aligned_by=None) for one in (decoded, gallery)]
    assert (ranks(*turned) == expected).all()
    assert (ranks(vectors(30, 7), gallery) == expected).all()
    assert (ranks(decoded, vectors(30, 8)) != expected).any()  # candidates' lengths change unequally
    assert decoded.values.mean(axis=1) == pytest.approx(0)
    assert np.linalg.norm(gallery.values, axis=1) == pytest.approx(1)


def test_centres_are_means_of_other_pictures_and_answers_are_concepts() -> None:
    others = Embeddings(
        np.array([[2.0, 0], [0, 3], [0, 1], [-1, 0]]), ("cat/2", "cat/3", "key/2", "key/3"), "toy"
    )
    concepts = {name: name.split("/")[0] for name in (*others.ids, "cat/1", "key/1")}
    centres = concept_centres(others, concepts, presented=["cat/1", "key/1"])
    assert centres.ids == ("cat", "key")
    np.testing.assert_allclose(centres.values, [[0.5, 0.5], [-0.5, 0.5]])
    gallery = Gallery.of_concepts(centres, concepts)
    decoded = Embeddings(np.array([[3.0, 1], [1, 0]]), ("cat/1", "key/1"), "toy")
    assert ranks(decoded, gallery).tolist() == [1, 2]
    assert retrieved(decoded, gallery, 1)["candidate"].tolist() == ["cat", "cat"]
    with pytest.raises(DataError, match="must not hold what was shown"):
        concept_centres(others, concepts, presented=["cat/2"])
    with pytest.raises(DataError, match="not in the gallery"):
        ranks(decoded, Gallery.presented(centres))
    with pytest.raises(DataError, match="without a centre"):
        Gallery.of_concepts(centres.select(["cat"]), concepts)


def test_training_images_enlarge_the_gallery_and_never_hold_the_answer() -> None:
    images, training = vectors(20, 10), vectors(500, 11)
    training = Embeddings(training.values, tuple(f"t{i}" for i in range(500)), "toy")
    decoded = Embeddings(images.values + vectors(20, 12).values, images.ids, "toy")
    small, large = (ranks(decoded, one) for one in (images, Gallery.enlarged(images, training)))
    cosines = decoded.normalised().values @ training.normalised().values.T
    own = (decoded.normalised().values * images.normalised().values).sum(axis=1, keepdims=True)
    assert (large == small + (cosines >= own).sum(axis=1)).all()
    with pytest.raises(DataError, match="both test and training"):
        Gallery.enlarged(images, images)
    with pytest.raises(DataError, match="differ in space"):
        Gallery.enlarged(images, Embeddings(training.values, training.ids, "other"))


def test_scores_name_protocol_gallery_and_repetitions() -> None:
    decoded, gallery = vectors(982, 0, 8), vectors(982, 1, 8)
    labels: dict[str, str | int | float] = {"dataset": "nsd", "subject": "subj01", "seed": 3}
    table = retrieval_scores(decoded, Gallery.presented(gallery), n_repetitions=3, simulated=True, **labels)
    assert set(table["n_candidates"]) == {982}
    assert set(table["protocol"]) == {"presented images"}
    assert set(table["n_repetitions"]) == {3}
    assert set(table["seed"]) == {3}
    assert set(table["space"]) == {"toy"}
    wide = table.pivot(index="stimulus", columns="metric", values="value").loc[list(decoded.ids)]
    assert (wide["rank"] == ranks(decoded, gallery)).all()
    assert (wide["top5"] == (wide["rank"] <= 5)).all()
    assert (wide["top1"] == (wide["rank"] == 1)).all()


def test_the_mark_of_simulation_is_not_lost_and_labels_are_columns() -> None:
    marked = Embeddings(np.eye(3), ("a", "b", "c"), "toy", simulated=True)
    scored = {"n_repetitions": 1, "dataset": "d", "subject": "s"}
    with pytest.raises(DataError, match="simulated"):
        retrieval_scores(marked, Gallery.presented(marked), simulated=False, **scored)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no labels"):
        retrieval_scores(marked, Gallery.presented(marked), simulated=True, **scored, colour="red")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no labels"):
        retrieval_scores(marked, Gallery.presented(marked), simulated=True, **scored, metric="x")  # type: ignore[arg-type]


def test_local_scaling_by_hand_and_against_a_hub() -> None:
    decoded, gallery = vectors(12, 13), vectors(12, 14)
    cosines = decoded.normalised().values @ gallery.normalised().values.T
    near_v = np.sort(cosines, axis=0)[-3:].mean(axis=0)
    near_w = np.sort(cosines, axis=1)[:, -3:].mean(axis=1)
    scaled = 2 * cosines - near_v - near_w[:, None]
    expected = (scaled >= scaled.diagonal()[:, None]).sum(axis=1)
    assert (csls_ranks(decoded, Gallery.presented(gallery), 3) == expected).all()
    # Every decoded vector leans to the first candidate, which plain cosines therefore put first.
    hub = Embeddings(np.eye(4), tuple("abcd"), "toy")
    leaning = Embeddings(np.eye(4) + np.array([1.2, 0, 0, 0]), hub.ids, "toy")
    assert top_k(ranks(leaning, hub), 1) == 0.25
    assert top_k(csls_ranks(leaning, Gallery.presented(hub), 4), 1) == 1


def test_vectors_of_another_length_are_refused() -> None:
    with pytest.raises(DataError, match="different lengths"):
        ranks(vectors(3, 0, 4), vectors(3, 0, 5))


def test_relative_rows_have_no_mean_over_training_stimuli_and_see_no_others() -> None:
    space = vectors(12, 3)
    training = ["g0", "g1", "g2", "g2"]
    found = relative_rows(space, training)
    np.testing.assert_allclose(found.select(["g0", "g1", "g2"]).values.mean(axis=0), 0, atol=1e-12)
    changed = space.values.copy()
    changed[5:] += 7 * np.arange(5)
    other = relative_rows(space.with_values(changed, aligned_by=None), training)
    np.testing.assert_array_equal(other.values[:5], found.values[:5])


def test_a_common_vector_does_not_change_what_is_read_relative_to_the_mean() -> None:
    rng = np.random.default_rng(1)
    gallery = vectors(30, 1, 40).normalised()
    common = rng.normal(size=40)
    common *= 20 / np.linalg.norm(common)
    cone = gallery.with_values(gallery.values + common, aligned_by=None)
    shrunk = cone.with_values(
        common + 0.02 * gallery.values, aligned_by=None
    )  # what strong regularisation leaves
    assert (ranks(shrunk, centred_rows(cone)) == 1).mean() < 0.2
    read = relative_rows(cone, cone.ids)
    origin = centred_rows(cone).values.mean(axis=0)
    decoded = centred_rows(cone).values.mean(axis=0) + 0.02 * read.values
    assert (ranks(cone.with_values(decoded - origin, aligned_by=None), read) == 1).all()


@pytest.mark.parametrize("n", [1, 7, 40])
def test_the_best_are_those_of_a_full_sort_with_ties(n: int) -> None:
    similar = np.random.default_rng(5).integers(0, 9, (30, 40)) / 8
    wanted = np.argsort(-similar, axis=1, kind="stable")[:, :n]
    np.testing.assert_array_equal(retrieval._best(similar, n), wanted)
