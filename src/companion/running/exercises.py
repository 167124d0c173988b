"""What a learner meets in a chapter: a prediction before the results, exercises with a check after them.

A solution stands in the source between ``solution-start`` and ``solution-end``. Readers get it folded, and
run; the workshop edition is the same chapter without it, so that the learner's cell is still ``answer = ...``
when the check runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from companion.errors import ChapterError
from companion.running.wording import plain

if TYPE_CHECKING:
    from companion.running.session import OpenChapter

CHECK_MARK = "companion_check"
State = Literal["open", "right", "wrong"]


def check(
    answer: Any, right: Any, *, hint: str, on: Sequence[Any] | None = None, tolerance: float = 1e-6
) -> None:
    """Tell a learner whether an answer is right.

    Parameters
    ----------
    answer : number, str, bool, array-like, list, set or callable, or ``...``
        The learner's. ``...`` means that nothing was answered yet.
    right : same as answer
        Found by another way than the one asked for, such as the function of the package.
    hint : str
        What to look at where the answer is wrong. It does not give the answer away.
    on : sequence, optional
        Arguments for an answer that is a function; what it returns is compared.
    tolerance : float
        Largest difference of numbers, relative to the right value or absolute where that is below one.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.running import check
    >>> check(2 + 2, 4, hint="count again")
    Right.
    >>> check(..., 4, hint="count again")
    Not answered yet: put your answer in place of the dots, and run this cell again.
    >>> check([1, 2], np.array([1, 3]), hint="the second is too small")
    Not yet. Hint: the second is too small.
    >>> check(lambda x: 2 * x, 6, on=[3], hint="what is twice three?")
    Right.
    """
    state, complaint = _judge(answer, right, on, tolerance)
    text = {
        "open": "Not answered yet: put your answer in place of the dots, and run this cell again.",
        "right": "Right.",
        "wrong": f"Not yet. {complaint}Hint: {hint if hint.endswith(('?', '.')) else f'{hint}.'}",
    }[state]
    _say(text, state)


def reveal(chapter: OpenChapter, guess: Any, key: str, template: str = "{}") -> None:
    """Hold a prediction, made before the results, against what the run found.

    Parameters
    ----------
    chapter : OpenChapter
        Has recorded the result.
    guess : number or str, or ``...``
        The learner's; ``...`` means that none was made.
    key : str
        Of the result.
    template : str
        How the number is written, such as ``"{:.1f} %"``.

    Raises
    ------
    ChapterError
        If nothing is recorded under that key yet.

    Examples
    --------
    >>> from companion.running import reveal
    >>> class Chapter:
    ...     results = {"top1": 28.44}
    >>> reveal(Chapter(), 20, "top1", "{:.1f} %")
    You predicted 20.0 %. This run found 28.4 %: you were too low by 8.4 %.
    >>> reveal(Chapter(), ..., "top1", "{:.1f} %")
    This run found 28.4 %. (No prediction was made.)
    """
    if key not in chapter.results:
        raise ChapterError(
            f"The prediction is to be held against {key!r}, which is not recorded",
            expected="a key that was recorded above this cell",
            do="move the cell below the result, or correct the key",
        )
    found = chapter.results[key]
    said = template.format(found)
    if isinstance(guess, EllipsisType):
        _say(f"This run found {said}. (No prediction was made.)", None)
    elif isinstance(found, bool | str) or isinstance(guess, bool | str):
        agrees = "as you predicted" if str(guess).strip().lower() == str(found).lower() else "not as you said"
        _say(f"You predicted {guess}. This run found {said}: {agrees}.", None)
    elif (number := _number(guess)) is None:
        _say(f"You predicted {guess}, where a number is asked for. This run found {said}.", None)
    else:
        off = number - found
        by = f"by {template.format(abs(off))}"
        side = "exactly right" if off == 0 else f"too {'high' if off > 0 else 'low'} {by}"
        _say(f"You predicted {template.format(number)}. This run found {said}: you were {side}.", None)


def _number(guess: Any) -> float | None:
    try:
        return number if math.isfinite(number := float(guess)) else None
    except (TypeError, ValueError, OverflowError):
        return None


def refuse_unsolved(chapter: str, notebook: Any) -> None:
    """Fail a chapter whose own solution does not pass the check.

    Raises
    ------
    ChapterError
        If the output of a check says anything but "right".
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            state = output.get("metadata", {}).get(CHECK_MARK)
            if state in ("open", "wrong"):
                raise ChapterError(
                    f"A solution in chapter {chapter} does not pass its own check",
                    where=f"code cell {cell.execution_count}\n\n{cell.source}\n",
                    got=output.data["text/plain"],
                    do="mend the solution or the check",
                )


def _judge(answer: Any, right: Any, on: Sequence[Any] | None, tolerance: float) -> tuple[State, str]:
    if isinstance(answer, EllipsisType):
        return "open", ""
    if on is not None:
        if not callable(answer):
            return "wrong", "A function is asked for. "
        answer = answer(*on)
    if isinstance(answer, EllipsisType) or answer is None:
        return "open", ""
    if isinstance(right, str | bool | set):
        return ("right" if _equal(answer, right) else "wrong"), ""
    expected = np.asarray(right)
    try:
        given = np.asarray(answer)
    except ValueError:
        return "wrong", "The rows have different lengths. "
    if given.shape != expected.shape:
        return "wrong", f"The shape is {given.shape}, and should be {expected.shape}. "
    if expected.dtype.kind in "OUS":
        return ("right" if given.tolist() == expected.tolist() else "wrong"), ""
    if given.dtype.kind not in "bifu":
        return "wrong", "Numbers are asked for. "
    close = np.allclose(given, expected, rtol=tolerance, atol=tolerance, equal_nan=True)
    return ("right" if close else "wrong"), ""


def _equal(answer: Any, right: Any) -> bool:
    try:
        return bool(answer == right)
    except (TypeError, ValueError):  # of an array each value is compared
        return False


def _say(text: str, state: State | None) -> None:
    """Show a line on the page, marked for the runner; where there is no notebook, print it."""
    from IPython import get_ipython
    from IPython.display import display

    text = text.encode("utf-8", "backslashreplace").decode()  # an answer may hold what cannot be written
    if get_ipython() is None:
        print(text)  # noqa: T201 - a learner's terminal
        return
    shown = {"right": f"**{text}**", None: plain(text)}.get(state, text)  # only hints are written in MyST
    display(  # type: ignore[no-untyped-call]
        {"text/markdown": shown, "text/plain": text},
        raw=True,
        metadata={CHECK_MARK: state} if state else {},
    )
