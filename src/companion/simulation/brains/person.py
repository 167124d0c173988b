"""Randomness that belongs to one person and one purpose."""

from __future__ import annotations

import zlib

import numpy as np


def person_rng(seed: int, dataset: str, subject: int, purpose: str) -> np.random.Generator:
    """Random numbers for one purpose, such as the topography of one person.

    A purpose has its own stream: a person keeps the topography when the noise, the order of trials or the
    stimuli change, so that calibration can use other stimuli with the same person.

    Parameters
    ----------
    seed : int
        Of the world (`Dials.seed`).
    dataset : str
        Data set, such as ``things-eeg2``.
    subject : int
        Counted from 1.
    purpose : str
        What is drawn, such as ``noise``.

    Returns
    -------
    numpy.random.Generator
        At its beginning: two calls with the same arguments draw the same numbers.

    Examples
    --------
    >>> from companion.simulation import person_rng
    >>> first = person_rng(0, "god", 1, "noise").normal()
    >>> first == person_rng(0, "god", 1, "noise").normal()
    True
    >>> first == person_rng(0, "god", 1, "geometry").normal()
    False
    """
    return np.random.default_rng([seed, zlib.crc32(f"{dataset}/{subject}/{purpose}".encode())])
