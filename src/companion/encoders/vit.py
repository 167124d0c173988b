"""Vision transformers in the layout of DINO's code, which DreamSim uses for all its networks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from companion.encoders.weights import load_strictly, read_weights
from companion.errors import DataError

if TYPE_CHECKING:
    import torch

HEAD_WIDTH = 64
_WRAPPERS = ("module.visual.", "module.backbone.", "visual.", "backbone.", "model.", "module.")
_NOT_NEEDED = ("head.", "mask_token")
DINOV2_OFFSET = 0.1
"""DINOv2 adds it to the grid before it takes the ratio, so that rounding cannot lose a row."""


@dataclass(frozen=True)
class ViTLayout:
    """In what vision transformers of one layout differ.

    Attributes
    ----------
    eps : float
        Of the layer norms.
    norm_before_blocks : bool
        A norm between the position vectors and the first block (CLIP); files call it ``pos_drop``.
    projected : bool
        The vector is the class token after the final norm, times the projection ``proj`` (CLIP). Otherwise it
        is the class token after the last block, before the final norm, unless ``normed`` is set.
    quick_gelu : bool
        OpenAI's activation instead of GELU.
    scaled_layers : bool
        Each layer's output is multiplied by a learnt vector, and position vectors are of a larger picture
        (DINOv2).
    normed : bool
        The class token is taken after the final norm, where nothing is projected.
    """

    eps: float
    norm_before_blocks: bool = False
    projected: bool = False
    quick_gelu: bool = False
    scaled_layers: bool = False
    normed: bool = False


def read_vit_weights(
    path: Path, layout: ViTLayout, image_size: int
) -> tuple[dict[str, torch.Tensor], torch.Tensor | None]:
    """Tensors of a network by DINO's names, for one picture size, and the projection where there is one.

    Raises
    ------
    DataError
        If the file is not of this layout.
    """
    read = read_weights(path)
    content = {_bare(name): tensor for name, tensor in read.items()}
    if len(content) < len(read):
        raise DataError(
            "A tensor is there twice, under two wrappers' names", where=path, got=sorted(read)[:6]
        )
    weights = {name: tensor for name, tensor in content.items() if not name.startswith(_NOT_NEEDED)}
    projection = weights.pop("proj", None)
    needed = {"pos_embed", "cls_token", "patch_embed.proj.weight", "blocks.0.attn.qkv.weight"}
    if needed - set(weights) or (projection is None) == layout.projected:
        raise DataError(
            "A weight file is no vision transformer of the expected layout",
            where=path,
            expected=f"{', '.join(sorted(needed))}, {'with' if layout.projected else 'without'} proj",
            got=sorted(content)[:6],
            do="name the family that this file belongs to",
        )
    refuse_other_network(weights, projection, image_size, path)
    weights["pos_embed"] = positions_for(weights, image_size, path)
    return weights, projection


def refuse_other_network(
    weights: dict[str, torch.Tensor], projection: torch.Tensor | None, image_size: int, path: Path
) -> None:
    """Refuse tensors that make no transformer, before one is built: its size follows from theirs.

    Parameters
    ----------
    weights, projection
        By DINO's names.
    image_size : int
    path : Path
        Where they are from.

    Raises
    ------
    DataError
        If the blocks are not numbered one by one and alike, or widths, patches or positions are not those of
        one network.
    """

    def shape(name: str) -> tuple[int, ...]:
        return tuple(weights[name].shape) if name in weights else ()

    patches = shape("patch_embed.proj.weight")
    width, patch = (patches[0], patches[-1]) if len(patches) == 4 else (0, 0)
    hidden = next(iter(shape("blocks.0.mlp.fc1.weight")), 0)
    numbers = {name.split(".")[1] for name in weights if name.startswith("blocks.")}
    right = {
        "patch_embed.proj.weight": (width, 3, patch, patch),
        "cls_token": (1, 1, width),
        "pos_embed": (1, max(2, *shape("pos_embed")[1:2], 0), width),
    }
    for number in range(len(numbers)):
        right[f"blocks.{number}.attn.qkv.weight"] = (3 * width, width)
        right[f"blocks.{number}.mlp.fc1.weight"] = (hidden, width)
    wrong = [name for name, wanted in right.items() if shape(name) != wanted]
    projected = projection is None or (projection.ndim == 2 and projection.shape[0] == width)
    known = numbers == {str(number) for number in range(len(numbers))}
    fits = 0 < patch <= image_size and width >= HEAD_WIDTH and width % HEAD_WIDTH == 0 and hidden
    if wrong or not (projected and known and fits):
        raise DataError(
            "The tensors of a weight file make no vision transformer",
            where=path,
            expected=f"square patches, blocks 0, 1 ... of one width, a multiple of {HEAD_WIDTH}",
            got=", ".join(f"{name} {shape(name)}" for name in wrong[:5])
            or f"blocks {', '.join(sorted(numbers)[:5])}; width {width}; patches {patches}",
            do="name the family or kind that this file belongs to",
        )


def build_vit(
    weights: dict[str, torch.Tensor],
    projection: torch.Tensor | None,
    layout: ViTLayout,
    path: Path,
    image_size: int,
) -> torch.nn.Module:
    """Make the network that fits the tensors; from pixels to the vector of `layout`.

    Parameters
    ----------
    weights, projection
        As :func:`read_vit_weights` gives them; adapters may have been merged in.
    layout : ViTLayout
    path : Path
        Where they are from, for messages.
    image_size : int
    """
    import torch
    from open_clip.transformer import QuickGELU
    from timm.models.vision_transformer import VisionTransformer

    width, _, patch, _ = weights["patch_embed.proj.weight"].shape
    depth = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("blocks."))
    with torch.random.fork_rng(devices=[]):  # the draws are overwritten; the caller's state stays as it was
        model = VisionTransformer(
            img_size=image_size,
            patch_size=patch,
            num_classes=0,
            embed_dim=width,
            depth=depth,
            num_heads=width // HEAD_WIDTH,
            mlp_ratio=weights["blocks.0.mlp.fc1.weight"].shape[0] / width,
            init_values=1.0 if layout.scaled_layers else None,
            pre_norm=layout.norm_before_blocks,
            norm_layer=partial(torch.nn.LayerNorm, eps=layout.eps),
            act_layer=QuickGELU if layout.quick_gelu else torch.nn.GELU,
        )
        model.patch_embed.proj = torch.nn.Conv2d(3, width, patch, stride=patch)
    load_strictly(model, {name.replace("pos_drop.", "norm_pre."): t for name, t in weights.items()}, path)
    if projection is None:
        if not layout.normed:
            model.norm = torch.nn.Identity()  # the vector is taken before it
        return model
    head = torch.nn.Linear(width, projection.shape[1], bias=False)
    head.load_state_dict({"weight": projection.float().T})
    model.head = head
    return model


def _bare(name: str) -> str:
    """Name of a tensor inside the network itself, without what training code put around it."""
    for wrapper in _WRAPPERS:
        name = name.removeprefix(wrapper)
    return name


def positions_for(weights: dict[str, torch.Tensor], image_size: int, path: Path) -> torch.Tensor:
    """Position vectors for one picture size; those of another size are interpolated as DINOv2 does.

    Parameters
    ----------
    weights : dict
        Tensors by DINO's names; ``pos_embed`` of shape (1, n x n + 1, width), and the patches' weights.
    image_size : int
        Height and width of a picture, in pixels.
    path : Path
        Where the tensors are from, for messages.

    Returns
    -------
    Tensor of shape (1, n_patches + 1, width)
    """
    import torch

    given = weights["pos_embed"]
    side = image_size // weights["patch_embed.proj.weight"].shape[-1]
    own = math.isqrt(given.shape[1] - 1)
    if own**2 != given.shape[1] - 1:
        raise DataError(
            "Position vectors are not of a square picture",
            where=path,
            expected="n x n + 1",
            got=given.shape[1],
        )
    if own == side:
        return given
    grid = given[:, 1:].float().reshape(1, own, own, -1).permute(0, 3, 1, 2)
    scale = (side + DINOV2_OFFSET) / own
    resized: Any = torch.nn.functional.interpolate(grid, scale_factor=(scale, scale), mode="bicubic")
    return torch.cat([given[:, :1], resized.permute(0, 2, 3, 1).flatten(1, 2)], dim=1)
