"""Your own fMRI in a BIDS folder: blocks cut out of preprocessed images, with what the events files say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.errors import DataError
from companion.loading.own_bids import events_table
from companion.loading.own_fmri import LAG, block_means, recording_from_patterns
from companion.loading.own_images import opened_mask, opened_run
from companion.loading.reading import advising, foreign_reader, located
from companion.recording import Recording

if TYPE_CHECKING:
    import nibabel


@advising("look at the events file of the run, and at the images with nilearn")
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
        If no run fits the labels or two images are of one; a run has no events file or no trial; an image or
        the mask cannot be read, they are not of one grid, or a voxel of the mask holds a value that is not
        finite; or a label is missing.

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
    with foreign_reader(
        "The folder cannot be searched", where=derivatives or root, do="name files as BIDS has it"
    ):
        images = get_bids_files(
            derivatives or root, file_tag="bold", file_type="nii*", sub_label=subject, filters=filters
        )
    if not images:
        raise DataError(
            "No run has these labels",
            where=derivatives or root,
            expected=f"{filters}, BOLD",
            got="no such image",
            do="look at the names of the files; labels are given without sub- and task-",
        )
    _check_runs(images)
    mask = opened_mask(mask)
    with foreign_reader("The mask cannot be used", where="mask", do="make it of zeros and ones"):
        masker = NiftiMasker(mask_img=mask, detrend=True, standardize="zscore_sample").fit()
    parts, tables = [], []
    for number, image in enumerate(images, start=1):
        events = _blocks(_events_of(root, subject, Path(image), task), stimulus, rest)
        run = opened_run(Path(image), mask)
        with foreign_reader(
            "A run cannot be read", where=image, do="look at it with nilearn, or copy it again"
        ):
            series = masker.transform(run.image)
        with located(events.attrs["file"]):
            parts.append(block_means(series, events, repetition_time=run.repetition_time, lag=lag))
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
    table = events_table(Path(found[0]))
    table.attrs["file"] = found[0]
    return table


def _blocks(events: pd.DataFrame, stimulus: str, rest: Sequence[str]) -> pd.DataFrame:
    """Events that are trials."""
    file = events.attrs["file"]
    if stimulus not in events or "duration" not in events:
        raise DataError(
            "A table of events lacks a column",
            where=file,
            expected=f"onset, duration, {stimulus}",
            got=", ".join(events.columns),
            do="name the column that says what was shown: stimulus=",
        )
    trials = events[~events[stimulus].isin(list(rest))].reset_index(drop=True)
    if trials.empty:
        raise DataError(
            "A run has no trial", where=file, expected=f"rows other than {', '.join(rest)}", got="none"
        )
    return trials


def _check_runs(images: Sequence[str]) -> None:
    """No two images are of one run: its trials would count twice."""
    from nilearn.interfaces.bids import parse_bids_filename

    first: dict[tuple[str | None, ...], str] = {}
    for image in images:
        labels = parse_bids_filename(image)["entities"]
        other = first.setdefault((labels.get("ses"), labels.get("run")), image)
        if other != image:
            raise DataError(
                "Two images are of one run",
                where=image,
                expected="one image for each session and run",
                got=Path(other).name,
                do="name the space, or leave one form of the images in the folder",
            )


def _places(mask: Any) -> npt.NDArray[np.float64]:
    """Centres of the voxels of a mask in metres, in the order in which nilearn reads them."""
    voxels = np.argwhere(mask.get_fdata() > 0)
    places: npt.NDArray[np.float64] = (voxels @ mask.affine[:3, :3].T + mask.affine[:3, 3]) / 1000
    return places
