"""Simulated Natural Scenes Dataset: own and shared images, three times each, in 40 sessions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from companion.errors import DataError
from companion.loading.nsd.design import DESIGN_FILE, N_SESSIONS, image_number, read_design, stimulus_id
from companion.loading.nsd.responses import PUBLIC_SESSIONS
from companion.simulation.brains.fmri import ROI_MIXTURE, FmriModel, fmri_model
from companion.simulation.brains.person import person_rng
from companion.simulation.codes import Codes
from companion.simulation.dials import Dials
from companion.simulation.scales import NsdScale
from companion.simulation.writers.expected import forward_map, write_expected
from companion.simulation.writers.nsd import write_nsd_design, write_nsd_voxels

SUBJECTS = (1, 2, 5, 7)
"""People whose responses the papers use; at most these are simulated, in this order."""
N_PEOPLE = 8
"""Rows of the official design."""
N_REPETITIONS = 3
_NO_IMAGE = -1


def write_shared(
    folder: Path, training: Mapping[int, Sequence[str]], test: Sequence[str], *, seed: int
) -> list[Path]:
    """Write the design: who sees which image when.

    Positions have one random order for all people, as in the official design. Sessions after the 37 that are
    public hold only third showings, so that every image is seen at least twice before.

    Parameters
    ----------
    folder : Path
        Folder of the data set.
    training : mapping of int to sequence of str
        Ids of the person's own images, equally many, for each subject simulated. No other person sees them.
    test : sequence of str
        Ids of the images that all people see.
    seed : int
        Of the order.

    Raises
    ------
    DataError
        If the trials do not make 40 sessions of one length, an image is given twice, or people differ in
        their numbers of images.
    """
    n_images = _check_images(training, test)
    images = np.full((N_PEOPLE, n_images), _NO_IMAGE)
    images[:, : len(test)] = [image_number(name) for name in test]
    for subject, own in training.items():
        images[subject - 1, len(test) :] = [image_number(name) for name in own]
    folder.mkdir(parents=True, exist_ok=True)
    order = _order(n_images, person_rng(seed, "nsd", 0, "order"))
    return [write_nsd_design(folder, order, images, len(test))]


def simulate_subject(
    folder: Path, subject: int, *, codes: Codes, scale: NsdScale, dials: Dials
) -> list[Path]:
    """Simulate one person and write ``subjNN_nsdgeneral.hdf5``, one session at a time.

    Parameters
    ----------
    folder : Path
        Where :func:`write_shared` wrote the design, which says what the person saw.
    subject : int
        Official number of the person, one of ``SUBJECTS``.
    codes : Codes
        Of the person's own and the shared images, and perhaps others.
    scale : NsdScale
        Number of voxels.
    dials : Dials
        What is put in.

    Returns
    -------
    list of Path
        The file; beside it, what is expected.
    """
    design = read_design(folder / DESIGN_FILE, subject)
    shown = [stimulus_id(int(image)) for image in design.images]
    model = nsd_model(subject, codes=codes, scale=scale, dials=dials)
    forward = forward_map(model.expected, codes)
    write_expected(folder, f"subj{subject:02d}", forward, model.own_view_loadings())
    noise = person_rng(dials.seed, "nsd", subject, "noise")
    blocks = _sessions(model, codes, shown, design.session_length, noise)
    return [write_nsd_voxels(folder, subject, blocks, (len(shown), model.n_voxels))]


def nsd_model(subject: int, *, codes: Codes, scale: NsdScale, dials: Dials) -> FmriModel:
    """Voxels of one person: all regions by turns, since ``nsdgeneral`` does not tell them apart."""
    names = list(ROI_MIXTURE)
    regions = [names[at % len(names)] for at in range(scale.n_voxels)]
    return fmri_model("nsd", subject, regions, codes=codes, dials=dials)


def _sessions(
    model: FmriModel, codes: Codes, shown: Sequence[str], length: int, rng: np.random.Generator
) -> Iterator[npt.NDArray[np.float32]]:
    for first in range(0, len(shown), length):
        names = shown[first : first + length]
        responses = model.expected(codes.select(names)) + model.own_view(names)
        responses += model.noise(len(names), rng) + model.run_effects(
            np.ones(len(names), dtype=np.int64), rng
        )
        yield responses.astype(np.float32)


def _order(n_images: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Position of the image of each trial: the last sessions hold third showings of different images."""
    n_late = n_images * N_REPETITIONS // N_SESSIONS * (N_SESSIONS - PUBLIC_SESSIONS)
    positions = rng.permutation(n_images)
    late = positions[:n_late]
    public = np.concatenate([np.tile(np.arange(n_images), N_REPETITIONS - 1), positions[n_late:]])
    return np.concatenate([rng.permutation(public), late])


def _check_images(training: Mapping[int, Sequence[str]], test: Sequence[str]) -> int:
    """Images that each person sees."""
    everything = [*test, *(name for own in training.values() for name in own)]
    if len(set(everything)) < len(everything):
        raise DataError("An image is given twice", got=next(n for n in everything if everything.count(n) > 1))
    counts = {subject: len(own) for subject, own in training.items()}
    if len(set(counts.values())) != 1 or not set(counts) <= set(range(1, N_PEOPLE + 1)):
        raise DataError("People need numbers from 1 to 8 and equally many images", got=counts)
    n_images = len(test) + next(iter(counts.values()))
    if n_images * N_REPETITIONS % N_SESSIONS:
        raise DataError(
            f"{N_REPETITIONS} showings of each image do not make {N_SESSIONS} sessions of one length",
            expected=f"a number of images that {N_SESSIONS} divides",
            got=n_images,
        )
    return n_images
