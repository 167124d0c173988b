"""BraVL's joint latent space: its whole loss written out, what it learns, and what it must not see."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.special import logsumexp
from torch import Tensor, nn

from companion.errors import DataError
from companion.training.joint_vae import JointVae, JointVaeSettings, joint_loss, layers
from companion.training.joint_vae_training import TrainedVae, train_joint_vae
from companion.training.product_of_experts import MODALITIES, Modality, mismatched

N = 60
TINY = JointVaeSettings(
    widths=(16, 16, 16),
    guess_width=8,
    n_latent=4,
    n_epochs=12,
    batch_size=16,
    learning_rate=1e-2,
    n_draws=3,
)
TRAINING, VALIDATION = torch.arange(48), torch.arange(48, N)


def data(seed: int = 0) -> dict[Modality, Tensor]:
    """Three views of four causes; four rows are of one category, whose first text they share."""
    generator = torch.Generator().manual_seed(seed)
    causes = torch.randn(N // 4, 4, generator=generator).repeat_interleave(4, dim=0)
    causes = causes + 0.3 * torch.randn(N, 4, generator=generator)
    views = [causes @ torch.randn(4, size, generator=generator) / 2 for size in (10, 6, 5)]
    brain, image, text = (one + 0.2 * torch.randn(one.shape, generator=generator) for one in views)
    shared = text.view(-1, 4, 5).mean(1).repeat_interleave(4, dim=0)
    return {"brain": brain, "image": image, "text": torch.stack([shared, text], dim=1)}


def trained(settings: JointVaeSettings = TINY, seed: int = 0, **changes: Tensor) -> TrainedVae:
    return train_joint_vae(data() | changes, TRAINING, VALIDATION, settings, seed)  # type: ignore[operator]


def made(settings: JointVaeSettings) -> tuple[JointVae, nn.ModuleDict]:
    sizes: dict[Modality, int] = {"brain": 10, "image": 6, "text": 5}
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = JointVae(sizes, settings).double()
        guessers = nn.ModuleDict(
            {name: layers(size, settings.guess_width, settings.n_latent, 1) for name, size in sizes.items()}
        ).double()
    return network, guessers


def batch(n: int = 9) -> dict[Modality, Tensor]:
    rows = {name: one[:n].double() for name, one in data().items()}
    return rows | {"text": rows["text"][:, 1]}


# ------------------------------------------------------------------------------- the loss, in NumPy and SciPy


def mixture(network: JointVae, inputs: dict[Modality, np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Mean and variance of all seven products, precisions added one by one."""
    said = {}
    for name, values in inputs.items():
        both = network.encoders[name](torch.tensor(values)).detach().numpy()
        half = both.shape[1] // 2
        said[name] = (both[:, :half], np.exp(both[:, half:]))
    found = []
    for size in (1, 2, 3):
        for subset in combinations(MODALITIES, size):
            precision = sum(1 / said[name][1] for name in subset) + (size == 3)
            mean = sum(said[name][0] / said[name][1] for name in subset) / precision
            found.append((np.asarray(mean), 1 / np.asarray(precision)))
    return found


