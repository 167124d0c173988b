"""YAML from strangers: no object is made, nothing grows, and every place that reads it says so in words."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from companion.cli import _parameters
from companion.errors import CompanionError
from companion.loading.manifest import load_manifest
from companion.project import project_root
from companion.running.chapters import read_chapter
from companion.running.claims import load_claims
from companion.running.contents import toc_pages
from companion.running.landing import citation
from companion.running.sweeps.grid import read_grid
from companion.running.sweeps.queues import read_slurm
from companion.system.strict_yaml import MOST_CHARACTERS, load_yaml, read_yaml

from .conftest import Trap

NINE = ", ".join(["*a{}"] * 9)
BOMBS = {
    "lists of lists": "a0: &a0 [x]\n"
    + "".join(f"a{n}: &a{n} [{NINE.replace('{}', str(n - 1))}]\n" for n in range(1, 20)),
    "merged mappings": "a0: &a0 {k: 1}\n"
    + "".join(f"a{n}: &a{n} {{<<: [{NINE.replace('{}', str(n - 1))}]}}\n" for n in range(1, 20)),
    "a long text again and again": f"a: &a {'x' * 1000}\nb: [{', '.join(['*a'] * 1000)}]",
    "a value within itself": "a: &a [*a]",
    "deep lists": "[" * 10_000,
    "deep mappings": "{a: " * 10_000,
    "a long number": "a: " + "1" * 10_000,
    "a long number of base 60": "a: 1" + ":1" * 10_000,
    "a long file": "a: " + "x" * MOST_CHARACTERS,
}
TAGS = {
    "a call": "!!python/object/apply:os.mkdir [{trace}]",
    "a new object": "!!python/object/new:os.mkdir [{trace}]",
    "a name": "!!python/name:os.system",
    "a module": "!!python/module:os",
    "a tag of its own": "!run mkdir {trace}",
    "a tag by its address": "!<tag:yaml.org,2002:python/object/apply:os.mkdir> [{trace}]",
    "a tag by a handle": "%TAG !p! tag:yaml.org,2002:python/\n---\n!p!object/apply:os.mkdir [{trace}]",
    "a tag within": "name: toy\njob: !!python/object/apply:os.mkdir [{trace}]",
}
ODD = {
    "no date": "a: 2001-13-45",
    "no number": "a: 0x_",
    "no character": 'a: "\\UFFFFFFFF"',
    "no version": "%YAML 99999999999999999999.1\n---\na: 1",
    "a key twice": "{a: 1, a: 2}",
    "a list as a key": "? [a]\n: 1",
    "two documents": "a: 1\n--- # another\nb: 2",
    "a control character": "a: \x07",
    "nothing that is YAML": "{a: [b",
}


def chapter(path: Path) -> None:
    path.write_text(f"---\n{path.read_text('utf-8')}\n---\n(a)=\n# A\n", "utf-8")
    read_chapter(path)


def given(path: Path) -> None:
    _parameters([("seeds", path.read_text("utf-8"))])


READERS: dict[str, Callable[[Path], object]] = {
    "manifest": load_manifest,
    "grid": read_grid,
    "SLURM jobs": read_slurm,
    "claims": load_claims,
    "front matter": chapter,
    "a value of -p": given,
}


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("reader", READERS)
def test_no_reader_makes_an_object(trap: Trap, reader: str, tag: str) -> None:
    path = trap.folder / "file.yaml"
    path.write_text(TAGS[tag].format(trace=trap.trace.as_posix()), "utf-8")
    with pytest.raises(CompanionError):
        READERS[reader](path)


@pytest.mark.parametrize("content", {**BOMBS, **ODD})
@pytest.mark.parametrize("reader", READERS)
def test_every_reader_refuses_in_words(tmp_path: Path, reader: str, content: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_text({**BOMBS, **ODD}[content], "utf-8")
    started = time.perf_counter()
    with pytest.raises(CompanionError) as caught:
        READERS[reader](path)
    assert time.perf_counter() - started < 10  # a bomb takes until the memory is full
    assert len(str(caught.value)) < 10_000


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_takes_no_memory(bomb: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(yaml.YAMLError):
            load_yaml(BOMBS[bomb])
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["_toc.yml", "CITATION.cff"])
def test_files_of_the_project_are_read_alike(trap: Trap, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_PROJECT", str(trap.folder))
    (trap.folder / "book").mkdir()
    (trap.folder / "data_manifest.yaml").write_text("entries: []")
    (trap.folder / name).write_text(TAGS["a call"].format(trace=trap.trace.as_posix()))
    with pytest.raises(CompanionError, match=name.replace(".", r"\.")):
        {"_toc.yml": toc_pages, "CITATION.cff": citation}[name]()


def test_aliases_and_merges_of_honest_files_are_read() -> None:
    found = load_yaml("a: &a {x: 1, y: 2}\nb: &b {<<: *a, y: 3}\nc: {<<: *b}\nd: [*a, *a]")
    assert found["c"] == {"x": 1, "y": 3}
    assert found["d"] == [{"x": 1, "y": 2}] * 2


def test_own_files_say_what_they_said() -> None:
    root = project_root()
    names = ["data_manifest.yaml", "_toc.yml", "CITATION.cff", "book/claims.yaml"]
    for path in [*(root / name for name in names), *(root / "book/grids").glob("*.yaml")]:
        assert read_yaml(path) == yaml.safe_load(path.read_text("utf-8")), path.name


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(yaml.YAMLError, match="no such file"):
            read_yaml(path)
