"""Networks trained the wrong way on purpose: not begun anew for the next held-out person.

Leaving one person out is worth something only if the network that reads this person has never met her. A
script that makes its network once, before the loop over people, breaks that: from the second person on,
weights come from a fold that the person trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from itertools import pairwise
from typing import Literal

import numpy as np

from companion.embeddings import Embeddings
from companion.errors import DataError
from companion.recording import Recording
from companion.running.decoder_runs import Build
from companion.running.decoders import chosen_device
from companion.training.encoders import BrainEncoder
from companion.training.program import Program, Run
from companion.training.runs import Trained
from companion.training.settings import Settings
from companion.training.splits import validation_rows

Way = Literal["fresh", "longer", "continued"]
WAYS: tuple[Way, ...] = ("fresh", "longer", "continued")
"""How the network of a held-out person begins: anew; anew and trained once more on the **same** people, which
takes as many steps as the leak does; from the fold before, which held that person: the leak."""


def held_out_networks(
    people: Mapping[str, Recording],
    space: Embeddings,
    build: Build,
    settings: Settings,
    *,
    seed: int,
    device: str = "auto",
) -> dict[tuple[str, Way], Trained]:
    """Train a network without each person in turn, in three ways. Nothing is kept.

    Weights are those after the last step, as in a loop that hands its network on: no checkpoint is chosen.

    Parameters
    ----------
    people : mapping of name to Recording
        Averaged training responses; two or more people.
    space : Embeddings
        Image vectors of all stimuli shown.
    build : callable
        Makes an encoder from the shape of a response and the number of features.
    settings : Settings
        Steps are those of one training; ``longer`` and ``continued`` take them twice.
    seed : int
        Of split, weights and batches.
    device : str
        ``auto`` takes a GPU if there is one.

    Returns
    -------
    dict of (held-out person, way) to Trained
        ``continued`` goes on from the network that held out the person before (before the first one stands
        the last): that one was trained on the person who is held out now.

    Raises
    ------
    DataError
        If there are fewer than two people.
    """
    names = list(people)
    if len(names) < 2:
        raise DataError("Nobody is left to train on", expected="two people or more", got=names)

    def trained(held_out: str, start: Trained | None) -> Trained:
        known = [people[name] for name in names if name != held_out]
        return _train(known, space, build, settings, seed=seed, device=device, start=start)

    fresh = {name: trained(name, None) for name in names}
    found: dict[tuple[str, Way], Trained] = {(name, "fresh"): one for name, one in fresh.items()}
    for before, name in pairwise([names[-1], *names]):
        found[name, "longer"] = trained(name, fresh[name])
        found[name, "continued"] = trained(name, fresh[before])
    return found


def _train(
    known: Sequence[Recording],
    space: Embeddings,
    build: Build,
    settings: Settings,
    *,
    seed: int,
    device: str,
    start: Trained | None,
) -> Trained:
    """Train one network on pooled people, from weights drawn anew or from those of another one."""
    import torch

    place = chosen_device(device)
    stimuli = [name for one in known for name in one.stimuli]
    ids = list(dict.fromkeys(stimuli))
    row_of = {name: row for row, name in enumerate(ids)}
    rows = np.array([row_of[name] for name in stimuli])
    with torch.random.fork_rng():
        kind = build(known[0].responses.shape[1:], space.values.shape[1])
    parts = [
        kind.prepare(torch.from_numpy(one.responses.copy()), torch.full((len(one),), number))
        for number, one in enumerate(known)
    ]
    inputs = tuple(torch.cat(values).to(place) for values in zip(*parts, strict=True))
    pairs = torch.from_numpy(np.column_stack([np.arange(len(rows)), rows]))
    training, validation = validation_rows([name.split("/")[0] for name in stimuli], seed=seed)
    targets = torch.tensor(space.select(ids).values, dtype=torch.float32, device=place)

    def begin() -> BrainEncoder:
        return type(kind)(**kind.configuration) if start is None else deepcopy(start.encoder)

    program = Program(begin, inputs, targets, [Run(seed, pairs[training], pairs[validation])], settings)
    while not program.finished:
        program.advance()
    _, losses, validated, temperature = next(program.results())
    return Trained(program.encoders()[0], losses, validated, len(validated) - 1, temperature)
