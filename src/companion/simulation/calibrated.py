"""The dials as they are set, from the record of the calibration."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from companion.simulation.dials import Dials

RECORD = Path(__file__).parent / "calibration.json"
"""Written by ``python -m companion.simulation.calibrate``; committed."""


@cache
def calibration_record() -> dict[str, Any]:
    """Read what was tuned, to which printed number, on which kinds, and how near it came."""
    content: dict[str, Any] = json.loads(RECORD.read_text("utf-8"))
    return content


def calibrated_dials() -> Dials:
    """Dials of the world: signals as calibrated, all others as they are set by default.

    Examples
    --------
    >>> from companion.simulation import Dials, calibrated_dials
    >>> dials = calibrated_dials()
    >>> dials.gap == Dials().gap, dials.signal == Dials().signal
    (True, False)
    """
    record = calibration_record()
    return Dials(individual=record["individual"], signal=record["signal"])
