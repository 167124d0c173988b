"""Decoding: how each public name is called."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch

from companion import Embeddings, Recording, decoding
from companion.decoding import Gallery, OpenPool, Readout, RidgeRetriever
from companion.training import Nice

from .judge import Case

RNG = np.random.default_rng(2)
NAMES = [f"picture {row}" for row in range(24)]
VALUES = RNG.normal(size=(24, 4))
SPACE = Embeddings(VALUES, tuple(NAMES), "toy")
BRAIN = VALUES @ RNG.normal(size=(4, 6)) + 0.3 * RNG.normal(size=(24, 6))
KNOWN, NEW = SPACE.select(NAMES[:16]), SPACE.select(NAMES[16:])
DECODED = SPACE.with_rows(NEW.values + 0.2 * RNG.normal(size=NEW.values.shape), NEW.ids)
CLASSES = {name: f"kind {row % 4}" for row, name in enumerate(NAMES)}
KINDS = Embeddings(RNG.normal(size=(4, 4)), tuple(f"kind {row}" for row in range(4)), "toy")
SIMILARITY = NEW.values @ NEW.values.T
RIGHT = np.eye(8, dtype=bool)
MATCHED = decoding.match(DECODED, NEW)
SIGNALS = RNG.normal(size=(3, 2, 10)).astype("f4")
FILTERS = RNG.normal(size=(4, 2, 10))
SEEN = np.array([0, 2, 1])
LABELS = np.array(["face", "house"] * 12)
GENERATOR = decoding.load_generator()
ENCODER = Nice(n_channels=3, n_times=90, n_features=4).eval()
RESPONSES = torch.from_numpy(RNG.normal(size=(3, 3, 90)).astype("f4"))
FOLDS = decoding.draw_folds(NAMES * 2, 4, by="stimulus", seed=0)


def record(values: np.ndarray, shown: list[str]) -> Recording:
    units = pd.DataFrame({"name": [f"voxel {row}" for row in range(values.shape[1])]})
    return Recording(values, pd.DataFrame({"stimulus": shown}), units, "one", "toy", "fMRI", "test")


CLEAN = VALUES @ RNG.normal(size=(4, 5))
EXPECTED = record(CLEAN, NAMES)
TRIALS = record(np.repeat(CLEAN[:4], 4, axis=0) + RNG.normal(size=(16, 5)), np.repeat(NAMES[:4], 4).tolist())


def _read(signals: np.ndarray) -> np.ndarray:
    return signals.reshape(len(signals), -1) @ FILTERS.reshape(4, -1).T


def _readout(gallery: np.ndarray, seen: np.ndarray, responses: np.ndarray) -> object:
    return Readout(_read, gallery, seen).scores(responses)


def _drops(responses: np.ndarray, around: float) -> object:
    return decoding.drops(
        Readout(_read, VALUES[:5], SEEN), responses, {"start": lambda one: one * 0.5}, around=around
    )


def _occlusion(responses: np.ndarray, times: np.ndarray, width: float, step: float) -> object:
    return decoding.occlusion(Readout(_read, VALUES[:5], SEEN), responses, times, width=width, step=step)


def _grad_cam(responses: torch.Tensor, targets: torch.Tensor, **settings: Any) -> object:
    return decoding.grad_cam(ENCODER, ENCODER.prepare(responses), targets, **settings)


def _over_folds(X: np.ndarray, y: np.ndarray, cv: int) -> object:
    compared = decoding.compare({"ridge": RidgeRetriever()}, X, y, cv=cv, subject="one")
    return decoding.over_folds(compared)


def _compare(X: np.ndarray, y: np.ndarray, cv: int, metrics: list[str], seeds: list[int]) -> object:
    return decoding.compare(
        {"ridge": RidgeRetriever()}, X, y, cv=cv, metrics=metrics, seeds=seeds, subject="one"
    )


def _retriever(
    X: np.ndarray, y: list[str], candidates: list[str], penalties: list[float], new: np.ndarray
) -> object:
    fitted = RidgeRetriever(SPACE, candidates=candidates, penalties=penalties).fit(X, y)
    fitted.predict(new)
    return fitted.decision_function(new)


def _ridge(
    responses: np.ndarray, stimuli: list[str], groups: list[str], new: np.ndarray, **more: Any
) -> object:
    decoder = decoding.fit_ridge(responses, stimuli, more.pop("targets"), groups, **more)
    return decoder.predict(new, [f"new {row}" for row in range(len(np.atleast_1d(new)))]), decoder.losses


def _linear(responses: np.ndarray, stimuli: list[str], n_voxels: int, new: np.ndarray) -> object:
    decoder = decoding.fit_linear(responses, stimuli, {"toy": SPACE}, n_voxels=n_voxels)
    return decoder.predict(new, [f"new {row}" for row in range(len(np.atleast_1d(new)))])


def _rescaled(predictions: Embeddings, pool: Embeddings) -> object:
    return decoding.fit_rescaling(predictions, pool).apply(DECODED)


def _gallery(images: Embeddings, training: Embeddings, stimuli: list[str]) -> object:
    return Gallery.enlarged(images, training).rows_of(stimuli)


_FIT = {"responses": BRAIN, "stimuli": NAMES, "new": BRAIN[:5] + 1}
_RECORDINGS = {"expected": EXPECTED, "trials": TRIALS, "own_view": RNG.normal(size=(1, 5))}

DECODING = {
    "Gallery": Case(_gallery, {"images": NEW, "training": KNOWN, "stimuli": NAMES[16:]}),
    "LinearDecoder": Case(_linear, {**_FIT, "n_voxels": 6}),
    "OpenPool": Case(
        lambda pictures: decoding.nearest_pictures(DECODED, OpenPool(pictures, pd.DataFrame()), n=2),
        {"pictures": KNOWN},
    ),
    "Readout": Case(
        _readout, {"gallery": VALUES[:5], "seen": SEEN, "responses": SIGNALS}, checked_by=("bad_numbers",)
    ),
    "RidgeDecoder": Case(_ridge, {**_FIT, "groups": NAMES, "targets": {"toy": SPACE}}),
    "RidgeRetriever": Case(
        _retriever,
        {"X": BRAIN, "y": NAMES, "candidates": NAMES[:3], "penalties": [0.1, 1.0], "new": BRAIN[:5] + 1},
        checked_by=("sklearn",),
    ),
    "centred_rows": Case(decoding.centred_rows, {"embeddings": SPACE}),
    "companions": Case(
        decoding.companions, {"decoded": DECODED, "truth": SPACE, "training": KNOWN, "categories": CLASSES}
    ),
    "compare": Case(
        _compare,
        {"X": BRAIN, "y": LABELS, "cv": 2, "metrics": ["accuracy", "percentile"], "seeds": [0, 1]},
        bears=frozenset({"cv"}),  # scikit-learn takes nothing for five folds
        checked_by=("sklearn",),
        missing="roi|space|alignment|alpha|supervision|readout|protocol|condition|stimulus|n_repetitions|chance|step",
    ),
    "concept_centres": Case(
        decoding.concept_centres, {"others": KNOWN, "concepts": CLASSES, "presented": NAMES[16:]}
    ),
    "constant_prediction": Case(
        partial(decoding.constant_prediction, SPACE), {"training": NAMES[:16], "stimuli": NAMES[16:]}
    ),
    "decode_held_out": Case(
        decoding.decode_held_out,
        {
            "responses": np.tile(BRAIN, (2, 1)),
            "stimuli": NAMES * 2,
            "spaces": {"toy": SPACE},
            "folds": FOLDS,
            "by": "stimulus",
        },
    ),
    "draw_folds": Case(
        partial(decoding.draw_folds, seed=0), {"stimuli": NAMES * 2, "n_folds": 4, "by": "trial"}
    ),
    "drops": Case(_drops, {"responses": SIGNALS, "around": 0.5}, checked_by=("bad_numbers",)),
    "every_score": Case(decoding.every_score, {"decoded": DECODED, "answers": NEW, "candidates": KNOWN}),
    "fit_linear": Case(_linear, {**_FIT, "n_voxels": 3}),
    "fit_rescaling": Case(_rescaled, {"predictions": KNOWN, "pool": SPACE.select(NAMES[:16])}),
    "fit_ridge": Case(_ridge, {**_FIT, "groups": NAMES, "targets": {"toy": SPACE}, "penalties": [0.1, 1.0]}),
    "generate": Case(
        partial(decoding.generate, GENERATOR),
        {
            "vectors": Embeddings(np.eye(64)[:2], ("cat", "dog"), GENERATOR.space),
            "n_steps": 2,
            "guidance": 2.0,
        },
    ),
    "grad_cam": Case(
        _grad_cam,
        {
            "responses": RESPONSES,
            "targets": torch.eye(4)[:3],
            "layer": "projection",
            "weights": "local",
            "batch_size": 2,
        },
    ),
    "identify": Case(
        decoding.identify,
        {"decoded": DECODED, "answers": NEW, "candidates": KNOWN, "mean": VALUES.mean(axis=0)},
    ),
    "load_generator": Case(lambda variant: decoding.load_generator(variant).space, {"variant": "full"}),
    "match": Case(
        decoding.match,
        {"queries": DECODED, "gallery": NEW, "answers": dict(zip(NEW.ids, NEW.ids, strict=True))},
    ),
    "n_way_curve": Case(
        decoding.n_way_curve, {"table": MATCHED, "ways": [2, 4], "k": 1}, bears=frozenset({"table"})
    ),
    "name_by_classifier": Case(
        decoding.name_by_classifier,
        {
            "decoded": DECODED,
            "features": KNOWN,
            "classes": CLASSES,
            "categories": CLASSES,
            "training": KNOWN,
            "gamma": 0.5,
        },
    ),
    "name_by_text": Case(
        decoding.name_by_text,
        {"decoded": DECODED, "anchors": KINDS, "categories": CLASSES, "training": KNOWN},
    ),
    "nearest_pictures": Case(
        lambda decoded, n: decoding.nearest_pictures(decoded, OpenPool(KNOWN, pd.DataFrame()), n=n),
        {"decoded": DECODED, "n": 3},
    ),
    "occlusion": Case(
        _occlusion,
        {"responses": SIGNALS, "times": np.arange(10) / 10, "width": 0.2, "step": 0.1},
        checked_by=("bad_numbers",),
    ),
    "on_common_centre": Case(
        decoding.on_common_centre, {"decoded": DECODED, "candidates": NEW, "training": KNOWN}
    ),
    "open_pool": Case(decoding.open_pool, {"pool": KNOWN, "stimuli": NEW, "most_alike": 0.9}),
    "optimal_ranks": Case(partial(decoding.optimal_ranks, spaces={"toy": SPACE}), _RECORDINGS),
    "optimal_vectors": Case(decoding.optimal_vectors, _RECORDINGS | {"vectors": SPACE}),
    "over_folds": Case(
        _over_folds,
        {"X": BRAIN, "y": LABELS, "cv": 3},
        bears=frozenset({"cv"}),
        checked_by=("sklearn",),
        missing="sd$",
    ),
    "patterns": Case(decoding.patterns, {"filters": FILTERS, "responses": SIGNALS}),
    "ranks": Case(decoding.ranks, {"decoded": DECODED, "gallery": NEW}),
    "retrieval_scores": Case(
        partial(decoding.retrieval_scores, simulated=True, dataset="toy", subject="one"),
        {"decoded": DECODED, "gallery": Gallery.presented(NEW), "n_repetitions": 4},
        missing="roi|encoder|alignment|alpha|supervision|readout|condition|seed|split",
    ),
    "retrieved": Case(decoding.retrieved, {"decoded": DECODED, "gallery": Gallery.presented(NEW), "n": 3}),
    "standing": Case(decoding.standing, {"similarity": SIMILARITY, "right": RIGHT}),
    "table_of": Case(
        lambda right: decoding.table_of(NEW.ids, NEW.ids, decoding.standing(SIMILARITY, right), right),
        {"right": RIGHT},
    ),
    "top_k": Case(decoding.top_k, {"found": np.array([1.0, 3.0, 2.0, 8.0]), "k": 3}),
}
