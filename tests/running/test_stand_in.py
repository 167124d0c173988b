"""Pictures of THINGS in the image space of the brain-aligned chapters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from companion.encoders.interface import encode_images
from companion.encoders.miniature import load_miniature_clip
from companion.errors import MissingDataError
from companion.loading import sources
from companion.running.stand_in import things_vectors

STIMULI = ["buzmul/buzmul_02s", "buzmul/buzmul_01b"]


def draw(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for name in STIMULI:
        path = folder / "object_images" / f"{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(path)


def test_vectors_are_those_of_the_miniature_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    folder = tmp_path / "miniature" / "lesson" / "stimuli"
    draw(folder)
    (folder / sources.RECORD).write_text("{}")
    found = things_vectors(STIMULI, source="miniature")
    encoder = load_miniature_clip()
    files = {name: folder / "object_images" / f"{name}.jpg" for name in STIMULI}
    expected = encode_images(encoder, files, batch_size=2)
    assert found.ids == tuple(STIMULI)
    assert found.space == expected.space
    assert found.simulated
    np.testing.assert_allclose(found.values, expected.values, atol=1e-6)
    with pytest.raises(MissingDataError):
        things_vectors(["buzmul/buzmul_03s"], source="miniature")


def test_official_pictures_need_the_weights_of_clip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    with pytest.raises(MissingDataError):
        things_vectors(STIMULI, source="official")
    draw(tmp_path / "things-images")
    with pytest.raises(MissingDataError, match="weights"):
        things_vectors(STIMULI, source="official")
