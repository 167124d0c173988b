"""Vectors that were computed once, kept on disk and found again by content.

A vector is named by the SHA-256 of the encoder's fingerprint and of its input's content, so a changed file,
text, weight or preprocessing is a new name and never an old vector. One batch makes one part, a safetensors
file that is written whole and renamed. A part carries the checksum of what it holds; one that does not hold
what it says is removed and its vectors are computed anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import numpy.typing as npt
from filelock import FileLock
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from companion.errors import DataError
from companion.project import data_root

FORMAT = "companion embeddings 1"
KEY_BYTES = 32

Float32Array = npt.NDArray[np.float32]
Compute = Callable[[list[int]], Float32Array]
"""Told the positions of some inputs, returns their vectors, shape (n, n_features)."""

_DAMAGED = (SafetensorError, OSError, ValueError, TypeError, KeyError, AttributeError)
"""What reading a damaged part raises; the last three where the header names a type that does not exist."""


class EmbeddingCache:
    """A folder of vectors; making the object does not touch it.

    Processes may share the folder: readers need no lock, and of two that want to compute for one encoder the
    second waits and finds the first one's vectors.

    Parameters
    ----------
    root : Path, optional
        By default ``embeddings`` in the data folder.

    Attributes
    ----------
    hits, misses : int
        Distinct inputs that were found, and that were computed.
    damaged : int
        Parts that were refused and removed.

    Examples
    --------
    The second call computes nothing:

    >>> import tempfile
    >>> from pathlib import Path
    >>> from companion.encoders import EmbeddingCache, encode_texts, load_miniature_clip
    >>> with tempfile.TemporaryDirectory() as name:
    ...     for _ in range(2):
    ...         cache = EmbeddingCache(Path(name))
    ...         said = {"cat": "a red dovel", "key": "a blue zorp"}
    ...         _ = encode_texts(load_miniature_clip(), said, batch_size=2, cache=cache)
    ...         print(f"found {cache.hits}, computed {cache.misses}")
    found 0, computed 2
    found 2, computed 0
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = data_root() / "embeddings" if root is None else root
        self.hits = 0
        self.misses = 0
        self.damaged = 0

    def vectors(
        self,
        fingerprint: str,
        digests: Sequence[str],
        compute: Compute,
        n_features: int,
        batch_size: int,
    ) -> Float32Array:
        """Vectors of inputs, found or computed; equal inputs are computed once.

        Parameters
        ----------
        fingerprint : str
            What decides the vectors besides the input.
        digests : sequence of str
            Content of each input.
        compute : callable
            Called with the positions of at most `batch_size` inputs at a time; each batch is kept as soon as
            it is there, so an interrupted run goes on where it stopped.
        n_features, batch_size : int

        Returns
        -------
        ndarray of shape (n_inputs, n_features), float32

        Raises
        ------
        DataError
            If the folder cannot be written to.
        """
        keys = [_key(fingerprint, digest) for digest in digests]
        first = {key: row for row, key in reversed(list(enumerate(keys)))}
        shelf = _Shelf(self.root, fingerprint, n_features)
        found = shelf.read(set(keys))
        if len(found) == len(first):
            self.hits += len(first)
            return np.stack([found[key] for key in keys])
        with shelf.lock():
            self.damaged += len(shelf.remove_damaged())
            found |= shelf.read(set(keys) - set(found))  # another process may have been quicker
            self.hits += len(found)
            missing = [key for key in dict.fromkeys(keys) if key not in found]
            for start in range(0, len(missing), batch_size):
                batch = missing[start : start + batch_size]
                values = np.ascontiguousarray(compute([first[key] for key in batch]), dtype=np.float32)
                shelf.write(batch, values)
                found |= zip(batch, values, strict=True)
                self.misses += len(batch)
        return np.stack([found[key] for key in keys])


