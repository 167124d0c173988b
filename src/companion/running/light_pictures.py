"""Pictures of a page made light enough to load; the files in ``_build/figures`` stay as they were drawn."""

from __future__ import annotations

import base64
import hashlib
import io
from pathlib import Path
from typing import Any

PALETTE_FROM = 150_000
"""Bytes from which a picture gets a palette of 256 colours: a third of the size, and no eye sees it."""
PHOTOGRAPH_FROM = 500_000
"""Bytes from which it holds so many colours that it is kept as a JPEG, no wider than a page is shown."""
WIDEST = 1000
QUALITY = 75


def lighten(notebook: Any, cache: Path) -> None:
    """Replace heavy PNG outputs of a notebook.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        An executed chapter; changed in place.
    cache : Path
        Folder that keeps what was made, by content; every build needs the same pictures.
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                kind, picture = _light(base64.b64decode(data["image/png"]), cache)
                del data["image/png"]
                data[kind] = base64.b64encode(picture).decode()


def _light(png: bytes, cache: Path) -> tuple[str, bytes]:
    """Return type and bytes of a picture, re-encoded if it is heavy."""
    if len(png) < PALETTE_FROM:
        return "image/png", png
    kind = "png" if len(png) < PHOTOGRAPH_FROM else "jpeg"
    kept = cache / f"{hashlib.sha256(png).hexdigest()}.{kind}"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part")
        part.write_bytes(with_palette(png) if kind == "png" else as_photograph(png))
        part.replace(kept)
    return f"image/{kind}", kept.read_bytes()


def with_palette(png: bytes) -> bytes:
    """Keep a drawing with the 256 colours that serve it best.

    Parameters
    ----------
    png : bytes

    Returns
    -------
    bytes
        A PNG of the same size in pixels.
    """
    from PIL import Image

    drawing = Image.open(io.BytesIO(png)).convert("RGB")
    light = drawing.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    stream = io.BytesIO()
    light.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def as_photograph(png: bytes) -> bytes:
    """Keep a sheet of many small pictures as a JPEG.

    Parameters
    ----------
    png : bytes

    Returns
    -------
    bytes
        A JPEG, at most ``WIDEST`` pixels wide.
    """
    from PIL import Image

    sheet = Image.open(io.BytesIO(png)).convert("RGB")
    if sheet.width > WIDEST:
        size = (WIDEST, round(sheet.height * WIDEST / sheet.width))
        sheet = sheet.resize(size, Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    sheet.save(stream, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return stream.getvalue()
