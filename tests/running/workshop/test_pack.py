"""The zip of a workshop: made, unpacked elsewhere, and started there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from companion.errors import CompanionError, DataError, MissingDataError
from companion.running.chapters import choose
from companion.running.workshop import pack
from companion.running.workshop.notebooks import learners_notebooks


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of one chapter without data, in an empty folder."""
    folder = tmp_path_factory.mktemp("pack")
    lines: list[str] = []
    target = pack.make_pack(folder / "class.zip", ["retested"], jobs=1, say=lines.append)
    assert lines[-1].startswith(str(target))
    assert sorted(path.name for path in folder.iterdir()) == ["class.zip"]
    with zipfile.ZipFile(target) as archive:
        archive.extractall(folder / "here")
    [home] = (folder / "here").iterdir()
    return home


def test_it_holds_what_a_class_needs(unpacked: Path) -> None:
    names = {path.name for path in unpacked.iterdir()}
    assert {"START.md", "DATA.md", "start.py", "requirements.lock", "notebooks", "wheels", "LICENSE"} <= names
    assert [path.name for path in (unpacked / "notebooks").iterdir()] == ["1-retested.ipynb"]
    [wheel] = (unpacked / "wheels").iterdir()
    assert "companion/running/exercises.py" in zipfile.ZipFile(wheel).namelist()
    assert re.search(
        r"\| 1 \| What the papers report, re-tested \| \d+ \| \d+ s \| \d+ MB \|",
        (unpacked / "START.md").read_text(),
    )


def test_its_notebook_has_no_solution_no_output_and_no_myst(unpacked: Path) -> None:
    notebook = nbformat.read(unpacked / "notebooks/1-retested.ipynb", as_version=4)
    text = nbformat.writes(notebook)
    assert "solution-" not in text
    assert "{glue" not in text
    assert "factors = np.arange(len(p), 0, -1)" not in text  # of the solution of the first exercise
    assert "def my_holm" in text
    assert not [cell for cell in notebook.cells if cell.cell_type == "code" and cell.outputs]
    prose = " ".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert re.search(
        r"CLIP's falls\s+from 13\.9\s+to 3\.5 points", prose
    )  # a number of the run, in its sentence


def test_it_starts_in_another_place(unpacked: Path) -> None:
    """With its own package from the wheel, no variable set, and the Python that has the packages."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("COMPANION")}
    done = subprocess.run(
        [sys.executable, str(unpacked / "start.py"), "--check"],
        cwd=unpacked.parent,
        env=mine,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1-retested.ipynb ran to its end" in done.stdout
    assert (unpacked / "package/companion/cli.py").is_file()


def test_a_class_gets_the_people_asked_for(
    fetched: Path, smoke_world: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(smoke_world))
    chapter = choose(["contrastive"])
    pack._copy_data(chapter, [], tmp_path / "data", people=1, scale="smoke")
    there = {path.name for path in (tmp_path / "data/miniature/smoke/world/things-eeg2").iterdir()}
    assert "sub-01" in there
    assert "expected_sub-01.npz" in there
    assert not {name for name in there if "02" in name}
    stimuli = {path.name for path in (tmp_path / "data/miniature/smoke/stimuli").iterdir()}
    assert "object_images" in stimuli
    assert not stimuli & {"nsd", "god"}


class TestRefused:
    def test_no_people(self, tmp_path: Path) -> None:
        with pytest.raises(CompanionError, match="at least one person"):
            pack.make_pack(tmp_path / "class.zip", ["retested"], people=0)

    def test_data_that_are_not_here(self, tmp_path: Path) -> None:
        with pytest.raises(MissingDataError, match="companion data fetch"):
            pack.make_pack(tmp_path / "class.zip", ["ruler"])
        assert not list(tmp_path.iterdir())

    def test_data_that_may_not_be_passed_on(self, monkeypatch) -> None:
        monkeypatch.setattr(pack, "missing", lambda ids: [])
        with pytest.raises(DataError, match="brainclip-god-captions"):
            pack._entries(choose(["naming"]))

    def test_a_world_that_was_not_made(self, tmp_path: Path) -> None:
        with pytest.raises(MissingDataError, match="companion data simulate"):
            pack._copy_data(choose(["targets"]), [], tmp_path / "data", people=1, scale="smoke")


def test_parameters_of_the_run_stand_below_the_defaults(fetched: Path, monkeypatch) -> None:
    from companion.running.layout import Layout

    chapter = choose(["contrastive"])
    made = learners_notebooks(chapter, Layout(fetched), {"contrastive": {"scale": "smoke"}})
    notebook = made["1-contrastive.ipynb"]
    tags = [cell.metadata.get("tags", []) for cell in notebook.cells]
    after = next(position for position, found in enumerate(tags) if "parameters" in found) + 1
    assert notebook.cells[after].source == "scale = 'smoke'"
    assert "Simulated data" in notebook.cells[0].source
    assert json.loads(nbformat.writes(notebook))
