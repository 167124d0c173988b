"""Arrays in ``.npy`` and ``.npz`` files, and what the simulated brains would answer, which lies in such."""

from __future__ import annotations

import io
import pickle
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from companion.errors import DataError
from companion.loading.truth import coded_stimuli, read_expected, read_own_view
from companion.recording import Recording
from companion.system.arrays import read_npy, read_npz

from .damage import damaged_bytes, outcome, write

DTYPES = arrays.scalar_dtypes() | st.sampled_from(["<U3", ">U2", "S4", "O", "V3", "U0"]).map(np.dtype)
SHAPES = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


def npy(values: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values, allow_pickle=True)
    return stream.getvalue()


def npz(**values: Any) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **values)
    return stream.getvalue()


@given(shape=SHAPES, dtype=DTYPES, order=st.sampled_from("CF"))
def test_what_numpy_saves_is_read_as_numpy_reads_it(
    shape: tuple[int, ...], dtype: np.dtype[Any], order: Any, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.npy", npy(np.asarray(np.zeros(shape, dtype), order=order)))
    found = outcome(lambda: read_npy(path), names="a.npy")
    assert (found is not None) == (dtype.kind in "biufcUS")
    if found is not None:
        expected = np.load(path, allow_pickle=False)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)


@given(content=damaged_bytes(npy(np.arange(12.0).reshape(3, 4))) | damaged_bytes(npy(np.array(["ab", "c"]))))
def test_damaged_npy_files(content: bytes, tmp_path: Path) -> None:
    path = write(tmp_path / "a.npy", content)
    found = outcome(lambda: read_npy(path), names="a.npy")
    if found is not None:
        assert found.nbytes < len(content)
        [str(one) for one in found.ravel()]


@given(
    descr=st.sampled_from(["<f8", ">f4", "|O", "<U9", "<f9", "<M8[s]", "<U1000000000", "x", "<i8'"]),
    shape=st.lists(st.integers(-2, 10**19), max_size=4).map(tuple),
    version=st.sampled_from([1, 2, 3, 4, 255]),
    tail=st.binary(max_size=40),
)
def test_headers_that_promise_what_is_not_there(
    descr: str, shape: tuple[int, ...], version: int, tail: bytes, tmp_path: Path
) -> None:
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape!r}, }}\n".encode()
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    path = write(tmp_path / "a.npy", b"\x93NUMPY" + bytes([version, 0]) + length + header + tail)
    tracemalloc.start()
    try:
        outcome(lambda: read_npy(path), names="a.npy")
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@given(content=damaged_bytes(npz(a=np.arange(5), b=np.array(["x", "y"]))))
def test_damaged_npz_files(content: bytes, tmp_path: Path) -> None:
    path = write(tmp_path / "a.npz", content)
    found = outcome(lambda: read_npz(path, ["a"], also=["b"]), names="a.npz")
    assert found is None or "a" in found


def test_an_archive_of_pickles_or_with_a_name_twice_is_refused(tmp_path: Path) -> None:
    for names, content in (
        (["a.npy"], pickle.dumps(print)),
        (["a.npy", "a.npy"], npy(1)),
        (["b.npy"], npy(1)),
    ):
        path = tmp_path / "a.npz"
        with pytest.MonkeyPatch.context() as patch, zipfile.ZipFile(path, "w") as archive:
            patch.setattr("warnings.warn", lambda *_, **__: None)  # that a name is there twice
            for name in names:
                archive.writestr(name, content)
        with pytest.raises(DataError, match=r"a\.npz"):
            read_npz(path, ["a"])


def test_a_bomb_is_refused_before_it_is_inflated(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.npy", "w") as member:
        for _ in range(500):
            member.write(bytes(2**20))
    assert path.stat().st_size < 2**20
    with pytest.raises(DataError, match="would inflate to 524288000"):
        read_npz(path, ["a"])


@pytest.mark.skipif(not hasattr(__import__("os"), "mkfifo"), reason="named pipes are of POSIX")
def test_a_folder_or_a_pipe_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.npy")
    for name in ("pipe.npy", ".", "absent.npy"):
        with pytest.raises(DataError, match="not there"):
            read_npy(tmp_path / name)


CODES = {"ids": np.array(["dovel/dovel_01b", "zorp/zorp_01b"]), "codes": np.array([[0.0, 1.0], [1.0, 0.5]])}
EXPECTED = {
    "forward": np.arange(18.0).reshape(3, 2, 3),
    "own_view": np.zeros((0, 2, 3)),
    "times": np.array([0.0, 0.1, 0.2]),
}
ODD_ARRAYS = arrays.arrays(DTYPES.filter(lambda dtype: dtype.kind not in "OV"), SHAPES)


@st.composite
def members(draw: st.DrawFn, valid: dict[str, Any]) -> bytes:
    """An archive, an array of which is another one or is not there."""
    name = draw(st.sampled_from(sorted(valid)))
    usual = [valid[name][:1], *([] if name == "ids" else [valid[name] * np.nan])]
    other = draw(ODD_ARRAYS | st.sampled_from(usual))
    left = {one: value for one, value in valid.items() if one != name}
    return npz(**left, **draw(st.sampled_from([{}, {name: other}])))


def recording() -> Recording:
    responses = np.random.default_rng(0).normal(size=(2, 2, 3)).astype(np.float32)
    return Recording(
        responses,
        pd.DataFrame({"stimulus": ["00001_dovel/dovel_01b", "00002_zorp/zorp_01b"]}),
        pd.DataFrame({"name": ["O1", "O2"]}),
        subject="sub-01",
        dataset="THINGS-EEG2",
        modality="EEG",
        split="train",
        times=np.array([0.0, 0.1, 0.2]),
        simulated=True,
    )


@given(codes=members(CODES) | st.just(npz(**CODES)), expected=members(EXPECTED) | st.just(npz(**EXPECTED)))
def test_what_simulated_brains_would_answer(codes: bytes, expected: bytes, tmp_path: Path) -> None:
    write(tmp_path / "codes.npz", codes)
    write(tmp_path / "expected_sub-01.npz", expected)
    files = ["codes.npz", "expected_sub-01.npz", "picture has no code"]
    answers = outcome(lambda: read_expected(tmp_path, ["dovel/dovel_01b"], loaded=recording()), names=files)
    assert answers is None or np.isfinite(answers.responses).all()
    own = outcome(lambda: read_own_view(tmp_path, "sub-01"), names=files)
    assert own is None or np.isfinite(own).all()
    ids = outcome(lambda: coded_stimuli(tmp_path), names=files)
    assert ids is None or all(isinstance(name, str) for name in ids)
