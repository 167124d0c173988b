"""The miniature world's own encoders: small networks trained on its picture pool, shipped with the package.

They stand in for CLIP, for a second backbone and for GloVe where no official weights are on the machine. All
were trained on simulated pictures and captions; ``miniature_weights/MODEL_CARD.md`` says how, and how well
they do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args

from PIL import Image

from companion.encoders.clip import ClipEncoder, build_clip
from companion.encoders.inputs import UInt8Array
from companion.encoders.interface import Float32Array
from companion.encoders.modules import ModuleEncoder, layer_features, pixels_of
from companion.encoders.weights import fingerprint_of, load_strictly, read_weights
from companion.encoders.words import WordTokenizer

if TYPE_CHECKING:
    import torch

Variant = Literal["full", "without_test_kinds"]
"""Whether the pool held other pictures of the test kinds, as web data do, or none of them."""

WEIGHTS = Path(__file__).parent / "miniature_weights"
IMAGE_SIZE = 64
N_FEATURES = 64
CONTEXT_LENGTH = 16
MEAN = (0.5, 0.5, 0.5)
STD = (0.25, 0.25, 0.25)
PREPROCESSING: Mapping[str, Any] = MappingProxyType(
    {
        "size": IMAGE_SIZE,
        "mode": "RGB",
        "mean": MEAN,
        "std": STD,
        "interpolation": "bicubic",
        "resize_mode": "shortest",
        "fill_color": 0,
    }
)
CLIP_LAYERS = MappingProxyType({f"block{number}": f"layer{number}" for number in range(1, 5)})
"""Blocks of the miniature CLIP's image tower, early to late."""
SECOND_LAYERS = MappingProxyType({"stage1": "features.1", "stage2": "features.3", "stage3": "features.5"})
"""Stages of the second backbone, early to late."""


def clip_architecture(n_tokens: int) -> dict[str, Any]:
    """Configure the miniature CLIP, in open_clip's words.

    Parameters
    ----------
    n_tokens : int
        Size of the text tower's table: words, padding, unknown word and end.
    """
    return {
        "embed_dim": N_FEATURES,
        "vision_cfg": {
            "image_size": IMAGE_SIZE,
            "layers": [1, 1, 1, 1],  # a residual network like CLIP's RN50: it learns from few pictures
            "width": 16,
            "head_width": 64,
        },
        "text_cfg": {
            "context_length": CONTEXT_LENGTH,
            "vocab_size": n_tokens,
            "width": 96,
            "heads": 4,
            "layers": 2,
        },
    }


def build_second() -> torch.nn.Module:
    """Make the second backbone with random weights: a ConvNeXt of 0.4 million parameters.

    References
    ----------
    Liu et al. (2022), CVPR: A ConvNet for the 2020s.
    """
    import torch
    from torchvision.models.convnext import CNBlockConfig, ConvNeXt

    stages = [CNBlockConfig(32, 64, 1), CNBlockConfig(64, 128, 2), CNBlockConfig(128, None, 2)]
    with torch.random.fork_rng(devices=[]):  # the draws are overwritten; the caller's state stays as it was
        model: torch.nn.Module = ConvNeXt(stages, layer_scale=1.0, num_classes=N_FEATURES)
    return model


def load_miniature_clip(variant: Variant = "full", *, device: str = "cpu") -> ClipEncoder:
    """Load the miniature CLIP: 64 x 64 pixels and words to 64 numbers.

    Parameters
    ----------
    variant : {"full", "without_test_kinds"}
        Whether its training pool held (other) pictures of the kinds that are used for testing. In the second
        variant their nouns are unknown words.
    device : str
        Where torch computes.

    Returns
    -------
    ClipEncoder
        Its ``module`` is the image tower: prepared pixels of shape (n, 3, 64, 64) to (n, 64).

    Examples
    --------
    >>> from companion.encoders import load_miniature_clip
    >>> encoder = load_miniature_clip()
    >>> encoder.texts(["a striped red bird", "a plain blue vessel"]).shape
    (2, 64)
    """
    if variant not in get_args(Variant):
        raise ValueError(f"variant is one of {', '.join(get_args(Variant))}, got {variant!r}")
    folder = WEIGHTS / f"clip_{variant}"
    tokenise = WordTokenizer.from_file(folder / "vocabulary.txt", CONTEXT_LENGTH)
    config: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
    weights = folder / "weights.safetensors"
    model = build_clip(config)
    load_strictly(model, read_weights(weights), weights)
    said = {"model": config, "words": tokenise.vocabulary}
    return ClipEncoder(
        model,
        preprocess(),
        tokenise,
        name="miniature CLIP" if variant == "full" else "miniature CLIP without test kinds",
        n_features=N_FEATURES,
        fingerprint=fingerprint_of(weights, said, dict(PREPROCESSING), device),
        device=device,
    )


def load_miniature_second(*, device: str = "cpu") -> ModuleEncoder:
    """Load the second backbone: pictures to 64 numbers, trained without any text or label.

    Returns
    -------
    ModuleEncoder
        Its ``module`` takes prepared pixels of shape (n, 3, 64, 64), as the miniature CLIP's does.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.encoders import load_miniature_second
    >>> encoder = load_miniature_second()
    >>> encoder.images([np.zeros((64, 64, 3), np.uint8)]).shape
    (1, 64)
    """
    weights = WEIGHTS / "second" / "weights.safetensors"
    model = build_second()
    load_strictly(model, read_weights(weights), weights)
    return ModuleEncoder(
        model,
        preprocess(),
        name="miniature second backbone",
        n_features=N_FEATURES,
        fingerprint=fingerprint_of(weights, "second", dict(PREPROCESSING), device),
        device=device,
    )


def miniature_layer_features(
    encoder: ClipEncoder | ModuleEncoder, pictures: Sequence[Image.Image | UInt8Array]
) -> dict[str, Float32Array]:
    """Intermediate layers of a miniature backbone: mean over positions after each block or stage.

    Parameters
    ----------
    encoder : ClipEncoder or ModuleEncoder
        As :func:`load_miniature_clip` or :func:`load_miniature_second` returns it.
    pictures : sequence of PIL images or uint8 arrays

    Returns
    -------
    dict from layer to ndarray of shape (n_pictures, d), float32
        Early layers first.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.encoders import load_miniature_second, miniature_layer_features
    >>> layers = miniature_layer_features(load_miniature_second(), [np.zeros((64, 64, 3), np.uint8)])
    >>> [values.shape[1] for values in layers.values()]
    [32, 64, 128]
    """
    layers = CLIP_LAYERS if isinstance(encoder, ClipEncoder) else SECOND_LAYERS
    return layer_features(encoder.module, layers, pixels_of(pictures, encoder.preprocess))


def miniature_word_vectors_file() -> Path:
    """File of the miniature world's word vectors, in GloVe's text layout, 32 numbers a word.

    It is read by :func:`word_vectors`.

    Examples
    --------
    Two colours lie closer together than a colour and a preposition:

    >>> from companion.encoders import miniature_word_vectors_file, word_vectors
    >>> space = word_vectors(miniature_word_vectors_file(), ["red", "blue", "in"], space="words")
    >>> red, blue, preposition = space.normalised().values
    >>> bool(red @ blue > red @ preposition)
    True
    """
    return WEIGHTS / "words" / "glove.miniature.32d.txt"


def preprocess() -> Any:
    """Make what the miniature backbones do to a picture first: resize to 64 pixels, centre, scale."""
    from open_clip.transform import PreprocessCfg, image_transform_v2

    return image_transform_v2(PreprocessCfg(**PREPROCESSING), is_train=False)
