"""Files of Kandinsky's decoder, looked at before a network is made of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from companion.errors import DataError

WEIGHTS = "diffusion_pytorch_model.safetensors"
LARGEST = 65536
"""Of the numbers in a configuration; official ones go up to 16384."""
MOST_LAYERS = 16
GET = (
    "download the repository kandinsky-community/kandinsky-2-2-decoder of Hugging Face on a machine with a "
    "network (licence Apache-2.0; the U-Net alone has 5.0 GB), the files that end in .safetensors, not .bin, "
    "and name the folder that holds unet, movq and scheduler"
)


def refuse_incomplete(folder: Path) -> None:
    """Refuse a folder that lacks a file, or holds pickles instead."""
    configured = ("unet/config.json", "movq/config.json", "scheduler/scheduler_config.json")
    needed = [*configured, *(f"{part}/{WEIGHTS}" for part in ("unet", "movq"))]
    if absent := [name for name in needed if not (folder / name).is_file()]:
        pickled = sorted(path.relative_to(folder).as_posix() for path in folder.glob("*/*.bin"))
        raise DataError(
            "The decoder of Kandinsky 2.2 is not in this folder",
            where=folder,
            expected=", ".join(absent),
            got=f"{', '.join(pickled)}: pickles are not opened" if pickled else "no such files",
            do=GET,
        )


def refuse_odd_numbers(path: Path) -> None:
    """Refuse a configuration with numbers that none of these networks has: they would take all memory."""

    def number(text: str) -> float:
        if not abs(value := float(text)) <= LARGEST:
            raise ValueError(f"the number {text[:20]}")
        return int(text) if text.lstrip("-").isdigit() else value

    try:
        said = json.loads(
            path.read_text("utf-8"), parse_int=number, parse_float=number, parse_constant=number
        )
        layers = said.get("layers_per_block", 1)
        if max(layers if isinstance(layers, list) else [layers]) > MOST_LAYERS:
            raise ValueError(f"{layers} layers in a block")
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(
            "A configuration of the pipeline cannot be read",
            where=path,
            expected=f"an object of JSON, numbers up to {LARGEST}, at most {MOST_LAYERS} layers in a block",
            got=error,
            do=GET,
        ) from error


def refuse_other_size(kind: Any, folder: Path) -> None:
    """Refuse weights of another network than the configuration describes, before memory is taken for it."""
    import torch
    from safetensors import safe_open

    try:
        with torch.device("meta"):
            wanted = kind.from_config(json.loads((folder / "config.json").read_text("utf-8"))).state_dict()
        with safe_open(folder / WEIGHTS, framework="pt") as file:
            found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except Exception as error:  # diffusers raises whatever a configuration leads to
        raise unreadable(folder, error) from error
    if missing := [name for name in wanted if name not in found]:
        raise DataError(
            "The weights lack tensors of the network",
            where=folder / WEIGHTS,
            got=f"no {', '.join(missing[:5])} ({len(missing)} in all)",
            do=GET,
        )
    if other := [name for name, tensor in wanted.items() if found[name] != tuple(tensor.shape)]:
        told = f"{other[0]} of shape {found[other[0]]}, not {tuple(wanted[other[0]].shape)}"
        raise unreadable(folder, ValueError(told))


def unreadable(folder: Path, error: Exception) -> DataError:
    """Error for a part of the pipeline that cannot be read."""
    return DataError("A part of the pipeline cannot be read", where=folder, got=error, do=GET)
