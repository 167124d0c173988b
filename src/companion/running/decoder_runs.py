"""Runs of training for groups of recordings: one tensor of responses and one of vectors for all of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from companion.embeddings import Embeddings
from companion.recording import Recording
from companion.training.encoders import BrainEncoder
from companion.training.runs import Run
from companion.training.splits import validation_rows

Key = tuple[Hashable, str, int]
"""Group, space and seed."""
Build = Callable[[tuple[int, ...], int], BrainEncoder]
"""Makes an encoder from the shape of a response and the number of features."""
Groups = Mapping[Hashable, Sequence[Recording]]
_BLOCK = 2048  # responses prepared at a time
_SHARE_OF_GPU = 0.4  # of its free memory, for responses; the rest is for weights and activations


def joined(known: Groups, n_own: int, together: int | None, place: torch.device) -> Iterator[Groups]:
    """Take groups whose responses lie on the device at once.

    Parameters
    ----------
    known : mapping of group to recordings
    n_own : int
        Runs of each group.
    together : int or None
        Runs that train together: groups are joined until there are as many. None: on a GPU as many as there
        is room for, one on a CPU.
    place : torch.device

    Yields
    ------
    mapping of group to recordings
    """
    by_room = together is None and place.type == "cuda"
    together = together or 1
    room = torch.cuda.mem_get_info(place)[0] * _SHARE_OF_GPU if by_room else 0.0
    found: dict[Hashable, Sequence[Recording]] = {}
    held = 0
    for name, recordings in known.items():
        size = sum(one.responses.nbytes for one in recordings) if by_room else 0
        if found and (held + size > room if by_room else len(found) * n_own >= together):
            yield found
            found, held = {}, 0
        found[name] = recordings
        held += size
    if found:
        yield found


class JointRuns:
    """Runs of some groups, all spaces and all seeds.

    Parameters
    ----------
    known, spaces, build, seeds, validate_on
        As :func:`companion.running.decoders.train_decoders` takes them.
    place : torch.device

    Attributes
    ----------
    encoder : BrainEncoder
        One of the architecture.
    inputs : tuple of Tensor, each of shape (n_responses, ...)
    targets : Tensor of shape (n_spaces * n_stimuli, n_features)
    keys : list of (group, space, seed)
    runs : list of Run
        In the order of `keys`; rows are those of `inputs` and `targets`.
    """

    def __init__(
        self,
        known: Groups,
        spaces: Mapping[str, Embeddings],
        build: Build,
        seeds: Sequence[int],
        validate_on: str,
        place: torch.device,
    ) -> None:
        parts = {group: prepared(recordings, build, spaces, place) for group, recordings in known.items()}
        self.encoder = next(iter(parts.values())).encoder
        inputs = [one.inputs for one in parts.values()]
        self.inputs = inputs[0] if len(inputs) == 1 else tuple(map(torch.cat, zip(*inputs, strict=True)))
        shown = {group: one.stimuli for group, one in parts.items()}
        ids = list(dict.fromkeys(name for stimuli in shown.values() for name in stimuli))
        row_of = {name: row for row, name in enumerate(ids)}
        values = [space.select(ids).values for space in spaces.values()]
        self.targets = torch.tensor(np.concatenate(values), dtype=torch.float32, device=place)
        self.keys: list[Key] = []
        self.runs: list[Run] = []
        start = 0
        for group, stimuli in shown.items():
            rows = np.array([row_of[name] for name in stimuli])
            for number, space in enumerate(spaces):
                places = np.column_stack([start + np.arange(len(rows)), number * len(ids) + rows])
                self.keys += [(group, space, seed) for seed in seeds]
                self.runs += [run_of(seed, places, split_groups(stimuli, validate_on)) for seed in seeds]
            start += len(rows)


class Prepared(NamedTuple):
    """Responses of a group as its encoder takes them.

    Parameters
    ----------
    inputs : tuple of Tensor, each of shape (n_responses, ...)
    encoder : BrainEncoder
        One of the architecture.
    stimuli : list of str
        What was shown at each response.
    """

    inputs: tuple[Tensor, ...]
    encoder: BrainEncoder
    stimuli: list[str]


def prepared(
    recordings: Sequence[Recording], build: Build, spaces: Mapping[str, Embeddings], place: torch.device
) -> Prepared:
    """Prepare the responses of all recordings, and make an encoder of their shape.

    Recordings are gone through twice and none is held, so that they may be loaded one at a time.
    """
    about = [(one.subject, one.stimuli, one.responses.shape[1:]) for one in recordings]
    stimuli = [name for _, own, _ in about for name in own]
    people = list(dict.fromkeys(subject for subject, _, _ in about))
    n_features = next(iter(spaces.values())).values.shape[1]
    with torch.random.fork_rng():
        encoder = build(about[0][2], n_features)
    found: tuple[Tensor, ...] = ()
    end = 0
    for one in recordings:
        for start in range(0, len(one), _BLOCK):  # so that nothing large is held twice
            block = torch.from_numpy(one.responses[start : start + _BLOCK].copy())
            made = encoder.prepare(block, torch.full((len(block),), people.index(one.subject)))
            found = found or tuple(
                part.new_empty((len(stimuli), *part.shape[1:]), device=place) for part in made
            )
            for whole, part in zip(found, made, strict=True):
                whole[end : end + len(part)] = part
            end += len(block)
    return Prepared(found, encoder, stimuli)


def split_groups(stimuli: Sequence[str], validate_on: str) -> Sequence[str]:
    """Name what never lies on both sides of the split, for each response: its stimulus or its concept."""
    return stimuli if validate_on == "stimulus" else [name.split("/")[0] for name in stimuli]


def run_of(seed: int, places: npt.NDArray[Any], groups: Sequence[str]) -> Run:
    """Split pairs of rows, (n, 2), as a seed does it."""
    pairs = torch.from_numpy(places)
    training, validation = validation_rows(groups, seed=seed)
    return Run(seed, pairs[training], pairs[validation])
