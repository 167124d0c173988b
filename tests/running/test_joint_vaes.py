"""Joint latent spaces of people: trained once, blind to held-out and test rows, read out as published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from companion.decoding.naming import name_by_classifier
from companion.embeddings import Embeddings
from companion.encoders.cache import EmbeddingCache
from companion.errors import DataError
from companion.loading.god.people import god_folder, load_god_people
from companion.loading.god.stimuli import category_of, read_god_stimuli
from companion.recording import Recording
from companion.running import joint_vaes
from companion.running.joint_space import JointSpace, god_joint_space
from companion.running.joint_vaes import FittedJointVae, fit_joint_vaes
from companion.running.mapping import VALIDATED
from companion.training.joint_vae import JointVaeSettings
from companion.training.splits import validation_rows

N_CATEGORIES, PER_CATEGORY, V, D = 10, 4, 12, 6
TINY = JointVaeSettings(
    widths=(24, 24, 24),
    guess_width=8,
    n_latent=6,
    n_epochs=30,
    batch_size=16,
    learning_rate=1e-2,
    n_draws=2,
)
IDS = [f"n{category}_{picture}" for category in range(N_CATEGORIES) for picture in range(PER_CATEGORY)]
GROUPS = [name.split("_")[0] for name in IDS]
TESTS = ["t0_1", "t1_1", "t2_1", "t3_1"]


def problem() -> tuple[Recording, Recording, JointSpace]:
    """Responses that carry pictures, of training and of test categories; prompts are near pictures."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(N_CATEGORIES + len(TESTS), D))
    which = [*np.arange(N_CATEGORIES).repeat(PER_CATEGORY), *range(N_CATEGORIES, len(centres))]
    images = centres[which] + 0.3 * rng.normal(size=(len(which), D))
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    responses = 3 + images @ rng.normal(size=(D, V)) + 0.1 * rng.normal(size=(len(which), V))
    units = pd.DataFrame({"name": [f"v{i}" for i in range(V)]})

    def recording(rows: slice, names: list[str], split: str) -> Recording:
        trials = pd.DataFrame({"stimulus": names})
        return Recording(responses[rows], trials, units, "Subject1", "GOD", "fMRI", split, simulated=True)

    n = len(IDS)
    names = [*dict.fromkeys(GROUPS), *(name.split("_")[0] for name in TESTS)]
    texts = [f"prompt {one}" for one in names[:N_CATEGORIES]]
    sentences = images[:n] + 0.1 * rng.normal(size=(n, D))
    space = JointSpace(
        images=Embeddings(images, (*IDS, *TESTS), "toy"),
        texts=Embeddings(
            np.concatenate([centres[:N_CATEGORIES], sentences]), (*texts, *(f"s {one}" for one in IDS)), "toy"
        ),
        texts_of={one: (f"prompt {one.split('_')[0]}", f"s {one}") for one in IDS},
        names={"prompt": Embeddings(centres, tuple(names), "toy")},
        nouns={one: f"noun {one}" for one in names},
        tested=tuple(TESTS),
    )
    return recording(slice(n), IDS, "train"), recording(slice(n, None), TESTS, "test"), space


def fitted(space: JointSpace | None = None, **changes: object) -> dict[int, FittedJointVae]:
    known, _, own = problem()
    arguments = {"seeds": (0,), "device": "cpu"} | changes
    return fit_joint_vaes(known, space or own, GROUPS, TINY, **arguments)  # type: ignore[arg-type]


