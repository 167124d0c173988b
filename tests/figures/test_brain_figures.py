"""Glass brains, surfaces, reliability and planted values: the drawn data, not the pixels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba

from companion.figures.brains import electrode_map, glass_brain
from companion.figures.planted import put_in_came_out
from companion.figures.reliability import ceilings_by_region, reliability_curves
from companion.figures.style import CATEGORIES, SEQUENTIAL
from companion.figures.surfaces import cortical_surface, project_to_surface

PLACES = np.array([[-0.03, -0.08, 0.01], [0.04, -0.05, -0.02], [0.02, -0.09, 0.0]])
VALUES = np.array([3.0, 1.0, 2.0])


def dots(ax: Axes, marker: str = "o") -> set[tuple[float, float]]:
    return {
        (round(float(x), 6), round(float(y), 6))
        for line in ax.lines
        if line.get_marker() == marker
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    }


def test_voxels_stand_at_their_places_in_each_view() -> None:
    figure = glass_brain(PLACES, VALUES, quantity="variance (%)", views=("left", "top", "right", "back"))
    left, top, right, back, bar = figure.axes
    wanted = {
        left: ([[-80, 10]], [3]),
        top: ([[40, -50], [20, -90], [-30, -80]], [1, 2, 3]),  # the largest last, that is in front
        right: ([[-50, -20], [-90, 0]], [1, 2]),
        back: ([[40, -20], [20, 0], [-30, 10]], [1, 2, 3]),
    }
    for ax, (places, values) in wanted.items():
        (cloud,) = ax.collections
        np.testing.assert_allclose(cloud.get_offsets(), places)
        np.testing.assert_allclose(cloud.get_array(), values)
        assert cloud.get_clim() == (0, 3)
    assert bar.get_xlabel() == "variance (%)"


def test_the_nose_points_left_in_the_left_view_only() -> None:
    figure = glass_brain(PLACES, VALUES, quantity="x", limits=(1, 2))
    assert [ax.xaxis_inverted() for ax in figure.axes[:3]] == [True, False, False]
    assert figure.axes[0].collections[0].get_clim() == (1, 2)


def test_all_views_of_the_glass_brain_have_one_scale() -> None:
    figure = glass_brain(PLACES, VALUES, quantity="x", views=("left", "top", "right"))
    figure.draw_without_rendering()
    scales = [ax.get_window_extent().width / abs(np.diff(ax.get_xlim())[0]) for ax in figure.axes[:3]]
    assert np.ptp(scales) < 0.03 * np.mean(scales)


def electrodes() -> pd.DataFrame:
    return pd.DataFrame(PLACES, columns=list("xyz")).assign(
        region=["fusiform", "frontal", "lingual"], shown=[True, False, True]
    )


def test_electrodes_have_the_colour_of_their_region() -> None:
    figure = electrode_map(electrodes(), faint="elsewhere", views=("top",))
    (ax,) = figure.axes
    found = {
        tuple(cloud.get_offsets()[0]): to_rgba(cloud.get_facecolors()[0])
        for cloud in ax.collections
        if len(cloud.get_offsets())
    }
    assert found == {
        (-30.0, -80.0): to_rgba(CATEGORIES[0]),
        (20.0, -90.0): to_rgba(CATEGORIES[1]),
        (40.0, -50.0): to_rgba("white"),
    }
    orders = {tuple(cloud.get_offsets()[0]): cloud.get_zorder() for cloud in ax.collections}
    assert orders[(40.0, -50.0)] < min(orders[(-30.0, -80.0)], orders[(20.0, -90.0)])
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["fusiform", "lingual", "elsewhere"]


def test_more_regions_than_colours_are_refused() -> None:
    many = pd.concat([electrodes()] * 3, ignore_index=True)
    many["region"], many["shown"] = [f"r{k}" for k in range(9)], True
    with pytest.raises(ValueError, match="9 regions"):
        electrode_map(many, faint="elsewhere")


def middle(side: str) -> np.ndarray:
    """Middle of the grey matter, in metres."""
    from nilearn.datasets import fetch_surf_fsaverage
    from nilearn.surface import load_surf_mesh

    files = fetch_surf_fsaverage("fsaverage5")
    meshes = [load_surf_mesh(files[f"{layer}_{side}"]).coordinates for layer in ("white", "pial")]
    return (meshes[0] + meshes[1]) / 2000


def test_vertices_take_the_nearest_voxel_within_reach() -> None:
    rng = np.random.default_rng(0)
    places = np.concatenate([middle(side)[::400] for side in ("left", "right")])
    places = places + rng.normal(size=places.shape) * 0.003
    values = rng.uniform(size=len(places))
    found = project_to_surface(places, values)
    for side, own in (("left", places[:, 0] < 0), ("right", places[:, 0] >= 0)):
        for vertex in range(0, 10242, 301):
            distance = np.linalg.norm(places[own] - middle(side)[vertex], axis=1)
            if distance.min() > 0.008:
                assert np.isnan(found[side][vertex])
            else:
                assert found[side][vertex] == values[own][distance.argmin()]
        assert 0.02 < np.isfinite(found[side]).mean() < 0.9


def test_a_voxel_reaches_no_further_than_asked_and_only_its_own_side() -> None:
    place = np.array([[-0.004, -0.085, 0.005]])
    near, far = (project_to_surface(place, np.ones(1), reach=reach) for reach in (0.008, 0.02))
    assert np.isnan(far["right"]).all()
    assert 0 < np.isfinite(near["left"]).sum() < np.isfinite(far["left"]).sum()


def test_surfaces_are_coloured_where_there_are_values() -> None:
    values = {side: np.full(10242, np.nan) for side in ("left", "right")}
    values["left"][middle("left")[:, 1] < -0.06] = 5.0
    figure = cortical_surface(values, quantity="variance (%)", limits=(0, 10), views=("lateral", "ventral"))
    *brains, bar = figure.axes
    assert [(ax.elev, ax.azim) for ax in brains] == [(0, 180), (270, 0), (0, 0), (270, 0)]
    assert bar.get_xlabel() == "variance (%)"
    assert [text.get_text() for text in figure.texts] == ["lateral", "ventral", "left", "right"]
    shares = []
    for ax in brains:
        colours = ax.collections[0].get_facecolor()
        shares.append(np.isclose(colours[:, :3], SEQUENTIAL(0.5)[:3], atol=0.01).all(axis=1).mean())
    back = (middle("left")[:, 1] < -0.06).mean()
    assert shares == pytest.approx([back, back, 0, 0], abs=0.02)


def repetitions() -> pd.DataFrame:
    return pd.DataFrame(
        [
            ("EEG", "s1", 1, 0.2, 0.2),
            ("EEG", "s1", 2, 0.3, 1 / 3),
            ("EEG", "s1", 4, np.nan, 0.5),
            ("EEG", "s2", 1, 0.4, 0.4),
            ("EEG", "s2", 2, 0.6, 0.571),
            ("EEG", "s2", 4, np.nan, 0.727),
            ("MEG", "s1", 1, 0.1, 0.1),
            ("MEG", "s1", 3, np.nan, 0.25),
        ],
        columns=["dataset", "subject", "n_repetitions", "reliability", "predicted"],
    )


def test_reliability_is_measured_by_subject_and_predicted_on_average() -> None:
    figure = reliability_curves(repetitions().sample(frac=1, random_state=1).sort_values("dataset"),
                                quantity="reliability")  # fmt: skip
    eeg, meg = figure.axes
    assert [ax.get_title(loc="left") for ax in (eeg, meg)] == ["EEG", "MEG"]
    assert dots(eeg) == {(1, 0.2), (2, 0.3), (1, 0.4), (2, 0.6)}
    assert dots(meg) == {(1, 0.1)}
    (predicted,) = [line for line in eeg.lines if line.get_marker() == "None"]
    np.testing.assert_allclose(predicted.get_xdata(), [1, 2, 4])
    np.testing.assert_allclose(predicted.get_ydata(), [0.3, (1 / 3 + 0.571) / 2, 0.6135])
    assert [tick.get_text() for tick in meg.get_xticklabels()] == ["1", "3"]
    assert eeg.get_ylim()[1] > 0.727


def test_ceilings_show_density_and_medians_per_region() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({
        "region": np.repeat(["V1", "FFA"], 400), "subject": np.tile(["a", "b"], 400),
        "ceiling": np.concatenate([rng.uniform(40, 60, 400), rng.uniform(0, 10, 400)]),
    })  # fmt: skip
    figure = ceilings_by_region(table, quantity="explainable variance (%)")
    (ax,) = figure.axes
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["V1", "FFA"]
    medians = table.groupby(["region", "subject"])["ceiling"].median()
    wanted = {(round(m, 6), {"V1": 0.14, "FFA": 1.14}[region]) for (region, _), m in medians.items()}
    assert dots(ax) == wanted
    overall = table.groupby("region")["ceiling"].median()
    assert dots(ax, "|") == {(round(overall["V1"], 6), -0.06), (round(overall["FFA"], 6), 0.94)}
    first, second = (shape.get_paths()[0].vertices for shape in ax.collections)
    peak = first[first[:, 1].argmin(), 0]
    assert 40 < peak < 60
    assert second[second[:, 1] < 0.8][:, 0].max() <= 10  # no density beyond the data


def test_planted_values_and_estimates_stand_in_one_row() -> None:
    table = pd.DataFrame(
        [
            ("latency (ms)", "early", 100, "a", 95.0),
            ("latency (ms)", "early", 100, "b", 108.0),
            ("latency (ms)", "late", 350, "a", 340.0),
            ("gap", "gap", 0.4, "a", 0.5),
        ],
        columns=["panel", "row", "planted", "subject", "estimate"],
    )
    figure = put_in_came_out(table)
    latency, gap = figure.axes
    assert (latency.get_xlabel(), gap.get_xlabel()) == ("latency (ms)", "gap")
    assert dots(latency) == {(95, 0), (108, 0), (340, 1)}
    assert dots(latency, "D") == {(100, 0), (350, 1)}
    assert [tick.get_text() for tick in latency.get_yticklabels()] == ["early", "late"]
    ranges = [segment[:, 0].tolist() for c in latency.collections for segment in c.get_segments()]
    assert ranges == [[95, 108], [340, 340]]
    assert latency.yaxis_inverted()
    assert (dots(gap), dots(gap, "D")) == ({(0.5, 0)}, {(0.4, 0)})
    assert all(line.get_markerfacecolor() == "none" for line in latency.lines if line.get_marker() == "D")
