"""The folder of Kandinsky's decoder: configurations and weights of other networks, or of none."""

from __future__ import annotations

import importlib.util
import json
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.decoding.generation.kandinsky import NOTHING, load_kandinsky
from companion.decoding.generation.kandinsky_files import WEIGHTS
from tests.decoding.generation.tiny_kandinsky import build, vectors

from .damage import DEEP_JSON, as_json, damaged_bytes, damaged_value, outcome, write

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("diffusers") is None, reason="the extra 'diffusion' is not installed"
)
CONFIGS = ("unet/config.json", "movq/config.json", "scheduler/scheduler_config.json")
HUGE = [{"block_out_channels": [2**15, 2**15]}, {"block_out_channels": [10**9]}, {"layers_per_block": 10**9}]
HUGE += [{"num_vq_embeddings": 10**12}, {"num_train_timesteps": 10**12}, {"beta_end": float("nan")}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline of tiny networks, to be damaged."""
    folder = tmp_path_factory.mktemp("kandinsky")
    build(folder)
    shutil.copytree(folder, folder.with_name("whole"), dirs_exist_ok=True)
    return folder


def load(folder: Path) -> object:
    return load_kandinsky(folder, vectors(NOTHING))


@given(data=st.data())
def test_configurations(folder: Path, data: st.DataObject) -> None:
    """A network that would not fit into memory is refused before it is built."""
    name = data.draw(st.sampled_from(CONFIGS))
    valid = (folder / name).read_bytes()
    said = json.loads(valid)
    values = damaged_value(said) | st.sampled_from([said | more for more in HUGE])
    write(folder / name, data.draw(values.map(as_json) | damaged_bytes(valid) | st.sampled_from(DEEP_JSON)))
    try:
        outcome(lambda: load(folder), names=name.partition("/")[0])
    finally:
        write(folder / name, valid)


@given(data=st.data())
def test_weights(folder: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([f"unet/{WEIGHTS}", f"movq/{WEIGHTS}"]))
    valid = (folder / name).read_bytes()
    length = struct.unpack("<Q", valid[:8])[0]
    header, body = valid[8 : 8 + length], bytearray(valid[8 + length :])
    if data.draw(st.booleans()):
        place = 4 * data.draw(st.integers(0, len(body) // 4 - 1))
        body[place : place + 4] = struct.pack("<f", data.draw(st.sampled_from([np.nan, np.inf])))
        bad = struct.pack("<Q", length) + header + bytes(body)
    else:
        changed = data.draw(damaged_value(json.loads(header)).map(as_json))
        bad = struct.pack("<Q", len(changed)) + changed + bytes(body)
    write(folder / name, data.draw(st.just(bad) | damaged_bytes(valid)))
    try:
        outcome(lambda: load(folder), names=name.partition("/")[0])
    finally:
        write(folder / name, valid)
