"""Pictures as they are given to encoders: their content by which they are known, and their pixels."""

from __future__ import annotations

import hashlib
import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from companion.errors import DataError
from companion.loading.store import sha256_of

UInt8Array = npt.NDArray[np.uint8]
Picture = Path | UInt8Array
"""An image file, or pixels of shape (height, width, 3), or (height, width) for grey ones."""

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
"""Pillow knows more; one of them, EPS, is a program that it hands to an interpreter."""
MOST_BYTES = 2**28
"""Of an image file."""
_BITS_8 = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"})
"""Modes whose values go from 0 to 255, or number colours; of others, Pillow cuts off what is larger."""


def digest_of_text(text: str) -> str:
    """Name of a text by its content."""
    return "text:" + hashlib.sha256(text.encode("utf-8")).hexdigest()


def digest_of_picture(name: str, picture: Picture) -> str:
    """Name of a picture by its content: the bytes of a file, or the shape and values of an array.

    Parameters
    ----------
    name : str
        Stimulus id, for messages.
    picture : Path or ndarray of uint8

    Raises
    ------
    DataError
        If the file cannot be read, or the array is no picture.
    """
    if isinstance(picture, Path):
        try:
            return "file:" + sha256_of(_regular(picture))
        except OSError as error:
            raise _unreadable(name, picture, error) from error
    pixels = np.ascontiguousarray(_checked_pixels(name, picture))
    return f"pixels:{pixels.shape}:{hashlib.sha256(pixels.tobytes()).hexdigest()}"


def open_picture(name: str, picture: Picture, digest: str) -> Image.Image:
    """Pixels of a picture in RGB.

    A transparency layer is dropped, a rotation tag is not followed, and of several pictures in a file the
    first is taken.

    Parameters
    ----------
    name : str
        Stimulus id, for messages.
    picture : Path or ndarray of uint8
    digest : str
        What :func:`digest_of_picture` said of it; vectors are never stored under another content's name.

    Raises
    ------
    DataError
        If a file is no image, is cut short, has more than 8 bits a colour or more pixels than memory should
        be trusted with, or has changed since its digest was taken.
    """
    if not isinstance(picture, Path):
        return Image.fromarray(_checked_pixels(name, picture)).convert("RGB")
    try:
        if (size := _regular(picture).stat().st_size) > MOST_BYTES:
            raise ValueError(f"{size} bytes; at most {MOST_BYTES} are read")
        content = picture.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of tags that are not looked at
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = _decoded(content)
    except Exception as error:  # Pillow's parsers raise whatever damaged bytes lead to
        raise _unreadable(name, picture, error) from error
    if digest != "file:" + hashlib.sha256(content).hexdigest():
        raise DataError(
            "An image file changed while it was being encoded",
            where=f"{picture}, stimulus {name!r}",
            do="run again when the file has come to rest",
        )
    return image


def _regular(path: Path) -> Path:
    if not path.is_file():  # to open a pipe would wait for ever
        raise OSError("no such file")
    return path


def _decoded(content: bytes) -> Image.Image:
    image: Image.Image = Image.open(io.BytesIO(content), formats=FORMATS)
    if image.mode not in _BITS_8:
        raise ValueError(
            f"pixels of mode {image.mode}, which have more than 8 bits or no colours of a screen"
        )
    if image.mode == "P" and isinstance(image.info.get("transparency"), bytes):
        image = image.convert("RGBA")  # a palette with degrees of transparency is not converted in one step
    return image.convert("RGB")


def as_image(picture: Image.Image | npt.NDArray[Any]) -> Image.Image:
    """Image of what an encoder is handed: an image as it is, or an array of pixels."""
    return picture if isinstance(picture, Image.Image) else Image.fromarray(_checked_pixels("", picture))


def _checked_pixels(name: str, picture: npt.NDArray[Any]) -> UInt8Array:
    right_shape = picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] == 3)
    if picture.dtype != np.uint8 or not right_shape or 0 in picture.shape:
        raise DataError(
            "An array is no picture",
            where=f"stimulus {name!r}" if name else None,
            expected="uint8 of shape (height, width, 3) or (height, width)",
            got=f"{picture.dtype} of shape {picture.shape}",
            do="give pixels from 0 to 255, channels last",
        )
    return picture


def _unreadable(name: str, path: Path, error: Exception) -> DataError:
    return DataError(
        "An image file cannot be read",
        where=f"{path}, stimulus {name!r}",
        expected=f"a whole image file of 8 bits a colour, {', '.join(FORMATS)}",
        got=str(error) or type(error).__name__,
        do="compare the file with its origin, and fetch it again",
    )
