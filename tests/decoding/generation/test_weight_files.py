"""Weights on disk: how far bytes are off, what is kept whole, and that no half file is left."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from companion.decoding.generation.weight_files import read_weights, write_weights


def test_matrices_are_off_by_half_a_step_of_their_row_and_vectors_by_nothing(tmp_path: Path) -> None:
    rng = torch.Generator().manual_seed(3)
    matrix = torch.randn(5, 300, generator=rng) * torch.tensor([1e-6, 1e-3, 1.0, 1e3, 0.0])[:, None]
    vector = torch.randn(9, generator=rng)
    write_weights(tmp_path / "w.safetensors", {"m.weight": matrix, "b": vector}, {"space": "toy"})
    tensors, metadata = read_weights(tmp_path / "w.safetensors")
    assert metadata == {"simulated": "true", "space": "toy"}
    assert sorted(tensors) == ["b", "m.weight"]
    assert torch.equal(tensors["b"], vector)
    step = matrix.abs().amax(dim=1, keepdim=True) / 127
    assert ((tensors["m.weight"] - matrix).abs() <= 0.5001 * step).all()
    assert (tensors["m.weight"] - matrix).abs()[2].max() > 0.3 * step[2]  # and they are rounded indeed
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]


def test_a_byte_per_weight(tmp_path: Path) -> None:
    write_weights(tmp_path / "w.safetensors", {"m": torch.ones(100, 1000)}, {})
    assert (tmp_path / "w.safetensors").stat().st_size == pytest.approx(100_000 + 600, abs=400)
