"""One small explorer of each kind, and readers of what stands in their HTML."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from companion.figures.explorers.box import Explorer
from companion.figures.explorers.doses import dose_explorer
from companion.figures.explorers.retrieval import retrieval_explorer
from companion.figures.explorers.topography import topography_explorer

N_PICTURES = 14


def data_of(html: str) -> dict[str, Any]:
    """Read the data that the script of an explorer reads."""
    [content] = re.findall(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)
    found = json.loads(content)
    assert isinstance(found, dict)
    return found


def similarities(seed: int) -> pd.DataFrame:
    """All candidates of every query, best first, as retrieval names them."""
    values = np.random.default_rng(seed).uniform(-0.3, 0.9, (N_PICTURES, N_PICTURES))
    order = np.argsort(-values, axis=1)
    return pd.DataFrame(
        {
            "stimulus": np.repeat([f"p{row}" for row in range(N_PICTURES)], N_PICTURES),
            "place": np.tile(np.arange(1, N_PICTURES + 1), N_PICTURES),
            "candidate": [f"p{column}" for column in order.ravel()],
            "cosine": np.take_along_axis(values, order, axis=1).ravel(),
            "hit": (order == np.arange(N_PICTURES)[:, None]).ravel(),
        }
    )


def doses() -> pd.DataFrame:
    """Two dials at three values, two worlds, two pairs of spaces; both defaults twice, as in the file."""
    rng = np.random.default_rng(1)
    known: dict[tuple[object, ...], float] = {}
    rows = []
    for space in ("DreamSim", "gLocal"):
        for dial, values in (("gap", (0.0, 0.35, 0.7)), ("sharing", (0.0, 0.5, 1.0))):
            for value in values:
                gap, sharing = (value, 0.5) if dial == "gap" else (0.35, value)
                for seed in (1, 2):
                    for level in ("base", "aligned", "permuted"):
                        key = (space, gap, sharing, seed, level)
                        accuracy = known.setdefault(key, float(rng.uniform(5, 60)))
                        rows.append((space, dial, value, seed, level, accuracy))
    return pd.DataFrame(rows, columns=["space", "dial", "value", "seed", "level", "accuracy"])


def cap() -> pd.DataFrame:
    """Nine electrodes on a sphere."""
    x, y = (part.ravel() for part in np.meshgrid([-0.04, 0.0, 0.04], [-0.06, -0.02, 0.02]))
    return pd.DataFrame(
        {"name": [f"E{n}" for n in range(9)], "x": x, "y": y, "z": np.sqrt(0.1**2 - x**2 - y**2)}
    )


def course() -> tuple[np.ndarray, np.ndarray]:
    """Values (n_sensors, n_times) and times of a response that has its maximum at 0.1 s."""
    times = np.linspace(-0.1, 0.3, 9)
    scale = np.random.default_rng(2).uniform(-1, 1, 9)
    return scale[:, None] * np.exp(-(((times - 0.1) / 0.05) ** 2)), times


@pytest.fixture
def retrieval() -> Explorer:
    rng = np.random.default_rng(0)
    pictures = {f"p{row}": rng.integers(0, 255, (32, 32, 3), dtype=np.uint8) for row in range(N_PICTURES)}
    labels = {name: f"<i>{name}</i> & </script>" for name in pictures}  # a name may hold anything
    retrieved = {"base": similarities(1), "aligned": similarities(2)}
    return retrieval_explorer(pictures, list(pictures), retrieved, first="p3", labels=labels)


@pytest.fixture
def topography() -> Explorer:
    values, times = course()
    return topography_explorer(values, times, cap(), kind="eeg", quantity="response", unit="µV")


@pytest.fixture
def dials() -> Explorer:
    return dose_explorer(
        doses(),
        levels=["base", "aligned", "permuted"],
        effect=("aligned", "permuted"),
        default={"gap": 0.35, "sharing": 0.5},
        chance=5.0,
    )


@pytest.fixture(params=["retrieval", "topography", "dials"])
def explorer(request: pytest.FixtureRequest) -> Explorer:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Explorer)
    return found
