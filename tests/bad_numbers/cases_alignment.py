"""Alignment: how each public name is called."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch

from companion import Embeddings, alignment
from companion.alignment import (
    GLocalTransform,
    LoRA,
    OddOneOutTransform,
    Options,
    RidgeAlignment,
    TripletAligner,
)

from .judge import Case

RNG = np.random.default_rng(3)
NAMES = [f"object {row}" for row in range(12)]
SPACE = Embeddings(RNG.normal(size=(12, 4)), tuple(NAMES), "toy")
HUMAN = Embeddings(RNG.normal(size=(12, 3)), tuple(NAMES), "people")
KNOWN = SPACE.select(NAMES[:8])
SQUARE = np.corrcoef(RNG.normal(size=(5, 7)))
PIXELS = torch.from_numpy(RNG.random(size=(12, 3, 2, 2)).astype("f4"))
CHOSEN, HELD_OUT = np.arange(6).reshape(2, 3), np.arange(6, 12).reshape(2, 3)
torch.manual_seed(0)
NETWORK = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 4), torch.nn.Linear(4, 3)).eval()
JUDGED = np.array([RNG.choice(NAMES[:8], 3, replace=False) for _ in range(20)])
HELD = np.array([RNG.choice(NAMES[8:], 3, replace=False) for _ in range(6)])


def _fitted(
    space: Embeddings, teachers: dict[str, np.ndarray], alphas: list[float], seeds: list[int], **more: Any
) -> object:
    options = Options(**{"n_epochs": 2, "batch_size": 4} | more)
    found = alignment.fit_aligners(space, teachers, alphas=alphas, seeds=seeds, options=options)
    return found, [one.transform(SPACE) for one in found.values()]


def _glocal(weights: np.ndarray, mean: float, std: float, bias: np.ndarray) -> object:
    return GLocalTransform(weights, mean, std, bias).transform(SPACE)


def _ridge(space: Embeddings, human: Embeddings, alphas: list[float]) -> object:
    return RidgeAlignment(alphas).fit(space, human).transform(space)


def _lora(rank: int, alpha: float, targets: str, pixels: torch.Tensor) -> object:
    return LoRA(NETWORK, rank=rank, alpha=alpha, targets=targets)(pixels)


def _odd(space: Embeddings, penalties: list[float], locality: float, temperature: float) -> object:
    transform = OddOneOutTransform(penalties=penalties, locality=locality, temperature=temperature)
    fitted = transform.fit(space, JUDGED, validation_triplets=HELD)
    return fitted.transform(space), fitted.validation_losses_


def _triplets(pixels: torch.Tensor, triplets: np.ndarray, choices: np.ndarray, **settings: Any) -> object:
    aligner = TripletAligner(**settings)
    bent = aligner.fit(
        NETWORK, pixels, triplets, choices, validation_triplets=HELD_OUT, validation_choices=np.array([1, 0])
    )
    return bent, [(epoch.validation_loss, epoch.validation_accuracy) for epoch in aligner.history_]


_TRAINED = {
    "space": SPACE,
    "teachers": {"V1": np.corrcoef(RNG.normal(size=(12, 5)))},
    "alphas": [1.0, 0.1],
    "seeds": [0],
}

ALIGNMENT = {
    "BrainAligner": Case(
        lambda space: alignment.fit_aligners(
            SPACE, _TRAINED["teachers"], alphas=[0.1], options=Options(n_epochs=1, batch_size=4)
        )["V1", 0.1, 0].transform(space),
        {"space": SPACE},
    ),
    "GLocalTransform": Case(
        _glocal, {"weights": RNG.normal(size=(4, 3)), "mean": 0.1, "std": 1.5, "bias": RNG.normal(size=3)}
    ),
    "LoRA": Case(
        _lora, {"rank": 2, "alpha": 4.0, "targets": "weight", "pixels": PIXELS}, spared=frozenset({"pixels"})
    ),
    "OddOneOutTransform": Case(
        _odd, {"space": SPACE, "penalties": [0.1, 0.01], "locality": 0.1, "temperature": 0.1}
    ),
    "Options": Case(
        _fitted,
        _TRAINED
        | {
            "n_epochs": 2,
            "batch_size": 4,
            "learning_rate": 1e-3,
            "latent": "after ReLU",
            "reduction": "mean",
            "n_layers": 1,
        },
    ),
    "RidgeAlignment": Case(_ridge, {"space": SPACE, "human": HUMAN, "alphas": [0.1, 1.0]}),
    "TripletAligner": Case(
        _triplets,
        {
            "pixels": PIXELS,
            "triplets": CHOSEN,
            "choices": np.array([0, 1]),
            "rank": 2,
            "alpha": 4.0,
            "margin": 0.05,
            "learning_rate": 1e-3,
            "n_epochs": 2,
            "batch_size": 2,
        },
        spared=frozenset({"pixels"}),
    ),
    "cross_validated_alignment": Case(
        alignment.cross_validated_alignment, {"space": SPACE, "human": HUMAN, "n_folds": 4}
    ),
    "fit_aligners": Case(_fitted, _TRAINED),
    "isotropy_matched": Case(alignment.isotropy_matched, {"space": SPACE, "fitted_on": KNOWN, "like": HUMAN}),
    "others": Case(alignment.others, {"matrices": {"S1": SQUARE, "S2": SQUARE**2, "S3": SQUARE**3}}),
    "pattern_similarity": Case(
        partial(alignment.pattern_similarity, centred=True), {"patterns": SPACE.values.copy()}
    ),
    "permuted_teacher": Case(partial(alignment.permuted_teacher, seed=0), {"matrix": SQUARE}),
    "rotated": Case(partial(alignment.rotated, seed=0), {"space": SPACE}),
    "spectrum_matched_teacher": Case(partial(alignment.spectrum_matched_teacher, seed=0), {"matrix": SQUARE}),
    "split_front": Case(
        lambda used: alignment.split_front(NETWORK, {"2.weight"}, PIXELS, used)[1], {"used": torch.arange(5)}
    ),
    "whitened": Case(alignment.whitened, {"space": SPACE, "fitted_on": KNOWN}),
}
