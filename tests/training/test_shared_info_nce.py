"""InfoNCE with several right answers: by hand, by loops, and as plain InfoNCE where all texts differ."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from companion.training.contrastive import equal_rows, info_nce, shared_info_nce, soft_belonging

TAU = 0.2


def pairs(n: int = 6, d: int = 4) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(n, d, generator=generator), torch.randn(n, d, generator=generator)


def by_loops(predicted: Tensor, targets: Tensor, belongs: Tensor) -> float:
    """The loss written out, one sum after the other."""
    n = len(predicted)
    s = [[float(torch.cosine_similarity(p, t, dim=0)) / TAU for t in targets] for p in predicted]
    total = 0.0
    for i in range(n):
        over_targets = math.log(sum(math.exp(s[i][j]) for j in range(n)))
        over_responses = math.log(sum(math.exp(s[j][i]) for j in range(n)))
        row, column = float(belongs[i].sum()), float(belongs[:, i].sum())
        total += sum(float(belongs[i, j]) / row * (over_targets - s[i][j]) for j in range(n)) / (2 * n)
        total += sum(float(belongs[j, i]) / column * (over_responses - s[j][i]) for j in range(n)) / (2 * n)
    return total


def test_it_is_plain_info_nce_where_all_texts_differ() -> None:
    predicted, targets = pairs()
    different = equal_rows(torch.arange(6))
    plain = info_nce(predicted, targets, TAU)
    assert torch.allclose(shared_info_nce(predicted, targets, TAU, different), plain)


@pytest.mark.parametrize("unequal", [False, True])
def test_it_is_the_sum_written_out(unequal: bool) -> None:
    predicted, targets = pairs()
    labels = torch.tensor([0, 1, 0, 2, 1, 0])
    targets = targets[labels]
    belongs = equal_rows(labels) * (torch.rand(6, 6) if unequal else 1)
    found = shared_info_nce(predicted, targets, TAU, belongs)
    assert float(found) == pytest.approx(by_loops(predicted, targets, belongs), rel=1e-5)


def test_two_pictures_of_one_text_by_hand() -> None:
    """Both responses lie on both (equal) texts: all cosines are one, and any answer is right."""
    same = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    assert float(shared_info_nce(same, same, TAU, equal_rows(torch.tensor([3, 3])))) == pytest.approx(
        math.log(2)
    )


def test_where_shared_texts_are_equal_one_positive_each_is_the_same_loss() -> None:
    """Value and gradient: a text that several pictures share is no false negative by itself."""
    predicted, targets = pairs()
    labels = torch.tensor([0, 1, 0, 2, 1, 0])
    found = []
    for belongs in (equal_rows(labels), torch.eye(6)):
        mine = predicted.clone().requires_grad_()
        loss = shared_info_nce(mine, targets[labels], TAU, belongs)
        loss.backward()  # type: ignore[no-untyped-call]
        found.append((loss.detach(), mine.grad))
    assert torch.allclose(found[0][0], found[1][0])
    assert found[0][1] is not None
    assert found[1][1] is not None
    assert torch.allclose(found[0][1], found[1][1], atol=1e-6)
    apart = shared_info_nce(predicted, targets, TAU, equal_rows(labels))  # labels alone do not do it
    assert not torch.allclose(apart, shared_info_nce(predicted, targets, TAU, torch.eye(6)))


def test_soft_belonging_is_one_for_itself_and_its_rows_are_softmaxes() -> None:
    _, targets = pairs()
    belongs = soft_belonging(targets, TAU)
    assert torch.allclose(belongs.diagonal(), torch.ones(6))
    similar = torch.cosine_similarity(targets[:, None], targets[None], dim=-1)
    assert torch.allclose(belongs / belongs.sum(1, keepdim=True), torch.softmax(similar / TAU, dim=1))
