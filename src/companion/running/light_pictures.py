"""Pictures of a page made light enough to load; the files in ``_build/figures`` stay as they were drawn."""

from __future__ import annotations

import base64
import hashlib
import io
from pathlib import Path
from typing import Any

from companion.system.whole_files import whole_path

HEAVY = 150_000
"""Bytes from which a picture is re-encoded."""
LARGEST_ERROR = 1.5
"""Root mean square error, of 255, up to which 256 colours serve a picture; what needs more of them, a sheet
of photographs or of drawn scenes, becomes a JPEG. At 4, pink and purple on such a sheet went grey."""
WIDEST = 1000
QUALITY = 80


def lighten(notebook: Any, cache: Path) -> None:
    """Replace heavy PNG outputs of a notebook.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        An executed chapter; changed in place.
    cache : Path
        Folder that keeps what was made, by content and settings; every build needs the same pictures.
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
    if len(png) < HEAVY:
        return "image/png", png
    settings = f"{LARGEST_ERROR} {WIDEST} {QUALITY}".encode()
    name = hashlib.sha256(settings + png).hexdigest()
    for kept in sorted(cache.glob(f"{name}.*.*")):
        picture = kept.read_bytes()
        if kept.name == _kept_name(name, picture, kind := kept.suffix[1:]):  # else it is damaged
            return f"image/{kind}", picture
    light = with_palette(png)
    kind = "png" if error_of(light, png) <= LARGEST_ERROR else "jpeg"
    found = light if kind == "png" else as_photograph(png)
    with whole_path(cache / _kept_name(name, found, kind)) as part:
        part.write_bytes(found)
    return f"image/{kind}", found


def _kept_name(name: str, picture: bytes, kind: str) -> str:
    """Name of a light picture: what it was made from, and what it must be."""
    return f"{name}.{hashlib.sha256(picture).hexdigest()[:16]}.{kind}"


def error_of(light: bytes, png: bytes) -> float:
    """Root mean square difference of two pictures of one size, over pixels and colours, of 255."""
    from PIL import Image, ImageChops, ImageStat

    first, second = (Image.open(io.BytesIO(one)).convert("RGB") for one in (light, png))
    squares = ImageStat.Stat(ImageChops.difference(first, second)).sum2
    return float((sum(squares) / (3 * first.width * first.height)) ** 0.5)


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
