"""Training the generator: it learns, it repeats itself, and it sees nothing that is not allowed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from companion.decoding.generation.generator import Generator, generate, read_generator
from companion.decoding.generation.latents import FirstStage, read_first_stage
from companion.decoding.generation.train import first_stage, flow
from companion.decoding.generation.train_flow import FlowTraining, train_generator, write_generator
from companion.decoding.generation.train_latents import LatentTraining, train_first_stage, write_first_stage
from companion.embeddings import Embeddings
from companion.errors import DataError

BRIEF = FlowTraining(width=24, n_blocks=1, n_steps=4, batch_size=16)
LATENT = LatentTraining(n_latents=12, width=24, n_steps=4, batch_size=16)


def sides(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Pictures that are bright on one side, of any height, and vectors that say on which."""
    rng = np.random.default_rng(seed)
    left = rng.integers(2, size=n).astype(bool)
    pictures = np.full((n, 64, 64, 3), 40, dtype=np.uint8)
    for row, height in enumerate(rng.integers(8, 56, size=n)):
        pictures[row, height - 8 : height + 8, :32] = 220 if left[row] else 40
        pictures[row, height - 8 : height + 8, 32:] = 40 if left[row] else 220
    vectors = np.where(left[:, None], [1.0, 0.0, 0.2], [0.0, 1.0, 0.2]) + 0.05 * rng.normal(size=(n, 3))
    return pictures, vectors


def parameters(generator: Generator) -> torch.Tensor:
    return torch.cat([tensor.flatten() for tensor in generator.network.state_dict().values()])


def of_stage(stage: FirstStage) -> torch.Tensor:
    assert stage.encoder is not None
    parts = [*stage.decoder.state_dict().values(), *stage.encoder.state_dict().values()]
    return torch.cat([tensor.flatten() for tensor in parts])


@pytest.fixture(scope="module")
def stage() -> FirstStage:
    return train_first_stage(sides(40)[0], LATENT)[0]


def test_the_first_stage_learns_to_draw_what_it_squeezed() -> None:
    settings = replace(LATENT, n_latents=24, width=64, n_steps=400, batch_size=64)
    stage, losses = train_first_stage(sides(200)[0], settings)
    assert losses[-40:].mean() < 0.3 * losses[:40].mean()
    new = sides(30, seed=1)[0]
    latents = stage.squeeze(new)
    assert latents.shape == (30, stage.n_latents)
    torch.testing.assert_close(latents.mean(dim=1), torch.zeros(30), rtol=0, atol=1e-4)
    torch.testing.assert_close(latents.std(dim=1, correction=0), torch.ones(30), rtol=0, atol=1e-2)
    drawn = stage.draw(latents).astype(float)
    own = np.square(drawn - new).mean(axis=(1, 2, 3))
    other = np.square(drawn - np.roll(new, 1, axis=0)).mean(axis=(1, 2, 3))
    assert (own < other).mean() > 0.9


def test_every_setting_of_the_first_stage_counts() -> None:
    pictures = sides(40)[0]
    base = of_stage(train_first_stage(pictures, LATENT)[0])
    torch.testing.assert_close(of_stage(train_first_stage(pictures, LATENT)[0]), base, rtol=0, atol=0)
    changes: dict[str, float] = {
        "n_latents": 11, "width": 23, "n_steps": 5, "batch_size": 15, "learning_rate": 1e-3,
        "weight_decay": 0.5, "noise": 0.5, "whitening": 0.0, "seed": 5,
    }  # fmt: skip
    assert set(changes) == set(LATENT.__dataclass_fields__)
    for name, value in changes.items():
        found = of_stage(train_first_stage(pictures, replace(LATENT, **{name: value}))[0])
        assert found.shape != base.shape or not torch.allclose(found, base, rtol=1e-6, atol=1e-7), name


def test_it_learns_where_the_picture_is_bright_and_that_its_height_is_open() -> None:
    settings = replace(BRIEF, width=64, n_steps=400, batch_size=64, averaging=0.95)
    pool = sides(200)
    drawing = replace(LATENT, n_latents=24, width=64, n_steps=400, batch_size=64)
    known = train_first_stage(pool[0], drawing)[0]
    generator, losses = train_generator(*pool, known, settings, space="toy")
    assert losses[-40:].mean() < 0.6 * losses[:40].mean()
    ids = tuple(f"s{row}" for row in range(16))
    given = Embeddings(np.repeat([[1.0, 0, 0.2], [0, 1.0, 0.2]], 8, axis=0), ids, "toy")
    made = np.stack(list(generate(generator, given).values())).astype(float)
    brightness = made[:, :, :32].mean(axis=(1, 2, 3)) - made[:, :, 32:].mean(axis=(1, 2, 3))
    assert (brightness[:8] > 0).all()
    assert (brightness[8:] < 0).all()
    assert abs(brightness).mean() > 30
    heights = made[:8, :, :32].mean(axis=(2, 3)).argmax(axis=1)
    assert heights.std() > 4  # different noise, different height
    average = np.stack(list(generate(generator, given, n_steps=1).values())).astype(float)
    assert average[:8].max() < made[:8].max()  # the mean of all heights is nowhere bright


