"""Train networks that map fMRI into a joint space, under pictures, texts or both.

The loss, per modality: symmetric InfoNCE between mapped responses and targets, where one text may belong to
several pictures. Each step draws one of a picture's texts. The checkpoint is the epoch of lowest loss on
categories that were held out; test stimuli have no part in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from companion.checks import not_diverged
from companion.training.contrastive import equal_rows, shared_info_nce, soft_belonging
from companion.training.mapping_networks import Mapped
from companion.training.rows import check_shapes
from companion.training.supervision import MappingSettings, Supervision, check_supervision


class TrainedMapping(NamedTuple):
    """A network at its best epoch.

    Parameters
    ----------
    network : nn.Module
        In evaluation mode.
    training_losses, validation_losses : tuple of float
        By epoch, without the divergence.
    best : int
        Epoch of the lowest validation loss.

    Examples
    --------
    >>> from companion.training import LinearMap, TrainedMapping
    >>> trained = TrainedMapping(LinearMap(30, 4), (2.0, 1.2, 0.9), (2.1, 1.6, 1.8), best=1)
    >>> trained.validation_losses[trained.best]
    1.6
    """

    network: nn.Module
    training_losses: tuple[float, ...]
    validation_losses: tuple[float, ...]
    best: int


def train_mapping(
    network: nn.Module,
    responses: Tensor,
    supervision: Supervision,
    training: Tensor,
    validation: Tensor,
    settings: MappingSettings,
    seed: int,
) -> TrainedMapping:
    """Train a network in place.

    Parameters
    ----------
    network : nn.Module
        From (n, n_voxels) to :class:`companion.training.mapping_networks.Mapped`; on the device of the rest.
    responses : Tensor of shape (n, n_voxels)
        Standardised by statistics of the training rows.
    supervision : Supervision
        Of all rows.
    training, validation : Tensor of int
        Row numbers, without a common category.
    settings : MappingSettings
    seed : int
        Of batches, texts, noise and dropout.

    Returns
    -------
    TrainedMapping

    Raises
    ------
    DataError
        If rows overlap, lengths differ, or vectors that a loss needs are not there.

    Examples
    --------
    >>> import torch
    >>> from companion.training import LinearMap, MappingSettings, Supervision, train_mapping
    >>> chance = torch.Generator().manual_seed(0)
    >>> pictures = torch.randn(60, 4, generator=chance)
    >>> responses = pictures @ torch.randn(4, 20, generator=chance)
    >>> row = torch.arange(60)
    >>> supervision = Supervision(pictures, row, None, row[:, None])
    >>> settings = MappingSettings(text_weight=0.0, n_epochs=30, batch_size=20, learning_rate=1e-2)
    >>> network = LinearMap(20, 4, dropped=0.0)
    >>> found = train_mapping(network, responses, supervision, row[:40], row[40:], settings, seed=0)
    >>> found.validation_losses[found.best] < 1.0 < found.validation_losses[0]
    True
    """
    check_supervision(supervision, responses, training, validation, settings)
    for targets in (supervision.images, supervision.texts):
        if targets is not None:
            check_shapes(network, (responses,), targets)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return _Trainer(network, responses, supervision, settings).run(training, validation)


class _Trainer:
    """One training; the global generator of torch draws everything."""

    def __init__(
        self, network: nn.Module, responses: Tensor, supervision: Supervision, settings: MappingSettings
    ) -> None:
        self.network, self.responses, self.settings = network, responses, settings
        self.supervision = supervision

    def run(self, training: Tensor, validation: Tensor) -> TrainedMapping:
        """Train for all epochs, and go back to the best one."""
        settings = self.settings
        per_epoch = -(-len(training) // settings.batch_size)
        n_steps = settings.n_epochs * per_epoch
        optimiser = torch.optim.AdamW(self._groups(), lr=settings.learning_rate, fused=True)
        rising = min(2, settings.n_epochs) * per_epoch / (n_steps + 1)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, settings.learning_rate, total_steps=n_steps + 1, pct_start=min(rising, 0.5)
        )
        trained, validated = [], []
        best: dict[str, Tensor] = {}
        for epoch in range(settings.n_epochs):
            self.network.train()
            total = 0.0
            for number, rows in enumerate(self._batches(training)):
                warm = min(1.0, (epoch * per_epoch + number) / (0.2 * n_steps))
                loss, divergence = self._step(rows, mixing=epoch < settings.mixed * settings.n_epochs)
                optimiser.zero_grad(set_to_none=True)
                (loss + warm * settings.divergence_weight * divergence).backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                schedule.step()
                total += float(loss.detach()) * len(rows) / len(training)
            trained.append(total)
            validated.append(self._validate(validation))
            not_diverged(f"mapping network, epoch {epoch + 1}", (total, validated[-1]))
            if validated[-1] < min(validated[:-1], default=float("inf")):
                best = {name: values.clone() for name, values in self.network.state_dict().items()}
        self.network.load_state_dict(best)
        return TrainedMapping(
            self.network.eval(), tuple(trained), tuple(validated), validated.index(min(validated))
        )

    def _groups(self) -> list[dict[str, object]]:
        """Matrices decay; biases and norms do not."""
        weights = list(self.network.parameters())
        return [
            {"params": [one for one in weights if one.ndim > 1], "weight_decay": self.settings.weight_decay},
            {"params": [one for one in weights if one.ndim < 2], "weight_decay": 0.0},
        ]

    def _batches(self, rows: Tensor) -> Iterator[Tensor]:
        """All rows in a new order; a last batch of one, which has no other to be told from, is left out."""
        order = rows[torch.randperm(len(rows)).to(rows.device)]
        yield from (part for part in torch.split(order, self.settings.batch_size) if len(part) > 1)

    def _step(self, rows: Tensor, mixing: bool) -> tuple[Tensor, Tensor]:
        seen = self.responses[rows]
        share = mixing_shares(len(rows)).to(seen) if mixing else None
        seen = seen if share is None else share @ seen
        mapped: Mapped = self.network(seen + self.settings.noise * torch.randn_like(seen))
        columns = torch.randint(self.supervision.texts_of.shape[1], (len(rows),)).to(rows.device)
        return self._loss(mapped.vectors, rows, columns, share), mapped.divergence.mean()

    @torch.no_grad()
    def _validate(self, rows: Tensor) -> float:
        """Mean over all columns of texts, so that no draw decides which epoch is best."""
        self.network.eval()
        vectors = self.network(self.responses[rows]).vectors
        columns = range(self.supervision.texts_of.shape[1])
        losses = [self._loss(vectors, rows, torch.full_like(rows, column)) for column in columns]
        return float(torch.stack(losses).mean())

    def _loss(self, vectors: Tensor, rows: Tensor, columns: Tensor, share: Tensor | None = None) -> Tensor:
        """Weighted losses of a batch; `share`: how much of each response is in each mixed one."""
        settings, wanted = self.settings, self.supervision
        total = vectors.new_zeros(())
        for weight, targets, labels in (
            (settings.image_weight, wanted.images, wanted.image_of[rows]),
            (settings.text_weight, wanted.texts, wanted.texts_of[rows, columns]),
        ):
            if weight and targets is not None:
                own = targets[labels]
                belongs = self._belongs(own, labels)
                wanted_vectors = normalize(own, dim=-1)
                if share is not None:
                    belongs, wanted_vectors = share @ belongs, share @ wanted_vectors
                total = total + weight * shared_info_nce(vectors, own, settings.temperature, belongs)
                if settings.squared_weight:
                    apart = normalize(vectors, dim=-1) - wanted_vectors
                    total = total + weight * settings.squared_weight * apart.square().sum(1).mean()
        return total

    def _belongs(self, targets: Tensor, labels: Tensor) -> Tensor:
        if self.settings.belongs == "soft":
            return soft_belonging(targets, self.settings.temperature)
        return equal_rows(labels).to(targets)


def mixing_shares(n: int, concentration: float = 0.15) -> Tensor:
    """Draw how MixCo mixes a batch: half of it, each with one other response.

    Parameters
    ----------
    n : int
    concentration : float
        Both parameters of the beta distribution that shares are drawn from.

    Returns
    -------
    Tensor of shape (n, n)
        Rows sum to 1: share of each response in each mixed one.
    """
    kept = torch.distributions.Beta(concentration, concentration).sample((n,))
    kept[torch.randperm(n)[n // 2 :]] = 1.0
    shares = torch.diag(kept)
    shares[torch.arange(n), torch.randperm(n)] += 1 - kept
    return shares
