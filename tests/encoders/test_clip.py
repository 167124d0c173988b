"""CLIP towers with weights of a generated file, compared with open_clip's own way of using them."""

from __future__ import annotations

import json
import logging
import os
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from companion.encoders.anchors import class_anchors
from companion.encoders.cache import EmbeddingCache
from companion.encoders.clip import ClipEncoder, load_clip
from companion.encoders.interface import encode_images, encode_texts
from companion.errors import DataError

CONFIG = {
    "embed_dim": 12,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}
LISTED = {
    "mean": (0.5, 0.5, 0.5),
    "std": (0.25, 0.25, 0.25),
    "interpolation": "bilinear",
    "resize_mode": "squash",
}
TEXTS = ["an image of a cat.", "an image of a killer whale.", "dog"]


@pytest.fixture(scope="module")
def pictures() -> list[Image.Image]:
    rng = np.random.default_rng(3)
    sizes = [(40, 60), (33, 32), (90, 50)]
    small = [rng.integers(0, 256, (4, 4, 3), dtype=np.uint8) for _ in sizes]
    return [
        Image.fromarray(a).resize(size, Image.Resampling.BICUBIC)
        for a, size in zip(small, sizes, strict=True)
    ]


@pytest.fixture(scope="module", autouse=True)
def listed_architectures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Two tiny architectures and two trainings on open_clip's lists, taken off again afterwards."""
    import open_clip
    from open_clip import factory, pretrained

    folder = tmp_path_factory.mktemp("architectures")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(factory, "_MODEL_CONFIGS", dict(factory._MODEL_CONFIGS))
        patch.setattr(factory, "_MODEL_CONFIG_PATHS", list(factory._MODEL_CONFIG_PATHS))
        for name, more in (("tiny", {}), ("tiny-quickgelu", {"quick_gelu": True})):
            (folder / f"{name}.json").write_text(json.dumps(CONFIG | more))
            open_clip.add_model_config(folder / f"{name}.json")
        quick = {"openai": LISTED | {"quick_gelu": True}}
        patch.setitem(pretrained._PRETRAINED, "tiny", quick | {"plain": LISTED})
        patch.setitem(pretrained._PRETRAINED, "tiny-quickgelu", quick)
        yield


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    import open_clip

    with torch.random.fork_rng():
        torch.manual_seed(0)
        state = open_clip.CLIP(**CONFIG).state_dict()
        # far from zero, so that the activations differ visibly
        return {name: tensor + 0.3 * torch.randn(tensor.shape) for name, tensor in state.items()}


@pytest.fixture(scope="module")
def weights(state: dict[str, torch.Tensor], tmp_path_factory: pytest.TempPathFactory) -> Path:
    from safetensors.torch import save_file

    path = tmp_path_factory.mktemp("weights") / "open_clip_model.safetensors"
    save_file(state, path)
    return path


@pytest.fixture(scope="module")
def encoder(weights: Path) -> ClipEncoder:
    return load_clip("tiny-quickgelu", weights, training="openai")


