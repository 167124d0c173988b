"""Your own fMRI in a BIDS folder: blocks cut out of preprocessed images, with what the events files say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.errors import DataError
from companion.loading.own_fmri import LAG, block_means, recording_from_patterns
from companion.recording import Recording

if TYPE_CHECKING:
    import nibabel


def recording_from_bids_fmri(
    root: Path,
    subject: str,
    *,
    task: str,
    mask: Path | nibabel.Nifti1Image,
    derivatives: Path | None = None,
    space: str | None = None,
    stimulus: str = "trial_type",
    rest: Sequence[str] = ("rest",),
    lag: float = LAG,
    dataset: str = "own",
    simulated: bool = False,
) -> Recording:
    r"""Cut block patterns out of the preprocessed runs of one person.

    Each run is detrended and standardised per voxel by nilearn, then averaged over each block. That uses all
    volumes of the run and no label, so it may stand before cross-validation over runs.

    Parameters
    ----------
    root : Path
        BIDS folder with the events files.
    subject, task : str
        BIDS labels, without ``sub-`` and ``task-``.
    mask : Path or image
        Which voxels; of the shape of the images.
    derivatives : Path, optional
        Folder of preprocessed images, such as that of fMRIPrep (``desc-preproc``); ``root`` if left out.
    space : str, optional
        BIDS label of the space, such as ``T1w``, where there are several.
    stimulus : str
        Column of the events files that names what was shown.
    rest : sequence of str
        Values of that column that are no trials.
    lag : float
        Seconds from stimulus to response.
    dataset : str
        Name of the data set.
    simulated : bool
        Whether these numbers were measured on nobody.

    Returns
    -------
    Recording
        One row per block of every run; columns ``stimulus`` and ``run``. Places of voxels are metres in the
        space of the images.

    Raises
    ------
    DataError
        If no run fits the labels, or one has no events file.

    References
    ----------
    Gorgolewski et al. (2016), Scientific Data 3, 160044 (BIDS).

    Examples
    --------
    One run of eight voxels and forty volumes with two blocks, of which two voxels are read:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import nibabel, numpy as np, pandas as pd
    >>> from companion.loading import recording_from_bids_fmri
    >>> volumes = np.random.default_rng(0).normal(100.0, 1.0, (2, 2, 2, 40))
    >>> image = nibabel.Nifti1Image(volumes, np.eye(4))
    >>> image.header.set_zooms((1.0, 1.0, 1.0, 2.0))
    >>> mask = np.zeros((2, 2, 2), np.uint8)
    >>> mask[0, 0] = 1
    >>> events = pd.DataFrame({"onset": [10.0, 40.0], "duration": 20.0, "trial_type": ["face", "house"]})
    >>> with tempfile.TemporaryDirectory() as name:
    ...     folder = Path(name) / "sub-01" / "func"
    ...     folder.mkdir(parents=True)
    ...     image.to_filename(folder / "sub-01_task-looking_run-1_bold.nii.gz")
    ...     events.to_csv(folder / "sub-01_task-looking_run-1_events.tsv", sep="\t", index=False)
    ...     recording_from_bids_fmri(
    ...         Path(name), "01", task="looking", mask=nibabel.Nifti1Image(mask, np.eye(4))
    ...     )
    Recording(own, sub-01, fMRI, train: 2 x 2, 2 stimuli)
    """
    from nilearn.interfaces.bids import get_bids_files
    from nilearn.maskers import NiftiMasker

    filters = [("task", task)]
    if derivatives is not None:
        filters += [("desc", "preproc"), *([("space", space)] if space else [])]
    images = get_bids_files(
        derivatives or root, file_tag="bold", file_type="nii*", sub_label=subject, filters=filters
    )
    if not images:
        raise DataError("No run has these labels", where=derivatives or root, expected=f"{filters}, BOLD")
    masker = NiftiMasker(mask_img=mask, detrend=True, standardize="zscore_sample").fit()
    parts, tables = [], []
    for number, image in enumerate(images, start=1):
        events = _events_of(root, subject, Path(image), task)
        events = events[~events[stimulus].isin(list(rest))].reset_index(drop=True)
        parts.append(block_means(masker.transform(image), events, repetition_time=_seconds(image), lag=lag))
        tables.append(events.assign(run=number))
    trials = pd.concat(tables, ignore_index=True)
    return recording_from_patterns(
        np.concatenate(parts),
        list(trials[stimulus]),
        runs=list(trials["run"]),
        subject=f"sub-{subject}",
        dataset=dataset,
        places=_places(masker.mask_img_),
        simulated=simulated,
    )


def _events_of(root: Path, subject: str, image: Path, task: str) -> pd.DataFrame:
    """Events of a run: the file in the raw folder that shares its session, task and run."""
    from nilearn.interfaces.bids import get_bids_files, parse_bids_filename

    labels = parse_bids_filename(image)["entities"]
    shared = [("task", task), *((name, labels[name]) for name in ("ses", "run") if labels.get(name))]
    found = get_bids_files(root, file_tag="events", file_type="tsv", sub_label=subject, filters=shared)
    if len(found) != 1:
        raise DataError("A run has one events file", where=image, expected=dict(shared), got=found)
    return pd.read_csv(found[0], sep="\t")


def _seconds(image: str) -> float:
    """Seconds per volume, from the header of an image."""
    import nibabel

    return float(nibabel.load(image).header.get_zooms()[3])  # type: ignore[attr-defined]


def _places(mask: Any) -> npt.NDArray[np.float64]:
    """Centres of the voxels of a mask in metres, in the order in which nilearn reads them."""
    voxels = np.argwhere(mask.get_fdata() > 0)
    places: npt.NDArray[np.float64] = (voxels @ mask.affine[:3, :3].T + mask.affine[:3, 3]) / 1000
    return places