def test_it_repeats_itself_and_every_setting_counts(stage: FirstStage) -> None:
    pool = sides(40)
    base = parameters(train_generator(*pool, stage, BRIEF, space="toy")[0])
    state = torch.random.get_rng_state()
    torch.testing.assert_close(
        parameters(train_generator(*pool, stage, BRIEF, space="toy")[0]), base, rtol=0, atol=0
    )
    assert torch.equal(torch.random.get_rng_state(), state)
    changes: dict[str, float] = {
        "width": 23, "n_blocks": 2, "n_steps": 5, "batch_size": 15, "learning_rate": 1e-3,
        "weight_decay": 0.5, "unknown": 0.9, "jitter": 0.5, "nearest": 0.5,
        "averaging": 0.5, "seed": 5,
    }  # fmt: skip
    assert set(changes) == set(BRIEF.__dataclass_fields__)
    for name, value in changes.items():
        found = parameters(train_generator(*pool, stage, replace(BRIEF, **{name: value}), space="toy")[0])
        assert found.shape != base.shape or not torch.allclose(found, base, rtol=1e-6, atol=1e-7), name


def test_the_length_of_vectors_does_not_count(stage: FirstStage) -> None:
    pictures, vectors = sides(40)
    found = [
        parameters(train_generator(pictures, one, stage, BRIEF, space="toy")[0])
        for one in (vectors, 7 * vectors)
    ]
    torch.testing.assert_close(*found)


def test_pictures_that_are_not_allowed_leave_no_trace(tmp_path: Path) -> None:
    """Near-duplicates of test pictures, and test kinds, are in the file but must not be learnt from."""
    pictures, vectors = sides(600)
    allowed = np.arange(600) % 8 != 0
    np.savez(tmp_path / "pool.npz", pictures=pictures, vectors=vectors, allowed=allowed)
    pictures[~allowed], vectors[~allowed] = 255, -3.0
    np.savez(tmp_path / "other.npz", pictures=pictures, vectors=vectors, allowed=allowed)
    for name in ("pool", "other"):
        out, pool = tmp_path / name, tmp_path / f"{name}.npz"
        first_stage(pool, out, steps=2)
        flow(pool, "full", out / "first_stage_with_encoder.safetensors", out, steps=2)
    first, second = (
        read_generator(tmp_path / name / "full.safetensors", tmp_path / name / "first_stage.safetensors")
        for name in ("pool", "other")
    )
    torch.testing.assert_close(parameters(first), parameters(second), rtol=0, atol=0)
    decoders = [list(one.first_stage.decoder.parameters()) for one in (first, second)]
    torch.testing.assert_close(*decoders, rtol=0, atol=0)
    np.testing.assert_array_equal(first.first_stage.mean, second.first_stage.mean)
    np.testing.assert_array_equal(first.first_stage.scale, second.first_stage.scale)
    record = json.loads((tmp_path / "pool" / "full.json").read_text())
    assert (record["n_pictures"], record["n_left_out"], record["simulated"]) == (525, 75, True)
    assert first.space == "miniature CLIP"


def test_what_is_written_is_what_is_read(tmp_path: Path, stage: FirstStage) -> None:
    generator, _ = train_generator(*sides(40), stage, BRIEF, space="toy")
    write_generator(generator, tmp_path / "x.safetensors")
    write_first_stage(stage, tmp_path / "y.safetensors", encoder=False)
    found = read_generator(tmp_path / "x.safetensors", tmp_path / "y.safetensors")
    for name, tensor in generator.network.state_dict().items():
        step = tensor.abs().amax(dim=-1, keepdim=True) / 127 if tensor.ndim == 2 else 0 * tensor
        assert (found.network.state_dict()[name] - tensor).abs().le(step / 2 + 1e-7).all(), name
    np.testing.assert_array_equal(found.first_stage.mean, stage.mean)
    np.testing.assert_array_equal(found.first_stage.scale, stage.scale)
    assert found.space == "toy"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.safetensors", "y.safetensors"]
    with pytest.raises(ValueError, match="without its encoder"):
        found.first_stage.squeeze(sides(2)[0])
    write_first_stage(stage, tmp_path / "z.safetensors", encoder=True)
    again = read_first_stage(tmp_path / "z.safetensors").squeeze(sides(5)[0])
    torch.testing.assert_close(again, stage.squeeze(sides(5)[0]), rtol=0, atol=0.1)


def test_one_vector_for_each_picture(stage: FirstStage) -> None:
    pictures, vectors = sides(40)
    with pytest.raises(DataError, match="one vector each"):
        train_generator(pictures, vectors[:-1], stage, BRIEF, space="toy")
    with pytest.raises(DataError, match="at least 16"):
        train_generator(pictures[:9], vectors[:9], stage, BRIEF, space="toy")
