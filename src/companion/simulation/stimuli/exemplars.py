"""Exemplars: one picture's worth of attributes each (kind, colour, pattern, scene, pose, size)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from companion.errors import DataError
from companion.simulation.stimuli.kinds import N_KINDS, N_SHAPE

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

COLOURS = ("red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "brown", "grey")
PATTERNS = ("plain", "striped", "banded", "dotted", "checked", "wavy")
SCENES = ("meadow", "beach", "night", "room", "snow", "desert", "forest", "sea")
SIZES = ("small", "medium", "large")

LARGEST_TURN = np.deg2rad(15)
LARGEST_SHIFT = 0.08
SHAPE_JITTER = 0.12
"""Standard deviation of an exemplar's own shape around its kind's, in standard deviations over kinds."""


@dataclass(frozen=True, eq=False)
class Exemplars:
    """Attributes of ``n`` pictures; one entry of every array belongs to one object.

    Attributes
    ----------
    kind, colour, pattern, scene : ndarray of int, shape (n,)
        Kind number; places in ``COLOURS``, ``PATTERNS``, ``SCENES``.
    flip : ndarray of bool, shape (n,)
        Faces left instead of right.
    rotation : ndarray of float, shape (n,)
        Radians, anticlockwise, at most 15 degrees.
    shift : ndarray of float, shape (n, 2)
        To the right and upwards, in half picture widths.
    size : ndarray of float, shape (n,)
        From 0 (small) to 1 (large).
    jitter : ndarray of float, shape (n, 12)
        Added to the kind's shape parameters.
    layout : ndarray of float, shape (n, 3)
        Where the scene puts its props and its horizon, 0 to 1; not part of any stage's factors.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.simulation import draw_exemplars
    >>> drawn = draw_exemplars([3, 3, 7], np.random.default_rng(0))
    >>> drawn.kind.tolist(), drawn.jitter.shape
    ([3, 3, 7], (3, 12))
    """

    kind: IntArray
    colour: IntArray
    pattern: IntArray
    scene: IntArray
    flip: npt.NDArray[np.bool_]
    rotation: FloatArray
    shift: FloatArray
    size: FloatArray
    jitter: FloatArray
    layout: FloatArray

    def __post_init__(self) -> None:
        lengths = {field.name: len(getattr(self, field.name)) for field in fields(self)}
        if len(set(lengths.values())) > 1:
            raise DataError("Attributes of exemplars differ in length", got=lengths)
        if len(self.kind) and not 0 <= self.kind.min() <= self.kind.max() < N_KINDS:
            raise DataError("An exemplar is of no known kind", expected=f"0 to {N_KINDS - 1}", got=self.kind)

    def __len__(self) -> int:
        return len(self.kind)

    def select(self, rows: npt.ArrayLike | slice) -> Exemplars:
        """Exemplars in the given rows (numbers, slice or mask), in the given order."""
        picked = np.arange(len(self))[rows if isinstance(rows, slice) else np.asarray(rows)]
        return Exemplars(**{field.name: getattr(self, field.name)[picked] for field in fields(self)})


def draw_exemplars(kinds: Sequence[int] | IntArray, rng: np.random.Generator) -> Exemplars:
    """Draw one exemplar for each entry; all attributes are independent of the kind.

    Parameters
    ----------
    kinds : sequence of int
        Kind numbers; repeat a number for several exemplars.
    rng : numpy.random.Generator
        Decides all attributes.

    Examples
    --------
    Attributes do not depend on the kind: the same numbers are drawn for another one.

    >>> import numpy as np
    >>> from companion.simulation import draw_exemplars
    >>> some, others = (draw_exemplars(kinds, np.random.default_rng(0)) for kinds in ([3, 3], [7, 7]))
    >>> bool((some.colour == others.colour).all())
    True
    """
    kind = np.asarray(kinds, dtype=np.int64)
    n = len(kind)
    return Exemplars(
        kind=kind,
        colour=rng.integers(len(COLOURS), size=n),
        pattern=rng.integers(len(PATTERNS), size=n),
        scene=rng.integers(len(SCENES), size=n),
        flip=rng.random(n) < 0.5,
        rotation=np.clip(rng.normal(0, LARGEST_TURN / 2.5, n), -LARGEST_TURN, LARGEST_TURN),
        shift=rng.uniform(-LARGEST_SHIFT, LARGEST_SHIFT, (n, 2)),
        size=rng.random(n),
        jitter=rng.normal(0, SHAPE_JITTER, (n, N_SHAPE)),
        layout=rng.random((n, 3)),
    )


def draw_scene(kinds: Sequence[int], rng: np.random.Generator) -> Exemplars:
    """Draw two or three objects that stand on one scene; colours differ between them.

    Parameters
    ----------
    kinds : sequence of int
        Two or three kind numbers.
    rng : numpy.random.Generator
        Decides all attributes.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.simulation import draw_scene
    >>> scene = draw_scene([3, 7], np.random.default_rng(0))
    >>> scene.kind.tolist(), len(set(scene.colour.tolist())), len(set(scene.scene.tolist()))
    ([3, 7], 2, 1)
    """
    drawn = draw_exemplars(kinds, rng)
    parts = {field.name: getattr(drawn, field.name) for field in fields(drawn)}
    parts["scene"] = np.full(len(drawn), drawn.scene[0])
    parts["layout"] = np.tile(drawn.layout[:1], (len(drawn), 1))
    parts["colour"] = rng.permutation(len(COLOURS))[: len(drawn)]
    return Exemplars(**parts)


def join(several: Sequence[Exemplars]) -> Exemplars:
    """Put exemplars one after another."""
    return Exemplars(
        **{
            field.name: np.concatenate([getattr(one, field.name) for one in several])
            for field in fields(Exemplars)
        }
    )


def size_word(size: float) -> str:
    """Small, medium or large: thirds of the range."""
    return SIZES[min(int(size * len(SIZES)), len(SIZES) - 1)]
