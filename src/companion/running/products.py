"""Expensive products of chapters, such as bent spaces: made once, kept by what went into them."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from companion.errors import ChapterError
from companion.project import data_root
from companion.system.source_code import code_sha256
from companion.system.trouble import explained
from companion.system.waiting import turn
from companion.system.whole_files import whole_path

Arrays = Mapping[str, npt.NDArray[Any]]
Made = dict[str, npt.NDArray[Any]]
K = TypeVar("K", bound=Hashable)
_DAMAGED = (SafetensorError, OSError, ValueError, TypeError, KeyError, AttributeError)
"""What reading a damaged file raises; the last three where its header names a type that does not exist."""


def product(
    name: str,
    inputs: Mapping[str, Any],
    make: Callable[[], Arrays],
    *,
    made_by: Sequence[str],
    root: Path | None = None,
) -> Made:
    """Find what was made from these inputs before, or make and keep it: :func:`products` for one.

    Parameters
    ----------
    name, inputs, made_by, root
        As there; `inputs` of the one product.
    make : callable
        Makes the arrays, by name.

    Returns
    -------
    dict of str to ndarray

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from companion.running import product
    >>> def squares():
    ...     print("computing")
    ...     return {"squares": np.arange(3) ** 2}
    >>> with tempfile.TemporaryDirectory() as name:
    ...     for _ in range(2):
    ...         found = product("squares", {"n": 3}, squares, made_by=[], root=Path(name))
    computing
    >>> found["squares"].tolist()
    [0, 1, 4]
    """
    return products(name, {name: inputs}, lambda _: {name: make()}, made_by=made_by, root=root)[name]


def products(
    name: str,
    inputs: Mapping[K, Mapping[str, Any]],
    make: Callable[[list[K]], Mapping[K, Arrays]],
    *,
    made_by: Sequence[str],
    root: Path | None = None,
) -> dict[K, Made]:
    """Find what was made from these inputs before; make the rest, all of it at once, and keep it.

    Of two chapters that want the same product the second waits. A damaged file is made anew.

    Parameters
    ----------
    name : str
        What they are, for people who look into the folder.
    inputs : mapping of mapping
        For each product all that decides it: settings, seeds, fingerprints of encoders, checksums of data.
        JSON values, and arrays, whose content counts.
    make : callable
        Makes the products of the given keys: arrays, by name.
    made_by : sequence of str
        Modules whose code decides the products; a change in one makes them anew.
    root : Path, optional
        By default ``products`` in the data folder.

    Returns
    -------
    dict of dict of str to ndarray
        With the keys of `inputs`.

    Raises
    ------
    ChapterError
        If an input is neither a JSON value nor an array, or the folder cannot be written to.

    Examples
    --------
    Of three products, the one that was not made before is made:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from companion.running import products
    >>> def squares(numbers):
    ...     print("computing", numbers)
    ...     return {n: {"square": np.array(n**2)} for n in numbers}
    >>> with tempfile.TemporaryDirectory() as name:
    ...     for wanted in ([1, 2], [1, 2, 3]):
    ...         inputs = {n: {"n": n} for n in wanted}
    ...         found = products("squares", inputs, squares, made_by=[], root=Path(name))
    computing [1, 2]
    computing [3]
    >>> found[3]["square"].item()
    9
    """
    code = {module: _source_sha256(module) for module in made_by}
    folder = data_root() / "products" if root is None else root
    paths = {key: folder / f"{name}-{_digest(name, own, code)}.safetensors" for key, own in inputs.items()}
    with ExitStack() as locks:
        with _keeping(name, folder):
            folder.mkdir(parents=True, exist_ok=True)
            for path in sorted(set(paths.values())):  # in one order, so that nobody waits for each other
                locks.enter_context(turn(path.with_suffix(".lock"), f"the product {name}"))
        found = {key: _found(path) for key, path in paths.items()}
        missing = [key for key, arrays in found.items() if arrays is None]
        made = make(missing) if missing else {}
        with _keeping(name, folder):
            return {
                key: _kept(paths[key], made[key]) if arrays is None else arrays
                for key, arrays in found.items()
            }


@contextmanager
def _keeping(name: str, folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, SafetensorError) as error:  # the latter tells of a full disk
        trouble = explained(error)
        raise ChapterError(
            f"The product {name} cannot be kept{f': {trouble.what.lower()}' if trouble else ''}",
            where=folder,
            got=error,
            do="make room, or let COMPANION_DATA name a folder that can be written to",
        ) from error


def _digest(name: str, inputs: Mapping[str, Any], code: Mapping[str, str]) -> str:
    told = {key: _told(value, key) for key, value in inputs.items()}
    content = json.dumps([name, told, code], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:24]


def _found(path: Path) -> dict[str, npt.NDArray[Any]] | None:
    """Read a product; None where it is absent, or does not hold what was written."""
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            said = (file.metadata() or {}).get("sha256")
    except _DAMAGED:
        return None
    return arrays if said == _checksum(arrays) else None


def _kept(path: Path, arrays: Arrays) -> dict[str, npt.NDArray[Any]]:
    solid = {key: np.ascontiguousarray(array) for key, array in arrays.items()}
    with whole_path(path) as part:
        save_file(solid, part, {"sha256": _checksum(solid)})
    return solid


def _checksum(arrays: Arrays) -> str:
    content = json.dumps([[key, *_told(arrays[key], key)] for key in sorted(arrays)])
    return hashlib.sha256(content.encode()).hexdigest()


def _told(value: Any, key: str) -> Any:
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            value = value.astype(str)
        content = np.ascontiguousarray(value)
        return [str(content.dtype), content.shape, hashlib.sha256(content.tobytes()).hexdigest()]
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ChapterError(
            f"Input {key!r} of a product cannot be told apart from others",
            expected="numbers, texts, lists, mappings of these, or an array",
            got=type(value).__name__,
        ) from error
    return value


def _source_sha256(module: str) -> str:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ChapterError("There is no such module", got=module)
    return code_sha256(Path(spec.origin))
