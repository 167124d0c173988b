"""Jobs of the brain-aligned paper: auto-encoders, linear decoders, identification, blind decoders."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from companion.alignment.autoencoder import Options
from companion.alignment.brain import ALPHAS, others, pattern_similarity
from companion.decoding.identification import identify
from companion.decoding.linear import fit_linear
from companion.recording import Modality
from companion.running.brain_aligned import kept_aligners, region_similarity
from companion.running.rehearsal.jobs import Job, Work
from companion.running.rehearsal.made_up import made_up_recording, made_up_vectors, random_values, synsets
from companion.running.rehearsal.sizes import Sizes
from companion.statistics.uninformative import BlindDecoder, uninformative_null

_BATCH = 50
_REGIONS = 7
_SPACES = 2
_TYPES = 6  # of vectors: as they are, and five values of alpha
_N_EPOCHS = 500


def auto_encoders(
    chapter: str, sizes: Sizes, n_features: int, *, alphas: tuple[float, ...] = ALPHAS, grid: int, note: str
) -> Job:
    """Describe the training of auto-encoders, one region's teachers and some values of alpha at once."""
    n, batch, n_people = sizes.n_categories, min(_BATCH, sizes.n_categories), sizes.god.n_people

    def start(device: str) -> Work:
        space = made_up_vectors(synsets(n, first=1, per_category=1), n_features)
        teachers = others(
            {one: pattern_similarity(random_values(n, 64, seed=one)) for one in range(n_people)}
        )

        def work(n_epochs: int) -> None:
            options = Options(n_epochs=n_epochs, batch_size=batch)
            kept_aligners(space, teachers, alphas=alphas, options=options, device=device)

        return work

    together = n_people * len(alphas)
    return Job(
        chapter,
        f"auto-encoders, {n_features} features",
        f"{n_people} people x {len(alphas)} alphas at once, {n} categories, batches of {batch}",
        start,
        n_units=_N_EPOCHS,
        n_steps=n // batch,
        together=together,
        grid_runs=grid,
        note=note,
    )


def teacher(sizes: Sizes) -> Job:
    """Describe the similarity matrix of one person and region."""
    n, per = sizes.n_categories, sizes.god.n_trials // sizes.n_categories

    def start(device: str) -> Work:
        del device
        stimuli = synsets(n * per, first=1, per_category=per)
        known = made_up_recording(stimuli, (sizes.n_region,), modality="fMRI")
        categories = [name.partition("_")[0] for name in stimuli]
        known = replace(
            known,
            trials=known.trials.assign(category=categories),
            units=known.units.assign(roi_V4=True),
        )

        def work(_: int) -> None:
            region_similarity(known, "V4", list(dict.fromkeys(categories)))

        return work

    return Job(
        "brain_aligning",
        "similarity matrix of a region",
        f"{n * per} trials x {sizes.n_region} voxels, {n} categories",
        start,
        grid_runs=_REGIONS * sizes.god.n_people,
        note="7 regions x 5 people",
    )


def linear_decoder(
    chapter: str, sizes: Sizes, n_units: int, modality: Modality, *, n_voxels: int, grid: int, note: str
) -> Job:
    """Describe a decoder of all units of some spaces and the identification of what it decodes."""
    size = sizes.god

    def start(device: str) -> Work:
        del device
        shown = synsets(size.n_trials, first=1)
        known = made_up_recording(shown, (n_units,), modality=modality)
        tested = synsets(size.n_test, first=10**6, per_category=1)
        unseen = made_up_recording(tested * size.n_repetitions, (n_units,), modality=modality, split="test")
        spaces = {
            name: [
                made_up_vectors(ids, n_features, space=name, seed=number)
                for number, ids in enumerate(
                    (shown, tested, synsets(sizes.n_candidates, first=2 * 10**6, per_category=1))
                )
            ]
            for name, n_features in _widths(sizes).items()
        }

        def work(_: int) -> None:
            targets = {name: of_space[0] for name, of_space in spaces.items()}
            fitted = fit_linear(known.responses, shown, targets, n_voxels=n_voxels)
            decoded = fitted.predict(unseen.responses, unseen.stimuli)
            for name, (_shown, answers, among) in spaces.items():
                identify(decoded[name], answers, among, mean=fitted.origins[name])

        return work

    return Job(
        chapter,
        f"linear decoders and identification, {modality}",
        f"{size.n_trials} x {n_units}, {n_voxels} a unit, 2 x {_TYPES} spaces, "
        f"{sizes.n_candidates} candidates",
        start,
        grid_runs=grid,
        note=note,
    )


