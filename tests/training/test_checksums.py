"""Names of kept runs: what they count, and that it does not matter how much of it is read at a time."""

from __future__ import annotations

import hashlib
from dataclasses import asdict

import pytest
import torch

from companion.training import runs
from companion.training.runs import Run
from companion.training.settings import Settings


@pytest.mark.parametrize("block", [1, 3, 100])
def test_a_run_is_named_by_what_its_pairs_hold(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(runs, "_BLOCK", block)
    generator = torch.Generator().manual_seed(1)
    inputs, targets = (torch.randn(9, 4, 2, generator=generator), torch.arange(9.0)), torch.randn(7, 3)
    pairs = torch.tensor([[row, row % 7] for row in (8, 2, 5, 1, 0, 7, 3)])
    run, settings = Run(4, pairs[:5], pairs[5:]), Settings(n_steps=3)

    plain = hashlib.blake2b(repr(("about", 4, asdict(settings))).encode(), digest_size=16)
    for part in (run.training, run.validation):
        plain.update(repr(tuple(part.shape)).encode())
        for values, rows in ((inputs[0], part[:, 0]), (inputs[1], part[:, 0]), (targets, part[:, 1])):
            plain.update(values[rows].numpy().tobytes())
    assert runs._key(run, inputs, targets, settings, "about") == plain.hexdigest()[:24]
