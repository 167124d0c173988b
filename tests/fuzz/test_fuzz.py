"""A few thousand made-up files for each reader; `python -m tests.fuzz` does the same at length."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from companion.project import project_root

from . import trees
from .guided import SUBJECTS

posix = pytest.mark.skipif(os.name != "posix", reason="time and memory are limited as POSIX has it")
guided = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris runs on Linux x86-64 only"
)


def fuzz(report: Path, *words: str) -> dict[str, dict]:
    command = [sys.executable, "-m", "tests.fuzz", *words, "--report", str(report)]
    done = subprocess.run(command, cwd=project_root(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(report.read_text("utf-8"))


@posix
@guided
@pytest.mark.parametrize(("subject", "runs"), [("pickles", 3000), ("manifest", 1200)])
def test_guided_inputs(subject: str, runs: int, tmp_path: Path) -> None:
    found = fuzz(tmp_path / "a.json", subject, "--runs", str(runs), "--no-lines")[subject]
    assert found["inputs"] >= runs
    assert found["findings"] == []
    assert found["read"] > 10
    assert len(found["refusals"]) > 20
    assert found["edges"] > 50


@posix
def test_trees_and_damaged_files(tmp_path: Path) -> None:
    found = fuzz(tmp_path / "a.json", "bdata", "--runs", "200")
    for kind, count in (("trees", 200), ("flips", 100)):
        part = found[f"bdata, {kind}"]
        assert part["inputs"] + len(part["crashes"]) == count
        assert part["findings"] == []
        assert part["read"] > 10
        assert part["refused"] > 10


@posix
def test_the_guard_finds_what_a_reader_may_not_do(tmp_path: Path) -> None:
    """Tried in a process of its own, since an audit hook stays."""
    program = """
import sys, time
from pathlib import Path
from companion.errors import DataError
from tests.fuzz import guard
folder = Path(sys.argv[1])
guard.MOST_SECONDS, guard.MOST_MEGABYTES = 0.2, 50
watched = guard.Guard(folder / "log", folder / "a.h5", every_line=True)
(folder / "a.h5").write_bytes(b"a")
def refused(**words): raise DataError("No", **words)
def loops():
    while True: pass
readers = [
    lambda: refused(where="a.h5", do="get it"), lambda: (folder / "a.h5").read_bytes(), lambda: refused(),
    lambda: {}["a"], lambda: eval("1"), lambda: (folder / "b").write_text("b"), loops,
    lambda: len(b"a" * 10**8), lambda: __import__("warnings").warn("odd"),
]
for number, reader in enumerate(readers): watched.check(number, [reader], b"a")
"""
    subprocess.run([sys.executable, "-c", program, tmp_path], cwd=project_root(), check=True)
    kinds = [json.loads(line)["kind"] for line in (tmp_path / "log").read_text().splitlines()]
    assert kinds[:2] == ["refused: No", "read"]
    expected = ["a message", "KeyError", "does compile", "does open", "more than 0.2", "grew", "UserWarning"]
    for kind, words in zip(kinds[2:], expected, strict=True):
        assert kind.startswith(f"FINDING: {words}"), kind


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_changes_come_from_the_seed_alone(subject) -> None:
    seeds = subject.seeds()
    for number, seed in enumerate(seeds):
        made = [subject.mutate(seed, Random(number), seeds) for _ in range(2)]
        assert made[0] == made[1]


def test_every_change_of_a_tree_is_possible(tmp_path: Path) -> None:
    """Each change works on some layout, or it would test nothing."""
    import h5py

    from .bdata import templates

    valid = list(templates(tmp_path).values())
    path = tmp_path / "tree.h5"
    for change in (*trees.INSIDE, *trees.OUTSIDE):
        for number in range(24):
            content = valid[number % len(valid)]
            path.write_bytes(content)
            with h5py.File(path, "r+") as file, suppress(*trees.NOT_WRITTEN):
                change(file, Random(number))
            if path.read_bytes() != content:
                break
        else:
            pytest.fail(f"{change.__name__} changes nothing")
