"""Naming by text and by classifier, by hand and against the library, and what centring may know."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.svm import SVC

from companion.decoding.naming import as_naming_scores, four_cells, name_by_classifier, name_by_text
from companion.embeddings import Embeddings
from companion.errors import DataError

NAMES = tuple(f"n{i}" for i in range(8))


def space(values: object, ids: tuple[str, ...]) -> Embeddings:
    return Embeddings(np.asarray(values, dtype=float), ids, "toy")


def world(noise: float, seed: int = 0, n_repetitions: int = 10) -> dict[str, Embeddings]:
    """Texts, pictures and decoded trials of eight categories; all but texts lie in a cone of their own."""
    rng = np.random.default_rng(seed)
    texts, cone = rng.normal(size=(8, 12)), 3 * rng.normal(size=12)
    pictures = texts + 0.3 * rng.normal(size=(8, 12)) + cone
    trials = np.repeat(pictures, n_repetitions, axis=0)
    trials = trials + noise * rng.normal(size=trials.shape)
    return {
        "anchors": space(texts, NAMES),
        "pictures": space(pictures, NAMES),
        "trials": space(trials, tuple(f"t{i}" for i in range(len(trials)))),
        "means": space(trials.reshape(8, n_repetitions, 12).mean(axis=1), tuple(f"m{i}" for i in range(8))),
        "training": space(rng.normal(size=(60, 12)) + cone, tuple(f"r{i}" for i in range(60))),
    }


CATEGORIES = {f"t{i}": NAMES[i // 10] for i in range(80)} | {f"m{i}": NAMES[i] for i in range(8)}


def both(made: dict[str, Embeddings]) -> tuple[Embeddings, dict[str, str]]:
    """One picture and one text of each category, and the category of each."""
    ids = tuple(f"{kind}/{name}" for kind in ("text", "picture") for name in NAMES)
    values = np.concatenate([made["anchors"].normalised().values, made["pictures"].normalised().values])
    return space(values, ids), {name: name.split("/")[1] for name in ids}


def test_names_by_hand() -> None:
    anchors = space([[1, 0], [0, 1], [-1, 0]], ("cat", "dog", "key"))
    decoded = space([[2, 1], [1, 2], [0, 3], [-1, -1]], ("t1", "t2", "t3", "cat"))
    table = name_by_text(decoded, anchors, categories={"t1": "cat", "t2": "cat", "t3": "key"}, subject="S1")
    assert table["named"].tolist() == ["cat", "dog", "dog", "key"]
    assert table["answer"].tolist() == ["cat", "cat", "key", "cat"]
    # To t3, cat and key are equal; of the last, cat is equal to dog.
    assert table["rank"].tolist() == [1, 2, 2.5, 2.5]
    assert table["top1"].tolist() == [1, 0, 0, 0]
    assert table["similarity"].tolist() == pytest.approx([2 / 5**0.5, 1 / 5**0.5, 0, -(0.5**0.5)])
    assert set(table["readout"]) == {"text cosine"}
    assert set(table["subject"]) == {"S1"}
    with pytest.raises(DataError, match="not in the gallery"):
        name_by_text(decoded, anchors)


def test_the_order_of_anchors_is_no_matter() -> None:
    made = world(1.0)
    first = name_by_text(made["trials"], made["anchors"], categories=CATEGORIES)
    second = name_by_text(made["trials"], made["anchors"].select(NAMES[::-1]), categories=CATEGORIES)
    assert first["rank"].tolist() == second["rank"].tolist()
    assert first["named"].tolist() == second["named"].tolist()


def test_who_decodes_nothing_names_by_chance() -> None:
    made = world(1.0)
    constant = made["trials"].with_rows(np.ones((80, 12)), made["trials"].ids)
    table = name_by_text(constant, made["anchors"], categories=CATEGORIES)
    assert table["top1"].mean() == pytest.approx(1 / 8)  # one category is right, in a tenth of the trials
    assert table["named"].nunique() == 1
    empty = space(np.tile(np.eye(12)[0], (8, 1)), NAMES)
    assert name_by_text(made["means"], empty, categories=CATEGORIES)["top1"].tolist() == [1 / 8] * 8


def test_centring_takes_the_cone_out_with_training_predictions_only() -> None:
    made = world(0.5)
    raw = name_by_text(made["means"], made["anchors"], categories=CATEGORIES)
    centred = name_by_text(made["means"], made["anchors"], categories=CATEGORIES, training=made["training"])
    assert raw["top1"].mean() < 0.6 < 0.9 < centred["top1"].mean()
    assert set(centred["readout"]) == {"text cosine, centred"}
    alone = name_by_text(
        made["means"].select(["m3"]), made["anchors"], categories=CATEGORIES, training=made["training"]
    )
    assert alone["similarity"][0] == pytest.approx(centred["similarity"][3])


def test_the_classifier_is_the_librarys() -> None:
    made = world(2.0)
    features, classes = both(made)
    table = name_by_classifier(made["trials"], features, classes, categories=CATEGORIES)
    labels = [classes[name] for name in features.ids]
    machine = SVC(C=1.0, break_ties=True).fit(features.values, labels)
    assert table["named"].tolist() == machine.predict(made["trials"].normalised().values).tolist()
    assert (table["top1"] == (table["named"] == table["answer"])).all()
    assert 1 / 8 < table["top1"].mean() < table["top5"].mean() < 1
    assert set(table["readout"]) == {"SVM"}
    wider = name_by_classifier(made["trials"], features, classes, categories=CATEGORIES, gamma=20.0)
    assert wider["named"].tolist() != table["named"].tolist()


def test_the_classifier_never_sees_what_it_classifies() -> None:
    made = world(2.0)
    features, classes = both(made)
    for training in (None, made["training"]):
        whole = name_by_classifier(
            made["trials"], features, classes, categories=CATEGORIES, training=training
        )
        part = name_by_classifier(
            made["trials"].select(["t7", "t50"]), features, classes, categories=CATEGORIES, training=training
        )
        assert part["similarity"].tolist() == pytest.approx(whole["similarity"].iloc[[7, 50]].tolist())


def test_a_classifier_of_one_vector_per_class_names_the_nearest() -> None:
    made = world(2.0)
    names = {name: name for name in made["anchors"].ids}
    by_vector = name_by_classifier(made["trials"], made["anchors"], names, categories=CATEGORIES)
    by_text = name_by_text(made["trials"], made["anchors"], categories=CATEGORIES)
    assert (by_vector["named"] == by_text["named"]).mean() > 0.9


def test_four_cells_are_the_read_outs_themselves_and_means_beat_trials() -> None:
    made = world(2.5)
    features, classes = both(made)
    table = four_cells(
        {"single trial": made["trials"], "mean": made["means"]},
        made["anchors"],
        features,
        classes,
        categories=CATEGORIES,
        training=made["training"],
        subject="S1",
    )
    cells = table.groupby(["condition", "readout"])["top1"].agg(["mean", "size"])
    assert cells["size"].to_dict() == {
        ("mean", "SVM, centred"): 8,
        ("mean", "text cosine, centred"): 8,
        ("single trial", "SVM, centred"): 80,
        ("single trial", "text cosine, centred"): 80,
    }
    assert (cells.loc["mean", "mean"] > cells.loc["single trial", "mean"]).all()
    alone = name_by_classifier(
        made["means"], features, classes, categories=CATEGORIES, training=made["training"]
    )
    chosen = table[(table["condition"] == "mean") & (table["readout"] == "SVM, centred")]
    assert chosen["rank"].tolist() == alone["rank"].tolist()


def test_scores_are_named_by_read_out_and_condition() -> None:
    made = world(1.0)
    features, classes = both(made)
    table = four_cells(
        {"single trial": made["trials"], "mean": made["means"]},
        made["anchors"],
        features,
        classes,
        categories=CATEGORIES,
    )
    scores = as_naming_scores(
        table[table["condition"] == "mean"], n_repetitions=10, simulated=True, dataset="GOD", subject="S1"
    )
    assert len(scores) == 2 * 8 * 3
    top1 = scores[(scores["metric"] == "top1") & (scores["readout"] == "SVM")]
    expected = table[(table["condition"] == "mean") & (table["readout"] == "SVM")]
    assert top1["value"].tolist() == expected["top1"].tolist()
    assert set(scores["n_candidates"]) == {8}
    assert set(scores["condition"]) == {"mean"}
    directed = as_naming_scores(
        table[table["readout"] == "SVM"].assign(direction="there"),
        n_repetitions=1,
        simulated=True,
        dataset="GOD",
        subject="S1",
    )
    assert set(directed["protocol"]) == {"there"}


def test_unknown_categories_are_refused() -> None:
    made = world(1.0)
    features, classes = both(made)
    with pytest.raises(DataError, match="Vectors without a category"):
        name_by_classifier(made["means"], features, {}, categories=CATEGORIES)
    with pytest.raises(DataError, match="True categories without a vector"):
        name_by_classifier(made["means"], features, classes)
    few = features.select([name for name in features.ids if classes[name] in ("n0", "n1")])
    with pytest.raises(DataError, match="Too few categories"):
        name_by_classifier(made["means"], few, classes, categories=CATEGORIES)
