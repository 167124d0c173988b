"""The explorer of topographies: the map goes through the sensors, and the data are the recording."""

from __future__ import annotations

import re

import numpy as np
import pytest

from companion.figures.explorers.box import Explorer
from companion.figures.explorers.scalp import map_cells, spline_weights
from companion.figures.explorers.topography import topography_explorer
from companion.figures.heads import OUTLINE, flat_places

from .conftest import cap, course, data_of


def test_data_are_the_values_and_times(topography: Explorer) -> None:
    values, _ = course()
    data = data_of(topography.html("fig-a"))
    np.testing.assert_allclose(np.array(data["values"]).T, values, rtol=6e-4)
    assert data["times"][0] == "−100 ms"
    assert data["times"][-1] == "300 ms"
    assert data["low"] == -data["high"]
    assert data["x"][0] == "0%"
    assert data["x"][-1] == "100%"


def test_it_begins_at_the_largest_field_power_and_names_the_largest_sensor(topography: Explorer) -> None:
    values, times = course()
    at = int(values.std(axis=0).argmax())
    most = int(np.abs(values[:, at]).argmax())
    result = data_of(topography.html("fig-a"))["results"][at]
    assert f"{1000 * times[at]:.0f} ms: response largest at E{most}" in result
    assert "µV" in result
    assert f'value="{at}"' in topography.body
    assert result in topography.text


def test_the_spline_goes_through_the_sensors_and_keeps_planes() -> None:
    flat = flat_places(cap(), "eeg")
    np.testing.assert_allclose(spline_weights(flat, flat), np.eye(9), atol=1e-6)
    cells = map_cells(flat)
    weights = spline_weights(flat, cells)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-8)
    plane = 3 * flat[:, 0] - flat[:, 1] + 0.5
    np.testing.assert_allclose(weights @ plane, 3 * cells[:, 0] - cells[:, 1] + 0.5, atol=1e-8)


def test_the_map_stays_near_the_sensors_and_within_the_head() -> None:
    flat = flat_places(cap(), "eeg")
    cells = map_cells(flat)
    nearest = np.linalg.norm(cells[:, None] - flat[None], axis=-1).min(axis=1)
    between = np.sort(np.linalg.norm(flat[:, None] - flat[None], axis=-1), axis=1)[:, 1].mean()
    assert nearest.max() < 1.1 * between
    assert np.linalg.norm(cells, axis=1).max() <= OUTLINE
    assert len(cells) > 100


def test_colours_of_the_first_state_are_those_of_its_values(topography: Explorer) -> None:
    data = data_of(topography.html("fig-a"))
    values, _ = course()
    at = int(values.std(axis=0).argmax())
    cells = topography.body[topography.body.index('class="cells"') : topography.body.index("<circle")]
    fills = re.findall(r'fill="(#\w+)"', cells)
    expected = np.array(data["weights"]) @ np.array(data["values"][at])
    steps = (expected - data["low"]) / (data["high"] - data["low"]) * (len(data["colours"]) - 1)
    found = np.array([data["colours"].index(one) for one in fills])
    assert np.abs(found - np.clip(steps, 0, len(data["colours"]) - 1)).max() <= 0.51


@pytest.mark.parametrize("signed", [True, False])
def test_a_quantity_without_sign_begins_at_zero(signed: bool) -> None:
    values, times = course()
    found = topography_explorer(
        abs(values), times, cap(), kind="eeg", quantity="deviation", unit="z", signed=signed
    )
    data = data_of(found.html("fig-a"))
    assert data["low"] == (-data["high"] if signed else 0)
