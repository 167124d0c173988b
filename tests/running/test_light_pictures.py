from __future__ import annotations

import base64
import io
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from companion.running import light_pictures
from companion.running.light_pictures import as_photograph, lighten, with_palette


def png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def noise(height: int, width: int, n_colours: int = 256) -> np.ndarray:
    values = np.random.default_rng(0).integers(0, n_colours, (height, width, 3))
    return (values * (255 // (n_colours - 1))).astype(np.uint8)


def notebook(picture: bytes) -> nbformat.NotebookNode:
    output = nbformat.v4.new_output("display_data", {"image/png": base64.b64encode(picture).decode()})
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=[output])])


def shown(page: nbformat.NotebookNode) -> tuple[str, bytes]:
    ((kind, text),) = page.cells[0].outputs[0].data.items()
    return kind, base64.b64decode(text)


def test_a_drawing_of_few_colours_keeps_every_pixel() -> None:
    pixels = noise(60, 80, n_colours=5)  # 125 colours
    light = with_palette(png(pixels))
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(light)).convert("RGB")), pixels)
    assert len(light) < len(png(pixels))


def test_a_photograph_is_narrowed_in_proportion() -> None:
    light = Image.open(io.BytesIO(as_photograph(png(noise(300, 1500)))))
    assert light.format == "JPEG"
    assert light.size == (1000, 200)


@pytest.mark.parametrize(("n_colours", "kind"), [(6, "image/png"), (256, "image/jpeg")])
def test_a_heavy_picture_is_replaced_and_kept_for_the_next_build(
    n_colours: int, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """216 colours fit into a palette; noise of all colours would lose its own."""
    monkeypatch.setattr(light_pictures, "HEAVY", 1)
    heavy = png(noise(90, 90, n_colours))
    page = notebook(heavy)
    lighten(page, tmp_path)
    found, light = shown(page)
    assert found == kind
    assert len(light) < len(heavy)
    monkeypatch.setattr(light_pictures, "with_palette", None)  # a second call would fail
    again = notebook(heavy)
    lighten(again, tmp_path)
    assert shown(again) == (kind, light)


def test_a_kept_picture_that_was_damaged_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(light_pictures, "HEAVY", 1)
    heavy = png(noise(90, 90))
    first, second = notebook(heavy), notebook(heavy)
    lighten(first, tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:-5] + b"ouch!")
    lighten(second, tmp_path)
    assert shown(second) == shown(first)
    assert kept.read_bytes() == shown(first)[1]


def test_a_light_picture_is_left_as_it_was_drawn(tmp_path: Path) -> None:
    small = png(noise(20, 20))
    page = notebook(small)
    lighten(page, tmp_path)
    assert shown(page) == ("image/png", small)
    assert not list(tmp_path.iterdir())


def test_other_settings_make_the_picture_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(light_pictures, "HEAVY", 1)
    heavy = png(noise(90, 90))
    first, second = notebook(heavy), notebook(heavy)
    lighten(first, tmp_path)
    monkeypatch.setattr(light_pictures, "QUALITY", 20)
    lighten(second, tmp_path)
    assert len(shown(second)[1]) < len(shown(first)[1])
