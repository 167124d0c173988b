"""The worlds of repeated brain-aligning (:mod:`companion.simulation.repeated_alignment`), one at a time."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from companion.alignment.brain import ALPHAS, fit_aligners, others, pattern_similarity
from companion.alignment.teachers import permuted_teacher
from companion.decoding.identification import identify
from companion.decoding.linear import fit_linear
from companion.embeddings import Embeddings
from companion.encoders.interface import encode_images
from companion.encoders.miniature import load_miniature_clip
from companion.loading.god.fmri import load_god
from companion.loading.god.stimuli import category_of
from companion.loading.repeated_alignment import Kind
from companion.recording import Recording
from companion.simulation.alignment_effects import summarised
from companion.simulation.calibrated import calibrated_dials
from companion.simulation.dials import Null
from companion.simulation.equations import brain_codes, fit_equations
from companion.simulation.recordings import god
from companion.simulation.scales import Scale
from companion.simulation.sets import candidate_kinds, god_category, god_id, god_lists
from companion.simulation.truth import load_truth

FloatArray = npt.NDArray[np.float64]

ROI = "V4"
FIRST_SEED = 2000
SIGNAL: Mapping[Kind, float] = {"gap": 1.0, "N1": 0.28, "N2": 1.0, "N3": 1.0}
"""What the calibrated signal is multiplied by; see above."""
_NULL: Mapping[Kind, Null | None] = {"gap": None, "N1": "N1", "N2": None, "N3": "N3"}
TEACHERS = ("real", "permuted", "identity")
_OTHER_PICTURE = 101  # of a candidate kind; see simulation.sets.category_pictures


@dataclass(frozen=True)
class Sizes:
    """How much each world has."""

    n_people: int = 5
    alphas: tuple[float, ...] = ALPHAS
    n_epochs: int = 500


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
        self.sizes, self.scale, self.lists = sizes, scale, god_lists(scale)
        self.equations = fit_equations(load_truth(stimuli, "objects"))
        self.shown = load_truth(stimuli, "god")
        base = Embeddings(self.shown.base, self.shown.ids, "base", simulated=True)
        self.targets = base.select(self.lists.train["stimulus"])
        of_category = self.lists.train.groupby("category", sort=False)["stimulus"]
        means = {str(name): base.select(own).values.mean(axis=0) for name, own in of_category}
        self.categories = base.with_rows(np.array(list(means.values())), means)
        tested = base.select(self.lists.test["stimulus"])
        self.answers = tested.with_rows(tested.values, self.lists.test["category"])
        files = {
            god_category(kind): stimuli / "god" / "images" / f"{god_id(kind, _OTHER_PICTURE)}.JPEG"
            for kind in candidate_kinds(scale)
        }
        candidates = encode_images(load_miniature_clip(), files, batch_size=256)
        self.candidates = base.with_rows(candidates.values, candidates.ids)

    def world(self, kind: Kind, value: float, number: int) -> pd.DataFrame:
        """Make one world and score it.

        Parameters
        ----------
        kind : {"gap", "N1", "N2", "N3"}
        value : float
            Of the gap.
        number : int
            From 1; decides people and noise.

        Returns
        -------
        DataFrame
            One row per teacher and alpha, columns as in `read_repeated_alignment`.
        """
        from companion.alignment.autoencoder import Options

        started = time.process_time()
        people = self.people(kind, value, FIRST_SEED + number)
        teachers = self.teachers([training for training, _ in people], kind, number)
        options = Options(
            n_epochs=self.sizes.n_epochs, batch_size=min(Options().batch_size, len(self.categories))
        )
        aligners = fit_aligners(
            self.categories, teachers, alphas=self.sizes.alphas, seeds=[number], options=options
        )
        parts = []
        for person, (training, test) in enumerate(people):
            maps: dict[tuple[str, float], Callable[[Embeddings], Embeddings]] = {
                (teacher, alpha): aligners[(teacher, person), alpha, number].transform
                for teacher in TEACHERS
                for alpha in self.sizes.alphas
            }
            parts.append(self._scores(person, training, test, {("none", np.inf): _as_it_is} | maps))
        table = pd.concat(parts)
        seconds = round(time.process_time() - started, 1)
        return summarised(table).assign(kind=kind, gap=value, world=number, simulated=True, seconds=seconds)

    def people(self, kind: Kind, value: float, seed: int) -> list[tuple[Recording, Recording]]:
        """Record people: for each the training and test trials of V4, loaded from files as written."""
        dials = calibrated_dials()
        signal = {**dials.signal, "god": SIGNAL[kind] * dials.signal["god"]}
        dials = replace(dials, seed=seed, gap=value, signal=signal)
        codes = brain_codes(self.equations, self.shown, dials, _NULL[kind])
        found = []
        with tempfile.TemporaryDirectory() as name:
            for person in range(1, self.sizes.n_people + 1):
                god.simulate_subject(
                    Path(name), person, stimuli=self.lists, codes=codes, scale=self.scale.god, dials=dials
                )
                training, test = (
                    load_god(Path(name), person, split=split, stimuli=self.lists, rois=[ROI])
                    for split in ("train", "test")
                )
                found.append((training, test))
        return found

    def teachers(self, trainings: list[Recording], kind: Kind, number: int) -> dict[Any, FloatArray]:
        """Similarity matrices by (teacher, number of the person they are for)."""
        by_person: dict[Any, Any] = {
            person: pattern_similarity(_category_means(one, self.categories.ids))
            for person, one in enumerate(trainings)
        }
        real = others(by_person)
        if kind == "N2":
            real = {person: permuted_teacher(one, 10_000 + number) for person, one in real.items()}
        own = pattern_similarity(self.categories.values, centred=True)
        found: dict[Any, Any] = {}
        for person, matrix in real.items():
            found["real", person] = matrix
            found["permuted", person] = permuted_teacher(matrix, number)  # one exchange for all people
            found["identity", person] = own
        return found

    def _scores(
        self,
        person: int,
        training: Recording,
        test: Recording,
        maps: Mapping[tuple[str, float], Callable[[Embeddings], Embeddings]],
    ) -> pd.DataFrame:
        spaces = {f"{teacher} {alpha:g}": bend(self.targets) for (teacher, alpha), bend in maps.items()}
        fitted = fit_linear(training.responses, training.stimuli, spaces)
        decoded = fitted.predict(test.responses, list(test.trials["category"]))
        parts = []
        for (teacher, alpha), bend in maps.items():
            name = f"{teacher} {alpha:g}"
            parts.append(
                identify(
                    decoded[name],
                    bend(self.answers),
                    bend(self.candidates),
                    mean=fitted.origins[name],
                    teacher=teacher,
                    alpha=alpha,
                    person=person,
                )
            )
        return pd.concat(parts)


def _as_it_is(space: Embeddings) -> Embeddings:
    return space


def _category_means(training: Recording, categories: Sequence[str]) -> FloatArray:
    scaled = training.standardised(*training.unit_statistics())
    of_category = pd.DataFrame(scaled.responses).groupby(list(map(category_of, training.stimuli))).mean()
    means: FloatArray = of_category.loc[list(categories)].to_numpy(dtype=np.float64)
    return means
