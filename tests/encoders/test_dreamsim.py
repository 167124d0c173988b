"""DreamSim families from generated files of the releases' layouts, against a forward pass by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from companion.encoders.dreamsim import BRANCHES, ENSEMBLE, load_dreamsim
from companion.encoders.lora import merge_adapter
from companion.errors import DataError

WIDTH, DEPTH, PROJECTED, RANK, ALPHA = 128, 2, 24, 4, 12.0
PATCH = {"dinov2_vitb14": 56, "clip_vitb32": 56}
WRAPPED = {
    "dino_vitb16": lambda state: {"student": {}, "teacher": {f"backbone.{k}": v for k, v in state.items()}},
    "dinov2_vitb14": lambda state: state | {"mask_token": torch.zeros(1, WIDTH)},
    "synclr_vitb16": lambda state: {"model": {f"module.visual.{k}": v for k, v in state.items()}},
}
SINGLE = ["clip_vitb32", "open_clip_vitb32", "dino_vitb16", "dinov2_vitb14", "synclr_vitb16"]


def base_state(name: str, seed: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int, scale: float = 0.1) -> torch.Tensor:
        return scale * torch.randn(*shape, generator=generator)

    patch = PATCH.get(name, 112)
    side = 7 if name == "dinov2_vitb14" else 224 // patch  # DINOv2's file is for a larger picture
    state = {
        "cls_token": draw(1, 1, WIDTH),
        "pos_embed": draw(1, side**2 + 1, WIDTH, scale=0.5),
        "patch_embed.proj.weight": draw(WIDTH, 3, patch, patch, scale=0.01),
        "patch_embed.proj.bias": draw(WIDTH),
        "norm.weight": 1 + draw(WIDTH),
        "norm.bias": draw(WIDTH),
    }
    for number in range(DEPTH):
        block = {
            "norm1.weight": 1 + draw(WIDTH),
            "norm1.bias": draw(WIDTH),
            "attn.qkv.weight": draw(3 * WIDTH, WIDTH),
            "attn.qkv.bias": draw(3 * WIDTH),
            "attn.proj.weight": draw(WIDTH, WIDTH),
            "attn.proj.bias": draw(WIDTH),
            "norm2.weight": 1 + draw(WIDTH),
            "norm2.bias": draw(WIDTH),
            "mlp.fc1.weight": draw(4 * WIDTH, WIDTH),
            "mlp.fc1.bias": draw(4 * WIDTH),
            "mlp.fc2.weight": draw(WIDTH, 4 * WIDTH),
            "mlp.fc2.bias": draw(WIDTH),
        }
        if name == "dinov2_vitb14":
            block |= {"ls1.gamma": 1 + draw(WIDTH), "ls2.gamma": 1 + draw(WIDTH)}
        state |= {f"blocks.{number}.{key}": tensor for key, tensor in block.items()}
    if "clip" in name:
        state |= {
            "pos_drop.weight": 1 + draw(WIDTH),
            "pos_drop.bias": draw(WIDTH),
            "proj": draw(WIDTH, PROJECTED),
        }
    return state


def adapter_state(seed: int, branch: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    shapes = {"A": (RANK, WIDTH), "B": (3 * WIDTH, RANK)}
    return {
        f"base_model.model.extractor_list.{branch}.model.blocks.{number}.attn.qkv.lora_{factor}.weight": 0.3
        * torch.randn(*shape, generator=generator)
        for number in range(DEPTH)
        for factor, shape in shapes.items()
    }


def write_adapter(folder: Path, state: dict[str, torch.Tensor], **more: object) -> None:
    folder.mkdir()
    config = {
        "r": RANK,
        "lora_alpha": ALPHA,
        "lora_dropout": 0.3,
        "bias": "none",
        "target_modules": ["qkv"],
    } | more
    (folder / "adapter_config.json").write_text(json.dumps(config))
    torch.save(state, folder / "adapter_model.bin")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Base weights and adapters as the releases unpack them."""
    folder = tmp_path_factory.mktemp("dreamsim")
    for number, (name, branch) in enumerate(BRANCHES.items()):
        wrap = WRAPPED.get(name, lambda state: {"state_dict": state})
        torch.save(wrap(base_state(name, number)), folder / branch.file)
        if name in SINGLE:
            write_adapter(folder / f"{name}_single_lora", adapter_state(100 + number, 0))
    together = [adapter_state(200 + number, number) for number in range(3)]
    write_adapter(folder / "ensemble_lora", {k: v for part in together for k, v in part.items()})
    return folder