def test_both_towers_give_what_open_clip_gives(
    weights: Path, pictures: list[Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    import open_clip

    monkeypatch.setattr(
        logging, "info", lambda *_: None
    )  # the factory's way of logging sets up the root logger
    model = open_clip.create_model("tiny", pretrained=str(weights)).eval()
    preprocess = open_clip.image_transform(32, is_train=False)
    encoder = load_clip("tiny", weights, training=None)
    with torch.no_grad():
        images = model.encode_image(torch.stack([preprocess(picture) for picture in pictures]))
        texts = model.encode_text(open_clip.get_tokenizer("tiny")(TEXTS))
    np.testing.assert_allclose(encoder.images(pictures), images, atol=1e-5)
    np.testing.assert_allclose(encoder.texts(TEXTS), texts, atol=1e-5)
    assert encoder.images(pictures).dtype == np.float32
    assert encoder.images(pictures).shape == (3, encoder.n_features) == (3, 12)


def test_features_are_raw(encoder: ClipEncoder, pictures: list[Image.Image]) -> None:
    lengths = np.linalg.norm(encoder.images(pictures), axis=1)
    assert np.abs(lengths - 1).min() > 0.1


def test_pixels_and_images_and_files_are_the_same(
    encoder: ClipEncoder, pictures: list, tmp_path: Path
) -> None:
    pictures[0].save(tmp_path / "a.png")
    arrays = {"file": tmp_path / "a.png", "array": np.asarray(pictures[0])}
    space = encode_images(encoder, arrays, batch_size=1)
    np.testing.assert_array_equal(space.values[0], space.values[1])
    np.testing.assert_array_equal(space.values[:1], encoder.images([np.asarray(pictures[0])]))
    assert space.space == "CLIP tiny-quickgelu (openai)"


def test_the_same_batch_gives_the_same_numbers_and_no_gradients(encoder: ClipEncoder, pictures: list) -> None:
    np.testing.assert_array_equal(encoder.images(pictures), encoder.images(pictures))
    assert not encoder._model.training
    assert not any(parameter.requires_grad for parameter in encoder._model.parameters())
    one_by_one = np.concatenate([encoder.images([picture]) for picture in pictures])
    np.testing.assert_allclose(encoder.images(pictures), one_by_one, atol=1e-5)


def test_global_random_state_is_the_callers_business(weights: Path) -> None:
    torch.manual_seed(5)
    first = torch.rand(1)
    torch.manual_seed(5)
    load_clip("tiny", weights, training=None)
    assert torch.rand(1) == first


# ---- activation and preprocessing


@pytest.mark.parametrize(
    ("architecture", "training", "force", "said"),
    [
        ("RN101", "openai", False, "name 'RN101-quickgelu' or pass force_quick_gelu=True"),
        ("ViT-B/32", "laion400m_e31", False, "name 'ViT-B-32-quickgelu'"),
        ("ViT-B-32", "laion2b_s34b_b79k", True, "leave out force_quick_gelu"),
        ("tiny", "openai", False, "QuickGELU"),
    ],
)
def test_the_wrong_activation_is_refused_before_weights_are_read(
    architecture: str, training: str, force: bool, said: str
) -> None:
    with pytest.raises(DataError, match="were trained with") as caught:
        load_clip(architecture, Path("absent"), training=training, force_quick_gelu=force)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("architecture", "force"), [("RN101-quickgelu", False), ("RN101", True), ("RN101-quickgelu", True)]
)
def test_the_right_activation_is_let_through_to_the_weights(architecture: str, force: bool) -> None:
    with pytest.raises(DataError, match="not on this machine"):
        load_clip(architecture, Path("absent"), training="openai", force_quick_gelu=force)


def test_forced_quick_gelu_is_the_quickgelu_architecture(
    weights: Path, encoder: ClipEncoder, pictures: list[Image.Image]
) -> None:
    forced = load_clip("tiny", weights, training="openai", force_quick_gelu=True)
    np.testing.assert_array_equal(forced.images(pictures), encoder.images(pictures))
    np.testing.assert_array_equal(forced.texts(TEXTS), encoder.texts(TEXTS))
    assert forced.fingerprint == encoder.fingerprint
    plain = load_clip("tiny", weights, training="plain")
    assert np.abs(plain.images(pictures) - forced.images(pictures)).max() > 1e-3
    assert np.abs(plain.texts(TEXTS) - forced.texts(TEXTS)).max() > 1e-3
    assert plain.fingerprint != forced.fingerprint


def test_the_training_decides_the_preprocessing(weights: Path, pictures: list[Image.Image]) -> None:
    usual, listed = (load_clip("tiny", weights, training=training) for training in (None, "plain"))
    assert np.abs(usual.images(pictures) - listed.images(pictures)).max() > 1e-3
    np.testing.assert_array_equal(usual.texts(TEXTS), listed.texts(TEXTS))
    assert usual.fingerprint != listed.fingerprint
    squashed = pictures[0].resize((32, 32), Image.Resampling.BILINEAR)
    np.testing.assert_allclose(listed.images([pictures[0]]), listed.images([squashed]), atol=1e-4)


@pytest.mark.parametrize(
    ("architecture", "training", "said"),
    [
        ("ViT-B-33", None, "no such architecture"),
        ("hf-hub:someone/some-model", None, "no such architecture"),
        ("tiny", "laion", "openai, plain"),
        ("ViT-B-16-SigLIP", "webli", "hub"),
        ("roberta-ViT-B-32", None, "hub"),
    ],
)
def test_what_is_on_no_list_or_needs_a_hub_is_refused(architecture: str, training: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        load_clip(architecture, Path("absent"), training=training)


# ---- weights


def test_a_torch_file_a_training_checkpoint_and_half_precision_are_read(
    state: dict[str, torch.Tensor], weights: Path, tmp_path: Path
) -> None:
    whole = load_clip("tiny", weights, training=None).texts(TEXTS)
    torch.save(state, tmp_path / "state.pt")
    distributed = {f"module.{name}": tensor for name, tensor in state.items()}
    torch.save({"epoch": 3, "state_dict": distributed}, tmp_path / "epoch_3.pt")
    openai = {"input_resolution": torch.tensor(32), "vocab_size": torch.tensor(49408)}
    torch.save(openai | {name: tensor.half() for name, tensor in state.items()}, tmp_path / "half.pt")
    for name in ("state.pt", "epoch_3.pt"):
        other = load_clip("tiny", tmp_path / name, training=None)
        np.testing.assert_array_equal(other.texts(TEXTS), whole)
    half = load_clip("tiny", tmp_path / "half.pt", training=None).texts(TEXTS)
    np.testing.assert_allclose(half, whole, atol=0.2)
    assert half.dtype == np.float32


def test_names_that_are_missing_unexpected_or_of_another_shape_are_said(
    state: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    changed = dict(state) | {"visual.extra": torch.zeros(2), "text_projection": torch.zeros(3, 4)}
    del changed["visual.proj"]
    torch.save(changed, tmp_path / "other.pt")
    with pytest.raises(DataError, match="another architecture") as caught:
        load_clip("tiny", tmp_path / "other.pt", training=None)
    for said in (
        "missing: visual.proj",
        "unexpected: visual.extra",
        "text_projection (3, 4) instead of (32, 12)",
    ):
        assert said in str(caught.value)


def test_position_embeddings_of_another_size_are_not_stretched(
    state: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    torch.save(dict(state) | {"visual.positional_embedding": torch.zeros(10, 32)}, tmp_path / "larger.pt")
    with pytest.raises(DataError, match=r"visual\.positional_embedding \(10, 32\)"):
        load_clip("tiny", tmp_path / "larger.pt", training=None)


class RunsCode:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple:
        return (os.mkdir, (str(self.mark),))


@pytest.mark.parametrize("how", ["torch", "bare pickle"])
def test_a_file_that_would_run_code_is_refused_and_not_run(tmp_path: Path, how: str) -> None:
    mark, path = tmp_path / "ran", tmp_path / "evil.pt"
    if how == "torch":
        torch.save({"a": RunsCode(mark)}, path)
    else:
        path.write_bytes(pickle.dumps({"a": RunsCode(mark)}, protocol=2))
    with pytest.raises(DataError, match="cannot be read"):
        load_clip("tiny", path, training=None)
    assert not mark.exists()


def test_a_torchscript_archive_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "RN101.pt"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("data.pkl", "constants.pkl", "code/__torch__.py"):
            archive.writestr(f"RN101/{name}", b"")
    with pytest.raises(DataError, match=r"open_clip_model\.safetensors"):
        load_clip("RN101-quickgelu", path, training="openai")


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
@pytest.mark.parametrize("how", ["cut", "text", "empty"])
def test_a_damaged_file_is_refused(
    state: dict[str, torch.Tensor], weights: Path, tmp_path: Path, suffix: str, how: str
) -> None:
    path = tmp_path / f"weights{suffix}"
    if suffix == ".pt":
        torch.save(state, path)
    else:
        path.write_bytes(weights.read_bytes())
    content = {"cut": path.read_bytes()[:-1000], "text": b"<html>not found</html>", "empty": b""}[how]
    path.write_bytes(content)
    with pytest.raises(DataError, match="cannot be read"):
        load_clip("tiny", path, training=None)


@pytest.mark.parametrize("content", [[torch.zeros(2)], {"a": 3}, {}, torch.zeros(2)])
def test_something_else_than_named_tensors_is_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "odd.pt")
    with pytest.raises(DataError, match="tensors by name"):
        load_clip("tiny", tmp_path / "odd.pt", training=None)


# ---- cache and anchors


def test_other_weights_have_another_fingerprint_and_the_same_ones_elsewhere_do_not(
    state: dict[str, torch.Tensor], weights: Path, tmp_path: Path
) -> None:
    from safetensors.torch import save_file

    (tmp_path / "copy.safetensors").write_bytes(weights.read_bytes())
    save_file(dict(state) | {"logit_scale": state["logit_scale"] + 1}, tmp_path / "other.safetensors")
    first, copy, other = (
        load_clip("tiny", path, training=None).fingerprint
        for path in (weights, tmp_path / "copy.safetensors", tmp_path / "other.safetensors")
    )
    assert first == copy != other


def test_vectors_are_kept_and_come_back_bit_for_bit(encoder: ClipEncoder, tmp_path: Path) -> None:
    texts, cache = dict(enumerate_texts()), EmbeddingCache(tmp_path)
    first = encode_texts(encoder, texts, batch_size=2, cache=cache)
    again = encode_texts(encoder, texts, batch_size=3, cache=cache)
    np.testing.assert_array_equal(first.values, again.values)
    assert (cache.misses, cache.hits) == (3, 3)


def enumerate_texts() -> Iterator[tuple[str, str]]:
    return ((f"n{number}", text) for number, text in enumerate(TEXTS))


def test_anchors_are_open_clips_zero_shot_classifier(encoder: ClipEncoder) -> None:
    import open_clip

    templates = open_clip.OPENAI_IMAGENET_TEMPLATES[:7]
    names = {"n1": "cat", "n2": "killer whale", "n3": "iPod"}
    anchors = class_anchors(encoder, names, templates, batch_size=5)
    tokenise = open_clip.SimpleTokenizer(context_length=16)
    theirs = open_clip.build_zero_shot_classifier(encoder._model, tokenise, list(names.values()), templates)
    np.testing.assert_allclose(anchors.values, theirs.T, atol=1e-5)
    assert anchors.ids == ("n1", "n2", "n3")