class _Shelf:
    """The parts of one encoder."""

    def __init__(self, root: Path, fingerprint: str, n_features: int) -> None:
        self._folder = root / hashlib.sha256(fingerprint.encode()).hexdigest()
        self._fingerprint = fingerprint
        self._n_features = n_features
        self._suspects: set[Path] = set()

    def lock(self) -> AbstractContextManager[object]:
        """Wait for the right to write; the context manager gives it back."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return FileLock(self._folder / ".lock").acquire()
        except OSError as error:
            raise self._not_writable(error) from error

    def read(self, wanted: set[str]) -> dict[str, Float32Array]:
        """Find the vectors of these keys that are here and sound."""
        found: dict[str, Float32Array] = {}
        for path in sorted(self._folder.glob("*.safetensors")):
            try:
                found |= self._read_part(path, wanted - set(found))
            except FileNotFoundError:  # another process removed it just now
                continue
            except _DAMAGED:
                self._suspects.add(path)
        return found

    def remove_damaged(self) -> list[Path]:
        """Remove the parts that could not be believed and still cannot, and what broken runs left behind.

        Only under the lock: nobody is writing then.
        """
        for left in self._folder.glob(".*.writing"):
            left.unlink(missing_ok=True)
        removed = []
        for path in sorted(self._suspects):
            try:
                self._read_part(path, None)
            except FileNotFoundError:
                continue
            except _DAMAGED:
                path.unlink(missing_ok=True)
                removed.append(path)
        return removed

    def write(self, keys: list[str], vectors: Float32Array) -> None:
        """Keep one batch: written aside, then renamed."""
        raw_keys = np.frombuffer(bytes.fromhex("".join(keys)), dtype=np.uint8).reshape(len(keys), KEY_BYTES)
        metadata = {
            "format": FORMAT,
            "fingerprint": self._fingerprint,  # for people; the checksum covers it
            "sha256": _checksum(self._fingerprint, raw_keys, vectors),
        }
        name = hashlib.sha256(raw_keys.tobytes()).hexdigest()
        aside = self._folder / f".{name}.writing"
        try:
            save_file({"keys": raw_keys, "vectors": vectors}, aside, metadata)
            aside.replace(self._folder / f"{name}.safetensors")
        except (OSError, SafetensorError) as error:
            aside.unlink(missing_ok=True)
            raise self._not_writable(error) from error

    def _read_part(self, path: Path, wanted: set[str] | None) -> dict[str, Float32Array]:
        """Vectors of the wanted keys in one part (None: all), once its checksum was compared."""
        with safe_open(path, framework="numpy") as part:
            keys = part.get_tensor("keys")
            row_of = {key.tobytes().hex(): row for row, key in enumerate(keys)}
            if wanted is not None and not (row_of := {k: row for k, row in row_of.items() if k in wanted}):
                return {}
            vectors, metadata = part.get_tensor("vectors"), part.metadata() or {}
        if (
            metadata.get("format") != FORMAT
            or metadata.get("sha256") != _checksum(self._fingerprint, keys, vectors)
            or vectors.dtype != np.float32
            or vectors.shape != (len(keys), self._n_features)
        ):
            raise ValueError("a part does not hold what it says")
        return {key: vectors[row] for key, row in row_of.items()}

    def _not_writable(self, error: Exception) -> DataError:
        return DataError(
            "Embeddings cannot be kept on disk",
            where=self._folder,
            got=str(error),
            do="make room or give yourself the right to write; COMPANION_DATA names the data folder",
        )


def _key(fingerprint: str, digest: str) -> str:
    return hashlib.sha256(json.dumps([fingerprint, digest]).encode()).hexdigest()


def _checksum(fingerprint: str, keys: npt.NDArray[np.uint8], vectors: Float32Array) -> str:
    said = hashlib.sha256(json.dumps([FORMAT, fingerprint, keys.shape, vectors.shape]).encode())
    said.update(keys.tobytes())
    said.update(vectors.tobytes())
    return said.hexdigest()
