"""What a chapter is run with: its defaults, the papers' values, what a person gives."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from companion.errors import ChapterError
from companion.running.chapters import Chapter, all_chapters, read_chapter
from companion.running.pages import parameters_page
from companion.running.parameters import check_parameters, declared_parameters

from .conftest import HEAD

CHAPTERS = all_chapters()


def chapter(folder: Path, paper: str) -> Chapter:
    """A chapter that declares `scale`, `n_resamples` and `seeds`."""
    head = HEAD.format(name="first", title="First", companion=f"{{paper: {paper}}}")
    path = folder / "first.md"
    path.write_text(head.replace("seeds: list", 'scale: str = "lesson"  # size\nseeds: list'), "utf-8")
    found = read_chapter(path)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {}),
        ({"scale": "smoke"}, {"scale": "smoke"}),
        ({"scale": "paper"}, {"scale": "paper", "n_resamples": 99}),
        ({"scale": "paper", "n_resamples": 5}, {"scale": "paper", "n_resamples": 5}),
        ({"n_resamples": 5, "seeds": [1]}, {"n_resamples": 5, "seeds": [1]}),
    ],
)
def test_the_papers_values_replace_defaults_at_their_scale_only(
    tmp_path: Path, given: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert check_parameters([chapter(tmp_path, "{n_resamples: 99}")], given) == {"first": expected}


@pytest.mark.parametrize(
    ("paper", "message"),
    [("{n_resample: 99}", "Unknown parameter n_resample"), ("{n_resamples: many}", "wrong type")],
)
@pytest.mark.parametrize("scale", ["lesson", "paper"])
def test_a_wrong_block_is_refused_at_every_scale(
    tmp_path: Path, paper: str, message: str, scale: str
) -> None:
    with pytest.raises(ChapterError, match=message) as caught:
        check_parameters([chapter(tmp_path, paper)], {"scale": scale})
    assert "book/first.md" in str(caught.value)


def test_every_chapter_can_be_run_at_the_papers_scale() -> None:
    found = check_parameters(list(CHAPTERS.values()), {"scale": "paper"})
    for name, values in found.items():
        assert {*values} >= {*CHAPTERS[name].paper}
        assert "scale" in values or not CHAPTERS[name].paper, f"{name} cannot be told a scale"
    targets = found["targets"]
    assert (targets["width"], targets["n_steps"], len(targets["seeds"])) == (4096, 0, 5)
    assert found["naming"]["joint_space"] is True


def test_the_chapters_that_share_networks_ask_for_the_same_ones() -> None:
    """Otherwise a chapter would train again what another one has kept."""
    of_paper = [CHAPTERS[name].paper for name in ("fmri_to_clip", "naming", "pictures")]
    for shared in ("seeds", "n_epochs", "learning_rate"):
        assert len({repr(values[shared]) for values in of_paper}) == 1


@pytest.mark.parametrize("name", [name for name, one in CHAPTERS.items() if "\nscale: str" in one.text])
def test_no_chapter_takes_its_science_from_the_scale(name: str) -> None:
    notebook = CHAPTERS[name].notebook()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Compare):
                    names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
                    assert "scale" not in names, cell.source


def test_a_limit_to_one_person_is_a_parameter_wherever_people_are_trained_on() -> None:
    trained = {
        "contrastive",
        "targets",
        "attribution",
        "brain_aligning",
        "fmri_to_clip",
        "naming",
        "pictures",
    }
    assert all("subjects" in declared_parameters(CHAPTERS[name]) for name in trained)


def test_the_page_of_parameters_has_every_one_with_the_papers_value() -> None:
    chapters = all_chapters()
    page = parameters_page(chapters)
    assert len(re.findall(r"^## ", page, re.MULTILINE)) == len(chapters)
    for name, chapter in chapters.items():
        part = page.split(f"`companion run {name}`")[1].split("\n## ")[0]
        for own, (kind, default, meaning) in declared_parameters(chapter).items():
            row = next(line for line in part.splitlines() if line.startswith(f"| `{own}` |"))
            assert f" {kind} | `{default}` |" in row
            assert meaning in row
            assert (own not in chapter.paper) or f"`{chapter.paper[own]}`" in row
