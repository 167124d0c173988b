"""Train BraVL's joint latent space, with nothing of the test in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from companion.checks import not_diverged
from companion.errors import DataError
from companion.training.joint_vae import Inputs, JointVae, JointVaeSettings, joint_loss, layers
from companion.training.product_of_experts import (
    MODALITIES,
    Modality,
    drawn,
    guessed,
    log_likelihood,
    one_of_each,
    subset_products,
)
from companion.training.rows import finite_rows, known_rows


class TrainedVae(NamedTuple):
    """A network at its best epoch.

    Parameters
    ----------
    network : JointVae
        In evaluation mode.
    training_losses : tuple of float
        Whole loss, by epoch.
    validation_losses : tuple of float
        Negative log likelihood of pictures and texts of held-out categories, decoded from their responses.
    best : int
        Epoch of the lowest validation loss.

    Examples
    --------
    >>> import torch
    >>> from companion.training import JointVaeSettings, train_joint_vae
    >>> rows = torch.arange(8)
    >>> data = {"brain": torch.ones(8, 4), "image": torch.ones(8, 3), "text": torch.ones(8, 1, 2)}
    >>> settings = JointVaeSettings((4, 4, 4), 4, n_latent=2, n_epochs=2)
    >>> trained = train_joint_vae(data, rows[:4], rows[4:], settings, seed=0)
    >>> len(trained.training_losses), trained.best in (0, 1)
    (2, True)
    """

    network: JointVae
    training_losses: tuple[float, ...]
    validation_losses: tuple[float, ...]
    best: int


def train_joint_vae(
    data: Inputs, training: Tensor, validation: Tensor, settings: JointVaeSettings, seed: int
) -> TrainedVae:
    """Make and train a network.

    Parameters
    ----------
    data : mapping of modality to Tensor
        ``brain`` and ``image`` of shape (n, n_features), ``text`` of shape (n, n_texts, n_features); a
        training step draws one text per row. Standardised by statistics of the training rows.
    training, validation : Tensor of int
        Row numbers, without a common category.
    settings : JointVaeSettings
    seed : int
        Of weights, batches and draws.

    Returns
    -------
    TrainedVae

    Raises
    ------
    DataError
        If rows overlap, or modalities have different rows.

    Notes
    -----
    The released code also trains on pairs of picture and text of the *test*, unlabelled, which nothing here
    does; and on such pairs of other categories, which no other network here has. It keeps the last epoch;
    here the epoch is chosen on held-out categories, as for every network that is compared. It computes in
    double precision, and leaves a last batch out that is not full.

    Examples
    --------
    >>> import torch
    >>> from companion.training import JointVaeSettings, train_joint_vae
    >>> chance = torch.Generator().manual_seed(0)
    >>> shared = torch.randn(40, 3, generator=chance)
    >>> data = {
    ...     "brain": shared @ torch.randn(3, 12, generator=chance),
    ...     "image": shared @ torch.randn(3, 6, generator=chance),
    ...     "text": (shared @ torch.randn(3, 5, generator=chance))[:, None],
    ... }
    >>> settings = JointVaeSettings(
    ...     (16, 16, 16), 8, n_latent=3, n_epochs=25, batch_size=16, learning_rate=5e-3, n_draws=5
    ... )
    >>> found = train_joint_vae(data, torch.arange(30), torch.arange(30, 40), settings, seed=0)
    >>> found.validation_losses[found.best] < 0.8 * found.validation_losses[0]
    True
    """
    for name, rows in (("training rows", training), ("validation rows", validation)):
        known_rows(name, rows, len(data.get("brain", training)))
    if both := set(training.tolist()) & set(validation.tolist()):
        raise DataError("Rows both train and validate", got=sorted(both)[:5])
    if set(data) != set(MODALITIES) or len({len(one) for one in data.values()}) != 1:
        raise DataError(
            "Modalities have different rows",
            expected=MODALITIES,
            got={name: len(data[name]) for name in data},
        )
    axes = {"brain": 2, "image": 2, "text": 3}
    for name in MODALITIES:
        finite_rows(f"vectors of {name}", data[name], dtype=torch.get_default_dtype())
        if data[name].ndim != axes[name]:
            raise DataError(f"Vectors of {name}", expected=f"{axes[name]} axes", got=tuple(data[name].shape))
    if min(len(training), len(validation)) < 2:
        raise DataError("Training and validation have two rows or more", got=(len(training), len(validation)))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        try:
            return _Trainer(data, settings).run(training, validation)
        except ValueError as error:  # a normal distribution takes no mean that is no number
            said = str(error).splitlines()[0]
            raise DataError("Training diverged", where="joint VAE", got=said, do="lower its rate") from error


class _Trainer:
    """One training; the global generator of torch draws everything."""

    def __init__(self, data: Inputs, settings: JointVaeSettings) -> None:
        self.data, self.settings = data, settings
        sizes: dict[Modality, int] = {name: data[name].shape[-1] for name in MODALITIES}
        place = data["brain"].device
        self.network = JointVae(sizes, settings).to(place)
        self.guessers = nn.ModuleDict(
            {name: layers(sizes[name], settings.guess_width, settings.n_latent, 1) for name in MODALITIES}
        ).to(place)
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=settings.learning_rate)
        self.guessing = torch.optim.Adam(self.guessers.parameters(), lr=settings.learning_rate)

    def run(self, training: Tensor, validation: Tensor) -> TrainedVae:
        """Train for all epochs, and go back to the best one."""
        trained, validated = [], []
        best: dict[str, Tensor] = {}
        for epoch in range(self.settings.n_epochs):
            weight = min(1.0, self.settings.warm_up * epoch)
            losses = [self._step(rows, weight) * len(rows) for rows in self._batches(training)]
            trained.append(sum(losses) / len(training))
            validated.append(self._validate(validation))
            not_diverged(f"joint VAE, epoch {epoch + 1}", (trained[-1], validated[-1]))
            if validated[-1] < min(validated[:-1], default=float("inf")):
                best = {name: values.clone() for name, values in self.network.state_dict().items()}
        self.network.load_state_dict(best)
        return TrainedVae(
            self.network.eval(), tuple(trained), tuple(validated), validated.index(min(validated))
        )

    def _batches(self, rows: Tensor) -> Iterator[Tensor]:
        order = rows[torch.randperm(len(rows)).to(rows.device)]
        yield from (part for part in torch.split(order, self.settings.batch_size) if len(part) > 1)

    def _step(self, rows: Tensor, weight: float) -> float:
        """Let those who guess learn first, then the network."""
        texts = self.data["text"]
        column = torch.randint(texts.shape[1], (len(rows),)).to(rows.device)
        inputs: Inputs = {name: self.data[name][rows] for name in ("brain", "image")} | {
            "text": texts[rows, column]
        }
        with torch.no_grad():
            latents = drawn(one_of_each(subset_products(self.network.experts(inputs))), 1)[0]
            decoded = self.network.decoded(latents, inputs)
        guesses: Inputs = {name: self.guessers[name](one) for name, one in decoded.items()}
        self._descend(self.guessing, -guessed(latents, guesses))
        loss = joint_loss(self.network, self.guessers, inputs, weight, self.settings)
        self._descend(self.optimiser, loss)
        return float(loss.detach())

    @staticmethod
    def _descend(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    @torch.no_grad()
    def _validate(self, rows: Tensor) -> float:
        """Pictures, and texts over all columns, from the mean latent variables of responses."""
        latents = self.network.experts({"brain": self.data["brain"][rows]})["brain"].mean
        texts = self.data["text"][rows]
        decoded = self.network.decoded(latents, self.data)
        likely = log_likelihood(self.data["image"][rows], decoded["image"]).mean()
        return float(-(likely + log_likelihood(texts, decoded["text"][:, None]).mean()))
