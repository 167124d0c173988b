"""Low-rank adapters in peft's file layout, merged into the weights they belong to."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from companion.encoders.weights import read_weights
from companion.errors import DataError
from companion.loading.json_files import read_json_object
from companion.loading.reading import advising

if TYPE_CHECKING:
    import torch

_FACTOR = re.compile(
    r"(?:.*\bextractor_list\.(?P<branch>\d+)\.)?.*?(?P<layer>blocks\.\d+\..+)\.lora_(?P<factor>[AB])"
    r"(?:\.default)?\.weight"
)
_CHANGES_THE_FORMULA = ("use_rslora", "use_dora", "rank_pattern", "alpha_pattern", "modules_to_save")


def merge_adapter(
    weights: dict[str, torch.Tensor], folder: Path, *, branch: int | None = None
) -> dict[str, torch.Tensor]:
    """Weights of a vision transformer with its adapter added: ``W + (alpha / r) B A``.

    Parameters
    ----------
    weights : dict
        Tensors by name (``blocks.0.attn.qkv.weight``); left as they are.
    folder : Path
        With ``adapter_config.json`` and ``adapter_model.safetensors`` or ``adapter_model.bin``, as peft
        writes them.
    branch : int, optional
        Which of several networks of one adapter (``extractor_list.<branch>``); None where there is one.

    Returns
    -------
    dict
        All of `weights`, the adapted ones replaced.

    Raises
    ------
    DataError
        If a file is missing or malformed, the adapter is of a kind with another formula, or it does not fit.

    References
    ----------
    Hu et al. (2022), ICLR: LoRA, equation 3.
    """
    config = _config(folder)
    path = adapter_file(folder)
    factors = _factors(read_weights(path), branch, path)
    merged = dict(weights)
    for layer, (a, b) in factors.items():
        name = f"{layer}.weight"
        matrices = a.ndim == b.ndim == 2
        shape = (len(b), a.shape[1]) if matrices else ()
        if (
            name not in weights
            or weights[name].shape != shape
            or len(a) != config["r"]
            or len(a) != b.shape[1]
        ):
            raise DataError(
                "An adapter does not fit the weights it is for",
                where=f"{path}, {layer}",
                expected=tuple(weights[name].shape)
                if name in weights
                else f"a layer among {sorted(weights)[:3]}",
                got=f"A {tuple(a.shape)}, B {tuple(b.shape)}",
                do="take base weights and adapter out of one archive",
            )
        merged[name] = weights[name].float() + config["lora_alpha"] / config["r"] * b.float() @ a.float()
    return merged


def adapter_file(folder: Path) -> Path:
    """File with an adapter's tensors; the newer layout if both are there."""
    newer = folder / "adapter_model.safetensors"
    return newer if newer.is_file() else folder / "adapter_model.bin"


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "adapter_config.json"
    with advising("unpack the archive again; the folder holds adapter_config.json beside the tensors"):
        config = read_json_object(path)
    other = {key: config[key] for key in _CHANGES_THE_FORMULA if config.get(key)}
    if config.get("bias", "none") != "none":
        other["bias"] = config["bias"]
    if other or not _is_positive(config.get("r")) or not _is_positive(config.get("lora_alpha")):
        raise DataError(
            "An adapter is not plain LoRA",
            where=path,
            expected="positive r and lora_alpha, bias none, no option that changes W + (lora_alpha / r) B A",
            got=other or {key: config.get(key) for key in ("r", "lora_alpha")},
        )
    return config


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def _factors(
    content: dict[str, torch.Tensor], branch: int | None, path: Path
) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Both factors of each adapted layer of one network."""
    found: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in content.items():
        match = _FACTOR.fullmatch(name)
        if match is None:
            raise DataError("An adapter holds a tensor that is no LoRA factor", where=path, got=name)
        if branch is None or match["branch"] == str(branch):
            pair = found.setdefault(match["layer"], {})
            if match["factor"] in pair:
                raise DataError("An adapter has a factor twice", where=path, got=name)
            pair[match["factor"]] = tensor
    if not found or any(set(pair) != {"A", "B"} for pair in found.values()):
        raise DataError(
            "An adapter's factors are not in pairs",
            where=path,
            expected="lora_A and lora_B of each layer" + ("" if branch is None else f" of network {branch}"),
            got=sorted(found)[:5] or "none",
        )
    return {layer: (pair["A"], pair["B"]) for layer, pair in found.items()}
