"""Networks of people: trained once, standardised by what they were trained on, blind to held-out rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from companion.embeddings import Embeddings
from companion.recording import Recording
from companion.running import mapping
from companion.running.joint_space import JointSpace
from companion.running.mapping import FittedMapping, fit_mappings
from companion.training.splits import validation_rows
from companion.training.supervision import MappingSettings

N_CATEGORIES, PER_CATEGORY, V, D = 10, 4, 12, 6
N = N_CATEGORIES * PER_CATEGORY
SHORT = MappingSettings(n_epochs=40, batch_size=16, learning_rate=1e-2)
IDS = [f"n{category}_{picture}" for category in range(N_CATEGORIES) for picture in range(PER_CATEGORY)]
GROUPS = [name.split("_")[0] for name in IDS]


def problem() -> tuple[Recording, JointSpace]:
    """Responses that carry pictures; prompts are the categories' means, sentences lie near pictures."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(N_CATEGORIES, D))
    images = centres.repeat(PER_CATEGORY, axis=0) + 0.5 * rng.normal(size=(N, D))
    responses = 3 + images @ rng.normal(size=(D, V)) + 0.2 * rng.normal(size=(N, V))
    units = pd.DataFrame({"name": [f"v{i}" for i in range(V)]})
    trials = pd.DataFrame({"stimulus": IDS})
    recording = Recording(responses, trials, units, "Subject1", "GOD", "fMRI", "train", simulated=True)
    sentences = images + 0.2 * rng.normal(size=(N, D))
    names = [f"n{category}" for category in range(N_CATEGORIES)]
    texts = Embeddings(
        np.concatenate([centres, sentences]),
        (*(f"prompt {n}" for n in names), *(f"s {n}" for n in IDS)),
        "toy",
    )
    of = {name: (f"prompt {name.split('_')[0]}", f"s {name}") for name in IDS}
    return recording, JointSpace(
        images=Embeddings(images, tuple(IDS), "toy"),
        texts=texts,
        texts_of=of,
        names={"prompt": Embeddings(centres, tuple(names), "toy")},
    )


def fitted(**changes: object) -> dict[tuple[str, int], FittedMapping]:
    recording, space = problem()
    arguments = {"seeds": (0, 1), "device": "cpu"} | changes
    return fit_mappings(recording, space, GROUPS, SHORT, **arguments)  # type: ignore[arg-type,return-value]


def test_networks_are_trained_once_and_read_back_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[int] = []
    original = mapping._train

    def counted(*given: object) -> object:
        trained.append(given[-1])  # type: ignore[arg-type]
        return original(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(mapping, "_train", counted)
    first, again = fitted(), fitted()
    assert trained == [0, 1] * 3
    recording, _ = problem()
    for key, one in first.items():
        np.testing.assert_array_equal(one.decode(recording).values, again[key].decode(recording).values)
        assert again[key].best == one.best
    fitted(seeds=(1, 2))
    assert trained == [0, 1] * 3 + [2] * 3  # only what was missing


@pytest.mark.parametrize("under", ["V", "T", "V&T"])
def test_held_out_categories_are_decoded_towards_their_pictures(under: str) -> None:
    recording, space = problem()
    _, held_out = validation_rows(GROUPS, share=mapping.VALIDATED, seed=0)
    unseen = recording.select_trials(held_out)
    decoded = fitted()[under, 0].decode(unseen)
    assert decoded.simulated
    assert decoded.space == "toy"
    assert space.images is not None
    wanted = space.images.select(unseen.stimuli).values
    cosines = (decoded.values * wanted).sum(1)
    assert (cosines > 0).mean() > 0.8


def test_responses_are_standardised_by_the_rows_that_train() -> None:
    recording, _ = problem()
    training, _ = validation_rows(GROUPS, share=mapping.VALIDATED, seed=0)
    mean, deviation = fitted()["V", 0]._statistics
    np.testing.assert_allclose(mean, recording.responses[training].mean(0), rtol=1e-5)
    np.testing.assert_allclose(deviation, recording.responses[training].std(0, ddof=1), rtol=1e-4)


def test_without_pictures_texts_supervise() -> None:
    recording, space = problem()
    alone = JointSpace(images=None, texts=space.texts, texts_of=space.texts_of, names=space.names)
    found = fit_mappings(recording, alone, GROUPS, SHORT, unders=["T"], seeds=[0], device="cpu")
    with_pictures = fitted(unders=["T"], seeds=[0])
    np.testing.assert_allclose(
        found["T", 0].decode(recording).values, with_pictures["T", 0].decode(recording).values, atol=1e-5
    )


def test_single_trials_are_named_by_the_caller() -> None:
    recording, _ = problem()
    twice = recording.select_trials([0, 0, 1])
    decoded = fitted(unders=["T"], seeds=[0])["T", 0].decode(twice, ["a#1", "a#2", "b#1"])
    assert decoded.ids == ("a#1", "a#2", "b#1")
    np.testing.assert_array_equal(decoded.values[0], decoded.values[1])
