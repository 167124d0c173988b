"""Weights of small networks on disk: matrices as bytes with one scale per row, half of half precision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from companion.errors import DataError

_SCALE = ".scale"
_LARGEST = 127


def write_weights(path: Path, tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str]) -> None:
    """Write tensors: matrices rounded to bytes, all else in single precision.

    Parameters
    ----------
    path : Path
        A safetensors file; appears when it is whole.
    tensors : mapping of str to Tensor
    metadata : mapping of str to str
        Kept with them, and ``simulated``.
    """
    stored = {}
    for name, tensor in tensors.items():
        values = tensor.detach().float()
        if values.ndim == 2:
            scale = (values.abs().amax(dim=1, keepdim=True) / _LARGEST).clamp_min(1e-12)
            stored[name] = (values / scale).round().to(torch.int8).contiguous()
            stored[name + _SCALE] = scale
        else:
            stored[name] = values.contiguous()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    save_file(stored, partial, metadata={"simulated": "true", **metadata})
    partial.replace(path)


@contextmanager
def from_file(path: Path) -> Iterator[None]:
    """Say of a file that its tensors make no network, whatever notices it while one is built of them.

    Raises
    ------
    DataError
        If what is done inside fails on damaged bytes, a missing tensor, or one of another shape or type.
    """
    try:
        yield
    except (SafetensorError, OSError, LookupError, TypeError, ValueError, RuntimeError) as error:
        raise DataError(
            "The weights of a small network cannot be used",
            where=path,
            expected="tensors of its layers, as its training wrote them",
            got=f"{type(error).__name__}: {error}",
            do="take the file from the repository again",
        ) from error


def read_weights(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Read tensors in single precision, and what is kept with them; within :func:`from_file`.

    Raises
    ------
    ValueError
        If a number is not finite. safetensors adds its own errors.
    """
    with safe_open(path, framework="pt") as file:
        stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        metadata = dict(file.metadata() or {})
    tensors = {
        name: tensor.float() * stored[name + _SCALE] if name + _SCALE in stored else tensor
        for name, tensor in stored.items()
        if not name.endswith(_SCALE)
    }
    if wrong := [name for name, tensor in tensors.items() if not tensor.isfinite().all()]:
        raise ValueError(f"{wrong[0]} holds numbers that are not finite")
    return tensors, metadata
