"""Recordings that the retrieval job knows: how a person's responses, and the pictures shown, are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from companion.embeddings import Embeddings
from companion.encoders.cache import EmbeddingCache
from companion.loading.nsd.people import nsd_people
from companion.loading.nsd.responses import load_nsd
from companion.loading.nsd.stimuli import nsd_pictures
from companion.loading.pictures import nsd_picture_folder
from companion.loading.sources import Part
from companion.loading.things_eeg2.layout import subjects_there
from companion.loading.things_eeg2.preprocessed import load_things_eeg2
from companion.loading.things_eeg2.trials import normalised_recording
from companion.loading.things_meg.epochs import epochs_file, load_things_meg
from companion.loading.things_pictures import picture_files
from companion.recording import Recording, Split
from companion.running.sweeps.cells import World
from companion.running.target_pairs import Target
from companion.running.targets import embed_targets
from companion.training.settings import Setting

_PICTURES_HELD = 256
Pair = tuple[Recording, Recording]
"""Averaged responses of one person to training and to test pictures, in the same units."""


@dataclass(frozen=True)
class RetrievalData:
    """One data set.

    Attributes
    ----------
    part : str
        Of the recordings.
    setting : str
        Which of the published settings hold.
    shape, n_training, n_people : tuple of int, int, int
        Of a response, of training pictures, of people, as published: for estimates without the files.
    people : callable
        Who is there.
    load : callable
        From world, person and sampling rate to a pair.
    """

    part: Part
    setting: Setting
    shape: tuple[int, ...]
    n_training: int
    n_people: int
    people: Callable[[World], list[int]]
    load: Callable[[World, int, float], Pair]

    def vectors(
        self, world: World, stimuli: Iterable[str], targets: Sequence[Target], cache: EmbeddingCache
    ) -> dict[str, Embeddings]:
        """Vectors of pictures in each target space, by name of the target."""
        names = list(dict.fromkeys(stimuli))
        if self.part != "nsd":
            files = picture_files(world.folder("stimuli"), names)
            return embed_targets(targets, files, cache, batch_size=_PICTURES_HELD)
        folder = nsd_picture_folder(world.folder("stimuli"))
        parts = [
            embed_targets(
                targets, dict(nsd_pictures(folder, some)), cache, simulated=world.source != "official"
            )
            for start in range(0, len(names), _PICTURES_HELD)
            for some in [names[start : start + _PICTURES_HELD]]
        ]
        return {
            name: parts[0][name].with_rows(np.concatenate([one[name].values for one in parts]), names)
            for name in parts[0]
        }


def _eeg(world: World, person: int, rate: float) -> Pair:
    del rate  # the files have one each
    folder = world.folder("things-eeg2")
    return (
        load_things_eeg2(folder, person, split="train"),
        load_things_eeg2(folder, person, split="test"),
    )


def _meg(world: World, person: int, rate: float) -> Pair:
    folder = world.folder("things-meg")

    def one(split: Split) -> Recording:
        return normalised_recording(
            load_things_meg(folder, person, split=split, sampling_rate=rate).averaged()
        )

    return one("train"), one("test")


def _fmri(world: World, person: int, rate: float) -> Pair:
    del rate  # one response per picture
    folder = world.folder("nsd")
    training = load_nsd(folder, person, split="train")
    statistics = training.unit_statistics()
    test = load_nsd(folder, person, split="test")
    return training.standardised(*statistics), test.standardised(*statistics)


def _meg_people(world: World) -> list[int]:
    folder = world.folder("things-meg")
    return [number for number in range(1, 5) if (folder / epochs_file(number)).is_file()]


DATA: Mapping[str, RetrievalData] = MappingProxyType(
    {
        "things-eeg2": RetrievalData(
            "things-eeg2",
            "EEG",
            (63, 250),
            16_540,
            10,
            lambda world: subjects_there(world.folder("things-eeg2")),
            _eeg,
        ),
        "things-meg": RetrievalData("things-meg", "MEG", (271, 201), 19_848, 4, _meg_people, _meg),
        "nsd": RetrievalData(
            "nsd",
            "fMRI",
            (15_724,),
            8_859,
            8,
            lambda world: list(nsd_people(source=world.source, scale=world.scale, null=world.null)),
            _fmri,
        ),
    }
)
"""Data sets of the human-aligned paper by name."""
