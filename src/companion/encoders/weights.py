"""Weights of torch models from local files: no code is run, no name is passed over."""

from __future__ import annotations

import hashlib
import json
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from companion.errors import DataError
from companion.loading.store import sha256_of

if TYPE_CHECKING:
    import torch

LIBRARIES = ("open_clip_torch", "torch", "torchvision", "pillow")
OPENAI_NUMBERS = {"input_resolution", "context_length", "vocab_size"}
"""Numbers that OpenAI's CLIP files list among the weights; open_clip takes them from its configuration."""


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Tensors by name from a safetensors file or a torch file.

    Torch files are read with ``weights_only``: tensors and plain containers, nothing else. A checkpoint of
    a training run (tensors below ``state_dict``, ``teacher`` or ``model``, names that begin with ``module.``)
    is unwrapped.

    Raises
    ------
    DataError
        If the file is absent, damaged, a TorchScript archive, or holds anything but named tensors of finite
        numbers that lie in the file.
    """
    if not path.is_file():
        raise DataError(
            "The weights are not on this machine",
            where=path,
            do="fetch them by hand and name the file; the companion loads weights from local files only",
        )
    content = _unwrapped(_read_safetensors(path) if path.suffix == ".safetensors" else _read_torch(path))
    if not isinstance(content, dict) or not content or not all(map(_is_tensor, content.values())):
        raise DataError(
            "A weight file holds something else than tensors by name",
            where=path,
            got=type(content).__name__,
            do="save the model's state_dict, best as safetensors",
        )
    named = {str(name).removeprefix("module."): tensor for name, tensor in content.items()}
    if len(named) < len(content):
        raise DataError("A tensor is there twice, with and without `module.` before its name", where=path)
    _refuse_unusable(named, path)
    return {name: tensor for name, tensor in named.items() if name not in OPENAI_NUMBERS}


def load_strictly(model: torch.nn.Module, weights: dict[str, torch.Tensor], path: Path) -> None:
    """Put weights into a model if names and shapes are exactly the model's.

    Parameters
    ----------
    model : torch.nn.Module
        Changed in place.
    weights : dict
        Tensors by name; half precision is widened to the model's own.
    path : Path
        Where the weights are from, for the message.

    Raises
    ------
    DataError
        If a name is missing or unexpected, or a tensor has another shape or other kind of numbers; all kinds
        are named.
    """
    own = model.state_dict()
    missing = sorted(set(own) - set(weights))
    unexpected = sorted(set(weights) - set(own))
    reshaped = [
        f"{name} {tuple(weights[name].shape)} instead of {tuple(tensor.shape)}"
        for name, tensor in own.items()
        if name in weights and weights[name].shape != tensor.shape
    ]
    retyped = [
        f"{name} {weights[name].dtype} instead of {tensor.dtype}"
        for name, tensor in own.items()
        if name in weights and tensor.is_floating_point() and not weights[name].is_floating_point()
    ]
    kinds = (
        ("missing", missing),
        ("unexpected", unexpected),
        ("other shape", reshaped),
        ("other type", retyped),
    )
    if found := [f"{kind}: {_some(names)}" for kind, names in kinds if names]:
        raise DataError(
            "The weights are of another architecture",
            where=path,
            expected=f"{len(own)} tensors of {type(model).__name__}",
            got="; ".join(found),
            do="name the architecture these weights were trained in",
        )
    model.load_state_dict(weights)


def fingerprint_of(weights: Path, architecture: object, preprocessing: object, device: str) -> str:
    """SHA-256 of all that decides the vectors, library versions and kind of device included.

    Parameters
    ----------
    weights : Path
        The file.
    architecture, preprocessing
        What JSON can hold.
    device : str
        Where torch computes.
    """
    said = {
        "weights": sha256_of(weights),
        "architecture": architecture,
        "preprocessing": preprocessing,
        "libraries": {library: version(library) for library in LIBRARIES},
        "device": device.partition(":")[0],
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except Exception as error:  # a type of numbers that torch lacks is a KeyError there
        raise _damaged(path, error) from error


def _read_torch(path: Path) -> Any:
    import torch

    records = _records(path)
    if any(record.filename.endswith("/constants.pkl") for record in records):
        raise DataError(
            "A TorchScript archive holds a program, not only weights",
            where=path,
            expected="a safetensors file, or a torch file with the state_dict alone",
            do="take the safetensors copy of these weights (open_clip_model.safetensors)",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about older layouts
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever damaged bytes lead to
        raise _damaged(path, error) from error
    if records and isinstance(_unwrapped(content), dict):
        _refuse_other_than_stored(_unwrapped(content).values(), records, path)
    return content


def _unwrapped(content: Any) -> Any:
    """Tensors out of a training run's checkpoint; of DINO's two networks the teacher is the published one."""
    if isinstance(content, dict):
        for key in ("state_dict", "teacher", "model"):
            if isinstance(content.get(key), dict):
                return content[key]
    return content


def _records(path: Path) -> list[zipfile.ZipInfo]:
    """Files in a torch file, which is a zip archive that compresses nothing; none in the layout before it."""
    try:
        with path.open("rb") as stream:
            if stream.read(4) != b"PK\x03\x04":
                return []
        with zipfile.ZipFile(path) as archive:
            records = archive.infolist()
    except Exception as error:  # zipfile raises more than BadZipFile on damaged bytes
        raise _damaged(path, error) from error
    held = sum(record.file_size for record in records)
    if held > path.stat().st_size or any(record.compress_type != zipfile.ZIP_STORED for record in records):
        raise _damaged(path, ValueError(f"a compressed archive, which would inflate to {held} bytes"))
    return records


def _refuse_other_than_stored(tensors: Iterable[Any], records: list[zipfile.ZipInfo], path: Path) -> None:
    """Refuse tensors said to be longer than their records: torch would show what lies behind in memory."""
    storages = {
        tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes()
        for tensor in tensors
        if _is_tensor(tensor) and _is_plain(tensor) and tensor.numel()
    }
    if Counter(storages.values()) - Counter(record.file_size for record in records):
        raise _damaged(path, ValueError("tensors that are longer or shorter than what is stored of them"))


def _refuse_unusable(named: dict[str, torch.Tensor], path: Path) -> None:
    """Refuse tensors without numbers of their own, and numbers that are not finite."""
    import torch

    for name, tensor in named.items():
        usable = (
            _is_plain(tensor)
            and not tensor.is_complex()
            and tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()
        )
        if not usable or (tensor.is_floating_point() and not torch.isfinite(tensor.float()).all()):
            raise DataError(
                "A tensor of a weight file cannot be used",
                where=f"{path}, {name}",
                expected="finite real numbers, each of them in the file",
                got=f"{tensor.dtype} of shape {tuple(tensor.shape)}, "
                + ("some not finite" if usable else f"{tensor.layout}, on {tensor.device}"),
                do="compare its checksum with its origin's; a training that diverged leaves such numbers",
            )


def _is_plain(tensor: torch.Tensor) -> bool:
    """Whether a tensor is an array in memory: neither sparse, nor quantised, nor a mere shape."""
    import torch

    return tensor.layout == torch.strided and tensor.device.type == "cpu" and not tensor.is_quantized


def _is_tensor(value: object) -> bool:
    import torch

    return isinstance(value, torch.Tensor)


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(
        "A weight file cannot be read",
        where=path,
        expected="tensors only, in a whole file",
        got=(str(error).splitlines() or [type(error).__name__])[0],
        do="compare its checksum with its origin's; other objects than tensors are never unpickled",
    )


def _some(names: list[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
