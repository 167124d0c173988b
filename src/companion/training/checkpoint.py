"""Trained encoders on disk: weights as safetensors, with the configuration that builds them again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from companion.errors import DataError
from companion.system.whole_files import whole_path
from companion.training.encoders import ENCODERS
from companion.training.encoders.interface import BrainEncoder

_SEALED = "companion"


def save_encoder(path: Path, encoder: BrainEncoder, about: Mapping[str, Any] | None = None) -> Path:
    """Write an encoder's weights, architecture and what is known about it; whole or not at all.

    Parameters
    ----------
    path : Path
    encoder : BrainEncoder
    about : mapping, optional
        JSON values, such as settings, seed and losses.

    Returns
    -------
    Path

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from companion.training import ResidualMlp, load_encoder, save_encoder
    >>> encoder = ResidualMlp(n_voxels=20, n_features=4, width=8, n_blocks=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save_encoder(Path(folder) / "mlp.safetensors", encoder, {"seed": 3})
    ...     again, about = load_encoder(path)
    >>> about, again.configuration == encoder.configuration
    ({'seed': 3}, True)
    """
    record = {
        "encoder": type(encoder).__name__,
        "configuration": encoder.configuration,
        "about": dict(about or {}),
    }
    return write_tensors(path, encoder.state_dict(), record)


def load_encoder(path: Path, own: type[BrainEncoder] | None = None) -> tuple[BrainEncoder, dict[str, Any]]:
    """Build the encoder of a checkpoint, in evaluation mode.

    Parameters
    ----------
    path : Path
    own : type, optional
        An architecture that is none of the package's. A file only names what it holds; nothing is imported.

    Returns
    -------
    encoder : BrainEncoder
    about : dict
        As it was saved.

    Raises
    ------
    DataError
        If the file is no checkpoint, names an unknown architecture, or its weights do not fit.

    Examples
    --------
    What is no checkpoint is refused, whatever its name; see :func:`save_encoder` for one that is:

    >>> import tempfile
    >>> from pathlib import Path
    >>> from companion.errors import DataError
    >>> from companion.training import load_encoder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "mlp.safetensors"
    ...     size = path.write_bytes(b"not weights")
    ...     try:
    ...         load_encoder(path)
    ...     except DataError as error:
    ...         print(str(error).splitlines()[0])
    This is no checkpoint of the companion, or it is damaged
    """
    tensors, record = read_tensors(path)
    name = record.get("encoder")
    known = dict(ENCODERS) if own is None else ENCODERS | {own.__name__: own}
    if name not in known:
        raise DataError(
            "The checkpoint is of an unknown encoder",
            where=path,
            expected=f"one of {', '.join(known)}",
            got=name,
        )
    try:
        encoder = known[name](**record["configuration"])
        encoder.load_state_dict(tensors)
    except (TypeError, RuntimeError, KeyError) as error:
        raise DataError(f"The weights do not fit a {name}", where=path, got=error) from error
    return encoder.eval(), record["about"]


def write_tensors(path: Path, tensors: Mapping[str, Tensor], record: Mapping[str, Any]) -> Path:
    """Write tensors and a record as one file; a reader sees the old file or the new one."""
    solid = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    told = json.dumps(record, sort_keys=True)
    # One entry: safetensors writes several in an order that changes from file to file.
    sealed = json.dumps({"record": told, "sha256": _checksum(told, solid)})
    with whole_path(path) as part:
        part.write_bytes(save(solid, metadata={_SEALED: sealed}))
    return path


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what :func:`write_tensors` wrote.

    Raises
    ------
    DataError
        If the file is damaged or holds no record.
    """
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads(file.metadata()[_SEALED])
            record = json.loads(about["record"])
            tensors: dict[str, torch.Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if about.get("sha256") != _checksum(about["record"], tensors):
            raise ValueError("it does not hold what was written")
    except (SafetensorError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise DataError(
            "This is no checkpoint of the companion, or it is damaged",
            where=path,
            got=error,
            do="remove it; what made it makes it anew",
        ) from error
    return tensors, record


def _checksum(record: str, tensors: Mapping[str, Tensor]) -> str:
    content = hashlib.sha256(record.encode())
    for name, tensor in sorted(tensors.items()):
        content.update(repr((name, tensor.dtype, tuple(tensor.shape))).encode())
        content.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return content.hexdigest()
