"""The command line: what it takes, what it prints, how it ends."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from companion import cli
from companion.loading.manifest import load_manifest


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["companion", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_the_version_is_that_of_the_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    assert call(monkeypatch, "--version") == 0
    assert capsys.readouterr().out.strip() == version("visual-decoding-companion")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "rular"], "No chapter is called rular"),
        (["run", "ruler", "-p", "n_bootstap", "3"], "Unknown parameter n_bootstap"),
        (["run", "ruler", "-p", "n_bootstrap", "many"], "wrong type"),
        (["run", "ruler", "-p", "seeds", "3"], "wrong type"),
        (["run", "ruler", "-p", "seeds", "[1", "-p", "n_bootstrap", "3"], "cannot be read"),
        (["run", "ruler", "-p", "n_bootstrap", "3", "-p", "n_bootstrap", "4"], "given twice"),
        (["data", "fetch", "things-spose"], "things-spose-49d"),
        (["data", "verify", "nothing-of-the-kind"], "no such entry"),
        (["data", "fetch", "--mirror", "/no/such/folder"], "neither a folder nor an address"),
    ],
)
def test_mistakes_end_with_a_message_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, arguments: list[str], message: str
) -> None:
    assert call(monkeypatch, *arguments) == 1
    printed = capsys.readouterr().err
    assert message in printed
    assert "Traceback" not in printed


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
def test_a_reader_who_has_had_enough_ends_a_command_quietly() -> None:
    command = [sys.executable, "-m", "companion.cli", "data", "list"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1


def test_parameters_are_read_as_yaml() -> None:
    pairs = [("seeds", "[3, 5]"), ("n_bootstrap", "200"), ("scale", "smoke"), ("flag", "true")]
    assert cli._parameters(pairs) == {"seeds": [3, 5], "n_bootstrap": 200, "scale": "smoke", "flag": True}


def test_null_is_the_name_of_a_source() -> None:
    assert cli._parameters([("source", "null"), ("null", "N1")]) == {"source": "null", "null": "N1"}


def test_all_data_sets_are_listed_and_one_is_described(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    assert call(monkeypatch, "data", "list") == 0
    printed = capsys.readouterr().out
    assert all(entry.id in printed for entry in load_manifest().entries)
    assert call(monkeypatch, "data", "list", "glocal-clip-vit-l14") == 0
    assert "4d9f969b1cac5334" in capsys.readouterr().out


def test_fetching_and_verifying_against_a_mirror(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, mirror: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    assert call(monkeypatch, "data", "verify", "god-stimulus-lists") == 1
    assert call(monkeypatch, "data", "fetch", "god-stimulus-lists", "--mirror", str(mirror)) == 0
    assert "3 fetched" in capsys.readouterr().out
    assert call(monkeypatch, "data", "verify") == 0
    assert "god-stimulus-lists: yes" in capsys.readouterr().out
    damaged = tmp_path / "god-stimulus-lists" / "category_GODImagery.tsv"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    assert call(monkeypatch, "data", "verify") == 1
    assert "wrong: category_GODImagery.tsv" in capsys.readouterr().out


def test_data_that_a_person_has_to_get_come_with_steps(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    by_hand = next(entry for entry in load_manifest().entries if entry.origin == "request")
    assert call(monkeypatch, "data", "fetch", by_hand.id) == 1
    assert "has to be got by hand: (1)" in capsys.readouterr().out
