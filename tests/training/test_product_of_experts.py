"""Products of experts and their mixture: every term against NumPy and SciPy, and on cases worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from companion.training.product_of_experts import (
    SCALE,
    Latent,
    Modality,
    chi_upper_bound,
    drawn,
    guessed,
    log_density,
    log_likelihood,
    mismatched,
    negative_elbo,
    one_of_each,
    product,
    subset_products,
)


def some(seed: int, n: int = 5, k: int = 3) -> Latent:
    generator = torch.Generator().manual_seed(seed)
    return Latent(
        torch.randn(n, k, generator=generator, dtype=torch.float64),
        torch.randn(n, k, generator=generator, dtype=torch.float64),
    )


EXPERTS: dict[Modality, Latent] = {"brain": some(1), "image": some(2), "text": some(3)}


def test_a_product_of_two_equal_experts_has_half_their_variance() -> None:
    one = Latent(torch.tensor([[2.0]]), torch.tensor([[0.0]]))
    other = Latent(torch.tensor([[4.0]]), torch.tensor([[0.0]]))
    found = product([one, other])
    assert float(found.mean) == 3
    assert float(found.log_variance.exp()) == pytest.approx(0.5)
    sharp = Latent(torch.tensor([[4.0]]), torch.log(torch.tensor([[1 / 3]])))  # three times as precise
    assert float(product([one, sharp]).mean) == pytest.approx((2 + 3 * 4) / 4)
    assert float(product([one, sharp]).log_variance.exp()) == pytest.approx(1 / 4)


def test_a_product_is_proportional_to_the_product_of_densities() -> None:
    found = product(list(EXPERTS.values()))
    grid = np.linspace(-4, 4, 9)
    for row, column in ((0, 0), (4, 2)):
        logs = [
            stats.norm.logpdf(
                grid, float(one.mean[row, column]), np.exp(float(one.log_variance[row, column]) / 2)
            )
            for one in EXPERTS.values()
        ]
        own = stats.norm.logpdf(
            grid, float(found.mean[row, column]), np.exp(float(found.log_variance[row, column]) / 2)
        )
        apart = np.sum(logs, axis=0) - own
        np.testing.assert_allclose(apart, apart[0], rtol=1e-9)


def by_hand(names: tuple[Modality, ...], prior: bool) -> tuple[np.ndarray, np.ndarray]:
    precisions = sum(np.exp(-EXPERTS[name].log_variance.numpy()) for name in names) + prior
    means = sum(np.exp(-EXPERTS[name].log_variance.numpy()) * EXPERTS[name].mean.numpy() for name in names)
    return np.asarray(means / precisions), np.asarray(1 / precisions)


def test_the_mixture_has_all_subsets_and_the_whole_one_the_prior() -> None:
    subsets: list[tuple[Modality, ...]] = [
        ("brain",),
        ("image",),
        ("text",),
        ("brain", "image"),
        ("brain", "text"),
        ("image", "text"),
        ("brain", "image", "text"),
    ]
    found = subset_products(EXPERTS)
    assert len(found) == 7
    for one, names in zip(found, subsets, strict=True):
        mean, variance = by_hand(names, prior=len(names) == 3)
        np.testing.assert_allclose(one.mean.numpy(), mean)
        np.testing.assert_allclose(one.log_variance.exp().numpy(), variance)
    assert len(subset_products({"image": EXPERTS["image"], "text": EXPERTS["text"]})) == 3
    (alone,) = subset_products({"brain": EXPERTS["brain"]})
    np.testing.assert_allclose(alone.mean.numpy(), EXPERTS["brain"].mean.numpy())


def test_every_component_gets_its_share_of_rows() -> None:
    components = [Latent(torch.full((21, 2), float(k)), torch.full((21, 2), -float(k))) for k in range(7)]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        first, other = one_of_each(components), one_of_each(components)
    assert torch.equal(first.mean, -first.log_variance)
    assert torch.equal(first.mean[:, 0], first.mean[:, 1])
    assert np.bincount(first.mean[:, 0].int()).tolist() == [3] * 7
    assert not torch.equal(first.mean, other.mean)  # not always the same rows


def test_draws_have_the_moments_they_should() -> None:
    latent = Latent(torch.tensor([[1.0, -2.0]]), torch.log(torch.tensor([[0.25, 4.0]])))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        draws = drawn(latent, 20_000)
    assert draws.shape == (20_000, 1, 2)
    np.testing.assert_allclose(draws.mean(0)[0], [1, -2], atol=0.06)
    np.testing.assert_allclose(draws.std(0)[0], [0.5, 2], rtol=0.03)


def test_densities_are_those_of_scipy() -> None:
    values, means = some(4).mean, some(5).mean
    np.testing.assert_allclose(
        log_likelihood(values, means).numpy(),
        stats.norm.logpdf(values.numpy(), means.numpy(), SCALE).sum(axis=1),
    )
    latent = some(6)
    draws = torch.stack([values, means])
    np.testing.assert_allclose(
        log_density(draws, latent).numpy(),
        stats.norm.logpdf(draws.numpy(), latent.mean.numpy(), np.exp(latent.log_variance.numpy() / 2)).sum(
            axis=2
        ),
    )


def batch(seed: int = 0) -> dict[Modality, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    sizes: dict[Modality, int] = {"brain": 6, "image": 4, "text": 2}
    return {
        name: torch.randn(5, size, generator=generator, dtype=torch.float64) for name, size in sizes.items()
    }


def test_the_bound_written_out() -> None:
    """-sum of log likelihoods + w x mean of seven divergences, each from SciPy or numbers alone."""
    inputs, decoded = batch(1), batch(2)
    components = subset_products(EXPERTS)
    likely = sum(
        stats.norm.logpdf(inputs[name].numpy(), decoded[name].numpy(), 0.75).sum(axis=1).mean()
        for name in inputs
    )
    apart = []
    for one in components:
        mean, log_variance = one.mean.numpy(), one.log_variance.numpy()
        of_rows = 0.5 * (np.exp(log_variance) + mean**2 - 1 - log_variance).sum(axis=1)
        apart.append(of_rows.mean())
    for weight in (0.0, 0.3):
        found = float(negative_elbo(inputs, decoded, components, weight))
        assert found == pytest.approx(weight * np.mean(apart) - likely)


def test_the_chi_bound_written_out_and_by_hand() -> None:
    generator = torch.Generator().manual_seed(0)
    joint = torch.randn(4, 3, generator=generator, dtype=torch.float64)
    posterior = torch.randn(4, 3, generator=generator, dtype=torch.float64)
    ratios = np.exp(joint.numpy() - posterior.numpy())
    expected = (0.5 * np.log((ratios**2).mean(axis=0))).mean()
    assert float(chi_upper_bound(joint, posterior)) == pytest.approx(expected)
    # One row, two draws, ratios 1 and 7: half the logarithm of 25.
    two = torch.log(torch.tensor([[1.0], [7.0]]))
    assert float(chi_upper_bound(two, torch.zeros(2, 1))) == pytest.approx(np.log(5.0))


def test_the_chi_bound_lies_above_the_evidence() -> None:
    """A normal variable seen through noise, where the evidence is known in closed form."""
    posterior = Latent(torch.tensor([[0.3]]), torch.log(torch.tensor([[0.5]])))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        draws = drawn(posterior, 100_000)
    seen = torch.tensor([[1.0]])
    joint = log_density(draws, Latent(torch.zeros(1, 1), torch.zeros(1, 1))) + log_likelihood(seen, draws)
    evidence = stats.norm.logpdf(1.0, 0, np.sqrt(1 + SCALE**2))
    bound = float(chi_upper_bound(joint, log_density(draws, posterior)))
    assert evidence < bound < evidence + 0.5


def test_information_is_the_likelihood_of_latents_under_the_guesses() -> None:
    latents, first, other = some(7).mean, some(8).mean, some(9).mean
    expected = sum(
        stats.norm.logpdf(latents.numpy(), one.numpy(), 0.75).sum(axis=1).mean() for one in (first, other)
    )
    assert float(guessed(latents, {"brain": first, "text": other})) == pytest.approx(expected)


def test_wrong_pairs_come_in_six_patterns_and_none_is_right() -> None:
    n = 12
    inputs: dict[Modality, Tensor] = {
        name: torch.arange(n, dtype=torch.float64)[:, None] * torch.ones(1, 3)
        for name in ("brain", "image", "text")
    }
    with torch.random.fork_rng():
        torch.manual_seed(0)
        batches = mismatched(inputs)
    assert len(batches) == 6
    patterns = []
    for one in batches:
        rows = {name: values[:, 0].tolist() for name, values in one.items()}
        triples = list(zip(rows["brain"], rows["image"], rows["text"], strict=True))
        assert triples
        assert all(len(set(triple)) > 1 for triple in triples)
        patterns.append(
            tuple(
                pair
                for pair in (("brain", "image"), ("brain", "text"), ("image", "text"))
                if rows[pair[0]] == rows[pair[1]]
            )
        )
    kept = [(("image", "text"),), (("brain", "text"),), (("brain", "image"),), (), (), ()]
    assert patterns == kept
    pairs: dict[Modality, Tensor] = {"image": inputs["image"], "text": inputs["text"]}
    assert len(mismatched(pairs)) == 2


def test_rows_that_kept_their_text_are_not_wrong() -> None:
    """Two categories, so that exchanging texts often gives the same text."""
    inputs: dict[Modality, Tensor] = {
        "image": torch.arange(8.0)[:, None],
        "text": (torch.arange(8) // 4).double()[:, None],
    }
    with torch.random.fork_rng():
        torch.manual_seed(1)
        for one in mismatched(inputs):
            assert not bool((one["text"][:, 0] == one["image"][:, 0] // 4).all())
        texts = mismatched(inputs)[1]
    assert bool((texts["text"][:, 0] != texts["image"][:, 0] // 4).all())
    same: dict[Modality, Tensor] = {"image": torch.ones(4, 1), "text": torch.ones(4, 1)}
    assert mismatched(same) == []
