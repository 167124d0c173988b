"""Stock vision transformers from files in Hugging Face's layout, without its library.

The unaligned targets of the human-aligned paper are such models: CLIP, DINO and DINOv2, each with the resize,
crop and normalisation that its own ``preprocessor_config.json`` asks for, and the vector that its library
returns. DreamSim's files hold the same networks under other names, in another pipeline
(:mod:`companion.encoders.dreamsim`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from companion.encoders.modules import ModuleEncoder
from companion.encoders.vit import ViTLayout, build_vit, positions_for, refuse_other_network
from companion.encoders.weights import fingerprint_of, read_weights
from companion.errors import DataError
from companion.loading.json_files import read_json_object

if TYPE_CHECKING:
    import torch
    from PIL import Image

Kind = Literal["clip", "dino", "dinov2"]

IMAGE_SIZE = 224
PREPROCESSING = "preprocessor_config.json"
_RESAMPLED = MappingProxyType({2: "bilinear", 3: "bicubic"})
"""Pillow's numbers of the ways to resize that these models use."""
_AS_USUAL = {"do_resize": True, "do_rescale": True, "do_normalize": True, "rescale_factor": 1 / 255}
MOST_RESIZED = 1024
_LAYOUTS: Mapping[Kind, ViTLayout] = MappingProxyType(
    {
        "clip": ViTLayout(eps=1e-5, norm_before_blocks=True, projected=True, quick_gelu=True),
        "dino": ViTLayout(eps=1e-12, normed=True),
        "dinov2": ViTLayout(eps=1e-6, scaled_layers=True, normed=True),
    }
)
_NOT_NEEDED = ("text_model.", "text_projection.", "logit_scale", "pooler.", "embeddings.mask_token")
_RENAMED = (
    ("vision_model.", ""),
    ("embeddings.class_embedding", "cls_token"),
    ("embeddings.cls_token", "cls_token"),
    ("embeddings.position_embedding.weight", "pos_embed"),
    ("embeddings.position_embeddings", "pos_embed"),
    ("embeddings.patch_embedding.", "patch_embed.proj."),
    ("embeddings.patch_embeddings.projection.", "patch_embed.proj."),
    ("encoder.layers.", "blocks."),
    ("encoder.layer.", "blocks."),
    (".layer_norm", ".norm"),
    (".layernorm_before.", ".norm1."),
    (".layernorm_after.", ".norm2."),
    (".attention.attention.", ".attn."),
    (".attention.output.dense.", ".attn.proj."),
    (".self_attn.out_proj.", ".attn.proj."),
    (".self_attn.", ".attn."),
    (".intermediate.dense.", ".mlp.fc1."),
    (".output.dense.", ".mlp.fc2."),
    (".layer_scale1.lambda1", ".ls1.gamma"),
    (".layer_scale2.lambda1", ".ls2.gamma"),
    ("pre_layrnorm.", "norm_pre."),  # spelt so in the files
    ("post_layernorm.", "norm."),
    ("layernorm.", "norm."),
)
"""Hugging Face's names of the three kinds, and DINO's; replaced in this order."""
_JOINED = ("query", "key", "value"), ("q_proj", "k_proj", "v_proj")


def load_hugging_face(kind: Kind, folder: Path, *, name: str, device: str = "cpu") -> ModuleEncoder:
    """Load a stock image encoder from the files of its repository.

    The vector is the projected embedding (CLIP), or the class token after the final norm (DINO, DINOv2).
    Position vectors of another picture size are interpolated as in DINOv2's own code.

    Parameters
    ----------
    kind : {"clip", "dino", "dinov2"}
    folder : Path
        With ``model.safetensors`` or ``pytorch_model.bin``, and ``preprocessor_config.json``.
    name : str
        Of the space, for people.
    device : str
        Where torch computes.

    Raises
    ------
    DataError
        If a file is missing, or of another layout.

    References
    ----------
    Radford et al. (2021), ICML: CLIP. Caron et al. (2021), ICCV: DINO. Oquab et al. (2024), TMLR: DINOv2.
    """
    if kind not in _LAYOUTS:
        raise DataError("There is no such kind of model", expected=", ".join(_LAYOUTS), got=kind)
    layout, path = _LAYOUTS[kind], weight_file(folder)
    weights, projection = _dino_names(read_weights(path), path)
    if (projection is not None) != layout.projected:
        raise DataError(
            "A weight file is of another kind of model",
            where=path,
            expected=f"{kind}, {'with' if layout.projected else 'without'} visual_projection",
            got=sorted(weights)[:6],
        )
    refuse_other_network(weights, projection, IMAGE_SIZE, path)
    weights["pos_embed"] = positions_for(weights, IMAGE_SIZE, path)
    prepared = _preprocessing(folder / PREPROCESSING, number_is_shortest=kind == "clip")
    return ModuleEncoder(
        build_vit(weights, projection, layout, path, IMAGE_SIZE),
        _preprocess(prepared),
        name=name,
        n_features=weights["cls_token"].shape[-1] if projection is None else projection.shape[1],
        fingerprint=fingerprint_of(path, asdict(layout), prepared, device),
        device=device,
    )


def weight_file(folder: Path) -> Path:
    """File with a model's tensors in a repository's folder; the safer layout if both are there."""
    old = folder / "pytorch_model.bin"
    newer = folder / "model.safetensors"
    return old if old.is_file() and not newer.is_file() else newer


