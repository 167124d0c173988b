"""What every chapter owes a learner, read off its source."""

from __future__ import annotations

import ast
import re

import pytest

from companion.running.chapters import Chapter, all_chapters

CHAPTERS = list(all_chapters().values())
EXERCISE = re.compile(
    r"```\{exercise\} (?P<title>[^\n]+)\n:label: (?P<label>[a-z0-9_-]+)\n\n.*?"
    r"```\{code-cell\}[^\n]*\n:tags: \[exercise\]\n(?P<stub>.*?)```\n\n"
    r"```\{solution-start\} (?P<solved>[a-z0-9_-]+)\n:class: dropdown\n```\n"
    r"(?P<solution>.*?)```\{solution-end\}\n```\n\n"
    r"```\{code-cell\}[^\n]*\n:tags: \[check, hide-input\]\n(?P<check>.*?)```",
    re.DOTALL,
)
CODE = re.compile(r"```\{code-cell\}[^\n]*\n(?P<code>.*?)```", re.DOTALL)


def code(text: str) -> str:
    """Python of the code cells of a piece of a chapter."""
    cells = [
        re.sub(r"\A(---\n.*?\n---\n|(:[^\n]*\n)+)", "", one["code"], flags=re.DOTALL)
        for one in CODE.finditer(text)
    ]
    return "\n".join(cells)


def names(source: str, context: type[ast.expr_context]) -> set[str]:
    """Names that a piece of code reads or sets; those of its functions' insides count, too."""
    tree = ast.parse(source)
    found = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, context)
    }
    if context is ast.Store:
        found |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return found


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
class TestChapter:
    def test_there_are_three_exercises_with_stub_solution_and_check(self, chapter: Chapter) -> None:
        found = list(EXERCISE.finditer(chapter.text))
        assert len(found) >= 3
        assert len(found) == chapter.text.count("{solution-start}") == chapter.text.count("```{exercise}")
        slug = chapter.name.replace("_", "-")
        assert [one["label"] for one in found] == [f"ex-{slug}-{n + 1}" for n in range(len(found))]
        for one in found:
            assert one["label"] == one["solved"]
            assert "..." in one["stub"]
            assert "check(" in one["check"]
            assert "hint=" in one["check"]
            assert "..." not in code(one["solution"])

    def test_the_page_goes_on_without_solutions(self, chapter: Chapter) -> None:
        """The workshop edition leaves them out: only a check may read what a solution sets."""
        text = chapter.text
        for one in EXERCISE.finditer(text):
            set_here = names(code(one["solution"]), ast.Store)
            later = text[one.end() :]
            for other in EXERCISE.finditer(later):
                later = later.replace(other["solution"], "").replace(other["check"], "")
            assert not set_here & names(code(later), ast.Load), one["label"]
            answers = names(code(one[0].split("```{solution-start}")[0]), ast.Store)
            asked = names(one["check"], ast.Load) - names(one["check"], ast.Store)
            assert answers & asked, f"the check of {one['label']} does not read the learner's answer"
            assert not (set_here - answers) & asked, f"the check of {one['label']} reads its solution"

    def test_a_prediction_comes_first_and_is_held_against_a_result(self, chapter: Chapter) -> None:
        first = next(CODE.finditer(chapter.text))
        assert ":tags: [predict]" in first["code"]
        assert "guess = ..." in first["code"]
        assert chapter.text.count("Predict first\n") == 1
        assert chapter.text.index("{admonition} Predict first\n") < first.start()
        revealed = re.findall(r'reveal\(\s*chapter,\s*guess,\s*"([a-z0-9_]+)"', chapter.text)
        assert len(revealed) == 1

    def test_it_has_goals_and_minutes(self, chapter: Chapter) -> None:
        assert chapter.teaching is not None
        assert 3 <= len(chapter.teaching.objectives) <= 5
        assert 20 <= sum(chapter.teaching.minutes.values()) <= 90
        slug = chapter.name.replace("_", "-")
        assert f"{slug}-exercises" in chapter.teaching.minutes
