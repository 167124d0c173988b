"""Mapping networks: their losses by hand, what they learn, and what they must not see."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from companion.errors import DataError
from companion.training.contrastive import info_nce
from companion.training.mapping import TrainedMapping, mixing_shares, train_mapping
from companion.training.mapping_networks import NETWORKS, Kind, LinearMap, VariationalMap, divergence
from companion.training.supervision import MappingSettings, Supervision

N, V, D = 120, 20, 8
SHORT = MappingSettings(n_epochs=30, batch_size=32, learning_rate=1e-2)
TRAINING, VALIDATION = torch.arange(96), torch.arange(96, N)


def problem(noise: float = 0.3) -> tuple[Tensor, Supervision]:
    """Responses that carry pictures linearly; four pictures share a prompt, each has a sentence."""
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(N, D, generator=generator)
    prompts = images.view(-1, 4, D).mean(1)
    sentences = images + 0.2 * torch.randn(N, D, generator=generator)
    responses = images @ torch.randn(D, V, generator=generator)
    responses = responses + noise * torch.randn(N, V, generator=generator)
    texts_of = torch.stack([torch.arange(N) // 4, len(prompts) + torch.arange(N)], dim=1)
    return responses, Supervision(images, torch.arange(N), torch.cat([prompts, sentences]), texts_of)


def trained(settings: MappingSettings, kind: Kind = "linear", seed: int = 0) -> TrainedMapping:
    responses, supervision = problem()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = NETWORKS[kind](V, D) if kind == "linear" else NETWORKS[kind](V, D, width=32)
    return train_mapping(network, responses, supervision, TRAINING, VALIDATION, settings, seed)


def cosine_to(found: TrainedMapping, vectors: Tensor) -> float:
    responses, _ = problem()
    with torch.no_grad():
        mapped = found.network(responses[VALIDATION]).vectors
    return float(torch.cosine_similarity(mapped, vectors, dim=1).mean())


def test_divergence_is_that_of_the_distributions() -> None:
    mean, log_variance = torch.tensor([[0.5, -1.0]]), torch.tensor([[0.2, -0.7]])
    found = torch.distributions.kl_divergence(
        torch.distributions.Normal(mean, (log_variance / 2).exp()), torch.distributions.Normal(0.0, 1.0)
    )
    assert torch.allclose(divergence(mean, log_variance), found.sum(1))
    assert float(divergence(torch.zeros(1, 3), torch.zeros(1, 3))) == 0


@pytest.mark.parametrize("kind", list(NETWORKS))
def test_every_network_learns_pictures_it_has_not_seen(kind: Kind) -> None:
    _, supervision = problem()
    assert supervision.images is not None
    found = trained(SHORT, kind)
    assert found.validation_losses[found.best] == min(found.validation_losses) < found.validation_losses[0]
    assert cosine_to(found, supervision.images[VALIDATION]) > 0.5


def test_the_validation_loss_is_the_weighted_sum_of_the_losses_written_out() -> None:
    """Written with one positive each; four pictures share a prompt, which changes nothing."""
    responses, supervision = problem()
    assert supervision.images is not None
    assert supervision.texts is not None
    settings = replace(SHORT, n_epochs=1, image_weight=0.5, text_weight=2.0, squared_weight=3.0)
    found = trained(settings)
    with torch.no_grad():
        y = found.network(responses[VALIDATION]).vectors

    def squared(targets: Tensor) -> Tensor:
        return (normalize(y, dim=1) - normalize(targets, dim=1)).square().sum(1).mean()

    def loss(targets: Tensor) -> Tensor:
        return info_nce(y, targets, settings.temperature) + 3 * squared(targets)

    texts = [supervision.texts[supervision.texts_of[VALIDATION, column]] for column in (0, 1)]
    expected = 0.5 * loss(supervision.images[VALIDATION]) + 2 * sum(loss(one) for one in texts) / 2
    assert found.validation_losses == (pytest.approx(float(expected), rel=1e-5),)


def test_supervision_decides_what_is_learnt() -> None:
    """Texts and pictures that have nothing in common: each supervision finds its own."""
    responses, supervision = problem()
    generator = torch.Generator().manual_seed(5)
    elsewhere = torch.randn(V, D, generator=generator)
    sentences = responses @ elsewhere
    apart = supervision._replace(texts=sentences, texts_of=torch.arange(N)[:, None])
    assert apart.images is not None
    for weights, near, far in (
        ((1.0, 0.0), apart.images, sentences),
        ((0.0, 1.0), sentences, apart.images),
    ):
        settings = replace(SHORT, image_weight=weights[0], text_weight=weights[1])
        with torch.random.fork_rng():
            torch.manual_seed(0)
            network = LinearMap(V, D)
        found = train_mapping(network, responses, apart, TRAINING, VALIDATION, settings, 0)
        assert cosine_to(found, near[VALIDATION]) > cosine_to(found, far[VALIDATION]) + 0.2


def test_a_seed_decides_everything_and_leaves_torch_as_it_was() -> None:
    torch.manual_seed(9)
    expected = torch.rand(3)
    torch.manual_seed(9)
    settings = replace(SHORT, n_epochs=4, mixed=0.5)
    first, again, other = (trained(settings, "VAE", seed) for seed in (3, 3, 4))
    assert first.training_losses == again.training_losses != other.training_losses
    assert torch.equal(torch.rand(3), expected)


def test_validation_rows_never_reach_the_weights() -> None:
    responses, supervision = problem()
    changed = responses.clone()
    changed[VALIDATION] = 7.0
    settings = replace(SHORT, n_epochs=1)  # one epoch, so that its choice cannot differ
    weights = []
    for values in (responses, changed):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            network = LinearMap(V, D)
        found = train_mapping(network, values, supervision, TRAINING, VALIDATION, settings, 0)
        weights.append(found.network.state_dict()["layers.1.weight"])
    assert torch.equal(*weights)


def test_the_latent_is_drawn_in_training_only() -> None:
    network = VariationalMap(V, D, width=16, n_latent=4)
    responses, _ = problem()
    network.eval()
    assert torch.equal(network(responses).vectors, network(responses).vectors)
    network.train()
    assert not torch.equal(network(responses).vectors, network(responses).vectors)


def test_mixing_mixes_half_of_a_batch_with_one_other_each() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        shares = mixing_shares(40)
    assert torch.allclose(shares.sum(1), torch.ones(40))
    assert bool((shares >= 0).all())
    assert 15 <= int((shares.diagonal() < 1).sum()) <= 20
    assert int((shares > 0).sum(1).max()) <= 2


def test_what_cannot_be_trained_is_refused_before_training() -> None:
    responses, supervision = problem()
    network = LinearMap(V, D)
    with pytest.raises(DataError, match="both train and validate"):
        train_mapping(network, responses, supervision, TRAINING, TRAINING[:5], SHORT, 0)
    with pytest.raises(DataError, match="no text vectors"):
        train_mapping(network, responses, supervision._replace(texts=None), TRAINING, VALIDATION, SHORT, 0)
    with pytest.raises(DataError, match=r"not of these responses|no numbers of rows"):
        train_mapping(network, responses[:-1], supervision, TRAINING, VALIDATION, SHORT, 0)
    with pytest.raises(ValueError, match="one of them is above zero"):
        replace(SHORT, image_weight=0.0, text_weight=0.0)