def _dino_names(
    content: dict[str, torch.Tensor], path: Path
) -> tuple[dict[str, torch.Tensor], torch.Tensor | None]:
    """Tensors of the image tower by DINO's names, and the projection of shape (width, n_features) if any."""
    import torch

    weights: dict[str, torch.Tensor] = {}
    for said, tensor in content.items():
        if not said.startswith(_NOT_NEEDED) and not said.endswith("position_ids"):
            name = said
            for theirs, ours in _RENAMED:
                name = name.replace(theirs, ours)
            weights[name] = tensor
    projection = weights.pop("visual_projection.weight", None)
    needed = {"pos_embed", "cls_token", "patch_embed.proj.weight"}
    if needed - set(weights):
        raise DataError(
            "A weight file is no vision transformer in Hugging Face's layout",
            where=path,
            expected=f"what becomes {', '.join(sorted(needed))}",
            got=sorted(content)[:6],
        )
    for first in [name for name in weights if ".attn.query." in name or ".attn.q_proj." in name]:
        parts = next(names for names in _JOINED if f".{names[0]}." in first)
        names = [first.replace(parts[0], part) for part in parts]
        if absent := [name for name in names if name not in weights]:
            raise DataError("An attention layer is incomplete", where=path, got=f"no {', '.join(absent)}")
        if len({weights[name].shape for name in names}) > 1:
            raise DataError("The parts of an attention layer differ in shape", where=path, got=first)
        weights[first.replace(parts[0], "qkv")] = torch.cat([weights.pop(name) for name in names])
    width = next(iter(weights["patch_embed.proj.weight"].shape), 0)
    if weights["cls_token"].numel() != width or width < 1 or weights["pos_embed"].numel() % width:
        raise DataError(
            "Class token, positions and patches are of different widths",
            where=path,
            expected=width,
            got=[tuple(weights[name].shape) for name in sorted(needed)],
        )
    weights["cls_token"] = weights["cls_token"].reshape(1, 1, width)
    weights["pos_embed"] = weights["pos_embed"].reshape(1, -1, width)
    weights.setdefault("patch_embed.proj.bias", torch.zeros(width))  # CLIP's patches have none
    if projection is not None and projection.ndim != 2:
        raise DataError("A projection is no matrix", where=path, got=tuple(projection.shape))
    return weights, None if projection is None else projection.T


def _preprocessing(path: Path, *, number_is_shortest: bool) -> dict[str, Any]:
    """Resize, crop and normalisation of a ``preprocessor_config.json``, older and newer forms alike.

    A size that is one number means the shortest edge for CLIP, and height and width for a ViT.
    """
    try:
        said = read_json_object(path)
        if other := {key: said[key] for key, value in _AS_USUAL.items() if said.get(key, value) != value}:
            raise ValueError(f"options that this package does not follow: {other}")
        size: Any = said["size"]
        crop: Any = said.get("crop_size")
        if isinstance(size, int):
            size = {"shortest_edge": size} if number_is_shortest else {"height": size, "width": size}
        prepared: dict[str, Any] = {
            "resize": size.get("shortest_edge") or [size["height"], size["width"]],
            "resample": _RESAMPLED[said["resample"]],
            "crop": None,
            "mean": [float(value) for value in said["image_mean"]],
            "std": [float(value) for value in said["image_std"]],
        }
        if said.get("do_center_crop", False):
            prepared["crop"] = [crop, crop] if isinstance(crop, int) else [crop["height"], crop["width"]]
        _refuse_odd(prepared)
    except (DataError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise DataError(
            "How a model prepares its pictures cannot be read",
            where=path,
            expected="size, resample, image_mean and image_std, as the model's repository has them",
            got=error if isinstance(error, DataError) else repr(error),
            do=f"put {path.name} beside the weights; it lies in the same repository",
        ) from error
    if (prepared["crop"] or prepared["resize"]) != [IMAGE_SIZE, IMAGE_SIZE]:
        raise DataError(
            "A model prepares pictures of another size", where=path, expected=IMAGE_SIZE, got=prepared
        )
    return prepared


def _refuse_odd(prepared: dict[str, Any]) -> None:
    """Refuse numbers that no picture can be prepared with, or that would take all memory."""
    mean, std, edges = prepared["mean"], prepared["std"], prepared["resize"]
    if len(mean) != 3 or not all(map(math.isfinite, mean)):
        raise ValueError(f"image_mean {mean}")
    if len(std) != 3 or not all(math.isfinite(value) and value > 0 for value in std):
        raise ValueError(f"image_std {std}")
    for edge in edges if isinstance(edges, list) else [edges]:
        if not isinstance(edge, int) or not IMAGE_SIZE <= edge <= MOST_RESIZED:
            raise ValueError(f"a picture resized to {edges}; {IMAGE_SIZE} to {MOST_RESIZED} are expected")


def _preprocess(prepared: Mapping[str, Any]) -> Any:
    from torchvision import transforms

    mode = transforms.InterpolationMode(prepared["resample"])

    def crop(picture: Image.Image) -> Image.Image:
        """Cut the centre out; an odd margin is rounded down, unlike in torchvision."""
        height, width = prepared["crop"] or (picture.height, picture.width)
        left, top = (picture.width - width) // 2, (picture.height - height) // 2
        return picture.crop((left, top, left + width, top + height))

    normalise = transforms.Normalize(prepared["mean"], prepared["std"])
    return transforms.Compose(
        [
            lambda picture: picture.convert("RGB"),
            transforms.Resize(prepared["resize"], interpolation=mode),
            crop,
            transforms.ToTensor(),
            normalise,
        ]
    )
