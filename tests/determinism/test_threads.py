"""How far another number of threads moves what is computed: last bits, within the stated tolerance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
import torch
from threadpoolctl import threadpool_limits

from companion.alignment.autoencoder import Options
from companion.alignment.brain import fit_aligners, pattern_similarity
from companion.decoding.ridge import fit_ridge
from companion.embeddings import Embeddings
from companion.training.encoders.nice import Nice
from companion.training.runs import Run, train_runs
from companion.training.settings import Settings

TOLERANCE = 1e-5
"""Largest difference relative to the largest value, after some steps. Chapters always use one thread, so
that it concerns sweeps and one's own programs. Long trainings enlarge it; the records of the
book let the numbers of another machine differ by `regression.SAME`, or by what other seeds do."""

Array = npt.NDArray[np.floating]


def trained(device: str = "cpu") -> Array:
    generator = torch.Generator().manual_seed(0)
    targets = torch.randn(400, 64, generator=generator)
    responses = torch.randn(400, 17, 100, generator=generator) + targets[:, :17, None]
    pairs = torch.arange(400)[:, None].repeat(1, 2)
    settings = Settings(n_steps=20, batch_size=256, learning_rate=1e-3, validate_every=10)
    nice = Nice(17, 100, 64)
    runs = [Run(0, pairs[:300], pairs[300:])]
    inputs = nice.prepare(responses.to(device))
    [done] = train_runs(lambda: Nice(17, 100, 64), inputs, targets.to(device), runs, settings)
    return np.array([*done.training_losses, *done.validation_losses])


def aligned() -> Array:
    rng = np.random.default_rng(0)
    space = Embeddings(rng.normal(size=(150, 256)), tuple(map(str, range(150))), "toy")
    teachers = {"IT": pattern_similarity(rng.uniform(size=(150, 80)))}
    options = Options(n_epochs=50, batch_size=150)
    [aligner] = fit_aligners(space, teachers, alphas=[0.01], options=options).values()
    return np.asarray(aligner.transform(space).values)


def decoded() -> Array:
    rng = np.random.default_rng(0)
    names = [f"picture {row}" for row in range(350)]
    space = Embeddings(rng.normal(size=(350, 128)), tuple(names), "toy")
    responses = space.values @ rng.normal(size=(128, 800)) + rng.normal(size=(350, 800))
    decoder = fit_ridge(responses[:300], names[:300], {"toy": space}, groups=names[:300])
    return np.asarray(decoder.predict(responses[300:], names[300:])["toy"].values)


@pytest.mark.parametrize("compute", [trained, aligned, decoded])
def test_another_number_of_threads_moves_last_bits_alone(compute: Callable[[], Array]) -> None:
    found = []
    before = torch.get_num_threads()
    try:
        for n in (1, 1, 2):
            torch.set_num_threads(n)
            with threadpool_limits(n):
                found.append(compute())
    finally:
        torch.set_num_threads(before)
    once, again, with_two = found
    np.testing.assert_array_equal(once, again)
    assert np.abs(once - with_two).max() <= TOLERANCE * np.abs(once).max()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no graphics card")
def test_a_graphics_card_repeats_itself() -> None:
    np.testing.assert_array_equal(trained("cuda"), trained("cuda"))
