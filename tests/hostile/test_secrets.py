"""What is kept of a run tells nothing about who made it; ``test_book`` says the same of a book."""

from __future__ import annotations

import json
import os
import socket
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from companion.project import project_root
from companion.running.provenance import environment, impersonal
from companion.running.sweeps.engines import here
from companion.running.sweeps.grid import Grid
from companion.running.sweeps.results import SweepFolder
from companion.running.sweeps.sweep import plan_sweep, run_sweep
from companion.running.workshop import pack
from tests.running.sweeps.toy import NAME

NAMED = "qwertyuser"


@pytest.fixture(autouse=True)
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Home of somebody with a name and a token."""
    home = tmp_path / f"home-of-{NAMED}"
    home.mkdir()
    for name in ("USER", "LOGNAME", "USERNAME"):
        monkeypatch.setenv(name, NAMED)
    for name in ("GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "HF_TOKEN"):
        monkeypatch.setenv(name, "token-qwerty")
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("COMPANION_DATA", str(home / "data"))
    monkeypatch.setattr(socket, "gethostname", lambda: "host-qwerty")
    monkeypatch.chdir(tmp_path)
    return home


def words() -> tuple[str, ...]:
    return "qwerty", str(project_root()) + os.sep, os.uname().nodename if hasattr(os, "uname") else "qwerty"


def told(content: bytes) -> list[str]:
    return [word for word in words() if len(word) > 6 and word.encode() in content]


def test_the_environment_of_a_record_has_no_names() -> None:
    assert told(json.dumps(environment()).encode()) == []


def test_a_sweep_keeps_no_names(person: Path) -> None:
    """Neither in results and their metadata, nor in the notes of cells that failed."""
    settings = {"log": "log.txt", "fails": [2]}
    blocks = [{"axes": {"number": [1, 2], "letter": "a"}}]
    grid = Grid.model_validate({"name": "toy", "job": NAME, "settings": settings, "blocks": blocks})
    [failure] = run_sweep(plan_sweep(grid, "cpu"), here("cpu"), say=lambda _: None)
    assert "not to my taste" in failure.error
    assert "toy.py" in failure.trace
    folder = SweepFolder.named("toy").path
    kept = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in kept} >= {".parquet", ".json", ".yaml"}
    for path in kept:
        metadata = str(pq.read_schema(path).metadata) if path.suffix == ".parquet" else ""
        assert told(path.read_bytes() + metadata.encode()) == [], path.name


def test_the_zip_of_a_workshop_keeps_no_names(tmp_path: Path) -> None:
    home = tmp_path / "pack" / pack.FOLDER
    pack._build_wheel(home / "wheels")
    pack._zip(home, tmp_path / "class.zip")
    with zipfile.ZipFile(tmp_path / "class.zip") as archive:
        assert told(" ".join(archive.namelist()).encode() + archive.comment) == []
        [wheel] = [archive.open(name) for name in archive.namelist() if name.endswith(".whl")]
        with wheel, zipfile.ZipFile(wheel) as inner:
            for name in inner.namelist():
                assert told(inner.read(name)) == [], name


def test_folders_get_names_that_lead_there(person: Path) -> None:
    text = f"{person / 'data' / 'a'}, {person / 'b'}, {project_root() / 'book'}, {person}er"
    data, home, project = (Path(name) for name in ("$COMPANION_DATA", "~", "$COMPANION_PROJECT"))
    assert impersonal(text) == f"{data / 'a'}, {home / 'b'}, {project / 'book'}, {person}er"
