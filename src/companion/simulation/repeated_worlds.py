"""Many small worlds, each with its own people, noise and aligners: what comes out where nothing was put in.

``python -m companion.simulation.repeated_worlds --kind N0 --n 40`` writes ``repeated_worlds.csv`` beside this
file; it goes on where it was interrupted, and several kinds may run side by side. Every world has ten people
in a small THINGS-EEG2 (:func:`companion.simulation.doses.small_experiment`) and two aligned spaces: taught by
judges, and by the same judges with the pictures exchanged. The effect is *aligned minus permuted*, a person.

* ``N0``: both are random rotations of the base space. Ridge decodes every rotation alike, so NICE decodes
  here, each space from its own initial weights and order of batches. p-values must be uniform.
* ``world``, ``N1``, ``N2``: both are odd-one-out maps (gLocal-like), learnt anew from new choices; ridge
  decodes. Nothing is asked of them: an effect that also shows in N1 or N2 says nothing about judges.

Brains of N1 carry nothing that the base space does not, so that it would be decoded without an error. Their
signal is lowered until the *base* space is decoded about as well as in the world (25 per cent top-1 against
26, four people of other seeds), so that there is room for an effect in either direction.

Pictures, and the network that encodes them, are the same in all worlds.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.alignment.odd_one_out import OddOneOutTransform
from companion.embeddings import Embeddings
from companion.loading.repeated_worlds import FILE, Kind
from companion.loading.sources import recordings_folder
from companion.loading.things_eeg2.preprocessed import load_things_eeg2
from companion.recording import Recording
from companion.simulation.brains.person import person_rng
from companion.simulation.calibrated import calibrated_dials
from companion.simulation.codes import Codes
from companion.simulation.dials import Dials, Null
from companion.simulation.doses import small_experiment
from companion.simulation.equations import Described, brain_codes, fit_equations, percept
from companion.simulation.judges import odd_one_out, permuted
from companion.simulation.recordings import things_eeg2
from companion.simulation.repeated_decoding import METRICS, Brief, by_nice, by_ridge, retrieved
from companion.simulation.repeated_table import SPACES, add_rows, asked_for, done, effects
from companion.simulation.scales import SCALES, Scale
from companion.simulation.sets import eeg_id, eeg_test, eeg_training, things_id
from companion.simulation.truth import load_truth

FIRST_SEED = 1000
"""World n has seed 1000 + n, in every kind: its people in N0 and in the world are the same."""
SIGNAL: Mapping[Kind, float] = {"world": 1.0, "N0": 1.0, "N1": 0.15, "N2": 1.0}
"""What the calibrated signal is multiplied by; see above."""
_NULL: Mapping[Kind, Null | None] = {"world": None, "N0": None, "N1": "N1", "N2": "N2"}
VALIDATION_SHARE = 0.15
"""Of judged pictures; of training kinds it is every tenth."""


@dataclass(frozen=True)
class Sizes:
    """How much each world has; settings of NICE. The defaults were fixed by the time they take."""

    n_people: int = 10
    n_pictures: int = 600
    n_triplets: int = 5000
    nice: Brief = field(default_factory=Brief)


def settings_record(scale: Scale, sizes: Sizes) -> dict[str, Any]:
    """Record what decides the rows of the table, as its first line has it."""
    own = {
        "first_seed": FIRST_SEED,
        "signal_in": dict(SIGNAL),
        "experiment": asdict(small_experiment(scale).eeg),
        **asdict(sizes),
        "dials": asdict(calibrated_dials()),
    }
    told: dict[str, Any] = json.loads(json.dumps(own))
    return told


class Laboratory:
    """What all worlds share: pictures, their base embeddings, the equations.

    Parameters
    ----------
    stimuli : Path
        Folder of the stimuli, where the truth lies.
    scale : Scale
        Of these stimuli.
    sizes : Sizes
    """

    def __init__(self, stimuli: Path, scale: Scale, sizes: Sizes) -> None:
        self.sizes, self.scale = sizes, small_experiment(scale)
        self.equations = fit_equations(load_truth(stimuli, "objects"))
        judged = load_truth(stimuli, "judged")
        self.judged = judged.select(judged.ids[: sizes.n_pictures])
        training, test = eeg_training(self.scale), eeg_test(self.scale)
        self.names = {things_id(*one): eeg_id(*one) for one in (*training, *test)}
        self.shown = load_truth(stimuli, "things").select(tuple(self.names))
        self.training, self.test = [eeg_id(*one) for one in training], [eeg_id(*one) for one in test]

    @cached_property
    def base(self) -> Embeddings:
        """Base embeddings of training and test pictures."""
        return Embeddings(self.shown.base, tuple(self.names.values()), "base", simulated=True)

    def world(self, kind: Kind, number: int) -> pd.DataFrame:
        """Make one world and score it.

        Returns
        -------
        DataFrame
            Two rows, one per metric; columns as in `read_repeated_worlds`.
        """
        started = time.process_time()
        seed = FIRST_SEED + number
        spaces = self.rotated(seed) if kind == "N0" else self._bent(seed, _NULL[kind])
        people = self.people(kind, seed)
        scores = np.full((self.sizes.n_people, len(SPACES), len(METRICS)), np.nan)
        decoded = (
            by_nice(people, spaces, self.sizes.nice, seed)
            if kind == "N0"
            else [by_ridge(known, unknown, spaces) for known, unknown in people]
        )
        for row, found in enumerate(decoded):
            for name, vectors in found.items():
                scores[row, SPACES.index(name)] = retrieved(vectors, spaces[name])
        return effects(kind, number, scores).assign(seconds=round(time.process_time() - started, 1))

    def people(self, kind: Kind, seed: int) -> list[tuple[Recording, Recording]]:
        """Record people: for each a training and a test recording, averaged over repetitions."""
        dials = calibrated_dials()
        signal = {**dials.signal, things_eeg2.DATASET: SIGNAL[kind] * dials.signal[things_eeg2.DATASET]}
        dials = replace(dials, seed=seed, signal=signal)
        codes = brain_codes(self.equations, self.shown, dials, _NULL[kind]).renamed(self.names)
        return [self._record(person, codes, dials) for person in range(1, self.sizes.n_people + 1)]

    def rotated(self, seed: int) -> dict[str, Embeddings]:
        """Rotate the base space twice at random: the aligners of N0."""
        n = self.base.values.shape[1]
        spaces = {}
        for number, name in enumerate(SPACES[1:]):
            drawn = np.random.default_rng([seed, number]).normal(size=(n, n))
            spaces[name] = self.base.with_values(
                self.base.values @ np.linalg.qr(drawn)[0], aligned_by="a random rotation"
            )
        return self._standard(spaces)

    def _bent(self, seed: int, null: Null | None) -> dict[str, Embeddings]:
        judged = Embeddings(self.judged.base, self.judged.ids, "base", simulated=True)
        n = len(judged) - round(VALIDATION_SHARE * len(judged))
        parts = {
            "train": (self.judged.select(judged.ids[:n]), self.sizes.n_triplets),
            "validation": (self.judged.select(judged.ids[n:]), self.sizes.n_triplets // 4),
        }
        spaces = {"base": self.base}
        for teacher in SPACES[1:]:
            choices = {
                split: self._choices(part, seed, f"repeated/{split}/{teacher}", n_triplets, null)
                for split, (part, n_triplets) in parts.items()
            }
            bend = OddOneOutTransform().fit(
                judged, choices["train"], validation_triplets=choices["validation"]
            )
            spaces[teacher] = bend.transform(self.base)
        return self._standard(spaces)

    def _choices(
        self, shown: Described, seed: int, purpose: str, n_triplets: int, null: Null | None
    ) -> npt.NDArray[np.str_]:
        view = percept(self.equations, shown, "category", null)
        rng = person_rng(seed, "judges", 0, purpose)
        if purpose.endswith("permuted"):
            view = permuted(view, rng)
        return np.array(shown.ids)[odd_one_out(view, rng, n_triplets)]

    def _standard(self, spaces: Mapping[str, Embeddings]) -> dict[str, Embeddings]:
        """Centre on the training pictures, and bring every vector to length 1."""
        return {
            name: space.centred(space.select(self.training).values.mean(axis=0)).normalised()
            for name, space in spaces.items()
        }

    def _record(self, person: int, codes: Codes, dials: Dials) -> tuple[Recording, Recording]:
        """Simulate, write and load one person, as the recordings of the world are."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            things_eeg2.write_shared(folder, training=self.training, test=self.test)
            things_eeg2.simulate_subject(
                folder,
                person,
                training=self.training,
                test=self.test,
                codes=codes,
                scale=self.scale.eeg,
                dials=dials,
            )
            return (
                load_things_eeg2(folder, person, split="train"),
                load_things_eeg2(folder, person, split="test"),
            )


