"""Pictures from exemplars: one object on its scene, or several on one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from companion.errors import DataError
from companion.simulation.stimuli.drawing.frames import Placement
from companion.simulation.stimuli.drawing.outlines import Real
from companion.simulation.stimuli.drawing.painter import cover, paint
from companion.simulation.stimuli.drawing.scenes import GROUND, backdrops
from companion.simulation.stimuli.exemplars import Exemplars, join
from companion.simulation.stimuli.kinds import CATEGORIES, category_numbers

SMALLEST, LARGEST = 0.48, 0.68
"""Half width of an object's box in a picture of half width one."""
BLOCK_PIXELS = 2**16
"""Pixels painted at a time: few enough to stay in a processor's cache."""
BATCH_PIXELS = 2**20
"""Pixels held at a time in single precision."""

ALONE = (0.0, 0.0, 1.0)
SLOTS = {
    2: ((-0.48, 0.0, 0.64), (0.48, 0.0, 0.64)),
    3: ((0.0, 0.18, 0.46), (-0.56, -0.04, 0.54), (0.56, -0.04, 0.54)),
}
"""Places of several objects on a scene, from back to front: right, up, and how much smaller."""

FloatArray = npt.NDArray[np.float64]
UInt8Array = npt.NDArray[np.uint8]


def render(exemplars: Exemplars, size: int) -> UInt8Array:
    """Draw one picture for each exemplar; the same input gives the same bytes.

    Parameters
    ----------
    exemplars : Exemplars
        What to draw.
    size : int
        Height and width in pixels.

    Returns
    -------
    ndarray of uint8, shape (n, size, size, 3)
        sRGB.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.simulation import draw_exemplars, render
    >>> pictures = render(draw_exemplars([3, 7], np.random.default_rng(0)), size=32)
    >>> pictures.shape, pictures.dtype.name, bool((pictures[0] != pictures[1]).any())
    ((2, 32, 32, 3), 'uint8', True)
    """
    x, y = _grid(size)
    pictures = np.empty((len(exemplars), size, size, 3), np.uint8)
    for batch in _batches(len(exemplars), size):
        chosen = exemplars.select(batch)
        image = backdrops(chosen.scene, chosen.layout, x, y)
        _paint_objects(image, chosen, np.array(ALONE), x, y)
        pictures[batch] = _bytes(image)
    return pictures


def render_scenes(scenes: Sequence[Exemplars], size: int) -> UInt8Array:
    """Draw pictures of two or three objects each; the scene is that of a picture's first object.

    Parameters
    ----------
    scenes : sequence of Exemplars
        The objects of each picture, from back to front where there are three.
    size : int
        Height and width in pixels.

    Returns
    -------
    ndarray of uint8, shape (n_scenes, size, size, 3)
        sRGB.

    Raises
    ------
    DataError
        If a scene has another number of objects.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.simulation import draw_scene, render_scenes
    >>> render_scenes([draw_scene([3, 7], np.random.default_rng(0))], size=32).shape
    (1, 32, 32, 3)
    """
    if wrong := [len(objects) for objects in scenes if len(objects) not in SLOTS]:
        raise DataError("A scene has too few or too many objects", expected=sorted(SLOTS), got=wrong[0])
    x, y = _grid(size)
    pictures = np.empty((len(scenes), size, size, 3), np.uint8)
    for batch in _batches(len(scenes), size):
        chosen = scenes[batch]
        first = join([objects.select([0]) for objects in chosen])
        image = backdrops(first.scene, first.layout, x, y)
        for layer in range(max(len(objects) for objects in chosen)):
            rows = [row for row, objects in enumerate(chosen) if len(objects) > layer]
            slots = np.array([SLOTS[len(chosen[row])][layer] for row in rows])
            behind = image[rows]
            _paint_objects(behind, join([chosen[row].select([layer]) for row in rows]), slots, x, y)
            image[rows] = behind
        pictures[batch] = _bytes(image)
    return pictures


def silhouettes(exemplars: Exemplars, size: int) -> Real:
    """Share of each pixel that the object fills, ndarray of shape (n, size, size), 0 to 1."""
    x, y = _grid(size)
    masks = np.empty((len(exemplars), size, size), np.float32)
    for rows, category in _blocks(exemplars, size):
        chosen = exemplars.select(rows)
        masks[rows] = cover(chosen, category, _stand(chosen, np.tile(ALONE, (len(rows), 1))), x, y)
    return masks


def _grid(size: int) -> tuple[Real, Real]:
    ticks = ((np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size) * 2 - 1).astype(
        np.float32
    )
    across, down = np.meshgrid(ticks, ticks)
    return across, -down


def _blocks(exemplars: Exemplars, size: int) -> Iterator[tuple[npt.NDArray[np.int64], int]]:
    """Rows of one category at a time, in blocks of bounded size."""
    category = category_numbers()[exemplars.kind]
    step = max(1, BLOCK_PIXELS // size**2)
    for number in range(len(CATEGORIES)):
        rows = np.flatnonzero(category == number)
        rows = rows[np.argsort(exemplars.flip[rows], kind="stable")]  # so that parts lie in alike windows
        for start in range(0, len(rows), step):
            yield rows[start : start + step], number


def _batches(n: int, size: int) -> Iterator[slice]:
    step = max(1, BATCH_PIXELS // size**2)
    return (slice(start, start + step) for start in range(0, n, step))


def _paint_objects(image: Real, exemplars: Exemplars, slots: FloatArray, x: Real, y: Real) -> None:
    """Paint one object onto each picture, in place; slots have shape (3,) or (n, 3)."""
    each = np.broadcast_to(slots, (len(exemplars), 3))
    for rows, category in _blocks(exemplars, x.shape[-1]):
        block, chosen = image[rows], exemplars.select(rows)
        paint(block, chosen, category, _stand(chosen, each[rows]), x, y)
        image[rows] = block


def _stand(exemplars: Exemplars, slots: FloatArray) -> Placement:
    """Place boxes of objects on the ground; slots have shape (n, 3)."""
    right, up, smaller = slots.T
    half = (SMALLEST + (LARGEST - SMALLEST) * exemplars.size) * smaller
    x = right + smaller * exemplars.shift[:, 0]
    y = GROUND + up + half + smaller * exemplars.shift[:, 1]
    return Placement(x.astype(np.float32), y.astype(np.float32), half.astype(np.float32))


def _bytes(image: Real) -> UInt8Array:
    levels = np.clip(image * np.float32(255) + np.float32(0.5), 0, 255).astype(np.uint8)
    return np.moveaxis(levels, 1, -1)
