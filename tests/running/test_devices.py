"""Whether the device that a chapter is told reaches all that it trains."""

from __future__ import annotations

import ast

import pytest

from companion.running.chapters import Chapter, all_chapters
from companion.running.parameters import declared_parameters

TRAINERS = {
    *("train_decoders", "follow_training", "held_out_networks"),
    *("fit_mappings", "fit_joint_vaes", "god_learnt_prompts"),
    *("kept_aligners", "BrainTeaching"),
}
CHAPTERS = all_chapters()


def calls_of(chapter: Chapter) -> list[ast.Call]:
    """Calls of what trains, also where it is handed to ``partial``."""
    cells = [ast.parse(cell.source) for cell in chapter.notebook().cells if cell.cell_type == "code"]
    calls = [node for cell in cells for node in ast.walk(cell) if isinstance(node, ast.Call)]
    named = [{ast.unparse(one.func), *(ast.unparse(given) for given in one.args[:1])} for one in calls]
    return [call for call, names in zip(calls, named, strict=True) if names & TRAINERS]


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_device_reaches_every_training(name: str) -> None:
    calls = calls_of(CHAPTERS[name])
    for call in calls:
        given = [keyword.value for keyword in call.keywords if keyword.arg == "device"] or call.args[-1:]
        assert [ast.unparse(value) for value in given] == ["device"], ast.unparse(call)
    assert not calls or "device" in declared_parameters(CHAPTERS[name])


def test_the_search_finds_trainings() -> None:
    """Otherwise the test above could not fail."""
    found = {name: len(calls_of(chapter)) for name, chapter in CHAPTERS.items()}
    assert found["targets"] >= 6
    assert found["attribution"] == found["bench"] == 1
    assert sum(map(bool, found.values())) >= 10
