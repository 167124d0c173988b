"""The part ``doses`` of the world: one dial turned at a time, the same small experiment for every setting.

The values run in equal steps: `gap` from nothing to twice its default, `sharing` from end to end. They were
fixed before an aligner was scored, and nothing printed in a paper is near them for a reason. A seed is one
person, in one layout of the head and one draw of noise and order; these are drawn without looking at the two
dials, so that within a seed settings differ by the codes alone: comparisons over a dial are paired.

Judges do not depend on either dial, so one aligned space serves all doses. Signals stay as calibrated at the
defaults. Sizes are the same at every scale, except that smoke has fewer stimuli and seeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from companion.loading.doses import TABLE, Dial
from companion.simulation.dials import Dials
from companion.simulation.equations import brain_codes, fit_equations
from companion.simulation.recordings import things_eeg2
from companion.simulation.scales import EegScale, Scale
from companion.simulation.sets import eeg_id, eeg_test, eeg_training, things_id
from companion.simulation.truth import load_truth
from companion.simulation.writers.expected import write_codes
from companion.simulation.writers.whole_file import whole_path

VALUES: Mapping[Dial, tuple[float, ...]] = {
    "gap": (0.0, 0.175, 0.35, 0.525, 0.7),
    "sharing": (0.0, 0.25, 0.5, 0.75, 1.0),
}
"""Values of each dial; the other one is at its default, which is the third value of its own."""
N_SEEDS = 5
"""Seeds 1 to 5; the recordings of the world have seed 0."""
PERSON = 1
"""The one person of each folder."""


def n_seeds(scale: Scale) -> int:
    """Count the seeds: fewer in tests."""
    return 2 if scale.name == "smoke" else N_SEEDS


def small_experiment(scale: Scale) -> Scale:
    """Scale whose THINGS-EEG2 is small: at most 200 kinds x 2 x 2 trials, 100 test images x 8."""
    own = scale.eeg
    kinds, exemplars, tested = (
        min(own.n_training_kinds, 200),
        min(own.n_exemplars, 2),
        min(own.n_test, 100),
    )
    return replace(scale, eeg=EegScale(1, kinds, exemplars, 2, tested, 8, "OSF_100HZ"))


def dose_table(scale: Scale, dials: Dials) -> pd.DataFrame:
    """List all settings; both dials share the folders where both are at their default.

    Returns
    -------
    DataFrame
        Columns folder, dial, value, seed, simulated; one row per dial, value and seed.
    """
    rows = [
        (_folder(turned(dials, dial, value, seed)), dial, value, seed, True)
        for dial, values in VALUES.items()
        for value in values
        for seed in range(1, n_seeds(scale) + 1)
    ]
    return pd.DataFrame(rows, columns=["folder", "dial", "value", "seed", "simulated"])


def turned(dials: Dials, dial: Dial, value: float, seed: int) -> Dials:
    """Turn one dial and leave the other, for one seed."""
    return replace(dials, gap=value, seed=seed) if dial == "gap" else replace(dials, sharing=value, seed=seed)


def write_table(folder: Path, scale: Scale, dials: Dials) -> Path:
    """Write the list of settings."""
    with whole_path(folder / TABLE) as part:
        dose_table(scale, dials).to_csv(part, index=False)
    return folder / TABLE


def simulate_seed(folder: Path, seed: int, stimuli: Path, scale: Scale, dials: Dials) -> list[Path]:
    """Make and write the person of one seed under every setting.

    Parameters
    ----------
    folder : Path
        Of the part.
    seed : int
        From 1.
    stimuli : Path
        Folder of the stimuli, where the truth lies.
    scale : Scale
    dials : Dials
        Of the world; `gap` or `sharing` and the seed are replaced.

    Returns
    -------
    list of Path
        Per setting two recordings in the 100 Hz form, and the codes of their pictures.
    """
    small = small_experiment(scale)
    equations = fit_equations(load_truth(stimuli, "objects"))
    names = {things_id(*one): eeg_id(*one) for one in (*eeg_training(small), *eeg_test(small))}
    shown = load_truth(stimuli, "things").select(tuple(names))
    training, test = ([eeg_id(*one) for one in listed(small)] for listed in (eeg_training, eeg_test))
    paths = []
    settings = {
        _folder(at): at
        for dial, values in VALUES.items()
        for at in (turned(dials, dial, v, seed) for v in values)
    }
    for name, at in settings.items():
        things_eeg2.write_shared(folder / name, training=training, test=test)
        codes = brain_codes(equations, shown, at)
        paths.append(write_codes(folder / name, codes))
        paths += things_eeg2.simulate_subject(
            folder / name,
            PERSON,
            training=training,
            test=test,
            codes=codes.renamed(names),
            scale=small.eeg,
            dials=at,
        )
    return paths


def _folder(at: Dials) -> str:
    return f"gap-{at.gap:g}_sharing-{at.sharing:g}_seed-{at.seed}"
