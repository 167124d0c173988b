"""The two decoders of the repeated worlds, and what they score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from companion.decoding.retrieval import ranks
from companion.decoding.ridge import fit_ridge
from companion.embeddings import Embeddings
from companion.recording import Recording

if TYPE_CHECKING:
    from companion.training.encoders.interface import BrainEncoder

METRICS = ("top-1", "identification")
"""Both in per cent; chance is 100 / n_candidates and 50."""


@dataclass(frozen=True)
class Brief:
    """How briefly NICE is trained; fixed on the base space: above chance in about a second."""

    n_steps: int = 100
    batch_size: int = 32
    learning_rate: float = 2e-3


def by_ridge(known: Recording, unknown: Recording, spaces: Mapping[str, Embeddings]) -> dict[str, Embeddings]:
    """Decode the stimuli of one recording into every space, by ridge from another recording of the person."""
    fitted = fit_ridge(known.responses, known.stimuli, spaces, _concepts(known))
    return fitted.predict(unknown.responses, unknown.stimuli)


def by_nice(
    people: Sequence[tuple[Recording, Recording]], spaces: Mapping[str, Embeddings], brief: Brief, seed: int
) -> list[dict[str, Embeddings]]:
    """Decode by NICE: a run for each person and space, with its own weights, order of batches and dropout.

    All train in one program: with batches as small as these that is four times faster, also without a GPU.
    Every tenth training concept chooses the checkpoint.

    Parameters
    ----------
    people : sequence of (Recording, Recording)
        To train on and to decode; of all people the same stimuli in the same order.
    spaces : mapping of str to Embeddings
    brief : Brief
    seed : int
        Of all runs.

    Returns
    -------
    list of dict of str to Embeddings
        One per person.
    """
    import torch

    from companion.training.encoders.nice import Nice
    from companion.training.runs import Run, train_runs
    from companion.training.settings import Settings

    settings = Settings(
        brief.n_steps,
        batch_size=brief.batch_size,
        learning_rate=brief.learning_rate,
        validate_every=max(1, brief.n_steps // 4),
    )
    known, concepts = people[0][0], _concepts(people[0][0])
    n, n_channels, n_times = known.responses.shape
    n_features = next(iter(spaces.values())).values.shape[1]
    chosen = set(list(dict.fromkeys(concepts))[::10])
    held_out = torch.tensor([concept in chosen for concept in concepts])
    targets = np.concatenate([space.select(known.stimuli).values for space in spaces.values()])
    runs = []
    for person, space in product(range(len(people)), range(len(spaces))):
        pairs = torch.arange(n)[:, None] + torch.tensor([person * n, space * n])
        own = int(np.random.SeedSequence([seed, person, space]).generate_state(1)[0])
        runs.append(Run(own, pairs[~held_out], pairs[held_out]))

    def build() -> Nice:
        return Nice(n_channels, n_times, n_features)

    responses = np.concatenate([person[0].responses for person in people])
    inputs = build().prepare(torch.from_numpy(responses))
    vectors = torch.tensor(targets, dtype=torch.float32)
    trained = iter(train_runs(build, inputs, vectors, runs, settings, together=len(runs)))
    return [{name: _decoded(next(trained).encoder, one[1], name) for name in spaces} for one in people]


def _decoded(encoder: BrainEncoder, unknown: Recording, space: str) -> Embeddings:
    import torch

    with torch.inference_mode():
        vectors = encoder(*encoder.prepare(torch.from_numpy(unknown.responses.copy())))
    return Embeddings(vectors.numpy(), tuple(unknown.stimuli), space, simulated=True)


def retrieved(decoded: Embeddings, space: Embeddings) -> tuple[float, float]:
    """Score retrieval among the decoded stimuli: values of `METRICS`.

    Identification is the mean share of the other candidates that rank below the picture that was seen.
    """
    found = ranks(decoded, space.select(decoded.ids))
    below = (len(found) - found) / (len(found) - 1)
    return 100 * float((found == 1).mean()), 100 * float(below.mean())


def _concepts(recording: Recording) -> list[str]:
    return [name.split("/")[0] for name in recording.stimuli]
