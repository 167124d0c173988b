"""The gallery: every stimulus in its place, none left out, and names above what they name."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from companion.figures.gallery import picture_gallery

STIMULI = ["s3", "s1", "s2", "s5", "s4"]
COLUMNS = ["seen", "nearest in pool", "generated", "true vector"]


def column(number: int, size: int = 4) -> dict[str, np.ndarray]:
    return {f"s{row}": np.full((size, size, 3), 10 * number + row, dtype=np.uint8) for row in range(1, 6)}


def groups() -> dict[str, dict[str, dict[str, np.ndarray]]]:
    return {
        "": {"seen": column(0, 8)},
        "From the brain": {"nearest in pool": column(1), "generated": column(2)},
        "Companions": {"true vector": column(3)},
    }


def shown(ax: Axes) -> dict[int, tuple[float, float]]:
    """Left and upper edge of every picture, by its value: strips hold 8 pixels and a gap, and so on."""
    found = {}
    for image in ax.images:
        assert isinstance(image, AxesImage)
        left, right, bottom, top = image.get_extent()
        pixels = np.asarray(image.get_array())
        assert right - left == pytest.approx(1)
        assert bottom - top == pytest.approx(len(pixels) / 8)
        assert (len(pixels) + 1) % 9 == 0
        for start in range(0, len(pixels), 9):
            assert len(np.unique(pixels[start : start + 8])) == 1
            assert (pixels[start + 8 : start + 9] == 255).all()
            found[int(pixels[start, 0, 0])] = (left, top + start / 8)
    return found


def test_rows_are_stimuli_in_the_order_given_and_columns_keep_theirs() -> None:
    (ax,) = picture_gallery(groups(), STIMULI).axes
    places = shown(ax)
    assert len(places) == 20
    for number in range(4):
        down = [places[10 * number + int(name[1])] for name in STIMULI]
        assert len({left for left, _ in down}) == 1
        assert [top for _, top in down] == sorted(top for _, top in down)
    across = [places[10 * number + 3] for number in range(4)]
    assert len({top for _, top in across}) == 1
    lefts = [left for left, _ in across]
    steps = np.diff(lefts)
    assert (steps > 1).all()
    assert steps[0] == pytest.approx(steps[2])
    assert steps[1] < steps[0]  # columns of one group stand closer together


def test_blocks_stand_side_by_side_and_each_has_its_heads() -> None:
    figure = picture_gallery(groups(), STIMULI, n_blocks=2)
    (ax,) = figure.axes
    places = shown(ax)
    assert [places[int(name[1])][1] for name in STIMULI[:3]] == sorted({top for _, top in places.values()})
    assert places[5][1] == places[3][1]
    assert places[5][0] > places[33][0] + 1
    texts = [text.get_text().replace("\n", " ") for text in ax.texts]
    for name in [*COLUMNS, "From the brain", "Companions"]:
        assert texts.count(name) == 2
    assert max(left for left, _ in places.values()) + 1 <= ax.get_xlim()[1]
    assert max(top for _, top in places.values()) + 1 <= ax.get_ylim()[0]
    assert figure.get_figheight() < picture_gallery(groups(), STIMULI).get_figheight()


def test_no_block_is_left_without_rows() -> None:
    figure = picture_gallery(groups(), STIMULI, n_blocks=4)  # two rows each, and none for the fourth
    (ax,) = figure.axes
    assert len(shown(ax)) == 20
    texts = [text.get_text() for text in ax.texts]
    assert texts.count("seen") == 3


def test_names_stand_above_what_they_name_and_labels_beside_it() -> None:
    figure = picture_gallery(groups(), STIMULI, labels={"s1": "killer whale of the sea"})
    (ax,) = figure.axes
    places = shown(ax)
    at = {text.get_text().replace("\n", " "): text.get_position() for text in ax.texts}
    for number, name in enumerate(COLUMNS):
        assert at[name][0] == pytest.approx(places[10 * number + 3][0] + 0.5)
        assert at[name][1] < places[10 * number + 3][1]
    assert at["From the brain"][0] == pytest.approx((places[13][0] + places[23][0] + 1) / 2)
    x, y = at["killer whale of the sea"]
    assert x < places[1][0]
    assert y == pytest.approx(places[1][1] + 0.5)
    assert all(left > x for left, _ in places.values())


@pytest.mark.parametrize("n_blocks", [1, 2])
def test_no_text_touches_another_or_leaves_the_page(n_blocks: int) -> None:
    labels = dict.fromkeys(STIMULI, "welder's mask")
    figure = picture_gallery(groups(), STIMULI, labels=labels, n_blocks=n_blocks)
    (ax,) = figure.axes
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts]
    page = figure.bbox
    for number, box in enumerate(boxes):
        assert box.x0 >= page.x0
        assert box.x1 <= page.x1
        assert box.y1 <= page.y1
        assert not any(box.overlaps(other) for other in boxes[:number])


def test_no_stimulus_is_left_out_silently() -> None:
    lacking = groups()
    del lacking["Companions"]["true vector"]["s2"]
    with pytest.raises(ValueError, match="'true vector' has no picture of 's2'"):
        picture_gallery(lacking, STIMULI)
    with pytest.raises(ValueError, match="0 stimuli"):
        picture_gallery(groups(), [])
