"""Checks and predictions, and the edition without solutions."""

from __future__ import annotations

import nbformat
import numpy as np
import pytest

from companion.errors import ChapterError
from companion.running.chapters import Teaching
from companion.running.exercises import CHECK_MARK, check, refuse_unsolved, reveal
from companion.running.teaching import complete_teaching, for_workshop

OPEN = "Not answered yet"


@pytest.mark.parametrize(
    ("answer", "right", "said"),
    [
        (..., 4, OPEN),
        (None, 4, OPEN),
        (4.0, 4, "Right."),
        (4.1, 4, "Not yet. Hint: look."),
        ([1, 2], np.array([1, 2]), "Right."),
        ([1, 2], np.array([1, 2, 3]), "The shape is (2,), and should be (3,)."),
        ([[1], [1, 2]], np.eye(2), "The rows have different lengths."),
        ("IT", "IT", "Right."),
        ("V1", "IT", "Not yet."),
        (True, True, "Right."),
        ({"a"}, {"a"}, "Right."),
        (["a", "b"], ["a", "b"], "Right."),
        ("four", 4, "Numbers are asked for."),
        (["a", "b"], [1, 2], "Numbers are asked for."),
    ],
)
def test_check_says_whether_an_answer_is_right(answer, right, said, capsys) -> None:
    check(answer, right, hint="look.")
    assert said in capsys.readouterr().out


def test_check_calls_a_function(capsys) -> None:
    check(lambda x: ..., 4, on=[2], hint="look")
    check(lambda x: x**2, 4, on=[2], hint="look")
    check(lambda x: x + 1, 4, on=[2], hint="look")
    check(4, 4, on=[2], hint="look")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(OPEN)
    assert lines[1] == "Right."
    assert lines[2].startswith("Not yet.")
    assert "function is asked for" in lines[3]


class Chapter:
    def __init__(self, **results: object) -> None:
        self.results = results


@pytest.mark.parametrize(
    ("guess", "found", "said"),
    [
        (..., 3.25, "This run found 3.2. (No prediction was made.)"),
        (5, 3.0, "You predicted 5.0. This run found 3.0: you were too high by 2.0."),
        (3, 3.0, "exactly right"),
    ],
)
def test_a_prediction_is_held_against_the_result(guess, found, said, capsys) -> None:
    reveal(Chapter(key=found), guess, "key", "{:.1f}")
    assert said in capsys.readouterr().out


def test_a_prediction_in_words(capsys) -> None:
    reveal(Chapter(region="V4"), "v4", "region")
    reveal(Chapter(region="V4"), "V1", "region")
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("as you predicted.")
    assert second.endswith("not as you said.")


def test_a_prediction_about_nothing_is_refused() -> None:
    with pytest.raises(ChapterError, match="not recorded"):
        reveal(Chapter(), 1, "key")


def notebook():
    new = nbformat.v4
    checked = new.new_code_cell("check(answer, 4, hint='x')")
    output = new.new_output("display_data", {"text/plain": "Right."}, metadata={CHECK_MARK: "right"})
    checked.outputs = [output]
    return new.new_notebook(
        cells=[
            new.new_markdown_cell("(tiny)=\n# Tiny\n\nText."),
            new.new_code_cell("answer = ..."),
            new.new_markdown_cell(
                "```{solution-start} ex-1\n:class: dropdown\n```\n\nBecause two and two is the secret."
            ),
            new.new_code_cell("answer = 2 + 2"),
            new.new_markdown_cell("```{solution-end}\n```\n\n(tiny-two)=\n## Two\n\nMore."),
            checked,
            new.new_markdown_cell(
                "```{solution-start} ex-2\n```\nhidden\n```{solution-end}\n```\nSeen again."
            ),
        ]
    )


class TestWorkshop:
    def made(self):
        book = notebook()
        teaching = Teaching(objectives=["add"], prerequisites=["other", "numbers"], minutes={"tiny-two": 7})
        for_workshop(book, type("Tiny", (), {"teaching": teaching})(), {"other": "Another chapter"})
        return book

    def test_no_solution_is_left(self) -> None:
        text = nbformat.writes(self.made())
        assert "2 + 2" not in text
        assert "secret" not in text
        assert "hidden" not in text
        assert "solution-" not in text

    def test_what_stands_around_solutions_stays(self) -> None:
        text = "\n".join(cell.source for cell in self.made().cells)
        assert "answer = ..." in text
        assert "## Two" in text
        assert "Seen again." in text

    def test_no_outcome_of_a_check_is_left(self) -> None:
        assert not [one for cell in self.made().cells for one in cell.get("outputs", [])]

    def test_goals_and_minutes_are_said(self) -> None:
        cells = self.made().cells
        assert "You will be able to** add." in cells[0].source
        assert "*Another chapter*; numbers" in cells[0].source
        assert cells[0].source.index("# Tiny") < cells[0].source.index("In this session")
        assert any("About 7 min" in cell.source for cell in cells)


def test_the_page_for_teachers_lists_chapters_with_minutes_needs_and_goals() -> None:
    def chapter(title: str, teaching: Teaching | None) -> object:
        return type("Tiny", (), {"title": title, "teaching": teaching})()

    taught = Teaching(objectives=["add", "count"], prerequisites=["first"], minutes={"a": 7, "b": 8})
    alone = Teaching(objectives=["see"], minutes={"c": 20})
    chapters = {
        "first": chapter("One", alone),
        "second": chapter("Two", taught),
        "third": chapter("Three", None),
    }
    page = complete_teaching("Before.\n\n%%chapters\n\nNot here: a %%chapters b.", chapters)
    assert "| {doc}`first` | 20 | nothing before it | see |" in page
    assert "| {doc}`second` | 15 | *One* | add; count |" in page
    assert "third" not in page
    assert page.endswith("Not here: a %%chapters b.")


@pytest.mark.parametrize("state", ["open", "wrong"])
def test_a_solution_that_fails_its_check_fails_the_chapter(state: str) -> None:
    book = notebook()
    refuse_unsolved("tiny", book)
    book.cells[5].outputs[0].metadata[CHECK_MARK] = state
    with pytest.raises(ChapterError, match="does not pass its own check"):
        refuse_unsolved("tiny", book)