def _widths(sizes: Sizes) -> dict[str, int]:
    """Features of the spaces that one person is decoded into: two, as they are and bent five times."""
    found: dict[str, int] = {}
    for name, width in (("image", sizes.n_vectors), ("word", sizes.n_words)):
        found |= {name: width} | {f"{name}, alpha {alpha:g}": width // 2 for alpha in ALPHAS}
    return found


def blind_decoders(sizes: Sizes) -> Job:
    """Describe the null of consistency: decoders that say the mean, with noise that covaries as it does."""
    n_subjects = {"fMRI": sizes.god.n_people, "MEG": sizes.god_meg.n_people, "ECoG": 4}
    n_draws = 300

    def decoders(width: int, seed: int) -> dict[str, list[BlindDecoder]]:
        rng = np.random.default_rng(seed)
        test, candidates = (rng.normal(size=(n, width)) for n in (sizes.god.n_test, sizes.n_candidates))
        noise = np.cov(rng.normal(size=(sizes.god.n_test, width)).T)
        one = BlindDecoder(np.zeros(width), test, candidates, noise)
        return {name: [one] * n for name, n in n_subjects.items()}

    def start(device: str) -> Work:
        del device
        original, bent = decoders(sizes.n_vectors, 0), decoders(sizes.n_vectors // 2, 1)

        def work(n: int) -> None:
            uninformative_null(original, bent, n_draws=n, seed=0)

        return work

    return Job(
        "modalities",
        "decoders that know nothing",
        f"12 people, {sizes.god.n_test} categories, {sizes.n_vectors} features, "
        f"{sizes.n_candidates} candidates",
        start,
        n_units=n_draws,
        grid_runs=2 * _SPACES,
        note="a step is one draw; 2 spaces x 2 kinds of noise",
    )


def aligning_jobs(sizes: Sizes) -> list[Job]:
    """All jobs of brain-aligned vectors."""
    n_people = sizes.god.n_people
    paper = "Fig. 3: 5 alphas x 7 regions x 5 people x 2 spaces = 350 models with both spaces"
    n_meg = sizes.god_meg.n_channels * sizes.god_meg.n_times
    return [
        *(
            auto_encoders(
                "brain_aligning",
                sizes,
                width,
                grid=len(ALPHAS) * _REGIONS * n_people,
                note=paper,
            )
            for width in (sizes.n_vectors, sizes.n_words)
        ),
        teacher(sizes),
        linear_decoder(
            "brain_aligning",
            sizes,
            sizes.n_region,
            "fMRI",
            n_voxels=min(500, sizes.god.n_trials // 2),
            grid=_REGIONS * n_people,
            note="7 regions x 5 people",
        ),
        linear_decoder(
            "modalities",
            sizes,
            n_meg,
            "MEG",
            n_voxels=min(500, sizes.god.n_trials // 2),
            grid=sizes.god_meg.n_people * 5,
            note="3 people x 5 seeds",
        ),
        linear_decoder(
            "modalities",
            sizes,
            sizes.n_electrodes,
            "ECoG",
            n_voxels=min(500, sizes.god.n_trials // 2),
            grid=4 * 5,
            note="4 patients x 5 seeds",
        ),
        blind_decoders(sizes),
        auto_encoders(
            "bench",
            sizes,
            sizes.n_vectors,
            alphas=(0.1,),
            grid=(n_people + 1) * 5 * 2,
            note="5 people and the mean of all x 5 seeds x real and permuted brains",
        ),
    ]
