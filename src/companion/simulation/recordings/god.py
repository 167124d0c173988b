"""Simulated Generic Object Decoding: images seen and imagined, in a classic combined file per person."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.loading.god.stimuli import GodStimuli, category_of
from companion.recording import Recording, Split
from companion.simulation.brains.fmri import IMAGINED, ROI_MIXTURE, SEEN, FmriModel, fmri_model
from companion.simulation.brains.person import person_rng
from companion.simulation.brains.tuning import Mixture
from companion.simulation.codes import Codes
from companion.simulation.dials import Dials
from companion.simulation.scales import GodScale
from companion.simulation.writers.expected import forward_map, write_expected
from companion.simulation.writers.god import write_god
from companion.simulation.writers.god_stimuli import write_god_stimuli

TRIALS_PER_RUN = {"train": 50, "test": 50, "imagery": 25}
"""Stimuli of a run; runs are counted from 1 in each split. One-back repeats are left out, as released."""
UNIONS = {
    "LVC": ("V1", "V2", "V3"),
    "HVC": ("LOC", "FFA", "PPA"),
    "VC": tuple(ROI_MIXTURE),
}
"""Regions made of regions, named as in the official files."""
DATASET = "GOD"


def write_shared(folder: Path, stimuli: GodStimuli) -> list[Path]:
    """Write the three stimulus lists."""
    folder.mkdir(parents=True, exist_ok=True)
    return write_god_stimuli(folder, stimuli)


def simulate_subject(
    folder: Path, subject: int, *, stimuli: GodStimuli, codes: Codes, scale: GodScale, dials: Dials
) -> list[Path]:
    """Simulate one person and write ``Subject<n>.h5``.

    Training images are seen once, test images ``n_test_repetitions`` times and test categories imagined
    ``n_imagery_repetitions`` times, in random order. What is imagined of a category is its test image.

    Parameters
    ----------
    folder : Path
        Folder of the data set.
    subject : int
        Number of the person, from 1.
    stimuli : GodStimuli
        What is shown and imagined.
    codes : Codes
        Of all training and test images, and perhaps others.
    scale : GodScale
        Repetitions and voxels.
    dials : Dials
        What is put in.

    Returns
    -------
    list of Path
        The file; beside it, what is expected of what is seen and of what is imagined.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model = god_model(subject, codes=codes, scale=scale, dials=dials)
    repetitions: dict[Split, int] = {
        "train": 1,
        "test": scale.n_test_repetitions,
        "imagery": scale.n_imagery_repetitions,
    }
    recordings = [
        _record(model, subject, split, stimuli, codes, repetitions[split], dials.seed)
        for split in repetitions
    ]
    answers: dict[Split, Mixture] = {"train": SEEN, "imagery": IMAGINED}
    for split, gain in answers.items():
        forward = forward_map(partial(model.expected, stage_gain=gain), codes)
        write_expected(folder, f"Subject{subject}", forward, model.own_view_loadings(gain), split=split)
    return [write_god(folder, subject, recordings, stimuli)]


def god_model(subject: int, *, codes: Codes, scale: GodScale, dials: Dials) -> FmriModel:
    """Voxels of one person: as many in each region, regions in the order of ``ROI_MIXTURE``."""
    regions = [name for name in ROI_MIXTURE for _ in range(scale.n_voxels_per_roi)]
    return fmri_model("god", subject, regions, codes=codes, dials=dials)


def _record(
    model: FmriModel,
    subject: int,
    split: Split,
    stimuli: GodStimuli,
    codes: Codes,
    n_repetitions: int,
    seed: int,
) -> Recording:
    order = person_rng(seed, "god", subject, f"order {split}")
    noise = person_rng(seed, "god", subject, f"noise {split}")
    shown = _shown(list(stimuli.of(split)["stimulus"]), n_repetitions, order)
    runs = np.arange(len(shown)) // TRIALS_PER_RUN[split] + 1
    image_of = dict(zip(stimuli.test["category"], stimuli.test["stimulus"], strict=True))
    images = [image_of[name] for name in shown] if split == "imagery" else shown
    gain = IMAGINED if split == "imagery" else SEEN
    responses = model.expected(codes.select(images), gain) + model.own_view(images, gain)
    responses += model.noise(len(shown), noise) + model.run_effects(runs, noise)
    trials = pd.DataFrame({"stimulus": shown, "category": [category_of(name) for name in shown], "run": runs})
    return Recording(
        responses=responses.astype(np.float32),
        trials=trials,
        units=_units(model),
        subject=f"Subject{subject}",
        dataset=DATASET,
        modality="fMRI",
        split=split,
        simulated=True,
    )


def _shown(names: Sequence[str], n_repetitions: int, rng: np.random.Generator) -> list[str]:
    """All stimuli in a new random order for each repetition."""
    orders: list[npt.NDArray[np.int64]] = [rng.permutation(len(names)) for _ in range(n_repetitions)]
    return [names[at] for at in np.concatenate(orders)]


def _units(model: FmriModel) -> pd.DataFrame:
    units = pd.DataFrame({"name": [f"voxel_{at:06d}" for at in range(model.n_voxels)]})
    units[["x", "y", "z"]] = model.places
    regions = np.array(model.regions)
    for name in ROI_MIXTURE:
        units[f"roi_{name}"] = regions == name
    for name, members in UNIONS.items():
        units[f"roi_{name}"] = np.isin(regions, members)
    return units
