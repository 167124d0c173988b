"""Pictures as they are given to encoders: their content by which they are known, and their pixels."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from companion.errors import DataError
from companion.loading.store import sha256_of

UInt8Array = npt.NDArray[np.uint8]
Picture = Path | UInt8Array
"""An image file, or pixels of shape (height, width, 3), or (height, width) for grey ones."""


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
            return "file:" + sha256_of(picture)
        except OSError as error:
            raise _unreadable(name, picture, error) from error
    pixels = np.ascontiguousarray(_checked_pixels(name, picture))
    return f"pixels:{pixels.shape}:{hashlib.sha256(pixels.tobytes()).hexdigest()}"


def open_picture(name: str, picture: Picture, digest: str) -> Image.Image:
    """Pixels of a picture in RGB; a transparency layer is dropped, a rotation tag is not followed.

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
        If a file is no image, is cut short, or has changed since its digest was taken.
    """
    if not isinstance(picture, Path):
        return Image.fromarray(_checked_pixels(name, picture)).convert("RGB")
    try:
        content = picture.read_bytes()
        image = Image.open(io.BytesIO(content)).convert("RGB")
    except (OSError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise _unreadable(name, picture, error) from error
    if digest != "file:" + hashlib.sha256(content).hexdigest():
        raise DataError(
            "An image file changed while it was being encoded",
            where=f"{picture}, stimulus {name!r}",
            do="run again when the file has come to rest",
        )
    return image


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
        expected="a whole image file",
        got=str(error) or type(error).__name__,
        do="compare the file with its origin, and fetch it again",
    )
