"""Weights of networks: safetensors, torch files, adapters, and folders in Hugging Face's layout."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import save

from companion.decoding.generation.generator import FIRST_STAGE, WEIGHTS, read_generator
from companion.encoders.hugging_face import load_hugging_face
from companion.encoders.lora import merge_adapter
from companion.encoders.vit import ViTLayout, build_vit, read_vit_weights
from companion.encoders.weights import load_strictly, read_weights
from companion.errors import DataError

from .damage import DEEP_JSON, Long, as_json, damaged_bytes, damaged_value, outcome, write

WIDTH = 64
PLAIN = ViTLayout(eps=1e-6)
State = dict[str, torch.Tensor]


def block(number: int) -> State:
    wide = {"attn.qkv": (3 * WIDTH, WIDTH), "attn.proj": (WIDTH, WIDTH)}
    wide |= {"mlp.fc1": (2 * WIDTH, WIDTH), "mlp.fc2": (WIDTH, 2 * WIDTH)}
    norms = {
        f"blocks.{number}.norm{n}.{part}": torch.ones(WIDTH) for n in (1, 2) for part in ("weight", "bias")
    }
    layers = {f"blocks.{number}.{name}.weight": torch.full(shape, 0.01) for name, shape in wide.items()}
    return (
        norms
        | layers
        | {f"blocks.{number}.{name}.bias": torch.zeros(shape[0]) for name, shape in wide.items()}
    )


def network() -> State:
    """A vision transformer of two small blocks, by DINO's names."""
    return {
        "cls_token": torch.zeros(1, 1, WIDTH),
        "pos_embed": torch.zeros(1, 5, WIDTH),
        "patch_embed.proj.weight": torch.full((WIDTH, 3, 112, 112), 1e-3),
        "patch_embed.proj.bias": torch.zeros(WIDTH),
        "norm.weight": torch.ones(WIDTH),
        "norm.bias": torch.zeros(WIDTH),
        **block(0),
        **block(1),
    }


def saved(content: Any, *, legacy: bool = False) -> bytes:
    stream = io.BytesIO()
    torch.save(content, stream, _use_new_zipfile_serialization=not legacy)
    return stream.getvalue()


SMALL = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.zeros(2), "n": torch.tensor(3)}
FILES = {
    "w.safetensors": save(SMALL),
    "w.pt": saved(SMALL),
    "w.pth": saved({"state_dict": SMALL, "epoch": 3}),
    "w.bin": saved(SMALL, legacy=True),
}


@given(data=st.data())
def test_damaged_weight_files(data: st.DataObject, tmp_path: Path) -> None:
    name = data.draw(st.sampled_from(sorted(FILES)))
    path = write(tmp_path / name, data.draw(damaged_bytes(FILES[name])))
    found = outcome(lambda: read_weights(path), names=name)
    if found is not None:
        assert all(torch.isfinite(tensor.float()).all() for tensor in found.values())
        assert sum(tensor.numel() for tensor in found.values()) <= 16


@pytest.mark.parametrize("name", sorted(FILES))
def test_undamaged_weight_files(name: str, tmp_path: Path) -> None:
    found = read_weights(write(tmp_path / name, FILES[name]))
    assert found.keys() == SMALL.keys()
    assert all(torch.equal(found[key], tensor) for key, tensor in SMALL.items())


ENTRY = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
HEADER = {
    "a": ENTRY,
    "b": {"dtype": "F16", "shape": [2], "data_offsets": [24, 28]},
    "__metadata__": {"k": "v"},
}


@given(
    header=damaged_value(HEADER).map(as_json) | damaged_bytes(as_json(HEADER)) | st.sampled_from(DEEP_JSON),
    length=st.none() | st.sampled_from([0, 1, 7, 2**31, 2**60, 2**64 - 1]),
    body=st.sampled_from([28, 0, 27, 29, 60]),
)
def test_headers_of_safetensors(header: bytes, length: int | None, body: int, tmp_path: Path) -> None:
    said = struct.pack("<Q", len(header) if length is None else length)
    path = write(tmp_path / "w.safetensors", said + header + bytes(body))
    outcome(lambda: read_weights(path), names="w.safetensors")