@pytest.fixture(scope="module")
def pictures() -> list[Image.Image]:
    rng = np.random.default_rng(5)
    small = [rng.integers(0, 256, (6, 6, 3), dtype=np.uint8) for _ in range(2)]
    return [Image.fromarray(a).resize(size) for a, size in zip(small, [(260, 200), (224, 224)], strict=True)]


def by_hand(
    name: str, picture: Image.Image, adapter: dict[str, torch.Tensor] | None, branch: int = 0
) -> torch.Tensor:
    """Forward pass out of matrix products; the adapter works beside the layer and is not merged."""
    state = base_state(name, list(BRANCHES).index(name))
    clip = "clip" in name
    mean, std = (
        ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711])
        if clip
        else ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    )
    squashed = np.asarray(picture.resize((224, 224), Image.Resampling.BICUBIC), np.float32) / 255
    pixels = (torch.from_numpy(squashed) - torch.tensor(mean)) / torch.tensor(std)
    patch = state["patch_embed.proj.weight"].shape[-1]
    side = 224 // patch
    patches = pixels.reshape(side, patch, side, patch, 3).permute(0, 2, 4, 1, 3).reshape(side**2, -1)
    x = patches @ state["patch_embed.proj.weight"].flatten(1).T + state["patch_embed.proj.bias"]
    positions = state["pos_embed"][0]
    if len(positions) != side**2 + 1:
        old = math.isqrt(len(positions) - 1)
        grid = positions[1:].T.reshape(1, WIDTH, old, old)
        ratio = (side + 0.1) / old
        new = functional.interpolate(grid, scale_factor=ratio, mode="bicubic")
        positions = torch.cat([positions[:1], new.reshape(WIDTH, -1).T])
    x = torch.cat([state["cls_token"][0], x]) + positions

    def norm(v: torch.Tensor, place: str) -> torch.Tensor:
        centred = v - v.mean(-1, keepdim=True)
        spread = (centred.square().mean(-1, keepdim=True) + (1e-5 if clip else 1e-6)).sqrt()
        return centred / spread * state[f"{place}.weight"] + state[f"{place}.bias"]

    if clip:
        x = norm(x, "pos_drop")
    for number in range(DEPTH):
        at = f"blocks.{number}."
        read = norm(x, at + "norm1")
        qkv = read @ state[at + "attn.qkv.weight"].T + state[at + "attn.qkv.bias"]
        if adapter is not None:
            lora = f"base_model.model.extractor_list.{branch}.model.{at}attn.qkv.lora_"
            qkv = qkv + ALPHA / RANK * (read @ adapter[lora + "A.weight"].T @ adapter[lora + "B.weight"].T)
        heads = []
        for head in range(WIDTH // 64):
            q, k, v = (qkv[:, part * WIDTH + head * 64 : part * WIDTH + (head + 1) * 64] for part in range(3))
            heads.append((q @ k.T / 8).softmax(-1) @ v)
        out = torch.cat(heads, 1) @ state[at + "attn.proj.weight"].T + state[at + "attn.proj.bias"]
        x = x + out * state.get(at + "ls1.gamma", torch.ones(1))
        hidden = norm(x, at + "norm2") @ state[at + "mlp.fc1.weight"].T + state[at + "mlp.fc1.bias"]
        quick = name.startswith("clip")
        hidden = hidden * torch.sigmoid(1.702 * hidden) if quick else functional.gelu(hidden)
        out = hidden @ state[at + "mlp.fc2.weight"].T + state[at + "mlp.fc2.bias"]
        x = x + out * state.get(at + "ls2.gamma", torch.ones(1))
    return norm(x, "norm")[0] @ state["proj"] if clip else x[0]


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("name", SINGLE)
def test_a_single_network_gives_what_the_formulas_say(
    name: str, aligned: bool, folder: Path, pictures: list[Image.Image]
) -> None:
    encoder = load_dreamsim(name, folder, aligned=aligned)
    adapter = adapter_state(100 + list(BRANCHES).index(name), 0) if aligned else None
    expected = np.stack([by_hand(name, picture, adapter) for picture in pictures])
    np.testing.assert_allclose(encoder.images(pictures), expected, rtol=1e-3, atol=2e-3)
    assert encoder.n_features == expected.shape[1] == (PROJECTED if "clip" in name else WIDTH)


def test_the_ensemble_is_its_parts_one_after_the_other(folder: Path, pictures: list[Image.Image]) -> None:
    encoder = load_dreamsim("ensemble", folder)
    parts = [by_hand(name, pictures[0], adapter_state(200 + n, n), n) for n, name in enumerate(ENSEMBLE)]
    np.testing.assert_allclose(encoder.images(pictures[:1])[0], np.concatenate(parts), rtol=1e-3, atol=2e-3)
    assert encoder.n_features == WIDTH + 2 * PROJECTED


def test_the_adapter_matters_and_is_part_of_the_fingerprint(
    folder: Path, pictures: list[Image.Image]
) -> None:
    tuned, base = (load_dreamsim("dino_vitb16", folder, aligned=aligned) for aligned in (True, False))
    assert np.abs(tuned.images(pictures) - base.images(pictures)).max() > 0.1
    assert tuned.fingerprint != base.fingerprint
    assert tuned.fingerprint == load_dreamsim("dino_vitb16", folder).fingerprint
    assert tuned.name != base.name


def test_what_the_releases_do_not_have_is_refused(folder: Path, tmp_path: Path) -> None:
    for family in ("clip_vitb16", "dino"):
        with pytest.raises(DataError, match="no such family"):
            load_dreamsim(family, folder)
    with pytest.raises(DataError, match="not on this machine"):
        load_dreamsim("dino_vitb16", tmp_path)


def test_a_file_of_another_family_is_refused(folder: Path, tmp_path: Path) -> None:
    file = BRANCHES["open_clip_vitb32"].file
    torch.save(base_state("dino_vitb16", 0), tmp_path / file)
    with pytest.raises(DataError, match="expected layout"):
        load_dreamsim("open_clip_vitb32", tmp_path, aligned=False)
    torch.save(base_state("open_clip_vitb32", 0), tmp_path / BRANCHES["dino_vitb16"].file)
    with pytest.raises(DataError, match="expected layout"):
        load_dreamsim("dino_vitb16", tmp_path, aligned=False)


@pytest.mark.parametrize("more", [{"use_rslora": True}, {"bias": "all"}, {"r": 0}])
def test_an_adapter_with_another_formula_is_refused(more: dict[str, object], tmp_path: Path) -> None:
    write_adapter(tmp_path / "lora", adapter_state(1, 0), **more)
    with pytest.raises(DataError, match="not plain LoRA"):
        merge_adapter(base_state("dino_vitb16", 0), tmp_path / "lora")


def test_an_adapter_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    state = adapter_state(1, 0)
    weights = base_state("dino_vitb16", 0)
    name = next(iter(state))
    faults = {
        "no LoRA factor": state | {"other.weight": torch.zeros(2)},
        "not in pairs": {key: value for key, value in state.items() if key != name},
        "does not fit": state | {name: torch.zeros(RANK, WIDTH + 1)},
    }
    for number, (said, content) in enumerate(faults.items()):
        write_adapter(tmp_path / str(number), content)
        with pytest.raises(DataError, match=said):
            merge_adapter(weights, tmp_path / str(number))
    write_adapter(tmp_path / "whole", state)
    with pytest.raises(DataError, match="not in pairs"):
        merge_adapter(weights, tmp_path / "whole", branch=1)
    with pytest.raises(DataError, match=r"adapter_config.json"):
        merge_adapter(weights, tmp_path / "absent")
    before = {key: tensor.clone() for key, tensor in weights.items()}
    merge_adapter(weights, tmp_path / "whole")
    assert all(torch.equal(tensor, weights[key]) for key, tensor in before.items())
