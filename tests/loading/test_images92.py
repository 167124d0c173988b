"""The 92 object images: matrices against independently converted copies, groups against the models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from companion.errors import DataError
from companion.loading import images92
from companion.loading.things import human_embedding

pytestmark = pytest.mark.usefixtures("data_root")


@pytest.fixture
def converted(real: Path) -> dict[str, np.ndarray]:
    folder = real / "images92_rdms"
    return {
        name: array
        for file in ("kriegeskorte2008.npz", "cichy2014_fmri.npz")
        for name, array in np.load(folder / file).items()
    }


def test_matrices_equal_the_converted_copies(converted: dict[str, np.ndarray]) -> None:
    np.testing.assert_allclose(images92.human_it(), converted["human_it"], atol=1e-6)
    np.testing.assert_allclose(images92.judgements(), converted["behaviour"], atol=1e-6)
    np.testing.assert_allclose(images92.second_laboratory("IT"), converted["it"], atol=1e-6)
    np.testing.assert_allclose(images92.second_laboratory("EVC"), converted["evc"], atol=1e-6)
    models = images92.model_matrices()
    assert list(models) == list(converted["model_names"])
    np.testing.assert_allclose(np.stack(list(models.values())), converted["model_rdms"], atol=1e-6)


def test_shapes_and_symmetry() -> None:
    arrays = {
        (4, 2): images92.human_it(),
        (16,): images92.judgements(),
        (15,): images92.second_laboratory("EVC"),
    }
    for leading, matrices in arrays.items():
        assert matrices.shape == (*leading, 92, 92)
        np.testing.assert_array_equal(matrices, np.swapaxes(matrices, -1, -2))


def test_labels_are_the_three_agreed_columns(real: Path) -> None:
    labels = images92.concept_labels()
    checked = pd.read_csv(real / "images92_rdms" / "stimuli.csv", keep_default_na=False)
    assert list(labels["object_name"]) == list(checked["object_name"])
    assert list(labels["things_concept"]) == list(checked["things_concept"])
    assert list(labels.columns) == ["object_name", "things_concept", "group"]


def test_linked_images_name_things_concepts() -> None:
    linked = images92.concept_labels().query("things_concept != ''")["things_concept"]
    assert (len(linked), linked.nunique()) == (63, 51)
    assert set(linked) <= set(human_embedding().ids)


def test_groups_follow_the_model_matrices() -> None:
    """The animacy and category models know nothing of our group names; their blocks must agree with them."""
    group = images92.concept_labels()["group"].to_numpy()
    models = images92.model_matrices()
    animate = np.isin(group, ["human bodies", "human faces", "animal bodies", "animal faces"])
    np.testing.assert_array_equal(models["animacy"] == 0, animate[:, None] == animate[None])
    kind = np.array([name.removeprefix("human ").removeprefix("animal ") for name in group])
    np.testing.assert_array_equal(models["FaceBodyManmadeNatobj"] == 0, kind[:, None] == kind[None])


def test_an_unknown_region_is_refused() -> None:
    with pytest.raises(ValueError, match="'V4'"):
        images92.second_laboratory("V4")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda m: m[:, :91], "another shape"),
        (lambda m: m + np.triu(np.ones((92, 92)), 1), "symmetric"),
        (lambda m: m + np.eye(92), "with itself"),
        (lambda m: np.where(m > 1, np.nan, m), "finite"),
    ],
)
def test_spoilt_matrices_are_refused(
    spoil, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "fmri_IT_RDMs.npz"
    np.savez(path, Net_RDM=spoil(images92.second_laboratory("IT")))
    monkeypatch.setattr(images92, "data_file", lambda entry, name: path)
    with pytest.raises(DataError, match=said):
        images92.second_laboratory("IT")
