"""Archives: nothing is written by the names in them, and nothing inflates beyond what was asked for."""

from __future__ import annotations

import importlib
import io
import os
import runpy
import stat
import struct
import sys
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from companion.encoders.glove import word_vectors
from companion.encoders.weights import read_weights
from companion.errors import CompanionError
from companion.running.workshop.notebooks import SET_UP
from companion.system.arrays import read_npz

from .conftest import Trap

VECTORS = b"red 1 0 0\nblue 0 1 0\n"
HUGE = 80_000_000
CLIMBING = {
    "the way up": "../executed",
    "further up": "a/../../executed",
    "the root": "/executed",
    "a drive": "C:\\executed",
    "backslashes": "..\\executed",
    "a server": "\\\\server\\executed",
}


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            target.writestr(name, content)
    return path


def bomb(path: Path, name: str, start: bytes = b"") -> Path:
    """A few hundred kilobytes that inflate to hundreds of megabytes without a line end."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target, target.open(name, "w") as stream:
        stream.write(start)
        for _ in range(HUGE // 1_000_000):
            stream.write(b"1" * 1_000_000)
    return path


def with_flag(path: Path) -> Path:
    """Mark every member as encrypted."""
    content = bytearray(path.read_bytes())
    for sign, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(sign)
        while at >= 0:
            content[at + place] |= 1
            at = content.find(sign, at + 4)
    path.write_bytes(content)
    return path


def understated(path: Path, name: str) -> Path:
    """A member that holds more than the directory says."""
    packed = zlib.compress(b"red 1 0 0\n" * 1_000_000)[2:-4]
    head = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, 0, len(packed), 20, len(name), 0)
    where = struct.pack(
        "<HHHHHHIIIHHHHHII", 20, 20, 0, 8, 0, 0, 0, len(packed), 20, len(name), 0, 0, 0, 0, 0, 0
    )
    local = b"PK\x03\x04" + head + name.encode() + packed
    entry = b"PK\x01\x02" + where + name.encode()
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(entry), len(local), 0)
    path.write_bytes(local + entry + end)
    return path


@contextmanager
def little_memory(limit: float = 50e6) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", CLIMBING)
def test_word_vectors_are_read_and_never_unpacked(trap: Trap, name: str) -> None:
    member = f"{CLIMBING[name]}.txt"
    found = word_vectors(archive(trap.folder / "glove.zip", {member: VECTORS}), ["red"], space="toy")
    assert found.values.tolist() == [[1, 0, 0]]
    assert [path.name for path in trap.folder.rglob("*")] == ["glove.zip"]


def nested(path: Path) -> Path:
    inner = archive(path.with_name("inner.txt"), {"vectors.txt": VECTORS}).read_bytes()
    return archive(path, {"vectors.txt": inner})


def twice(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("vectors.txt", VECTORS)
        with pytest.warns(UserWarning, match="Duplicate"):
            target.writestr("vectors.txt", b"red 9 9 9\n")
    return path


ODD: dict[str, Callable[[Path], Path]] = {
    "a bomb of one line": lambda path: bomb(path, "vectors.txt"),
    "a bomb after a word": lambda path: bomb(path, "vectors.txt", b"red "),
    "more than its directory says": lambda path: understated(path, "vectors.txt"),
    "an encrypted member": lambda path: with_flag(archive(path, {"vectors.txt": VECTORS})),
    "an archive in the archive": nested,
    "two members of one name": twice,
    "many members": lambda path: archive(path, {f"{n}.txt": b"" for n in range(2000)}),
    "no member": lambda path: archive(path, {}),
}


@pytest.mark.parametrize("odd", ODD)
def test_odd_archives_of_word_vectors_are_refused(tmp_path: Path, odd: str) -> None:
    path = ODD[odd](tmp_path / "glove.zip")
    with little_memory(), pytest.raises(CompanionError):
        word_vectors(path, ["red"], space="toy")


@pytest.mark.parametrize("odd", ["a bomb", "more than it says", "encrypted", "two of one name", "no pickle"])
def test_odd_torch_files_are_refused(tmp_path: Path, odd: str) -> None:
    path = tmp_path / "weights.bin"
    if odd == "a bomb":
        bomb(path, "archive/data.pkl")
    elif odd == "more than it says":
        understated(path, "archive/data.pkl")
    elif odd == "encrypted":
        with_flag(archive(path, {"archive/data.pkl": b"\x80\x02}."}))
    elif odd == "two of one name":
        twice(path)
    else:
        archive(path, {"../../executed": b"x"})
    importlib.import_module("torch")  # which takes more than the file
    with little_memory(), pytest.raises(CompanionError):
        read_weights(path)
    assert [one.name for one in tmp_path.iterdir()] == ["weights.bin"]


@pytest.mark.parametrize("odd", ["a bomb", "more than it says", "encrypted"])
def test_odd_archives_of_arrays_are_refused(tmp_path: Path, odd: str) -> None:
    path = tmp_path / "arrays.npz"
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    header = stream.getvalue()[:128].replace(b"(3,), }        ", b"(37500000,), } ")
    if odd == "a bomb":
        bomb(path, "x.npy", header)
    elif odd == "more than it says":
        understated(path, "x.npy")
    else:
        with_flag(archive(path, {"x.npy": stream.getvalue()}))
    with little_memory(), pytest.raises(CompanionError):
        read_npz(path, ["x"])


class TestPackageOfAWorkshop:
    """The first cell of a notebook unpacks the wheel that came with it."""

    @pytest.fixture
    def home(self, trap: Trap, monkeypatch: pytest.MonkeyPatch) -> Path:
        (trap.folder / "data_manifest.yaml").write_text("entries: []")
        (trap.folder / "wheels").mkdir()
        (trap.folder / "set_up.py").write_text(SET_UP)
        monkeypatch.chdir(trap.folder)
        monkeypatch.setattr(sys, "path", [*sys.path])
        for name in ("COMPANION_DATA", "COMPANION_PROJECT"):
            monkeypatch.setenv(name, "")  # the cell sets them; afterwards they are as before
        return trap.folder

    @pytest.mark.parametrize("name", CLIMBING)
    def test_it_writes_nothing_outside_its_folder(self, home: Path, name: str) -> None:
        archive(home / "wheels/a.whl", {"companion/__init__.py": b"", CLIMBING[name]: b"written"})
        runpy.run_path(str(home / "set_up.py"))
        assert sys.path[0] == str(home / "package")
        assert {path.name for path in home.iterdir()} == {
            "data_manifest.yaml",
            "wheels",
            "set_up.py",
            "package",
        }

    def test_a_link_in_it_is_a_text(self, home: Path) -> None:
        link = zipfile.ZipInfo("companion/link")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        with zipfile.ZipFile(home / "wheels/a.whl", "w") as target:
            target.writestr(link, "../../..")
            target.writestr("companion/link2", "x")
        runpy.run_path(str(home / "set_up.py"))
        assert not (home / "package/companion/link").is_symlink()

    def test_what_another_notebook_unpacked_is_used(self, home: Path) -> None:
        archive(home / "wheels/a.whl", {"companion/__init__.py": b""})
        for _ in range(2):
            runpy.run_path(str(home / "set_up.py"))
        assert os.environ["COMPANION_PROJECT"] == str(home)
        assert not list(home.glob(".package-*"))
