"""The misfit of similarities: its value as written in the paper, its gradient as torch finds it."""

from __future__ import annotations

import torch

from companion.alignment.stacked_layers import misfit


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


def test_its_gradient_is_that_of_finite_differences() -> None:
    vectors, wanted = problem()
    assert torch.autograd.gradcheck(lambda v: misfit(v, wanted), vectors.requires_grad_())


def test_a_vector_without_length_has_no_gradient() -> None:
    vectors, wanted = problem()
    vectors[0, 2] = 0
    vectors.requires_grad_()
    misfit(vectors, wanted).sum().backward()  # type: ignore[no-untyped-call]
    assert vectors.grad is not None
    assert bool(vectors.grad.isfinite().all())
