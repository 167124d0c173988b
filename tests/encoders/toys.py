"""Encoders simple enough to say by hand what they return; they count what they are asked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np


class ToyImages:
    """Mean of each colour channel, and the height."""

    name = "toy colours"
    n_features = 4

    def __init__(self, fingerprint: str = "colours 1") -> None:
        self.fingerprint = fingerprint
        self.asked: list[int] = []

    def images(self, batch: Sequence[object], /) -> np.ndarray:
        self.asked.append(len(batch))
        arrays = [np.asarray(picture) for picture in batch]
        rows = [[*pixels.reshape(-1, 3).mean(axis=0), pixels.shape[0]] for pixels in arrays]
        return np.array(rows, dtype=np.float32)


class ToyTexts:
    """Five numbers out of a checksum of the text and of the fingerprint."""

    name = "toy sentences"
    n_features = 5

    def __init__(self, fingerprint: str = "sentences 1") -> None:
        self.fingerprint = fingerprint
        self.asked: list[str] = []

    def texts(self, batch: Sequence[str], /) -> np.ndarray:
        self.asked += batch
        return np.stack([self.vector(text) for text in batch])

    def vector(self, text: str) -> np.ndarray:
        digest = hashlib.sha256(f"{self.fingerprint}|{text}".encode()).digest()
        return np.frombuffer(digest[:10], dtype="<u2").astype(np.float32) / 7 - 3000