def repeat(
    kind: Kind, n: int, laboratory: Laboratory, path: Path = FILE, say: Callable[[str], None] = print
) -> None:
    """Make the first n worlds of a kind that the table does not have yet, and write each as it is done.

    Parameters
    ----------
    kind : {"world", "N0", "N1", "N2"}
    n : int
        Worlds 1 to n.
    laboratory : Laboratory
    path : Path
        Of the table; several processes may write to it.
    say : callable
        Takes a line per world.

    Raises
    ------
    DataError
        If the table was made with other sizes.
    """
    record = settings_record(laboratory.scale, laboratory.sizes)
    for number in range(1, n + 1):
        if (kind, number) in done(path, record, ("kind", "world")):
            continue
        rows = laboratory.world(kind, number)
        add_rows(path, record, rows, ("kind", "metric", "world"))
        first = rows.iloc[0]
        say(f"{kind} {number}: {first['metric']} {first['effect']:+.2f}, {first['seconds']:.0f} s")


def main() -> None:
    """Make worlds, and write the table."""
    kind, n = asked_for(__doc__, get_args(Kind))
    stimuli = recordings_folder("stimuli", source="miniature", scale="lesson")
    repeat(kind, n, Laboratory(stimuli, SCALES["lesson"], Sizes()))


if __name__ == "__main__":
    main()