def test_tensors_that_lie_over_each_other_are_refused(tmp_path: Path) -> None:
    header = as_json({"a": ENTRY, "b": ENTRY})
    path = write(tmp_path / "w.safetensors", struct.pack("<Q", len(header)) + header + bytes(24))
    with pytest.raises(DataError, match="cannot be read"):
        read_weights(path)


def repacked(content: bytes, *, method: int = zipfile.ZIP_STORED, short: int = 0) -> bytes:
    """A torch file whose archive was written anew, compressed or with less behind each tensor."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", method) as new:
        for info in old.infolist():
            held = old.read(info)
            new.writestr(info.filename, held[: len(held) - short] if "/data/" in info.filename else held)
    return stream.getvalue()


def test_a_compressed_torch_file_is_refused_before_it_is_inflated(tmp_path: Path) -> None:
    """torch writes none; one of 130 kB could hold 128 MB of zeros."""
    content = repacked(saved({"a": torch.zeros(2**25)}), method=zipfile.ZIP_DEFLATED)
    assert len(content) < 2**18
    path = write(tmp_path / "bomb.pt", content)
    with pytest.raises(DataError, match="which would inflate to 1342"):
        read_weights(path)


def test_a_tensor_longer_than_its_record_is_refused(tmp_path: Path) -> None:
    """torch would hand out what lies behind the record in memory."""
    path = write(tmp_path / "w.pt", repacked(saved({"a": torch.arange(4096.0)}), short=8192))
    with pytest.raises(DataError, match=r"w\.pt"):
        read_weights(path)


def test_tensors_without_numbers_of_their_own_are_refused(tmp_path: Path) -> None:
    odd = {
        "shape": torch.zeros(1, device="meta"),
        "repeated": torch.zeros(1).expand(10**6, 10**6),
        "sparse": torch.eye(3).to_sparse(),
        "complex": torch.zeros(2, dtype=torch.complex64),
        "nan": torch.tensor([0.0, float("nan")]),
        "infinite": torch.tensor([float("inf")], dtype=torch.float16),
    }
    for name, tensor in odd.items():
        path = write(tmp_path / "w.pt", saved({"fine": torch.zeros(2), name: tensor}))
        with pytest.raises(DataError, match=rf"w\.pt(, {name}|\n)"):
            read_weights(path)


@st.composite
def odd_states(draw: st.DrawFn, valid: State) -> bytes:
    """File of tensors, one to three of which are gone, renamed, of another shape, type or value."""
    state = dict(valid)
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(sorted(state)))
        tensor = state[name]
        others = [None, tensor.double(), tensor.half(), tensor.int(), tensor * float("nan"), tensor.flatten()]
        others += [tensor[None], torch.tensor(1.0), torch.zeros(0), tensor.T if tensor.ndim == 2 else tensor]
        if tensor.ndim:
            others += [tensor[:1], tensor[..., :0], torch.cat([tensor, tensor])]
        other = draw(st.sampled_from(others))
        new = draw(
            st.sampled_from([name, name, "odd", name.replace("0", "999999999"), name.replace("1", "x"), ""])
        )
        del state[name]
        if other is not None:
            state[new] = other.contiguous()
        if not state:
            break
    return Long(save(state))


@given(content=odd_states(network()))
def test_networks_of_other_tensors(content: bytes, tmp_path: Path) -> None:
    """Two blocks are asked for in vain by name 999999999: the network is never built."""
    path = write(tmp_path / "dino.safetensors", content)

    def load() -> torch.nn.Module:
        weights, projection = read_vit_weights(path, PLAIN, 224)
        return build_vit(weights, projection, PLAIN, path, 224)

    model = outcome(load, names="dino.safetensors")
    if model is not None:
        assert torch.isfinite(model(torch.zeros(1, 3, 224, 224))).all()


PREPARED = {
    "size": {"height": 224, "width": 224},
    "resample": 2,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.2, 0.2, 0.2],
    "do_center_crop": False,
    "crop_size": 224,
    "do_rescale": True,
}
NAMES = (
    ("cls_token", "embeddings.cls_token"),
    ("pos_embed", "embeddings.position_embeddings"),
    ("patch_embed.proj.", "embeddings.patch_embeddings.projection."),
    ("blocks.", "encoder.layer."),
    (".norm1.", ".layernorm_before."),
    (".norm2.", ".layernorm_after."),
    (".attn.proj.", ".attention.output.dense."),
    (".mlp.fc1.", ".intermediate.dense."),
    (".mlp.fc2.", ".output.dense."),
)


def repository() -> State:
    """The same network by Hugging Face's names."""
    state: State = {}
    for name, tensor in network().items():
        said = "layernorm" + name.removeprefix("norm") if name.startswith("norm.") else name
        for ours, theirs in NAMES:
            said = said.replace(ours, theirs)
        if ".attn.qkv." in said:
            for part, piece in zip(("query", "key", "value"), tensor.chunk(3), strict=True):
                state[said.replace(".attn.qkv.", f".attention.attention.{part}.")] = piece.contiguous()
        else:
            state[said] = tensor
    return state


