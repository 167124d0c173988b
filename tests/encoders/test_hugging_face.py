"""Stock models from generated files in Hugging Face's layout, against a forward pass in its names."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch.nn import functional

from companion.encoders.hugging_face import load_hugging_face
from companion.errors import DataError

WIDTH, DEPTH, PROJECTED = 128, 2, 24
PATCH, GRID = {"clip": 56, "dino": 56, "dinov2": 56}, {"clip": 4, "dino": 4, "dinov2": 7}
EPS = {"clip": 1e-5, "dino": 1e-12, "dinov2": 1e-6}
MEAN, STD = [0.4, 0.5, 0.6], [0.2, 0.25, 0.3]
PREPARED = {
    "clip": {"size": 224, "crop_size": 224, "do_center_crop": True, "resample": 3},
    "dino": {"size": 224, "resample": 2},
    "dinov2": {
        "size": {"shortest_edge": 256},
        "crop_size": {"height": 224, "width": 224},
        "do_center_crop": True,
        "resample": 3,
    },
}
NAMES = {
    "clip": {
        "cls": "vision_model.embeddings.class_embedding",
        "positions": "vision_model.embeddings.position_embedding.weight",
        "patch": "vision_model.embeddings.patch_embedding.",
        "first": "vision_model.pre_layrnorm.",
        "last": "vision_model.post_layernorm.",
        "block": "vision_model.encoder.layers.{}.",
        "parts": ["layer_norm1.", "self_attn.{}_proj.", "self_attn.out_proj.", "layer_norm2.", "mlp.fc1."],
        "out": "mlp.fc2.",
        "qkv": "qkv",
    },
    "dino": {
        "cls": "embeddings.cls_token",
        "positions": "embeddings.position_embeddings",
        "patch": "embeddings.patch_embeddings.projection.",
        "last": "layernorm.",
        "block": "encoder.layer.{}.",
        "parts": [
            "layernorm_before.",
            "attention.attention.{}.",
            "attention.output.dense.",
            "layernorm_after.",
            "intermediate.dense.",
        ],
        "out": "output.dense.",
        "qkv": ["query", "key", "value"],
    },
}
NAMES["dinov2"] = NAMES["dino"] | {
    "parts": ["norm1.", "attention.attention.{}.", "attention.output.dense.", "norm2.", "mlp.fc1."],
    "out": "mlp.fc2.",
}


def state_of(kind: str) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(11)

    def draw(*shape: int, scale: float = 0.1) -> torch.Tensor:
        return scale * torch.randn(*shape, generator=generator)

    def layer(name: str, n_out: int, n_in: int) -> dict[str, torch.Tensor]:
        return {f"{name}weight": draw(n_out, n_in), f"{name}bias": draw(n_out)}

    def norm(name: str) -> dict[str, torch.Tensor]:
        return {f"{name}weight": 1 + draw(WIDTH), f"{name}bias": draw(WIDTH)}

    said = NAMES[kind]
    n_positions = GRID[kind] ** 2 + 1
    clip = kind == "clip"
    state = {
        said["cls"]: draw(*((WIDTH,) if clip else (1, 1, WIDTH))),
        said["positions"]: draw(*((n_positions, WIDTH) if clip else (1, n_positions, WIDTH)), scale=0.5),
        said["patch"] + "weight": draw(WIDTH, 3, PATCH[kind], PATCH[kind], scale=0.01),
        **norm(said["last"]),
    }
    if clip:
        state |= norm(said["first"]) | {"visual_projection.weight": draw(PROJECTED, WIDTH)}
        state |= {
            "text_model.encoder.layers.0.mlp.fc1.bias": draw(3),
            "logit_scale": torch.tensor(4.6),
            "text_projection.weight": draw(3, 3),
            "vision_model.embeddings.position_ids": torch.arange(n_positions)[None],
        }
    else:
        state |= {said["patch"] + "bias": draw(WIDTH), "pooler.dense.weight": draw(WIDTH, WIDTH)}
    if kind == "dinov2":
        state |= {"embeddings.mask_token": draw(1, WIDTH)}
    for number in range(DEPTH):
        at = said["block"].format(number)
        before, qkv, out, after, wide = (at + part for part in said["parts"])
        state |= norm(before) | norm(after) | layer(out, WIDTH, WIDTH)
        state |= layer(wide, 4 * WIDTH, WIDTH) | layer(at + said["out"], WIDTH, 4 * WIDTH)
        for part in said["qkv"]:
            state |= layer(qkv.format(part), WIDTH, WIDTH)
        if kind == "dinov2":
            state |= {f"{at}layer_scale{n}.lambda1": 1 + draw(WIDTH) for n in (1, 2)}
    return state


def prepared_by_hand(kind: str, picture: Image.Image) -> torch.Tensor:
    if kind == "dino":
        picture = picture.resize((224, 224), Image.Resampling.BILINEAR)
    else:
        edge = {"clip": 224, "dinov2": 256}[kind]
        short = min(picture.size)
        picture = picture.resize(
            tuple(int(edge * side / short) for side in picture.size), Image.Resampling.BICUBIC
        )
        left, top = (picture.width - 224) // 2, (picture.height - 224) // 2
        picture = picture.crop((left, top, left + 224, top + 224))
    pixels = torch.from_numpy(np.asarray(picture, np.float32) / 255)
    return (pixels - torch.tensor(MEAN)) / torch.tensor(STD)


def by_hand(kind: str, picture: Image.Image) -> torch.Tensor:
    """Forward pass out of matrix products, by the names of the file."""
    state, said = state_of(kind), NAMES[kind]

    def apply(x: torch.Tensor, place: str) -> torch.Tensor:
        return x @ state[place + "weight"].T + state[place + "bias"]

    def norm(x: torch.Tensor, place: str) -> torch.Tensor:
        return functional.layer_norm(x, (WIDTH,), state[place + "weight"], state[place + "bias"], EPS[kind])

    side = 224 // PATCH[kind]
    pixels = prepared_by_hand(kind, picture)
    patches = pixels.reshape(side, PATCH[kind], side, PATCH[kind], 3).permute(0, 2, 4, 1, 3)
    x = patches.reshape(side**2, -1) @ state[said["patch"] + "weight"].flatten(1).T
    x = x + state.get(said["patch"] + "bias", torch.zeros(WIDTH))
    positions = state[said["positions"]].reshape(-1, WIDTH)
    if GRID[kind] != side:
        grid = positions[1:].T.reshape(1, WIDTH, GRID[kind], GRID[kind])
        new = functional.interpolate(grid, scale_factor=(side + 0.1) / GRID[kind], mode="bicubic")
        positions = torch.cat([positions[:1], new.reshape(WIDTH, -1).T])
    x = torch.cat([state[said["cls"]].reshape(1, WIDTH), x]) + positions
    if kind == "clip":
        x = norm(x, said["first"])
    for number in range(DEPTH):
        at = said["block"].format(number)
        before, qkv, out, after, wide = (at + part for part in said["parts"])
        read = norm(x, before)
        q, k, v = (apply(read, qkv.format(part)).reshape(-1, WIDTH // 64, 64) for part in said["qkv"])
        weights = (torch.einsum("ihd,jhd->hij", q, k) / 8).softmax(-1)
        step = apply(torch.einsum("hij,jhd->ihd", weights, v).flatten(1), out)
        x = x + step * state.get(at + "layer_scale1.lambda1", torch.ones(1))
        hidden = apply(norm(x, after), wide)
        hidden = hidden * torch.sigmoid(1.702 * hidden) if kind == "clip" else functional.gelu(hidden)
        x = x + apply(hidden, at + said["out"]) * state.get(at + "layer_scale2.lambda1", torch.ones(1))
    vector = norm(x, said["last"])[0]
    return vector @ state["visual_projection.weight"].T if kind == "clip" else vector


def write(folder: Path, kind: str, state: dict[str, torch.Tensor], **more: object) -> Path:
    folder.mkdir()
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, folder / "model.safetensors")
    said = PREPARED[kind] | {"image_mean": MEAN, "image_std": STD} | more
    (folder / "preprocessor_config.json").write_text(json.dumps(said))
    return folder


@pytest.fixture(scope="module")
def pictures() -> list[Image.Image]:
    rng = np.random.default_rng(5)
    sizes = [(300, 260), (224, 224), (250, 400)]  # the first leaves an odd margin in DINOv2's crop
    small = [Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)) for _ in sizes]
    return [picture.resize(size) for picture, size in zip(small, sizes, strict=True)]


@pytest.mark.parametrize("kind", ["clip", "dino", "dinov2"])
def test_a_stock_model_gives_what_the_formulas_say(
    kind: str, tmp_path: Path, pictures: list[Image.Image]
) -> None:
    encoder = load_hugging_face(kind, write(tmp_path / kind, kind, state_of(kind)), name="stock")
    expected = np.stack([by_hand(kind, picture) for picture in pictures])
    np.testing.assert_allclose(encoder.images(pictures), expected, rtol=1e-3, atol=1e-3)
    assert encoder.n_features == (PROJECTED if kind == "clip" else WIDTH)
    assert encoder.name == "stock"


def test_older_files_and_newer_forms_of_the_preparation_give_the_same(
    tmp_path: Path, pictures: list[Image.Image]
) -> None:
    new = write(tmp_path / "new", "dino", state_of("dino"), size={"height": 224, "width": 224})
    old = write(tmp_path / "old", "dino", state_of("dino"))
    torch.save(state_of("dino"), old / "pytorch_model.bin")
    (old / "model.safetensors").unlink()
    vectors = [load_hugging_face("dino", folder, name="x").images(pictures) for folder in (new, old)]
    np.testing.assert_array_equal(*vectors)


def test_the_preparation_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    folders = [write(tmp_path / str(mode), "dino", state_of("dino"), resample=mode) for mode in (2, 3)]
    bilinear, bicubic = (load_hugging_face("dino", folder, name="x").fingerprint for folder in folders)
    assert bilinear != bicubic


def test_other_models_and_broken_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not on this machine"):
        load_hugging_face("dino", tmp_path / "absent", name="x")
    dino = write(tmp_path / "dino", "dino", state_of("dino"))
    with pytest.raises(DataError, match="another kind"):
        load_hugging_face("clip", dino, name="x")
    with pytest.raises(DataError, match="another architecture"):
        load_hugging_face("dinov2", dino, name="x")
    state = state_of("dino")
    del state["encoder.layer.1.attention.attention.key.bias"]
    with pytest.raises(DataError, match="attention layer is incomplete"):
        load_hugging_face("dino", write(tmp_path / "cut", "dino", state), name="x")
    with pytest.raises(DataError, match="Hugging Face's layout"):
        load_hugging_face("dino", write(tmp_path / "other", "dino", {"a.b": torch.zeros(1)}), name="x")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"size": 384}, "another size"),
        ({"size": "big"}, "cannot be read"),
        ({"resample": 1}, "cannot be read"),
    ],
)
def test_a_preparation_that_is_not_understood_is_refused(
    more: dict[str, object], said: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=said):
        load_hugging_face("dino", write(tmp_path / "x", "dino", state_of("dino"), **more), name="x")


def test_a_missing_preparation_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "x", "clip", state_of("clip"))
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(DataError, match=r"preprocessor_config\.json"):
        load_hugging_face("clip", folder, name="x")
