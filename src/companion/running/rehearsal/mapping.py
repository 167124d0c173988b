"""Jobs of BrainCLIP: mapping networks, what they are read out by, the rivals, pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from companion.decoding.generation.generator import generate, load_generator
from companion.decoding.generation.retrieval import nearest_pictures, open_pool
from companion.recording import Recording
from companion.running.joint_space import JointSpace
from companion.running.joint_vaes import fit_joint_vaes
from companion.running.mapping import Under, fit_mappings
from companion.running.rehearsal.jobs import Job, Work
from companion.running.rehearsal.made_up import (
    made_up_recording,
    made_up_vectors,
    random_values,
    synsets,
    things,
)
from companion.running.rehearsal.sizes import Sizes
from companion.statistics.repeated_trials import image_permutation
from companion.training.joint_vae import JointVaeSettings
from companion.training.mapping_networks import Kind
from companion.training.supervision import MappingSettings

_N_EPOCHS, _SEEDS, _VALIDATED, _N_EXCHANGES = 100, 5, 0.2, 2000
_TESTED = 10**6  # first number of a test category


def joint_space(trained: Sequence[str], tested: Sequence[str], n_texts: int, sizes: Sizes) -> JointSpace:
    """Make up a space with some texts for each picture trained on."""
    texts_of = {name: tuple(f"text {number} of {name}" for number in range(n_texts)) for name in trained}
    texts = [text for own in texts_of.values() for text in own]
    vectors = partial(made_up_vectors, n_features=sizes.n_vectors, space="joint")
    return JointSpace(
        vectors([*trained, *tested], seed=1), vectors(texts, seed=2), texts_of, {}, tested=tuple(tested)
    )


def god(sizes: Sizes) -> tuple[Recording, JointSpace, list[str]]:
    """Make up one person of GOD, the joint space, and the category of each trial."""
    size = sizes.god
    shown = synsets(size.n_trials, first=1, per_category=max(1, size.n_trials // sizes.n_categories))
    known = made_up_recording(shown, (size.n_voxels,), modality="fMRI")
    space = joint_space(shown, synsets(size.n_test, first=_TESTED, per_category=1), 2, sizes)
    return known, space, [name.partition("_")[0] for name in shown]


def nsd(sizes: Sizes) -> tuple[Recording, JointSpace, list[str]]:
    """Make up one person of NSD, means per picture as the chapter takes them, and five captions of each."""
    size = sizes.nsd
    shown = things(size.n_pictures, per_concept=1)
    known = made_up_recording(shown, (size.n_voxels,), modality="fMRI")
    space = joint_space(shown, things(size.n_test, kind="tested", per_concept=1), 5, sizes)
    return known, space, shown


def mapping_job(
    chapter: str, data: str, kind: Kind, sizes: Sizes, *, under: Under = "V&T", grid: int, note: str = ""
) -> Job:
    """Describe the training of a mapping network."""
    size, make = (sizes.nsd, nsd) if data == "NSD" else (sizes.god, god)
    n = size.n_pictures if data == "NSD" else size.n_trials
    batch = min(256, n // 4)

    def start(device: str) -> Work:
        known, space, groups = make(sizes)

        def work(n_epochs: int) -> None:
            settings = MappingSettings(n_epochs=n_epochs, batch_size=batch)
            width = None if kind == "linear" else sizes.mapping_width
            fit_mappings(
                known, space, groups, settings, kind=kind, width=width, unders=[under], device=device
            )

        return work

    wide = "" if kind == "linear" else f", {sizes.mapping_width} wide"
    return Job(
        chapter,
        f"{kind} mapping network{wide}, {data}",
        f"{n} x {size.n_voxels} voxels, batches of {batch}",
        start,
        n_units=_N_EPOCHS,
        n_steps=-(-round(n * (1 - _VALIDATED)) // batch),
        grid_runs=grid,
        note=note or "a step's share of the validation after each epoch is in it",
    )


def joint_vae(sizes: Sizes) -> Job:
    """Describe BraVL's joint latent space."""
    batch = min(32, sizes.god.n_trials // 4)

    def start(device: str) -> Work:
        known, space, groups = god(sizes)

        def work(n_epochs: int) -> None:
            settings = JointVaeSettings(n_epochs=n_epochs, batch_size=batch, widths=sizes.joint_widths)
            fit_joint_vaes(known, space, groups, settings, device=device)

        return work

    return Job(
        "naming",
        "joint latent space, GOD",
        f"{sizes.god.n_trials} x {sizes.god.n_voxels} voxels, widths {sizes.joint_widths}, "
        f"batches of {batch}",
        start,
        n_units=_N_EPOCHS,
        n_steps=round(sizes.god.n_trials * (1 - _VALIDATED)) // batch,
        grid_runs=sizes.god.n_people * _SEEDS,
        note="5 people x 5 seeds",
    )


def permutations(sizes: Sizes) -> Job:
    """Describe the test that exchanges whole pictures."""
    size = sizes.god

    def start(device: str) -> Work:
        del device
        candidates = [f"category {number}" for number in range(size.n_test)]
        hits = random_values(size.n_test * size.n_repetitions, size.n_test) > 2
        shown = candidates * size.n_repetitions

        def work(_: int) -> None:
            image_permutation(hits, shown, candidates, n=_N_EXCHANGES, seed=0)

        return work

    return Job(
        "naming",
        "exchange of pictures",
        f"{size.n_test * size.n_repetitions} trials, {size.n_test} categories, {_N_EXCHANGES} exchanges",
        start,
        grid_runs=size.n_people,
        note="5 people",
    )


def retrieval(sizes: Sizes) -> Job:
    """Describe the search of a large pool for the nearest pictures."""

    def start(device: str) -> Work:
        del device
        vectors = partial(made_up_vectors, n_features=sizes.n_vectors)
        pool = vectors([f"pool {number}" for number in range(sizes.n_pool)], seed=3)
        shown = vectors(synsets(sizes.god.n_trials, first=1), seed=4)
        seen = synsets(sizes.god.n_test, first=_TESTED, per_category=1)

        def work(_: int) -> None:
            nearest_pictures(vectors(seen, seed=5), open_pool(pool, shown))

        return work

    return Job(
        "pictures",
        "retrieval from the pool",
        f"{sizes.god.n_test} vectors, {sizes.n_pool} pictures, {sizes.n_vectors} features",
        start,
        grid_runs=sizes.god.n_people * 3,
        note="5 people x 3 supervisions",
    )


def generation(sizes: Sizes) -> Job:
    """Describe the drawing of test pictures by the small generator, as it is trained."""

    def start(device: str) -> Work:
        del device
        generator = load_generator()
        seen = synsets(sizes.god.n_test, first=_TESTED, per_category=1)
        given = made_up_vectors(seen, sizes.n_generated_from, space=generator.space)

        def work(_: int) -> None:
            generate(generator, given)

        return work

    return Job(
        "pictures",
        "flow generator",
        f"{sizes.god.n_test} pictures of 64 x 64",
        start,
        grid_runs=sizes.god.n_people * _SEEDS * (3 + 4),
        note="5 people x 5 seeds x 3 supervisions and 4 companions; it is of the miniature world alone",
    )


def mapping_jobs(sizes: Sizes) -> list[Job]:
    """All jobs of mapping networks."""
    n_people = sizes.god.n_people
    three = n_people * 3 * _SEEDS
    return [
        mapping_job(
            "fmri_to_clip", "GOD", "linear", sizes, grid=three, note="5 people x V, T, V&T x 5 seeds"
        ),
        mapping_job("fmri_to_clip", "GOD", "MLP", sizes, grid=n_people),
        mapping_job("fmri_to_clip", "GOD", "VAE", sizes, grid=n_people),
        mapping_job(
            "naming", "NSD", "linear", sizes, grid=4 * 3 * _SEEDS, note="4 people x V, T, V&T x 5 seeds"
        ),
        joint_vae(sizes),
        permutations(sizes),
        mapping_job(
            "pictures", "GOD", "linear", sizes, grid=three, note="those of fmri_to_clip, where they are kept"
        ),
        retrieval(sizes),
        generation(sizes),
    ]
