"""How much people, images and aligners make scores differ: variance components of a lesson run.

Usage: ``python benchmarks/score_components.py [--scale lesson]``

Ridge decodes the EEG of all ten people in every aligned space and in the same space taught by three permuted
judges. The score is how far the seen picture stands out among the candidates: its cosine less the mean of all
cosines, in their standard deviations. Components are estimated pair by pair and averaged, and written to
``src/companion/statistics/calibration/components.json``, from which the null sets of calibration are drawn.
Takes about two minutes once the aligners are kept.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from companion.decoding.galleries import Gallery
from companion.decoding.optimal import coarse
from companion.decoding.retrieval import centred_rows, ranks, relative_rows
from companion.decoding.ridge import fit_ridge
from companion.embeddings import Embeddings
from companion.encoders.cache import EmbeddingCache
from companion.loading.sources import recordings_folder
from companion.loading.things_eeg2.layout import subjects_there
from companion.loading.things_eeg2.preprocessed import load_things_eeg2
from companion.loading.things_pictures import concept_of, picture_files
from companion.running.layout import write_json
from companion.running.target_pairs import TargetPair
from companion.running.targets import embed_targets, target_pairs
from companion.statistics.calibration.components import FILE, crossed_components, mean_components

N_PERMUTED = 3
N_QUANTILES = 201
Floats = npt.NDArray[np.float64]


class Read(NamedTuple):
    """Scores of people, images and spaces (aligned, then permuted): margins and percentiles."""

    margins: Floats
    percentiles: Floats


def scored(decoded: Embeddings, space: Embeddings) -> tuple[Floats, Floats]:
    """Margin and percentile of each decoded image: (n_images,) each."""
    candidates = centred_rows(space.select(decoded.ids))
    unit = decoded.values / np.linalg.norm(decoded.values, axis=1, keepdims=True)
    similar = unit @ (candidates.values / np.linalg.norm(candidates.values, axis=1, keepdims=True)).T
    margins = (np.diag(similar) - similar.mean(axis=1)) / similar.std(axis=1)
    places = ranks(decoded, Gallery.presented(candidates))
    return margins, 100 * (len(places) - places) / (len(places) - 1)


def read(pairs: list[TargetPair], scale: Any) -> dict[str, Read]:
    """Decode all people in all spaces by ridge."""
    folder = recordings_folder("things-eeg2", source="miniature", scale=scale)
    stimuli = recordings_folder("stimuli", source="miniature", scale=scale)
    people = subjects_there(folder)
    found: dict[str, list[list[tuple[Floats, Floats]]]] = {pair.aligned.name: [] for pair in pairs}
    vectors = {}
    for person in people:
        known, unknown = (coarse(load_things_eeg2(folder, person, split=s)) for s in ("train", "test"))
        if not vectors:
            targets = [one for pair in pairs for one in (pair.aligned, *pair.permuted)]
            files = picture_files(stimuli, known.stimuli + unknown.stimuli)
            embedded = embed_targets(targets, files, EmbeddingCache(), batch_size=256)
            vectors = {name: relative_rows(space, known.stimuli) for name, space in embedded.items()}
        groups = [concept_of(name) for name in known.stimuli]
        decoder = fit_ridge(known.responses, known.stimuli, vectors, groups)
        decoded = decoder.predict(unknown.responses, unknown.stimuli)
        for pair in pairs:
            names = [one.name for one in (pair.aligned, *pair.permuted)]
            found[pair.aligned.name].append([scored(decoded[name], vectors[name]) for name in names])
    tables = {name: np.array(one) for name, one in found.items()}  # people, spaces, scores, images
    return {
        name: Read(*(np.moveaxis(table[:, :, score], 1, 2) for score in (0, 1)))
        for name, table in tables.items()
    }


def main() -> None:
    """Write the components."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="lesson")
    scale = parser.parse_args().scale
    pairs = target_pairs("miniature", scale=scale, null=None, n_permuted=N_PERMUTED, device="cpu")
    tables = read(pairs, scale)
    levels = {name: crossed_components(one.margins[:, :, 1:]) for name, one in tables.items()}
    apart = {
        name: crossed_components(one.margins[:, :, :1] - one.margins[:, :, 1:])
        for name, one in tables.items()
    }
    shown = next(iter(tables.values()))
    percentiles = np.concatenate([one.percentiles.ravel() for one in tables.values()])
    record = {
        "how": "ridge on simulated EEG (THINGS-EEG2 layout, "
        f"{scale} scale): {shown.margins.shape[0]} people, {shown.margins.shape[1]} images, "
        f"{N_PERMUTED} permuted teachers in each of {len(tables)} pairs of spaces; mean over pairs",
        "simulated": True,
        "level": asdict(mean_components(list(levels.values()))),
        "difference": asdict(mean_components(list(apart.values()))),
        "pairs": {
            name: {"level": asdict(levels[name]), "difference": asdict(apart[name])} for name in tables
        },
        "mean_difference": {
            name: float((one.percentiles[:, :, :1] - one.percentiles[:, :, 1:]).mean())
            for name, one in tables.items()
        },
        "percentiles": np.quantile(percentiles, np.linspace(0, 1, N_QUANTILES)).round(3).tolist(),
        "hit_rate": float((percentiles == 100).mean()),
    }
    write_json(FILE, record)
    sys.stdout.write(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
