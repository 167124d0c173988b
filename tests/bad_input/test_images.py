"""Pictures for encoders: cut, of other kinds and modes, animated, empty, and too large for memory."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from companion.encoders.inputs import FORMATS, digest_of_picture, open_picture
from companion.errors import DataError

from .damage import damaged_bytes, outcome, write

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (9, 7, 3), dtype=np.uint8)
MODES = ("1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F", "LAB", "HSV")


def encoded(mode: str, kind: str) -> bytes | None:
    """A small picture of a mode in a format; None where there is no such file."""
    image = Image.fromarray(PIXELS)
    if mode == "I;16":
        image = Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 257)
    elif mode == "LAB":
        image = Image.frombytes("LAB", (7, 9), PIXELS.tobytes())
    else:
        image = image.convert(mode)
    stream = io.BytesIO()
    try:
        image.save(stream, kind)
    except (OSError, KeyError, ValueError):
        return None
    return stream.getvalue()


FILES = {(mode, kind): content for mode in MODES for kind in FORMATS if (content := encoded(mode, kind))}


def read(path: Path) -> Image.Image:
    return open_picture("odd", path, digest_of_picture("odd", path))


@given(key=st.sampled_from(sorted(FILES)))
def test_every_mode_and_format_is_right_or_refused(key: tuple[str, str], tmp_path: Path) -> None:
    mode, kind = key
    path = write(tmp_path / f"picture.{kind.lower()}", FILES[key])
    found = outcome(lambda: read(path), names=path.name)
    if found is None:
        assert mode in {"I;16", "I", "F", "LAB"}
        return
    assert (found.mode, found.size) == ("RGB", (7, 9))
    if mode in {"RGB", "RGBA"} and kind in {"PNG", "BMP", "TIFF"}:
        np.testing.assert_array_equal(np.asarray(found), PIXELS)


@given(data=st.data())
def test_damaged_files(data: st.DataObject, tmp_path: Path) -> None:
    mode, kind = data.draw(st.sampled_from(sorted(FILES)))
    content = data.draw(damaged_bytes(FILES[mode, kind]))
    path = write(tmp_path / "picture.jpg", content)
    found = outcome(lambda: read(path), names="picture.jpg")
    assert found is None or (found.mode == "RGB" and min(found.size) > 0)


def png(width: int, height: int, rows: bytes, extra: bytes = b"") -> bytes:
    """A grey PNG that says a size and holds these rows, compressed."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@given(width=st.integers(0, 2**31), height=st.integers(0, 2**31), rows=st.integers(0, 2**16))
def test_sizes_that_a_file_only_says(width: int, height: int, rows: int, tmp_path: Path) -> None:
    path = write(tmp_path / "said.png", png(width, height, bytes(rows)))
    found = outcome(lambda: read(path), names="said.png")
    assert found is None or found.size == (width, height)


@pytest.mark.parametrize("side", [10_000, 20_000, 60_000])
def test_a_bomb_of_pixels_is_refused_before_it_is_inflated(side: int, tmp_path: Path) -> None:
    """Pillow only warns of 100 million pixels; a warning fails a chapter with no word of the picture."""
    path = write(tmp_path / "bomb.png", png(side, side, bytes(1000)))
    with pytest.raises(DataError, match=r"bomb\.png.*(?s:.)*pixels"):
        read(path)


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    program = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(out) (w) file\n"
    for content in (program, b"GIF89a", b"#!/bin/sh\n", b"<svg xmlns='x'/>", b"", "text é".encode()):
        path = write(tmp_path / "text.jpg", content)
        with pytest.raises(DataError, match=r"text\.jpg, stimulus 'odd'"):
            read(path)


def test_of_an_animation_the_first_picture_is_taken(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "lime", "blue")]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    assert np.asarray(read(tmp_path / "moving.gif"))[0, 0].tolist() == [255, 0, 0]


def test_degrees_of_transparency_in_a_palette_are_dropped_in_silence(tmp_path: Path) -> None:
    image = Image.fromarray(PIXELS).convert("P")
    image.save(tmp_path / "palette.png", transparency=bytes(range(128)))
    np.testing.assert_array_equal(
        np.asarray(read(tmp_path / "palette.png")), np.asarray(image.convert("RGB"))
    )


@given(
    shape=st.lists(st.integers(0, 4), max_size=4).map(tuple),
    dtype=st.sampled_from(["u1", "i1", "u2", "f4", "f8", "?", "c8", "U1", "O"]),
)
def test_arrays_that_are_no_pictures(shape: tuple[int, ...], dtype: str) -> None:
    pixels = np.zeros(shape, dtype)
    digest = outcome(lambda: digest_of_picture("odd", pixels), names="stimulus 'odd'")
    right = dtype == "u1" and 0 not in shape and (len(shape) == 2 or (len(shape) == 3 and shape[2] == 3))
    assert (digest is not None) == right
