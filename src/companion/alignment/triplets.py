"""Bend a network towards judgements of which of two pictures is closer to a reference, as DreamSim does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from companion.alignment.lora import LoRA
from companion.checks import not_diverged, number, whole
from companion.errors import DataError

if TYPE_CHECKING:
    from torch import Generator, Tensor, nn

IntArray = npt.NDArray[np.integer[Any]]

EMBEDDED_AT_ONCE = 256
"""Pictures per batch where no gradient is needed."""


@dataclass(frozen=True)
class Epoch:
    """Scores of one epoch; epoch 0 is the network before any step, which has no training loss.

    Attributes
    ----------
    number : int
    training_loss, validation_loss : float
        Mean hinge loss; in training over batches, each before its step.
    validation_accuracy : float
        Share of triplets whose closer picture is the one chosen.
    """

    number: int
    training_loss: float | None
    validation_loss: float
    validation_accuracy: float


@dataclass
class TripletAligner:
    """Fine-tune a network by LoRA on 2AFC triplets with a hinge loss on cosine distances.

    ``loss = mean(max(0, margin - sign * (d_left - d_right)))``, where ``d`` is one minus the cosine of the
    outputs for reference and candidate, and ``sign`` is 1 where judges chose right, -1 where they chose left.
    The epoch with the lowest validation loss is kept. Epoch 0 never is: an aligner taught by permuted judges
    has to bend the network as well, or it would be no control.

    Parameters
    ----------
    rank, alpha, targets
        See :class:`LoRA`.
    margin, learning_rate, n_epochs
        Of the loss, and of AdamW without weight decay.
    batch_size : int
        Triplets per step. Triplets linked by shared pictures go into a batch together, and a picture is
        embedded once per batch: where pictures come in themes, an epoch embeds each hardly more than once.
    seed : int
        Of the first additions and of the order of triplets. On one machine and number of threads, the same
        seed gives the same network on a CPU.
    device : str
        Where torch computes.

    Attributes
    ----------
    history_ : tuple of Epoch
        From epoch 0.
    best_epoch_ : int
        The epoch kept.

    References
    ----------
    Fu et al. (2023), NeurIPS 36: DreamSim, section 4 (margin, rank, alpha and learning rate as there).

    Examples
    --------
    >>> import numpy as np, torch
    >>> from companion.alignment import TripletAligner
    >>> generator = torch.Generator().manual_seed(0)
    >>> network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 3))
    >>> pixels = torch.rand(12, 3, 2, 2, generator=generator)
    >>> seen, held_out = np.arange(6).reshape(2, 3), np.arange(6, 12).reshape(2, 3)
    >>> aligner = TripletAligner(rank=2, n_epochs=3)
    >>> bent = aligner.fit(network, pixels, seen, np.array([0, 1]), validation_triplets=held_out,
    ...     validation_choices=np.array([1, 1]))
    >>> aligner.best_epoch_ > 0, tuple(bent(pixels).shape)
    (True, (12, 3))
    """

    rank: int = 16
    alpha: float = 32.0
    targets: str = ""
    margin: float = 0.05
    learning_rate: float = 3e-4
    n_epochs: int = 8
    batch_size: int = 128
    seed: int = 0
    device: str = "cpu"
    history_: tuple[Epoch, ...] = field(default=(), init=False)
    best_epoch_: int = field(default=0, init=False)

    def fit(
        self,
        module: nn.Module,
        pixels: Tensor,
        triplets: IntArray,
        choices: IntArray,
        *,
        validation_triplets: IntArray,
        validation_choices: IntArray,
    ) -> nn.Module:
        """Bend a copy of the network.

        Warning: whether training and validation differ in kind, and whether both differ from the kinds tested
        later, is up to the caller; here only pictures are compared.

        Parameters
        ----------
        module : torch.nn.Module
            From pixels to vectors (n, n_features). It stays as it is.
        pixels : torch.Tensor of shape (n_pictures, 3, height, width)
            Pictures that no triplet names are never looked at.
        triplets, validation_triplets : ndarray of shape (n_triplets, 3), int
            Rows of ``pixels``: reference, left, right.
        choices, validation_choices : ndarray of shape (n_triplets,), int
            0 where judges chose left as closer, 1 where right.

        Returns
        -------
        torch.nn.Module
            On ``device``, frozen, in evaluation mode, of the architecture of ``module``.

        Raises
        ------
        DataError
            If triplets and choices do not fit, or a validation picture is trained on.
        """
        import torch

        self._check_settings()
        triplets, choices, validation_triplets, validation_choices = (
            _rows(one) for one in (triplets, choices, validation_triplets, validation_choices)
        )
        _check(len(pixels), triplets, choices, validation_triplets, validation_choices)
        module = module.to(self.device)
        lora = LoRA(module, rank=self.rank, alpha=self.alpha, targets=self.targets, seed=self.seed)
        optimiser = torch.optim.AdamW(lora.parameters(), lr=self.learning_rate, weight_decay=0.0)
        order = torch.Generator().manual_seed(self.seed)
        shown, right, themes = torch.as_tensor(triplets), torch.as_tensor(choices), _themes(triplets)
        judged = torch.as_tensor(validation_triplets), torch.as_tensor(validation_choices)
        pixels = lora.skip_front(pixels, torch.unique(torch.cat([shown.flatten(), judged[0].flatten()])))
        history = [self._validated(0, None, lora, pixels, *judged)]
        best, kept = float("inf"), lora.weights()
        for epoch in range(1, self.n_epochs + 1):
            losses = []
            for batch in torch.split(_shuffled(themes, order), int(self.batch_size)):
                pictures, places = torch.unique(shown[batch], return_inverse=True)
                loss = hinge_loss(lora(pixels[pictures].to(self.device)), places, right[batch], self.margin)
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                losses.append(loss.item())
            history.append(self._validated(epoch, float(np.mean(losses)), lora, pixels, *judged))
            not_diverged(f"triplet aligner, epoch {epoch}", [*losses, history[-1].validation_loss])
            if history[-1].validation_loss < best:
                best, self.best_epoch_ = history[-1].validation_loss, epoch
                kept = {name: weight.detach() for name, weight in lora.weights().items()}
        self.history_ = tuple(history)
        return lora.merged(kept)

    def _check_settings(self) -> None:
        for name in ("rank", "n_epochs", "batch_size"):
            whole(name, getattr(self, name))
        for name in ("alpha", "learning_rate"):
            number(name, getattr(self, name), above=0, below=1e6)
        number("margin", self.margin, least=0)

    def _validated(
        self, number: int, loss: float | None, lora: LoRA, pixels: Tensor, triplets: Tensor, choices: Tensor
    ) -> Epoch:
        import torch

        pictures, places = torch.unique(triplets, return_inverse=True)
        with torch.no_grad():
            chunks = torch.split(pictures, EMBEDDED_AT_ONCE)
            vectors = torch.cat([lora(pixels[chunk].to(self.device)) for chunk in chunks])
            gap = distance_gap(vectors, places).cpu()
            held_out = hinge_loss(vectors, places, choices, self.margin)
        correct = (gap > 0) == (choices == 1)
        return Epoch(number, loss, held_out.item(), correct.double().mean().item())


def distance_gap(vectors: Tensor, triplets: Tensor) -> Tensor:
    """How much farther left is from the reference than right is, in cosine distance.

    Parameters
    ----------
    vectors : torch.Tensor of shape (n_pictures, n_features)
    triplets : torch.Tensor of shape (n_triplets, 3), int
        Rows of ``vectors``: reference, left, right.

    Returns
    -------
    torch.Tensor of shape (n_triplets,)
    """
    from torch.nn.functional import normalize

    reference, left, right = normalize(vectors, dim=1)[triplets.to(vectors.device)].unbind(dim=1)
    return (reference * (right - left)).sum(dim=1)  # (1 - cos left) - (1 - cos right)


def hinge_loss(vectors: Tensor, triplets: Tensor, choices: Tensor, margin: float) -> Tensor:
    """Mean of ``max(0, margin - sign * gap)``; see :class:`TripletAligner` and :func:`distance_gap`.

    Parameters
    ----------
    choices : torch.Tensor of shape (n_triplets,), int
        0 for left, 1 for right.
    """
    gap = distance_gap(vectors, triplets)
    sign = (2 * choices - 1).to(gap)
    return (margin - sign * gap).clamp(min=0).mean()


def _themes(triplets: IntArray) -> Tensor:
    """Give each triplet the number of its theme: of the set of pictures that triplets link."""
    import torch
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n_pictures = int(triplets.max()) + 1
    links = np.concatenate([triplets[:, [0, 1]], triplets[:, [0, 2]]]).T
    graph = coo_array((np.ones(links.shape[1]), (links[0], links[1])), (n_pictures, n_pictures))
    labels = connected_components(graph, directed=False)[1][triplets[:, 0]]
    return torch.as_tensor(np.unique(labels, return_inverse=True)[1])


def _shuffled(themes: Tensor, generator: Generator) -> Tensor:
    """Triplets in random order within their theme, and themes in random order."""
    import torch

    order = torch.randperm(len(themes), generator=generator)
    rank = torch.randperm(int(themes.max()) + 1, generator=generator)
    return order[rank[themes[order]].argsort(stable=True)]


def _rows(numbers: IntArray) -> IntArray:
    """Whole numbers as torch takes them, of any whole type."""
    if np.asarray(numbers).dtype.kind not in "iub":
        raise DataError("Triplets and choices are whole numbers", got=np.asarray(numbers).dtype)
    return np.array(numbers, dtype=np.int64, ndmin=1)


def _check(
    n_pictures: int,
    triplets: IntArray,
    choices: IntArray,
    validation_triplets: IntArray,
    validation_choices: IntArray,
) -> None:
    for name, shown, chosen in (
        ("training", triplets, choices),
        ("validation", validation_triplets, validation_choices),
    ):
        if shown.shape != (len(chosen), 3) or not len(chosen) or not np.isin(chosen, (0, 1)).all():
            raise DataError(
                "Each triplet has one choice, 0 or 1",
                where=f"{name} triplets",
                expected=f"({len(chosen)}, 3)",
                got=shown.shape,
            )
        if shown.min() < 0 or shown.max() >= n_pictures:
            raise DataError(
                "A triplet names a picture that is not there", where=f"{name} triplets", got=int(shown.max())
            )
    if (shared := np.intersect1d(triplets, validation_triplets)).size:
        raise DataError(
            "Validation pictures are trained on",
            got=f"{shared.size} pictures, such as row {shared[0]}",
            do="draw the validation triplets among the pictures of other kinds",
        )