REPOSITORY = repository()
HUGE = [{"size": 10**9}, {"size": {"height": 10**9, "width": 10**9}, "do_center_crop": True}, {"size": -1}]


@given(
    content=st.just(Long(save(REPOSITORY))) | odd_states(REPOSITORY),
    config=st.just(as_json(PREPARED))
    | damaged_value(PREPARED).map(as_json)
    | st.sampled_from([*DEEP_JSON, *(as_json(PREPARED | huge) for huge in HUGE)]),
)
def test_folders_of_hugging_face(content: bytes, config: bytes, tmp_path: Path) -> None:
    write(tmp_path / "model.safetensors", content)
    write(tmp_path / "preprocessor_config.json", config)
    files = ["model.safetensors", "preprocessor_config.json"]
    encoder = outcome(lambda: load_hugging_face("dino", tmp_path, name="toy"), names=files, advice=False)
    if encoder is not None:
        assert np.isfinite(encoder.images([Image.new("RGB", (30, 40))])).all()


def test_the_folder_as_it_should_be_is_read(tmp_path: Path) -> None:
    write(tmp_path / "model.safetensors", save(REPOSITORY))
    write(tmp_path / "preprocessor_config.json", as_json(PREPARED))
    assert load_hugging_face("dino", tmp_path, name="toy").n_features == WIDTH


ADAPTER = {
    f"base_model.model.blocks.{number}.attn.qkv.lora_{factor}.weight": torch.full(shape, 0.1)
    for number in (0, 1)
    for factor, shape in (("A", (2, WIDTH)), ("B", (3 * WIDTH, 2)))
}
CONFIG = {"r": 2, "lora_alpha": 4, "lora_dropout": 0.1, "bias": "none", "target_modules": ["qkv"]}


@given(
    content=st.just(Long(save(ADAPTER))) | odd_states(ADAPTER),
    config=st.just(as_json(CONFIG)) | damaged_value(CONFIG).map(as_json) | st.sampled_from(DEEP_JSON),
)
def test_adapters(content: bytes, config: bytes, tmp_path: Path) -> None:
    write(tmp_path / "adapter_model.safetensors", content)
    write(tmp_path / "adapter_config.json", config)
    files = ["adapter_model.safetensors", "adapter_config.json"]
    merged = outcome(lambda: merge_adapter(network(), tmp_path), names=files, advice=False)
    if merged is not None:
        assert merged.keys() == network().keys()
        assert all(torch.isfinite(tensor).all() for tensor in merged.values())


def test_whole_numbers_in_the_place_of_weights_are_refused(tmp_path: Path) -> None:
    model = torch.nn.Linear(3, 2)
    with pytest.raises(DataError, match="other type: bias"):
        load_strictly(
            model, {"weight": torch.zeros(2, 3), "bias": torch.zeros(2, dtype=torch.int8)}, tmp_path
        )


@given(data=st.data())
def test_the_generators_own_files(data: st.DataObject, tmp_path: Path) -> None:
    files = {"full.safetensors": WEIGHTS / "full.safetensors", "first_stage.safetensors": FIRST_STAGE}
    name = data.draw(st.sampled_from(sorted(files)))
    valid = files[name].read_bytes()
    length = struct.unpack("<Q", valid[:8])[0]
    header = json.loads(valid[8 : 8 + length])
    changed = data.draw(damaged_value(header).map(as_json) | damaged_bytes(valid[8 : 8 + length]))
    path = write(tmp_path / name, struct.pack("<Q", len(changed)) + changed + valid[8 + length :])
    paths = files | {name: path}
    outcome(lambda: read_generator(paths["full.safetensors"], paths["first_stage.safetensors"]), names=name)
