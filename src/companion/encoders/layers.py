"""One intermediate layer of a network, as an image encoder of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

from companion.encoders.clip import ClipEncoder
from companion.encoders.inputs import UInt8Array
from companion.encoders.interface import Float32Array
from companion.encoders.modules import ModuleEncoder, layer_features, pixels_of


class LayerEncoder:
    """What one layer says of pictures: the mean of its output over positions.

    Parameters
    ----------
    base : ClipEncoder or ModuleEncoder
    layer : str
        Name of the layer, for people.
    place : str
        Submodule that makes it, as ``get_submodule`` names it.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.encoders import LayerEncoder, load_miniature_second
    >>> base = load_miniature_second()
    >>> first = next(name for name, _ in base.module.named_children())
    >>> encoder = LayerEncoder(base, "stem", first)
    >>> encoder.images([np.zeros((64, 64, 3), np.uint8)]).shape == (1, encoder.n_features)
    True
    """

    def __init__(self, base: ClipEncoder | ModuleEncoder, layer: str, place: str) -> None:
        self.base = base
        self.place = place
        self.name = f"{base.name}, {layer}"
        self.fingerprint = hashlib.sha256(f"{base.fingerprint} mean of {place}".encode()).hexdigest()
        self.n_features = self.images([np.zeros((8, 8, 3), np.uint8)]).shape[1]

    def images(self, batch: Sequence[Image.Image | UInt8Array], /) -> Float32Array:
        """Vectors of pictures, of shape (n, n_features)."""
        pixels = pixels_of(batch, self.base.preprocess)
        return layer_features(self.base.module, {"layer": self.place}, pixels)["layer"]
