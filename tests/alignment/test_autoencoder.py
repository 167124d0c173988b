"""The auto-encoder: alone or together, its loss by hand, and what alpha does."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from companion.alignment import stacked_layers
from companion.alignment.autoencoder import Model, Options, encode, train_autoencoders
from companion.errors import DataError

N, D = 40, 12
SHORT = Options(n_epochs=60, batch_size=20, learning_rate=3e-3)


def problem() -> tuple[Tensor, Tensor]:
    """Vectors, and two teachers with cosines of both signs."""
    generator = torch.Generator().manual_seed(3)
    vectors = torch.randn(N, D, generator=generator) + 0.3
    patterns = torch.randn(2, N, 6, generator=generator)
    return vectors, torch.stack([torch.corrcoef(one) for one in patterns])


def in_plain_torch(vectors: Tensor, teacher: Tensor, model: Model, options: Options) -> nn.Sequential:
    """One auto-encoder, as the paper's loss reads, with torch's own layers."""
    generator = torch.Generator().manual_seed(model.seed)
    torch.manual_seed(int(torch.randint(2**62, (), generator=generator)))
    network = nn.Sequential(nn.Linear(D, D // 2), nn.ReLU(), nn.Linear(D // 2, D))
    optimiser = torch.optim.Adam(network.parameters(), lr=options.learning_rate)
    upper = torch.triu_indices(options.batch_size, options.batch_size, 1)
    for _ in range(options.n_epochs):
        order = torch.randperm(N, generator=generator)
        for rows in order.split(options.batch_size):
            y = vectors[rows]
            z = network[:2](y)
            rebuilding = (y - network[2](z)).square().mean()
            latent = torch.cosine_similarity(z[:, None], z[None], dim=-1)
            geometry = (latent - teacher[rows][:, rows])[upper[0], upper[1]].square().mean()
            optimiser.zero_grad()
            (model.alpha * rebuilding + (1 - model.alpha) * geometry).backward()
            optimiser.step()
    return network


@pytest.mark.parametrize("alpha", [1.0, 0.1, 0.001])
def test_the_batched_program_is_the_plain_one(alpha: float) -> None:
    vectors, teachers = problem()
    options = replace(SHORT, n_epochs=10)
    models = [Model(alpha, 1, 5), Model(0.5, 0, 6), Model(alpha, 0, 7)]
    found = train_autoencoders(vectors, teachers, models, options)
    for model, one in zip(models, found, strict=True):
        plain = in_plain_torch(vectors, teachers[model.teacher], model, options)
        with torch.no_grad():
            latent, rebuilt = plain[:2](vectors), plain(vectors)
        assert torch.allclose(encode(one, vectors), latent, atol=2e-5)
        assert one.reconstruction[1] == pytest.approx((vectors - rebuilt).square().mean().item(), abs=1e-5)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, teachers = problem()
    models = [Model(alpha, teacher, 1) for alpha in (1.0, 0.1) for teacher in (0, 1)]
    together = train_autoencoders(vectors, teachers, models, SHORT)
    monkeypatch.setattr(stacked_layers, "_BLOCK_BYTES", 1)
    alone = train_autoencoders(vectors, teachers, models, SHORT)
    for one, other in zip(together, alone, strict=True):
        assert torch.allclose(encode(one, vectors), encode(other, vectors), atol=1e-4)


def test_alpha_one_looks_at_no_teacher() -> None:
    vectors, teachers = problem()
    first, second = (
        train_autoencoders(vectors, matrices, [Model(1.0, 0, 2)], SHORT)[0]
        for matrices in (teachers, -teachers)
    )
    assert torch.equal(first.encoder[0][0], second.encoder[0][0])


@pytest.mark.parametrize("latent", ["after ReLU", "before ReLU"])
def test_less_alpha_gives_up_reconstruction_for_similarity(latent: str) -> None:
    vectors, teachers = problem()
    options = replace(SHORT, n_epochs=400, latent=latent)  # type: ignore[arg-type]
    models = [Model(alpha, 0, 0) for alpha in (1.0, 0.1, 0.001)]
    found = train_autoencoders(vectors, teachers, models, options)
    rebuilding = [one.reconstruction[1] for one in found]
    geometry = [one.similarity[1] for one in found]
    assert rebuilding == sorted(rebuilding)
    assert geometry[1] < 0.5 * geometry[0]


def test_only_vectors_before_the_relu_reach_negative_similarities() -> None:
    _, teachers = problem()
    vectors = torch.randn(N, 2 * N, generator=torch.Generator().manual_seed(1))  # enough to fit any teacher
    after, before = (
        train_autoencoders(
            vectors,
            teachers,
            [Model(0.001, 0, 0)],
            replace(SHORT, n_epochs=400, latent=latent),  # type: ignore[arg-type]
        )[0].similarity[1]
        for latent in ("after ReLU", "before ReLU")
    )
    first, second = torch.triu_indices(N, N, 1)
    negative = teachers[0][first, second].clamp(max=0).square().mean().item()
    assert after > negative
    assert before < 0.5 * negative


def test_every_reading_of_the_paper_runs_and_the_sum_weighs_reconstruction_up() -> None:
    vectors, teachers = problem()
    model = [Model(0.01, 0, 0)]
    usual, summed, deep, positive = (
        train_autoencoders(vectors, teachers, model, replace(SHORT, **changes))[0]  # type: ignore[arg-type]
        for changes in ({}, {"reduction": "sum"}, {"n_layers": 2}, {"output_relu": True})
    )
    assert summed.reconstruction[1] < usual.reconstruction[1]
    assert summed.similarity[1] > usual.similarity[1]
    assert len(deep.encoder) == len(deep.decoder) == 2
    assert encode(deep, vectors).shape == (N, D // 2)
    assert positive.reconstruction[1] > usual.reconstruction[1]


@pytest.mark.parametrize(
    ("model", "n", "message"),
    [(Model(0.0, 0, 0), N, "cannot be trained"), (Model(0.5, 2, 0), N, "cannot be trained"),
     (Model(0.5, 0, 0), 10, "full batch")],
)  # fmt: skip
def test_models_that_cannot_be_trained_are_refused(model: Model, n: int, message: str) -> None:
    vectors, teachers = problem()
    with pytest.raises(DataError, match=message):
        train_autoencoders(vectors[:n], teachers[:, :n, :n], [model], SHORT)
    with pytest.raises(DataError, match="do not fit"):
        train_autoencoders(vectors, teachers[:, 1:], [Model(0.5, 0, 0)], SHORT)
