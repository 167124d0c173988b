"""The generator: the flow in closed form, what decides a picture, and the weights that are shipped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from companion.decoding.generation import generator as module
from companion.decoding.generation.cosines import N_COEFFICIENTS
from companion.decoding.generation.generator import (
    WEIGHTS,
    Generator,
    Variant,
    build_network,
    expected_latents,
    flow,
    generate,
    load_generator,
)
from companion.decoding.generation.latents import FirstStage, build_decoder
from companion.embeddings import Embeddings
from companion.encoders.miniature import load_miniature_clip, load_miniature_second
from companion.errors import DataError
from companion.simulation.backbones.pool import TEST_KINDS, draw_with
from companion.simulation.stimuli import render
from companion.statistics.picture_metrics import distractors_beaten, pixel_correlation

N_LATENTS = 7


@pytest.fixture
def untrained() -> Generator:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build_network(N_LATENTS, 5, width=16, n_blocks=2)
        decoder = build_decoder(N_LATENTS, N_COEFFICIENTS, width=16)
    ones = np.ones(N_COEFFICIENTS, dtype=np.float32)
    return Generator(network, FirstStage(decoder, 0.1 * ones, 0.5 * ones), "toy")


def vectors(n: int = 3, seed: int = 0, space: str = "toy") -> Embeddings:
    values = np.random.default_rng(seed).normal(size=(n, 5))
    return Embeddings(values, tuple(f"s{row}" for row in range(n)), space)


def test_noise_flows_to_the_distribution_where_the_expectation_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Numbers of mean 2 and spread .5: what is expected of them at any time is a line, written down here."""

    def known(network: Any, noisy: torch.Tensor, given: torch.Tensor, times: torch.Tensor) -> torch.Tensor:
        t = times[:, None]
        return 2 + t * 0.25 / ((1 - t) ** 2 + t**2 * 0.25) * (noisy - 2 * t)

    monkeypatch.setattr(module, "expected_latents", known)
    noise = torch.randn(20_000, 1, generator=torch.Generator().manual_seed(1))
    given = torch.ones(20_000, 3)
    made = flow(torch.nn.ModuleDict(), noise, given, n_steps=200, guidance=1)
    assert made.mean().item() == pytest.approx(2, abs=0.02)
    assert made.std().item() == pytest.approx(0.5, abs=0.02)
    one_step = flow(torch.nn.ModuleDict(), noise, given, n_steps=1, guidance=1)
    torch.testing.assert_close(one_step, torch.full_like(noise, 2))  # the mean, whatever the noise


def test_two_steps_and_guidance_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    def known(network: Any, noisy: torch.Tensor, given: torch.Tensor, times: torch.Tensor) -> torch.Tensor:
        return given.sum(dim=1, keepdim=True) + 10 * times[:, None]

    monkeypatch.setattr(module, "expected_latents", known)
    noise, given = torch.tensor([[1.0]]), torch.tensor([[2.0, 1.0]])
    # half-way from 1 to 3 is 2, whence the last step goes all the way to 3 + 5
    assert flow(torch.nn.ModuleDict(), noise, given, n_steps=2, guidance=1).item() == 8
    # without a vector 0 and 5 are expected: aims 3 * 3 and 5 + 3 * 3
    assert flow(torch.nn.ModuleDict(), noise, given, n_steps=2, guidance=3).item() == 14


def test_vector_time_and_noise_all_count(untrained: Generator) -> None:
    rng = torch.Generator().manual_seed(2)
    noisy, given = torch.randn(2, N_LATENTS, generator=rng), torch.randn(2, 5, generator=rng)
    times = torch.tensor([0.2, 0.2])
    with torch.no_grad():
        base = expected_latents(untrained.network, noisy, given, times)
        for other in ((noisy + 0.1, given, times), (noisy, given + 0.1, times), (noisy, given, times + 0.1)):
            assert (expected_latents(untrained.network, *other) - base).abs().max() > 1e-4


def test_a_picture_depends_on_seed_stimulus_and_direction_of_the_vector(untrained: Generator) -> None:
    given = vectors()
    made = generate(untrained, given)
    assert list(made) == ["s0", "s1", "s2"]
    assert made["s0"].shape == (64, 64, 3)
    alone = generate(untrained, given.select(["s2"]))
    assert np.abs(alone["s2"].astype(int) - made["s2"]).max() <= 1  # rounding of another batch
    longer = generate(untrained, given.with_values(3 * given.values, aligned_by=None))
    assert np.abs(longer["s1"].astype(int) - made["s1"]).max() <= 1
    same = given.with_rows(given.values[[0, 0, 0]], given.ids)
    other_noise = generate(untrained, same)
    assert not np.array_equal(other_noise["s0"], other_noise["s1"])
    assert not np.array_equal(generate(untrained, given, seed=1)["s0"], made["s0"])
    assert not np.array_equal(generate(untrained, given, guidance=4.0)["s0"], made["s0"])
    assert not np.array_equal(generate(untrained, given, n_steps=1)["s0"], made["s0"])


def test_vectors_of_another_space_are_refused(untrained: Generator) -> None:
    with pytest.raises(DataError, match="another space"):
        generate(untrained, vectors(space="other"))
    with pytest.raises(ValueError, match="variant is one of"):
        load_generator("half")  # type: ignore[arg-type]


def test_both_generators_are_small_and_marked_as_simulated() -> None:
    from safetensors import safe_open

    files = sorted(WEIGHTS.glob("*.safetensors"))
    assert [file.stem for file in files] == ["first_stage", "full", "without_test_kinds"]
    assert sum(file.stat().st_size for file in files) <= 5_000_000
    for path in files:
        with safe_open(path, framework="np") as file:
            assert file.metadata()["simulated"] == "true"


@pytest.mark.parametrize("variant", ["full", "without_test_kinds"])
def test_pictures_of_true_vectors_resemble_what_was_seen(variant: Variant) -> None:
    """Combinations of colour, pattern and scene that no pool holds; judged by the other backbone."""
    kinds = [kind for kind in range(5, 2000, 40) if kind not in TEST_KINDS]
    seen = render(draw_with(kinds, np.random.default_rng(3), held_out=True), 64)
    clip = load_miniature_clip(variant)
    given = Embeddings(clip.images(list(seen)), tuple(map(str, kinds)), clip.name)
    made = np.stack(list(generate(load_generator(variant), given).values()))
    judge = load_miniature_second()
    features = [judge.images(list(pictures)) for pictures in (made, seen)]
    assert distractors_beaten(*features).mean() > 0.85
    assert pixel_correlation(made, seen).mean() > 0.7
    assert pixel_correlation(made, np.roll(seen, 1, axis=0)).mean() < 0.5
