"""Any torch module as an image encoder: a second backbone, or a backbone that was aligned."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from companion.encoders.inputs import UInt8Array, as_image
from companion.encoders.interface import Float32Array

if TYPE_CHECKING:
    import torch

    Preprocess = Callable[[Image.Image], torch.Tensor]
    """From one picture to normalised pixels of shape (3, height, width)."""


class ModuleEncoder:
    """A torch module that turns prepared pixels into vectors, as an image encoder.

    Parameters
    ----------
    module : torch.nn.Module
        From pixels of shape (n, 3, height, width) to vectors of shape (n, n_features). It is frozen.
    preprocess : callable
        From one picture to its pixels; that of the encoder the module was made of.
    name : str
        Name of the space, for people.
    n_features : int
    fingerprint : str
        Of everything that decides the vectors; see :meth:`from_module` where no file names the weights.
    device : str
        Where torch computes.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from companion.encoders import ModuleEncoder, load_miniature_second
    >>> base = load_miniature_second()
    >>> with torch.random.fork_rng():
    ...     halved = torch.nn.Sequential(base.module, torch.nn.Linear(64, 32))
    >>> encoder = ModuleEncoder.from_module(
    ...     halved, base.preprocess, name="halved", n_features=32, made_of=base.fingerprint
    ... )
    >>> encoder.images([np.zeros((64, 64, 3), np.uint8)]).shape
    (1, 32)
    """

    def __init__(
        self,
        module: torch.nn.Module,
        preprocess: Preprocess,
        *,
        name: str,
        n_features: int,
        fingerprint: str,
        device: str = "cpu",
    ) -> None:
        self.module = module.to(device).eval().requires_grad_(requires_grad=False)
        self.preprocess = preprocess
        self._device = device
        self.name = name
        self.n_features = n_features
        self.fingerprint = fingerprint

    @classmethod
    def from_module(
        cls,
        module: torch.nn.Module,
        preprocess: Preprocess,
        *,
        name: str,
        n_features: int,
        made_of: str,
        device: str = "cpu",
    ) -> ModuleEncoder:
        """Wrap a module that was trained here; its tensors go into the fingerprint.

        Parameters
        ----------
        made_of : str
            Fingerprint of the encoder whose architecture and preprocessing the module shares.
        """
        said = [made_of, type(module).__name__]
        for key, tensor in sorted(module.state_dict().items()):
            content = hashlib.sha256(tensor.detach().cpu().contiguous().numpy().tobytes()).hexdigest()
            said.append(f"{key} {tuple(tensor.shape)} {content}")
        fingerprint = hashlib.sha256(json.dumps(said).encode()).hexdigest()
        return cls(
            module, preprocess, name=name, n_features=n_features, fingerprint=fingerprint, device=device
        )

    def __repr__(self) -> str:
        return f"ModuleEncoder({self.name!r}, {self.n_features} features, {self.fingerprint[:12]})"

    def images(self, batch: Sequence[Image.Image | UInt8Array], /) -> Float32Array:
        """Vectors of pictures.

        Parameters
        ----------
        batch : sequence of PIL images or uint8 arrays of shape (height, width, 3) or (height, width)

        Returns
        -------
        ndarray of shape (n, n_features), float32
        """
        return forward(self.module, pixels_of(batch, self.preprocess), self._device)


def pixels_of(batch: Sequence[Image.Image | UInt8Array], preprocess: Preprocess) -> torch.Tensor:
    """Pixels of pictures as a module takes them, of shape (n, 3, height, width)."""
    import torch

    return torch.stack([preprocess(as_image(picture)) for picture in batch])


def forward(
    compute: Callable[[torch.Tensor], torch.Tensor], batch: torch.Tensor, device: str
) -> Float32Array:
    """Send one batch through a frozen model, in exact float32 and without gradients."""
    import torch

    exact = torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)
    with torch.inference_mode(), exact:
        return np.asarray(compute(batch.to(device)).float().cpu().numpy())


def layer_features(
    module: torch.nn.Module,
    layers: Mapping[str, str],
    pixels: torch.Tensor,
    *,
    batch_size: int = 256,
) -> dict[str, Float32Array]:
    """Take what intermediate layers say of pictures: the mean over positions of each layer's output.

    Parameters
    ----------
    module : torch.nn.Module
    layers : mapping from a layer's name to the submodule that makes it
        Submodules as ``get_submodule`` names them; each returns tokens of shape (n, n_positions, d), or maps
        of shape (n, d, height, width).
    pixels : tensor of shape (n, 3, height, width)
        As the network takes them: resized, cropped and scaled.

    Returns
    -------
    dict from layer to ndarray of shape (n, d), float32

    Examples
    --------
    >>> import torch
    >>> from companion.encoders import layer_features
    >>> network = torch.nn.Sequential(torch.nn.AvgPool2d(2), torch.nn.ReLU(), torch.nn.Flatten())
    >>> pixels = torch.ones(1, 3, 4, 4) * torch.tensor([1.0, -1.0, 2.0])[:, None, None]
    >>> found = layer_features(network, {"early": "0", "late": "1"}, pixels)
    >>> {name: rows.tolist() for name, rows in found.items()}
    {'early': [[1.0, -1.0, 2.0]], 'late': [[1.0, 0.0, 2.0]]}
    """
    import torch

    kept: dict[str, list[Float32Array]] = {name: [] for name in layers}

    def keeper(name: str) -> Callable[[object, object, torch.Tensor], None]:
        def keep(_module: object, _inputs: object, output: torch.Tensor) -> None:
            mean = output.mean(dim=(2, 3) if output.ndim == 4 else 1)
            kept[name].append(mean.float().cpu().numpy())

        return keep

    hooks = {name: (module.get_submodule(place), keeper(name)) for name, place in layers.items()}
    with _hooked(hooks), torch.inference_mode():
        for batch in torch.split(pixels, batch_size):
            module(batch)
    return {name: np.concatenate(parts) for name, parts in kept.items()}


@contextmanager
def _hooked(
    hooks: Mapping[str, tuple[torch.nn.Module, Callable[[object, object, torch.Tensor], None]]],
) -> Iterator[None]:
    handles = [place.register_forward_hook(keep) for place, keep in hooks.values()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
