"""Networks of one person, trained or found, and the names that they give to test pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import pandas as pd

from companion.decoding.naming import as_naming_scores, name_by_text
from companion.embeddings import Embeddings
from companion.encoders.cache import EmbeddingCache
from companion.loading.god.stimuli import category_of
from companion.recording import Recording
from companion.running.joint_space import god_joint_space
from companion.running.mapping import FittedMapping, Under, fit_mappings
from companion.running.sweeps.cells import Cell
from companion.running.sweeps.jobs.god_data import recordings, stimuli_of
from companion.running.sweeps.jobs.naming import settings_of
from companion.training.mapping_networks import Kind


def named_pictures(cells: Sequence[Cell], device: str) -> Iterator[tuple[Cell, pd.DataFrame]]:
    """Train the networks of some cells one by one, and name the test pictures.

    Parameters
    ----------
    cells : sequence of Cell
        Of one world and person, with the same settings.
    device : str
        Where networks are trained.

    Yields
    ------
    Cell
    DataFrame
        Its rows of the score table.
    """
    settings, world = settings_of(cells[0]), cells[0].world
    person = int(cells[0].axes["subject"])
    space = god_joint_space(
        stimuli_of(world),
        **world._asdict(),
        backbone=settings.backbone,
        writings=["prompt"],
        cache=EmbeddingCache(),
    )
    known = recordings(world, "train", settings.rois, [person])[person]
    test = recordings(world, "test", settings.rois, [person])[person]
    prompts = space.names["prompt"].select(dict.fromkeys(map(category_of, test.stimuli)))
    for cell in cells:
        under, network = cast(Under, cell.axes["supervision"]), cast(Kind, cell.axes["network"])
        seed = int(cell.axes["seed"])
        fitted = fit_mappings(
            known,
            space,
            [category_of(name) for name in known.stimuli],
            settings.training(len(dict.fromkeys(known.stimuli))),
            kind=network,
            width=settings.hidden(network),
            unders=[under],
            seeds=[seed],
            device=device,
        )
        table = named(fitted[under, seed], known, test, prompts)
        simulated = known.simulated or space.texts.simulated
        yield cell, _scores(cell, table, space.texts.space, simulated=simulated)


def named(network: FittedMapping, known: Recording, test: Recording, prompts: Embeddings) -> pd.DataFrame:
    """Name test pictures from mean responses and from single trials, by raw and by centred cosines.

    Parameters
    ----------
    network : FittedMapping
    known, test : Recording
        Training and test responses of its person.
    prompts : Embeddings of shape (n_categories, n_features)
        Of the test categories.

    Returns
    -------
    DataFrame
        One row per picture, condition and cosine, with the columns of
        :func:`companion.decoding.naming.name_by_text` that can be averaged over single trials, and
        ``n_repetitions``, the number of responses averaged before decoding.
    """
    stimuli = list(test.stimuli)
    trials = {f"{name} #{row}": name for row, name in enumerate(stimuli)}
    averaged = test.averaged()
    decoded: Mapping[tuple[str, int], Embeddings] = {
        ("mean", round(len(test) / len(averaged))): network.decode(averaged),
        ("single trial", 1): network.decode(test, list(trials)),
    }
    category = {name: category_of(name) for name in (*stimuli, *trials)}
    tables = [
        name_by_text(
            vectors,
            prompts,
            categories=category,
            training=training,
            condition=condition,
            n_repetitions=n,
        )
        for (condition, n), vectors in decoded.items()
        for training in (None, network.decode(known))
    ]
    table = pd.concat(tables, ignore_index=True)
    table["item"] = table["item"].map(lambda name: trials.get(name, name))
    one = ["item", "condition", "readout", "n_repetitions", "n_candidates"]
    return table.groupby(one, sort=False)[["top1", "top5", "rank"]].mean().reset_index()


def _scores(cell: Cell, table: pd.DataFrame, space: str, *, simulated: bool) -> pd.DataFrame:
    """Rows of a cell."""
    parts = [
        as_naming_scores(
            part,
            n_repetitions=n,
            simulated=simulated,
            dataset="GOD",
            subject=int(cell.axes["subject"]),
            encoder=str(cell.axes["network"]),
            space=space,
            supervision=str(cell.axes["supervision"]),
            seed=int(cell.axes["seed"]),
            split="test",
        )
        for n in table["n_repetitions"].unique().tolist()
        for part in [table[table["n_repetitions"] == n]]
    ]
    return pd.concat(parts, ignore_index=True)
