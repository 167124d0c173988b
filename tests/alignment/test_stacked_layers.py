"""The misfit of similarities: its value as the paper writes it, its gradient as torch finds it."""

from __future__ import annotations

import torch

from companion.alignment.stacked_layers import misfit, misfit_gradient


def problem() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(2, 5, 3, generator=generator, dtype=torch.float64)
    wanted = torch.stack([torch.corrcoef(one) for one in torch.randn(2, 5, 4, generator=generator).double()])
    return vectors, wanted


def test_it_is_the_mean_over_pairs_whatever_the_diagonal_holds() -> None:
    vectors, wanted = problem()
    first, second = torch.triu_indices(5, 5, 1)
    cosines = torch.cosine_similarity(vectors[:, first], vectors[:, second], dim=-1)
    expected = (cosines - wanted[:, first, second]).square().mean(1)
    assert torch.allclose(misfit(vectors, wanted + 7 * torch.eye(5)), expected)


def test_its_gradient_is_what_torch_finds_step_by_step() -> None:
    vectors, wanted = problem()
    weights = torch.tensor([0.5, 2.0], dtype=torch.float64)
    vectors.requires_grad_()
    first, second = torch.triu_indices(5, 5, 1)
    cosines = torch.cosine_similarity(vectors[:, first], vectors[:, second], dim=-1)
    (weights * (cosines - wanted[:, first, second]).square().mean(1)).sum().backward()  # type: ignore[no-untyped-call]
    assert vectors.grad is not None
    assert torch.allclose(misfit_gradient(vectors.detach(), wanted, weights), vectors.grad)


def test_a_vector_without_length_has_a_finite_gradient() -> None:
    vectors, wanted = problem()
    vectors[0, 2] = 0
    assert bool(misfit_gradient(vectors, wanted, torch.ones(2)).isfinite().all())
