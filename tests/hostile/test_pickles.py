"""Whatever reads a file meets a pickle that would run: it is refused, and nothing of it was run."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from companion.errors import CompanionError

from .conftest import Exploit, Trap

Write = Callable[[Path, object], None]


def bare(path: Path, content: object) -> None:
    path.write_bytes(pickle.dumps(content))


def npy(path: Path, content: object) -> None:
    with path.open("wb") as stream:
        np.save(stream, np.array(content, dtype=object), allow_pickle=True)


def npz(path: Path, content: object) -> None:
    """Every array that a reader asks for is the same pickle."""
    file = io.BytesIO()
    np.save(file, np.array([content], dtype=object), allow_pickle=True)
    names = ("weights", "mean", "bias", "ids", "pictures", "images", "latents", "evenOdd", "simulated", "rdm")
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(f"{name}.npy", file.getvalue())


def torch_zip(path: Path, content: object) -> None:
    torch.save({"weight": content}, path)


def torch_old(path: Path, content: object) -> None:
    torch.save({"weight": content}, path, _use_new_zipfile_serialization=False)


def dumped(path: Path, content: object) -> None:
    joblib.dump({"weights": content, "values": np.arange(5.0)}, path)


WRITERS: dict[str, Write] = {
    "a bare pickle": bare,
    "an npy file of objects": npy,
    "an npz file of objects": npz,
    "a torch file": torch_zip,
    "a torch file of the old layout": torch_old,
    "a joblib file": dumped,
}


def read_official(path: Path) -> None:
    from companion.loading.pickles import locate_arrays, read_pickled_npy

    with pytest.raises(CompanionError):
        locate_arrays(path)
    read_pickled_npy(path)


def read_weights(path: Path) -> None:
    from companion.encoders.weights import read_weights

    read_weights(path)


def read_safetensors(path: Path) -> None:
    from companion.encoders.weights import read_weights

    read_weights(path.rename(path.with_suffix(".safetensors")))


def read_array(path: Path) -> None:
    from companion.system.arrays import read_npy

    read_npy(path)


def read_arrays(path: Path) -> None:
    from companion.system.arrays import read_npz

    read_npz(path, ["weights"])


def read_transform(path: Path) -> None:
    from companion.alignment.human import GLocalTransform

    GLocalTransform.from_npz(path)


def read_bdata(path: Path) -> None:
    from companion.loading.god.bdata import open_bdata

    with open_bdata(path):
        pass


def read_epochs(path: Path) -> None:
    from companion.loading.fif_epochs import open_epochs

    open_epochs(path)


def read_design(path: Path) -> None:
    from companion.loading.nsd.design import read_design

    read_design(path, 1)


def read_picture(path: Path) -> None:
    from companion.encoders.inputs import digest_of_picture, open_picture

    open_picture("dovel", path, digest_of_picture("dovel", path))


def read_words(path: Path) -> None:
    from companion.encoders.glove import word_vectors

    word_vectors(path, ["red"], space="words")


READERS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "EEG of THINGS-EEG2": ("eeg.npy", read_official),
    "weights, torch": ("weights.bin", read_weights),
    "weights, safetensors": ("weights.bin", read_safetensors),
    "an array": ("array.npy", read_array),
    "arrays": ("arrays.npz", read_arrays),
    "a gLocal transform": ("transform.npz", read_transform),
    "BData": ("Subject1.h5", read_bdata),
    "epochs of MEG": ("sub-01_epo.fif", read_epochs),
    "design of NSD": ("design.mat", read_design),
    "a picture": ("dovel_01b.jpg", read_picture),
    "word vectors": ("words.txt", read_words),
}


def test_the_trap_closes(tmp_path: Path) -> None:
    """What the tests below count on: whoever unpickles an exploit leaves a trace."""
    pickle.loads(pickle.dumps(Exploit(tmp_path / "executed")))
    assert (tmp_path / "executed").is_dir()


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("reader", READERS)
def test_no_reader_runs_a_pickle(trap: Trap, reader: str, writer: str) -> None:
    name, read = READERS[reader]
    path = trap.folder / name
    WRITERS[writer](path, trap.exploit)
    with pytest.raises(CompanionError):
        read(path)


@pytest.mark.parametrize("opened", ["table", "about"])
def test_no_table_of_a_sweep_runs_a_pickle(trap: Trap, opened: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrow once let a Parquet file name a Python class by a pickle."""
    from companion.running.layout import write_sealed
    from companion.running.sweeps.results import SweepFolder, read_sweep

    monkeypatch.setenv("COMPANION_DATA", str(trap.folder))
    field = pa.field("value", pa.float64(), metadata={
        b"ARROW:extension:name": b"arrow.py_extension_type",
        b"ARROW:extension:metadata": pickle.dumps(trap.exploit),
    })  # fmt: skip
    schema = pa.schema([field], metadata={b"companion": pickle.dumps(trap.exploit)})
    folder = SweepFolder.named("toy")
    (folder.path / "cells").mkdir(parents=True)
    write_sealed(folder.path / "cells.json", {"cells": ["a"]})
    pq.write_table(pa.table([pa.array([1.0])], schema=schema), folder.file("a"))
    with pytest.raises(CompanionError, match="cannot be read"):
        read_sweep("toy") if opened == "table" else folder.about("a")


def test_a_pickle_in_place_of_a_product_is_made_anew(trap: Trap) -> None:
    from companion.running.products import product

    def squares() -> dict[str, np.ndarray]:
        return {"squares": np.arange(3) ** 2}

    for _ in range(2):
        found = product("squares", {"n": 3}, squares, made_by=[], root=trap.folder)
        assert found["squares"].tolist() == [0, 1, 4]
        [path] = trap.folder.glob("*.safetensors")
        path.write_bytes(pickle.dumps(trap.exploit))