def test_networks_are_trained_once_and_read_back_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[int] = []
    original = joint_vaes._train

    def counted(*given: object) -> object:
        trained.append(given[3])  # type: ignore[arg-type]
        return original(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(joint_vaes, "_train", counted)
    first, again = fitted(seeds=(0, 1)), fitted(seeds=(0, 1))
    assert trained == [0, 1]
    known, _, _ = problem()
    for seed, one in first.items():
        np.testing.assert_array_equal(one.decode(known).values, again[seed].decode(known).values)
        assert again[seed].best == one.best
    assert not np.array_equal(first[0].decode(known).values, first[1].decode(known).values)
    fitted(seeds=(1, 2))
    assert trained == [0, 1, 2]  # only what was missing


def test_unseen_categories_are_named_by_the_classifier_in_the_latent_space() -> None:
    _, tests, space = problem()
    assert space.images is not None
    one = fitted()[0]
    of = {name: category_of(name) for name in TESTS}
    vectors, classes = one.of_categories(space.images.select(TESTS), space.names["prompt"], of)
    assert len(vectors) == 5 * len(TESTS)
    assert classes["t2_1 #3"] == "t2"
    decoded = one.decode(tests)
    assert decoded.simulated
    assert decoded.values.shape == (4, TINY.n_latent)
    table = name_by_classifier(decoded, vectors, classes, categories=of, gamma=joint_vaes.GAMMA)
    assert table["top1"].mean() >= 0.75


def test_draws_of_categories_differ_and_are_the_same_again() -> None:
    _, _, space = problem()
    assert space.images is not None
    one = fitted()[0]
    of = {name: category_of(name) for name in TESTS}
    first, again = (
        one.of_categories(space.images.select(TESTS), space.names["prompt"], of)[0].values for _ in range(2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[:4], first[4:8])


def test_decoding_is_the_encoder_on_standardised_components_written_out() -> None:
    known, tests, _ = problem()
    one = fitted()[0]
    training, _ = validation_rows(GROUPS, share=VALIDATED, seed=0)
    rows = known.responses[training].astype(np.float64)
    mean, deviation = rows.mean(0), rows.std(0, ddof=1)
    axes = one._scalings["brain"].axes
    values = ((tests.responses - mean) / deviation) @ axes.T
    with torch.no_grad():
        both = one._network.encoders["brain"](torch.tensor(values, dtype=torch.float32)).numpy()
    np.testing.assert_allclose(one.decode(tests).values, both[:, : TINY.n_latent], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("part", ["pictures", "prompts"])
def test_nothing_of_a_test_category_reaches_the_weights(part: str) -> None:
    """Published training sees the pairs of the test; here other pairs change nothing."""
    _, _, space = problem()
    assert space.images is not None
    if part == "pictures":
        values = np.array(space.images.values)
        values[len(IDS) :] = 9.0
        other = replace(space, images=space.images.with_rows(values, space.images.ids))
    else:
        values = np.array(space.names["prompt"].values)
        values[N_CATEGORIES:] = 9.0
        other = replace(
            space, names={"prompt": space.names["prompt"].with_rows(values, space.names["prompt"].ids)}
        )
    known, _, _ = problem()
    np.testing.assert_array_equal(fitted()[0].decode(known).values, fitted(other)[0].decode(known).values)
    rows = [joint_vaes._rows(known, one) for one in (space, other)]
    for name, one in rows[0].items():
        np.testing.assert_array_equal(one, rows[1][name])


def test_held_out_categories_neither_scale_nor_train() -> None:
    known, _, _ = problem()
    rows = joint_vaes._rows(known, problem()[2])
    _, held_out = validation_rows(GROUPS, share=VALIDATED, seed=0)
    changed = {name: one.copy() for name, one in rows.items()}
    for one in changed.values():
        one[held_out] = 5.0
    settings = replace(TINY, n_epochs=1)  # one epoch, so that its choice cannot differ
    made = [joint_vaes._train(one, GROUPS, settings, 0, torch.device("cpu")) for one in (rows, changed)]
    for name in made[0]:
        if name != "validation_losses":
            np.testing.assert_array_equal(made[0][name], made[1][name], err_msg=name)


def test_what_must_not_be_trained_on_is_refused() -> None:
    known, tests, space = problem()
    with pytest.raises(DataError, match="test stimulus"):
        fit_joint_vaes(tests, space, TESTS, TINY, device="cpu")
    alone = JointSpace(
        images=None, texts=space.texts, texts_of=space.texts_of, names=space.names, tested=space.tested
    )
    with pytest.raises(DataError, match="needs pictures"):
        fit_joint_vaes(known, alone, GROUPS, TINY, device="cpu")


def test_a_person_of_the_world_is_decoded_better_than_by_guessing(
    smoke_world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(smoke_world))
    folder = god_folder(source="miniature", scale="smoke", null=None)
    lists = read_god_stimuli(folder)
    rois = ["V4", "LOC", "FFA", "PPA"]
    chosen = {"stimuli": lists, "rois": rois, "subjects": [1]}
    (known,) = load_god_people(folder, split="train", **chosen).values()
    (tests,) = load_god_people(folder, split="test", **chosen).values()
    cache = EmbeddingCache()
    space = god_joint_space(lists, source="miniature", scale="smoke", writings=["prompt"], cache=cache)
    assert space.images is not None
    groups = [category_of(name) for name in known.stimuli]
    one = fit_joint_vaes(known, space, groups, replace(TINY, n_epochs=15), device="cpu")[0]
    seen = list(dict.fromkeys(tests.stimuli))
    of = {name: category_of(name) for name in seen}
    vectors, classes = one.of_categories(space.images.select(seen), space.names["prompt"], of)
    table = name_by_classifier(
        one.decode(tests.averaged()), vectors, classes, categories=of, gamma=joint_vaes.GAMMA
    )
    assert table["percentile"].mean() > 0.5
