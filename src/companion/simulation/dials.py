"""The dials of the miniature world. They are set before any aligner is scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Dataset = Literal["things-eeg2", "things-meg", "nsd", "god", "god-meg", "ecog"]
DATASETS: tuple[Dataset, ...] = ("things-eeg2", "things-meg", "nsd", "god", "god-meg", "ecog")
Null = Literal["N0", "N1", "N2", "N3"]


@dataclass(frozen=True)
class Dials:
    """What is put in.

    Attributes
    ----------
    gap : float
        Share of the reliable brain variance that the base encoder does not carry linearly, 0 to 1.
    sharing : float
        Share of that part which human judges use too, 0 to 1.
    individual : float
        Share of the geometry that is each person's own, 0 to 1.
    artefact_tilt : float
        The gap is ``gap * (1 + artefact_tilt)`` for artefacts and ``gap * (1 - artefact_tilt)`` for living
        things, so that the image space misfits artefacts most; 0 switches the difference off.
    signal : mapping of data set to float
        Amplitude of the response relative to that data set's noise; set by calibration on base targets only.
    seed : int
        Of brains and noise. Stimuli and encoders are the same for every seed.

    Examples
    --------
    >>> from companion.simulation import Dials
    >>> Dials(gap=0.0).sharing
    0.5
    """

    gap: float = 0.35
    sharing: float = 0.5
    individual: float = 0.5
    artefact_tilt: float = 0.3
    signal: Mapping[Dataset, float] = field(default_factory=lambda: dict.fromkeys(DATASETS, 1.0))
    seed: int = 0
