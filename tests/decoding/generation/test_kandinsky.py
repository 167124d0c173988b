"""Loading Kandinsky's decoder: from local files, quietly, and nothing that could run code."""

from __future__ import annotations

import importlib.util
import json
import logging
import pickle
import shutil
import socket
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from companion.decoding.generation.kandinsky import NOTHING, WEIGHTS, embed_nothing, load_kandinsky
from companion.errors import DataError
from tests.decoding.generation.tiny_kandinsky import SPACE, WIDTH, build, vectors


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kandinsky")
    build(folder)
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(built, tmp_path / "decoder"))


class Trap:
    """Unpickled, it leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)


def test_what_was_saved_is_loaded(built: Path) -> None:
    generator = load_kandinsky(built, vectors(NOTHING))
    for part in ("unet", "movq"):
        network = getattr(generator.pipeline, part)
        saved, loaded = load_file(built / part / WEIGHTS), network.state_dict()
        assert saved.keys() == loaded.keys()
        assert all(torch.equal(saved[name], loaded[name]) for name in saved)
        assert not network.training
        assert not any(value.requires_grad for value in network.parameters())
    assert generator.pipeline.scheduler.config.variance_type == "learned_range"
    assert generator.nothing.space == SPACE


def test_half_precision(built: Path) -> None:
    pipeline = load_kandinsky(built, vectors(NOTHING), dtype="float16").pipeline
    assert pipeline.unet.dtype == pipeline.movq.dtype == torch.float16


def test_loading_is_quiet_and_leaves_everything_as_it_was(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = folder / "unet/config.json"
    config.write_text(json.dumps(json.loads(config.read_text("utf-8")) | {"of_another_version": 1}), "utf-8")
    state, level = torch.get_rng_state(), logging.getLogger("diffusers").level
    load_kandinsky(folder, vectors(NOTHING))
    assert capfd.readouterr() == ("", "")
    assert torch.equal(torch.get_rng_state(), state)
    assert logging.getLogger("diffusers").level == level


def test_nobody_is_called(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def refuse(*said: object, **more: object) -> None:
        calls.append(said)
        raise OSError("no network here")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    load_kandinsky(built, vectors(NOTHING))
    with pytest.raises(DataError):
        load_kandinsky(Path("kandinsky-community/kandinsky-2-2-decoder"), vectors(NOTHING))
    assert not calls


def test_a_missing_folder_says_what_to_download(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"kandinsky-community/kandinsky-2-2-decoder .*Apache-2\.0") as caught:
        load_kandinsky(tmp_path / "nowhere", vectors(NOTHING))
    assert "nowhere" in str(caught.value)
    assert f"unet/{WEIGHTS}" in str(caught.value)


@pytest.mark.parametrize("part", ["unet", "movq"])
def test_pickles_are_not_opened(folder: Path, tmp_path: Path, part: str) -> None:
    trace = tmp_path / "executed"
    pickled = folder / part / "diffusion_pytorch_model.bin"
    pickled.write_bytes(pickle.dumps(Trap(trace)))
    load_kandinsky(folder, vectors(NOTHING))  # beside safetensors it is left alone
    (folder / part / WEIGHTS).unlink()
    with pytest.raises(DataError, match=f"{part}/diffusion_pytorch_model.bin: pickles are not opened"):
        load_kandinsky(folder, vectors(NOTHING))
    assert not trace.exists()
    pickle.loads(pickled.read_bytes())  # the trap would have worked
    assert trace.exists()


def test_no_code_of_the_folder_is_run(folder: Path, tmp_path: Path) -> None:
    trace = tmp_path / "executed"
    code = f"import pathlib\npathlib.Path({str(trace)!r}).touch()\n"
    (folder / "model_index.json").write_text(
        json.dumps({"_class_name": ["pipeline", "Own"], "unet": ["own", "Own"]}), "utf-8"
    )
    for name in ("pipeline.py", "own.py", "unet/own.py", "unet/unet.py"):
        (folder / name).write_text(code, "utf-8")
    load_kandinsky(folder, vectors(NOTHING))
    assert not trace.exists()


def test_no_tensor_is_left_to_chance(folder: Path) -> None:
    path = folder / "unet" / WEIGHTS
    weights = load_file(path)
    del weights["conv_out.bias"]
    save_file(weights, path)
    with pytest.raises(DataError, match=r"lack tensors[\s\S]*conv_out.bias \(1 in all\)"):
        load_kandinsky(folder, vectors(NOTHING))


def test_a_tensor_of_another_shape_is_refused(folder: Path) -> None:
    path = folder / "movq" / WEIGHTS
    weights = load_file(path)
    name = "decoder.conv_out.bias"
    save_file(weights | {name: torch.zeros(len(weights[name]) + 1)}, path)
    with pytest.raises(DataError, match="cannot be read"):
        load_kandinsky(folder, vectors(NOTHING))


@pytest.mark.parametrize("name", [f"unet/{WEIGHTS}", f"movq/{WEIGHTS}", "scheduler/scheduler_config.json"])
def test_damaged_files_are_refused(folder: Path, name: str) -> None:
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=f"cannot be read[\\s\\S]*{name.split('/')[0]}"):
        load_kandinsky(folder, vectors(NOTHING))


def test_the_empty_picture_must_fit_the_network(built: Path) -> None:
    long = embed_nothing(lambda pixels: torch.ones(1, WIDTH + 1), SPACE)
    with pytest.raises(DataError, match=rf"image, \(1, {WIDTH}\)[\s\S]*image, \(1, {WIDTH + 1}\)"):
        load_kandinsky(built, long)
    with pytest.raises(DataError, match=r"\(2, 16\)"):
        load_kandinsky(built, vectors("one", "two"))


def test_networks_that_ask_for_more_are_refused(folder: Path) -> None:
    """Kandinsky's networks with a hint of depth, for example."""
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    config = json.loads((folder / "unet/config.json").read_text("utf-8"))
    UNet2DConditionModel.from_config(config | {"addition_embed_type": "image_hint"}).save_pretrained(
        folder / "unet"
    )
    with pytest.raises(DataError, match="image_hint"):
        load_kandinsky(folder, vectors(NOTHING))


def test_without_the_extra_it_is_said_how_to_install_it(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "diffusers" else found(name, *more)
    )
    with pytest.raises(DataError, match=r"pip install -e '\.\[diffusion\]'"):
        load_kandinsky(built, vectors(NOTHING))


def test_the_extra_that_the_message_names_exists() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))["project"]
    assert any(text.startswith("diffusers") for text in project["optional-dependencies"]["diffusion"])


def test_an_empty_picture_is_zero_in_every_prepared_pixel() -> None:
    seen: list[torch.Tensor] = []

    def tower(pixels: torch.Tensor) -> torch.Tensor:
        seen.append(pixels)
        return (pixels.flatten(1)[:, :3] + torch.tensor([1.0, 2, 3])).half()

    nothing = embed_nothing(tower, "toy", size=8)
    assert seen[0].shape == (1, 3, 8, 8)
    assert not seen[0].any()
    np.testing.assert_array_equal(nothing.values, [[1, 2, 3]])
    assert (nothing.ids, nothing.space) == ((NOTHING,), "toy")
