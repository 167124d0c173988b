"""What decides a part of the miniature world: dials, scale, the source and the weights that make it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from companion.loading.sources import Null, Part, ScaleName
from companion.simulation.dials import Dials
from companion.system.source_code import code_sha256

UNUSED = {
    "backbones",
    "clip_without_test_kinds",
    "came_out.py",
    "calibrate.py",
    "calibration_scores.py",
    "calibration_stimuli.py",
    "alignment_effects.py",
    "alignment_laboratory.py",
    "repeated_alignment.py",
    "repeated_worlds.py",
    "repeated_decoding.py",
    "repeated_table.py",
    "dreamsim.py",
    "glocal.py",
    "hugging_face.py",
    "layers.py",
    "lora.py",
    "vit.py",
}
"""Source that no part of the world depends on: what trains, calibrates and measures it, and encoders of
official weights."""


def recipe_of(part: Part, scale: ScaleName, null: Null | None, dials: Dials) -> dict[str, Any]:
    """All that decides a part; what the stimuli do not depend on is left out of theirs."""
    told: dict[str, Any] = {"part": part, "scale": scale, "source": _source_checksum()}
    if part != "stimuli":
        null = None if part == "doses" or null == "N0" else null
        told |= {"null": null, "dials": json.loads(json.dumps(asdict(dials)))}
    return told


@cache
def _source_checksum() -> str:
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for room in ("simulation", "encoders"):
        for path in sorted((package / room).rglob("*")):
            if path.suffix in {".py", ".safetensors"} and not UNUSED & set(path.parts):
                content = code_sha256(path).encode() if path.suffix == ".py" else path.read_bytes()
                digest.update(path.relative_to(package).as_posix().encode() + content)
    return digest.hexdigest()
