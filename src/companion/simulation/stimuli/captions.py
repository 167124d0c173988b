"""Captions: what people would write below the pictures.

They hold lower-case words and single spaces only, so ``caption.split()`` gives the words.
"""

from __future__ import annotations

import re

import numpy as np

from companion.errors import DataError
from companion.simulation.stimuli.exemplars import COLOURS, PATTERNS, SIZES, Exemplars, size_word
from companion.simulation.stimuli.glosses import CATEGORY_NAMES
from companion.simulation.stimuli.kinds import all_kinds

PLACES = (
    "in a meadow",
    "on a beach",
    "under a night sky",
    "in a room",
    "in the snow",
    "in a desert",
    "in a forest",
    "by the sea",
)
"""Words for each scene, in the order of ``exemplars.SCENES``."""

PLAIN = "a {pattern} {colour} {noun} {place}"

VARIED = (
    "a {colour} {noun}",
    "a {noun} {place}",
    "a {size} {colour} {noun} {place}",
    "a picture of a {pattern} {noun}",
    "a {colour} {category} {place}",
    "a {pattern} {category} called {noun}",
    "this {size} {noun} is {colour}",
    "there is a {pattern} {colour} {noun} {place}",
    "the {noun} is a {category} and it is {colour}",
    "a {noun} facing {side} {place}",
    "{place} stands a {size} {noun}",
    "a {size} {pattern} {category} {place}",
)
"""Wordings of one object; a caption leaves out what its wording does not ask for."""

PAIRS = (
    "a {colour0} {noun0} and a {colour1} {noun1} {place}",
    "a {noun0} to the left of a {noun1}",
    "a {pattern1} {noun1} next to a {pattern0} {noun0} {place}",
    "{place} there are a {category0} and a {category1}",
    "a picture of a {colour0} {category0} beside a {noun1}",
    "two things {place} a {noun0} and a {colour1} {category1}",
)
TRIPLES = (
    "a {noun1} and a {noun0} and a {noun2} {place}",
    "a {colour0} {noun0} between a {noun1} and a {noun2}",
    "three things {place} with a {colour2} {noun2} on the right",
    "{place} there are a {category1} and a {category0} and a {category2}",
    "a {pattern1} {noun1} on the left of a {category0} and a {noun2}",
    "a {colour1} {noun1} near a {colour0} {noun0} and a {colour2} {noun2}",
)
"""Wordings of scenes of two (left, right) and three objects (middle, left, right)."""


def plain_caption(exemplars: Exemplars, i: int) -> str:
    """Name everything but size and pose: ``a striped red dovel in a meadow``.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.simulation import all_kinds, draw_exemplars, plain_caption
    >>> caption = plain_caption(draw_exemplars([3], np.random.default_rng(0)), 0)
    >>> caption.startswith("a "), all_kinds()[3].noun in caption
    (True, True)
    """
    return _fill(PLAIN, _words_of(exemplars, i))


def varied_captions(exemplars: Exemplars, i: int, rng: np.random.Generator, n: int = 5) -> list[str]:
    """Captions of one picture in different wordings.

    Parameters
    ----------
    exemplars : Exemplars
        Pictures.
    i : int
        Which one.
    rng : numpy.random.Generator
        Chooses the wordings.
    n : int
        How many, at most 12.

    Raises
    ------
    DataError
        If there are not that many wordings.
    """
    return [_fill(VARIED[number], _words_of(exemplars, i)) for number in _choose(len(VARIED), n, rng)]


def scene_captions(objects: Exemplars, rng: np.random.Generator, n: int = 5) -> list[str]:
    """Captions of one picture with two or three objects, in different wordings.

    Parameters
    ----------
    objects : Exemplars
        As given to `render_scenes`.
    rng : numpy.random.Generator
        Chooses the wordings.
    n : int
        How many, at most 6.

    Raises
    ------
    DataError
        If there are not that many wordings, or another number of objects.
    """
    wordings = {2: PAIRS, 3: TRIPLES}
    if len(objects) not in wordings:
        raise DataError(
            "A scene has too few or too many objects", expected=sorted(wordings), got=len(objects)
        )
    chosen = wordings[len(objects)]
    fields = {"place": PLACES[objects.scene[0]]}
    for number in range(len(objects)):
        words = _words_of(objects, number)
        fields |= {f"{name}{number}": words[name] for name in ("noun", "category", "colour", "pattern")}
    return [_fill(chosen[number], fields) for number in _choose(len(chosen), n, rng)]


def gloss(kind: int) -> str:
    """Define a kind in one sentence, by its category and the shape words that fit it best."""
    return all_kinds()[kind].gloss


def words(text: str) -> list[str]:
    """Split into the lower-case words of a caption or gloss, hyphens and stops left out."""
    return re.findall("[a-z]+", text.lower())


def _words_of(exemplars: Exemplars, i: int) -> dict[str, str]:
    kind = all_kinds()[exemplars.kind[i]]
    return {
        "noun": kind.noun,
        "category": CATEGORY_NAMES[kind.category],
        "colour": COLOURS[exemplars.colour[i]],
        "pattern": PATTERNS[exemplars.pattern[i]],
        "place": PLACES[exemplars.scene[i]],
        "size": size_word(float(exemplars.size[i])),
        "side": "left" if exemplars.flip[i] else "right",
    }


def _fill(wording: str, fields: dict[str, str]) -> str:
    return re.sub(r"\ba(?= [aeiou])", "an", wording.format(**fields))


def _choose(n_wordings: int, n: int, rng: np.random.Generator) -> list[int]:
    if n > n_wordings:
        raise DataError("More captions are asked for than there are wordings", expected=n_wordings, got=n)
    return [int(number) for number in rng.choice(n_wordings, n, replace=False)]


def _vocabulary() -> tuple[str, ...]:
    fixed = [re.sub(r"\{\w+\}", " ", wording) for wording in (PLAIN, *VARIED, *PAIRS, *TRIPLES)]
    named = [*COLOURS, *PATTERNS, *SIZES, *PLACES, *CATEGORY_NAMES.values(), "an left right"]
    glosses = [f"{kind.noun} {kind.gloss}" for kind in all_kinds()]
    return tuple(sorted({word for text in (*fixed, *named, *glosses) for word in words(text)}))


VOCABULARY: tuple[str, ...] = _vocabulary()
"""Every word that captions and glosses can hold, nouns included, sorted."""
