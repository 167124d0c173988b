"""GOD-MEG files as MNE reads them, and gradiometers that MNE's forward model knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from companion.errors import DataError
from companion.simulation.writers.god_meg import gradiometer_info, write_god_meg_session

RATE = 200.0
reads_with_mne = pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")
"""MNE's reader of metadata uses what pandas 3.1 deprecates."""


def directions(n_sensors: int) -> np.ndarray:
    """Even directions over the upper half of a ball."""
    heights = (np.arange(n_sensors) + 0.5) / n_sensors
    angles = np.pi * (1 + 5**0.5) * np.arange(n_sensors)
    radius = np.sqrt(1 - heights**2)
    return np.stack([radius * np.cos(angles), radius * np.sin(angles), heights], axis=1)


@reads_with_mne
@pytest.mark.parametrize("simulated", [True, False])
def test_mne_reads_all_that_was_written(tmp_path: Path, simulated: bool) -> None:
    import mne

    info = gradiometer_info(0.12 * directions(160), directions(160), RATE)
    responses = np.random.default_rng(2).normal(0, 1e-13, (3, 160, 121))
    trials = pd.DataFrame(
        {
            "stimulus": ["n00000001_5", "n00000002_5", "n00000001_5"],
            "split": ["train", "test", "train"],
            "run": [1, 1, 2],
        }
    )
    (path,) = write_god_meg_session(tmp_path, 3, "02", responses, trials, info, simulated=simulated)
    assert [file.name for file in tmp_path.iterdir()] == ["sub-M3_ses-02_epo.fif"] == [path.name]
    epochs = mne.read_epochs(path, verbose="error")
    np.testing.assert_allclose(epochs.get_data(verbose="error"), responses, rtol=1e-6, atol=1e-20)
    pd.testing.assert_frame_equal(epochs.metadata, trials, check_dtype=False)
    assert epochs.tmin == pytest.approx(-0.1)
    assert epochs.baseline is None
    assert (epochs.info["description"] or "").startswith("SIMULATED") is simulated
    assert np.all(np.diff(epochs.events[:, 0]) == 100)
    assert info["description"] is None
    assert len(epochs["train"]) == 2


@reads_with_mne
def test_a_session_of_one_split_can_be_written(tmp_path: Path) -> None:
    import mne

    info = gradiometer_info(0.12 * directions(4), directions(4), RATE)
    trials = pd.DataFrame({"stimulus": ["n00000002_5"], "split": ["test"], "run": [1]})
    (path,) = write_god_meg_session(tmp_path, 1, "01", np.zeros((1, 4, 121)), trials, info)
    assert mne.read_epochs(path, verbose="error").event_id == {"test": 2}


def test_a_trial_of_no_split_is_refused(tmp_path: Path) -> None:
    info = gradiometer_info(0.12 * directions(4), directions(4), RATE)
    trials = pd.DataFrame({"stimulus": ["n00000002_5"], "split": ["catch"], "run": [1]})
    with pytest.raises(DataError, match=r"(?s)no split.*got: catch"):
        write_god_meg_session(tmp_path, 1, "01", np.zeros((1, 4, 121)), trials, info)
    assert not list(tmp_path.iterdir())


def test_gradiometers_measure_what_two_coils_would() -> None:
    """Field of a dipole in a sphere: the coil near the head minus the one 50 mm further out."""
    import mne
    from mne.io.constants import FIFF

    out = directions(20)
    sphere = mne.make_sphere_model((0.0, 0.0, 0.0), head_radius=0.09, verbose="error")
    dipole = mne.Dipole(
        times=[0.0],
        pos=[[0.02, -0.03, 0.05]],
        amplitude=[2e-8],
        ori=[[1.0, 0.0, 0.0]],
        gof=[1.0],
        verbose="error",
    )

    def field(info: mne.Info) -> np.ndarray:
        forward, _ = mne.make_forward_dipole(dipole, sphere, info, trans=None, verbose="error")
        return 2e-8 * forward["sol"]["data"][:, 0]

    def magnetometers(distance: float) -> mne.Info:
        info = gradiometer_info(distance * out, out, RATE)
        for channel in info["chs"]:
            channel["coil_type"] = FIFF.FIFFV_COIL_POINT_MAGNETOMETER
        return info

    found = field(gradiometer_info(0.12 * out, out, RATE))
    expected = field(magnetometers(0.12)) - field(magnetometers(0.17))
    assert 1e-14 < np.abs(found).max() < 1e-12
    np.testing.assert_allclose(found, expected, atol=0.03 * np.abs(expected).max())