def picked(
    components: list[tuple[np.ndarray, np.ndarray]], n_draws: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, variance and draws, with the random numbers of torch in the order that the package takes them."""
    n, k = components[0][0].shape
    which = torch.randperm(n).numpy() * len(components) // n
    mean, variance = (np.stack([components[c][part][row] for row, c in enumerate(which)]) for part in (0, 1))
    noise = torch.randn(n_draws, n, k, dtype=torch.float64).numpy()
    return mean, variance, mean + np.sqrt(variance) * noise


def numpy_loss(
    network: JointVae,
    guessers: nn.ModuleDict,
    inputs: dict[Modality, Tensor],
    weight: float,
    settings: JointVaeSettings,
) -> float:
    seen = {name: one.numpy() for name, one in inputs.items()}
    components = mixture(network, seen)
    _, _, draws = picked(components, 1)
    z = draws[0]
    likely, kept = 0.0, 0.0
    for name, values in seen.items():
        means = network.decoders[name](torch.tensor(z)).detach()
        likely += stats.norm.logpdf(values, means.numpy(), 0.75).sum(axis=1).mean()
        guess = guessers[name](means).detach().numpy()
        kept += stats.norm.logpdf(z, guess, 0.75).sum(axis=1).mean()
    apart = np.mean([0.5 * (v + m**2 - 1 - np.log(v)).sum(axis=1).mean() for m, v in components])
    elbo = weight * apart - likely
    bounds = []
    for wrong in mismatched(inputs):
        other = {name: one.numpy() for name, one in wrong.items()}
        mean, variance, zs = picked(mixture(network, other), settings.n_draws)
        ratio = stats.norm.logpdf(zs).sum(axis=2) - stats.norm.logpdf(zs, mean, np.sqrt(variance)).sum(axis=2)
        for name, values in other.items():
            means = network.decoders[name](torch.tensor(zs)).detach().numpy()
            ratio = ratio + stats.norm.logpdf(values, means, 0.75).sum(axis=2)
        bounds.append((0.5 * (logsumexp(2 * ratio, axis=0) - np.log(settings.n_draws))).mean())
    return float(elbo - settings.intra_weight * kept + settings.inter_weight * (elbo + np.mean(bounds)))


@pytest.mark.parametrize(
    ("weight", "intra", "inter"), [(0.0, 0.0, 0.0), (0.4, 0.0, 0.0), (0.4, 0.5, 0.0), (1.0, 0.0, 0.5)]
)
def test_the_whole_loss_written_out(weight: float, intra: float, inter: float) -> None:
    settings = replace(TINY, intra_weight=intra, inter_weight=inter)
    network, guessers = made(settings)
    with torch.random.fork_rng():
        torch.manual_seed(5)
        found = joint_loss(network, guessers, batch(), weight, settings)
        torch.manual_seed(5)
        expected = numpy_loss(network, guessers, batch(), weight, settings)
    assert float(found.detach()) == pytest.approx(expected, rel=1e-9)


def test_gradients_are_finite_and_reach_every_part() -> None:
    network, guessers = made(TINY)
    joint_loss(network, guessers, batch(), 0.5, TINY).backward()  # type: ignore[no-untyped-call]
    for name, one in network.named_parameters():
        assert one.grad is not None
        assert bool(torch.isfinite(one.grad).all()), name
        assert float(one.grad.abs().sum()) > 0, name


# ---------------------------------------------------------------------------------------------- training


def test_training_finds_what_modalities_share() -> None:
    found = trained(replace(TINY, n_epochs=40))
    assert found.training_losses[-1] < found.training_losses[0]
    assert found.validation_losses[found.best] == min(found.validation_losses)
    held_out = {name: one[VALIDATION] for name, one in data().items()}
    with torch.no_grad():
        z = found.network.experts({"brain": held_out["brain"]})["brain"].mean
        image = found.network.decoded(z, {"image": held_out["image"]})["image"]
    explained = 1 - (image - held_out["image"]).square().sum() / held_out["image"].square().sum()
    assert float(explained) > 0.3


def test_the_validation_loss_written_out() -> None:
    found = trained(replace(TINY, n_epochs=1))
    rows = {name: one[VALIDATION] for name, one in data().items()}
    with torch.no_grad():
        z = found.network.encoders["brain"](rows["brain"])[:, :4]
        image, text = (found.network.decoders[name](z).numpy() for name in ("image", "text"))
    likely = stats.norm.logpdf(rows["image"].numpy(), image, 0.75).sum(axis=1).mean()
    texts = [stats.norm.logpdf(rows["text"][:, c].numpy(), text, 0.75).sum(axis=1).mean() for c in (0, 1)]
    assert found.validation_losses == (pytest.approx(-likely - np.mean(texts), rel=1e-5),)


def test_a_seed_decides_everything_and_leaves_torch_as_it_was() -> None:
    torch.manual_seed(9)
    expected = torch.rand(3)
    torch.manual_seed(9)
    settings = replace(TINY, n_epochs=2)
    first, again, other = (trained(settings, seed) for seed in (3, 3, 4))
    assert first.training_losses == again.training_losses != other.training_losses
    for one, two in zip(first.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(one, two)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("name", MODALITIES)
def test_held_out_rows_never_reach_the_weights(name: Modality) -> None:
    settings = replace(TINY, n_epochs=1)  # one epoch, so that its choice cannot differ
    changed = data()[name].clone()
    changed[VALIDATION] = 7.0
    for one, two in zip(
        trained(settings).network.parameters(),
        trained(settings, **{name: changed}).network.parameters(),
        strict=True,
    ):
        assert torch.equal(one, two)


def test_training_rows_do_reach_the_weights() -> None:
    settings = replace(TINY, n_epochs=1)
    changed = data()["text"].clone()
    changed[0] = 3.0
    first, other = trained(settings), trained(settings, text=changed)
    assert not torch.equal(next(first.network.parameters()), next(other.network.parameters()))


@pytest.mark.parametrize(
    "change",
    [{"warm_up": 0.5}, {"intra_weight": 0.5}, {"inter_weight": 0.5}, {"n_draws": 9}, {"learning_rate": 0.02}],
)
def test_every_setting_changes_something(change: dict[str, float]) -> None:
    settings = replace(TINY, n_epochs=2)
    assert trained(settings).training_losses != trained(replace(settings, **change)).training_losses  # type: ignore[arg-type]


def test_what_cannot_be_trained_is_refused() -> None:
    with pytest.raises(DataError, match="both train and validate"):
        train_joint_vae(data(), TRAINING, TRAINING[:5], TINY, 0)
    with pytest.raises(DataError, match="different rows"):
        train_joint_vae(data() | {"image": data()["image"][:-1]}, TRAINING, VALIDATION, TINY, 0)
    with pytest.raises(ValueError, match="batch_size"):
        replace(TINY, batch_size=1)
    with pytest.raises(ValueError, match="n_draws"):
        replace(TINY, n_draws=0)
