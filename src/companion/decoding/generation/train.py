"""Train the generator on a pool of pictures and their vectors, and on nothing else.

Run ``python -m companion.decoding.generation.train first-stage --pool POOL.npz --out FOLDER``, then, for
each variant, ``... train flow --pool POOL.npz --variant full --first-stage FILE --out FOLDER``. A pool file
holds ``pictures`` (n, 64, 64, 3), ``vectors`` (n, n_features) and ``allowed`` (n,), which says whether a
picture may be used: near-duplicates of test pictures may not, and nor may pictures of test kinds in the
variant without them, which is also what the first stage learns from. ``weights/MODEL_CARD.md`` says how the
file was made. The same machine and versions give the same weights.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from cyclopts import App

from companion.decoding.generation.generator import Variant
from companion.decoding.generation.latents import read_first_stage
from companion.decoding.generation.train_flow import FlowTraining, train_generator, write_generator
from companion.decoding.generation.train_latents import LatentTraining, train_first_stage, write_first_stage

SPACES: dict[Variant, str] = {
    "full": "miniature CLIP",
    "without_test_kinds": "miniature CLIP without test kinds",
}
"""Whose vectors each generator reads."""

app = App(help="Train the generator and write its weights.")


@app.command
def first_stage(pool: Path, out: Path, *, steps: int | None = None) -> None:
    """Train encoder and decoder; write both, and the decoder alone, which is what is shipped.

    Parameters
    ----------
    pool
        File with ``pictures`` and ``allowed``.
    out
        Folder for ``first_stage.safetensors``, its record, and ``first_stage_with_encoder.safetensors``.
    steps
        Of the optimiser; as published here if left out.
    """
    begun = _begin()
    with np.load(pool, allow_pickle=False) as file:
        allowed = file["allowed"]
        pictures = file["pictures"][allowed]
    settings = LatentTraining() if steps is None else LatentTraining(n_steps=steps)
    stage, losses = train_first_stage(pictures, settings)
    write_first_stage(stage, out / "first_stage_with_encoder.safetensors", encoder=True)
    write_first_stage(stage, out / "first_stage.safetensors", encoder=False)
    _record(out / "first_stage.json", settings, allowed, begun, losses)


@app.command
def flow(pool: Path, variant: Variant, first_stage: Path, out: Path, *, steps: int | None = None) -> None:
    """Train the flow to latents of pictures, given their vectors; write weights and record.

    Parameters
    ----------
    pool
        File with ``pictures``, ``vectors`` and ``allowed``.
    variant
        Which pool it is; names the files and the space of the vectors.
    first_stage
        File of the first stage, with its encoder.
    out
        Folder for the two files.
    steps
        Of the optimiser; as published here if left out.
    """
    begun = _begin()
    with np.load(pool, allow_pickle=False) as file:
        allowed = file["allowed"]
        pictures, vectors = file["pictures"][allowed], file["vectors"][allowed]
    settings = FlowTraining() if steps is None else FlowTraining(n_steps=steps)
    stage = read_first_stage(first_stage)
    generator, losses = train_generator(pictures, vectors, stage, settings, space=SPACES[variant])
    write_generator(generator, out / f"{variant}.safetensors")
    _record(out / f"{variant}.json", settings, allowed, begun, losses)


def _begin() -> float:
    torch.set_num_threads(1)  # so that sums are taken in one order
    return time.monotonic()


def _record(
    path: Path,
    settings: LatentTraining | FlowTraining,
    allowed: npt.NDArray[np.bool_],
    begun: float,
    losses: npt.NDArray[np.float64],
) -> None:
    record = {
        "simulated": True,
        "settings": asdict(settings),
        "n_pictures": int(allowed.sum()),
        "n_left_out": int((~allowed).sum()),
        "seconds": round(time.monotonic() - begun),
        "loss_of_last_tenth": round(float(np.mean(losses[-len(losses) // 10 :])), 4),
    }
    path.write_text(json.dumps(record, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    app()
