"""The exponential linear unit against torch's own."""

from __future__ import annotations

import torch
from torch.func import functional_call

from companion.training.encoders.activations import elu


def test_values_and_slopes_are_those_of_torch() -> None:
    values = torch.cat([torch.linspace(-90, 90, 181), torch.tensor([0.0, -1e-6, 1e-6])]).requires_grad_()
    weights = torch.linspace(-2, 2, len(values))
    (weights * elu(values)).sum().backward()
    found, values.grad = values.grad, None
    (weights * torch.nn.functional.elu(values)).sum().backward()
    torch.testing.assert_close(elu(values), torch.nn.functional.elu(values), atol=1.2e-7, rtol=0)
    torch.testing.assert_close(found, values.grad, atol=2.4e-7, rtol=0)


def test_slopes_are_those_of_finite_differences() -> None:
    values = torch.tensor([-3.0, -0.2, 0.4, 5.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(elu, values)


def test_many_encoders_in_one_program_have_the_slopes_of_each_alone() -> None:
    weights = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(0), requires_grad=True)
    shown = torch.randn(3, 7, 5, generator=torch.Generator().manual_seed(1))
    layer = torch.nn.Linear(5, 4, bias=False)

    def alone(weight: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        return elu(functional_call(layer, {"weight": weight}, seen)).square().sum()

    torch.vmap(alone)(weights, shown).sum().backward()
    together, weights.grad = weights.grad, None
    torch.stack([alone(*one) for one in zip(weights, shown, strict=True)]).sum().backward()
    torch.testing.assert_close(together, weights.grad)
