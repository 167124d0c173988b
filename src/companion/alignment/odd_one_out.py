"""Bend a frozen space towards odd-one-out choices by one affine map, as gLocal does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from companion.alignment.human import GLocalTransform
from companion.checks import finite, not_diverged, number
from companion.embeddings import Embeddings
from companion.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor

    Loss = Callable[[Tensor, Tensor], Tensor]

PENALTIES: tuple[float, ...] = (0.1, 0.01, 0.001, 1e-4)
"""Weights of the pull towards the scaled identity, to choose from."""

MAX_STEPS = 50
"""Steps of L-BFGS per penalty; each penalty starts from the map of the one before."""


class OddOneOutTransform:
    """Learn ``y = ((x - mean) / std) @ W + b`` from choices of the odd one of three.

    A triplet of which judges kept the pair (i, j) and put k aside has the probability
    ``q = exp(y_i . y_j) / (exp(y_i . y_j) + exp(y_i . y_k) + exp(y_j . y_k))``. The map minimises
    ``(1 - locality) * mean(-log q) + locality * local + penalty * sum((W - s I) ** 2)``, where ``s`` is the
    mean of the diagonal of ``W``. ``local`` keeps neighbours: it is the mean over stimuli i of
    ``-sum_j p_ij(x) log p_ij(y)``, where ``p_i`` is the softmax over all others of cosine / ``temperature``,
    of the standardised vectors and of the mapped ones. The first term has no temperature of its own: the
    scale of ``W`` is free. The penalty is the one with the smallest ``mean(-log q)`` on validation triplets.

    Parameters
    ----------
    penalties : sequence of float
        Weights to choose from; tried from the largest to the smallest.
    locality : float
        From 0 (choices alone) to below 1.
    temperature : float
        Of the neighbourhoods.

    Attributes
    ----------
    map_ : GLocalTransform
        The map learnt, in the published form.
    penalty_ : float
        The penalty chosen.
    validation_losses_ : dict of float to float
        Mean of ``-log q`` on the validation triplets, by penalty.

    References
    ----------
    Muttenthaler et al. (2023), NeurIPS 36: Improving neural network representations using human similarity
    judgments, section 3. There, neighbourhoods are those of ImageNet pictures; here, of the stimuli judged.

    Examples
    --------
    Two features were judged, and only the first mattered: its weight becomes the larger one.

    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.alignment import OddOneOutTransform
    >>> rng = np.random.default_rng(0)
    >>> ids = tuple(f"object {n}" for n in range(40))
    >>> space = Embeddings(rng.normal(size=(40, 2)), ids, "toy")
    >>> def judged(rows):
    ...     drawn = [rng.choice(rows, 3, replace=False) for _ in range(150)]
    ...     product = lambda i, j: space.values[i, 0] * space.values[j, 0]
    ...     turns = [[(i, j, k), (j, k, i), (k, i, j)] for i, j, k in drawn]
    ...     return np.array(ids)[[max(three, key=lambda one: product(*one[:2])) for three in turns]]
    >>> fitted = OddOneOutTransform(penalties=[0.01]).fit(
    ...     space, judged(range(30)), validation_triplets=judged(range(30, 40))
    ... )
    >>> weights = abs(fitted.map_.weights)
    >>> bool(weights[0, 0] > 2 * weights[1, 1])
    True
    """

    def __init__(
        self, *, penalties: Sequence[float] = PENALTIES, locality: float = 0.1, temperature: float = 0.1
    ) -> None:
        number("locality", locality, least=0, below=1)
        number("temperature", temperature, above=1e-6)  # cosines are divided by it
        if not penalties or finite("penalties", penalties, ndim=1).min() < 0:
            raise ValueError(f"there is a penalty, and none is negative; got {penalties!r}")
        self.penalties = penalties
        self.locality = locality
        self.temperature = temperature

    def fit(
        self,
        space: Embeddings,
        triplets: npt.NDArray[np.str_],
        *,
        validation_triplets: npt.NDArray[np.str_],
    ) -> OddOneOutTransform:
        """Learn the map.

        Only stimuli that the triplets name are looked at, whatever else ``space`` holds.

        Parameters
        ----------
        space : Embeddings of shape (n_stimuli, n_features)
            Holds every id of the triplets.
        triplets, validation_triplets : ndarray of shape (n_triplets, 3), str
            Ids: the pair kept, then the odd one. No stimulus may be in both.

        Raises
        ------
        DataError
            If triplets are not (n, 3), an id has no vector, or a validation stimulus is trained on.
        """
        import torch

        names, rows = _named(triplets, "training triplets")
        held_names, held_rows = _named(validation_triplets, "validation triplets")
        if shared := sorted(set(names) & set(held_names)):
            raise DataError(
                "Validation stimuli are trained on",
                got=f"{len(shared)} stimuli, such as {shared[0]!r}",
                do="draw the validation triplets among other kinds",
            )
        known = space.select(names).values
        mean, std = float(known.mean()), float(known.std())
        if std <= 1e-12 * abs(mean) or len(known) < 3:
            raise DataError(
                "The vectors are all the same", where=repr(space), expected="three different ones", got=std
            )
        x = torch.tensor((known - mean) / std, dtype=torch.float32)  # as networks compute; thrice as fast
        held_x = torch.tensor((space.select(held_names).values - mean) / std, dtype=torch.float32)
        w, b = _first_map(x, rows)
        self.validation_losses_: dict[float, float] = {}
        for penalty in sorted(self.penalties, reverse=True):
            _minimise(self._loss(x, rows, penalty), w, b)
            with torch.no_grad():
                loss = choice_loss(held_x @ w + b, held_rows).item()
            not_diverged(f"odd-one-out transform, penalty {penalty:g}", [loss, *b.tolist()])
            if not self.validation_losses_ or loss < min(self.validation_losses_.values()):
                self.penalty_ = penalty
                weights, bias = (part.detach().double().numpy() for part in (w, b))
                self.map_ = GLocalTransform(weights, mean, std, bias)
            self.validation_losses_[penalty] = loss
        return self

    def transform(self, space: Embeddings) -> Embeddings:
        """Apply the map to every vector.

        Returns
        -------
        Embeddings of shape (n_stimuli, n_features)
        """
        return space.with_values(self.map_.transform(space).values, aligned_by="odd-one-out choices")

    def _loss(self, x: Tensor, rows: Tensor, penalty: float) -> Loss:
        import torch

        identity = torch.eye(x.shape[1], dtype=x.dtype)
        neighbours = _neighbourhoods(x, self.temperature).exp()

        def loss(w: Tensor, b: Tensor) -> Tensor:
            y = x @ w + b
            far = ((w - w.diagonal().mean() * identity) ** 2).sum()
            total = (1 - self.locality) * choice_loss(y, rows) + penalty * far
            if self.locality:
                local = -(neighbours * _neighbourhoods(y, self.temperature)).sum() / len(x)
                total = total + self.locality * local
            return total

        return loss


def choice_loss(y: Tensor, triplets: Tensor) -> Tensor:
    """Mean of ``-log q`` over triplets; see :class:`OddOneOutTransform`.

    Parameters
    ----------
    y : torch.Tensor of shape (n_stimuli, n_features)
    triplets : torch.Tensor of shape (n_triplets, 3), int
        Rows of ``y``: the pair kept, then the odd one.
    """
    similarity = _similarity(y, triplets)
    return (similarity.logsumexp(dim=1) - similarity[:, 0]).mean()


def _similarity(y: Tensor, triplets: Tensor) -> Tensor:
    """Dot products of the pair kept, and of each of it with the odd one: (n_triplets, 3)."""
    import torch

    i, j, k = triplets.unbind(dim=1)
    products = (y @ y.T).flatten()  # of all stimuli: they are far fewer than the triplets
    places = torch.stack([i * len(y) + j, i * len(y) + k, j * len(y) + k], dim=1)
    return products.index_select(0, places.flatten()).view(-1, 3)


def _neighbourhoods(y: Tensor, temperature: float) -> Tensor:
    """Logarithms of ``p_ij``, with zero on the diagonal, which no term uses: (n_stimuli, n_stimuli)."""
    import torch

    directions = torch.nn.functional.normalize(y, dim=1)
    itself = torch.eye(len(y), dtype=torch.bool)
    cosines = (directions @ directions.T / temperature).masked_fill(itself, float("-inf"))
    return cosines.log_softmax(dim=1).masked_fill(itself, 0.0)


def _first_map(x: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Scaled identity and centring bias, such that similarities have a root mean square of one."""
    import torch

    centred = x - x.mean(dim=0)
    scale = (_similarity(centred, rows) ** 2).mean() ** -0.25
    w = scale * torch.eye(x.shape[1], dtype=x.dtype)
    return w.requires_grad_(), (-x.mean(dim=0) * scale).requires_grad_()


def _minimise(loss: Loss, w: Tensor, b: Tensor) -> None:
    """Move the map to the minimum, in place."""
    import torch

    optimiser = torch.optim.LBFGS([w, b], max_iter=MAX_STEPS, line_search_fn="strong_wolfe")

    def closure() -> Any:
        optimiser.zero_grad()
        value = loss(w, b)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(closure)  # type: ignore[no-untyped-call]


def _named(triplets: npt.NDArray[np.str_], where: str) -> tuple[list[str], Tensor]:
    """Ids that occur, and the triplets as rows of these."""
    import torch

    if triplets.ndim != 2 or triplets.shape[1] != 3 or not len(triplets):
        raise DataError(
            "A triplet has three ids", where=where, expected="(n_triplets, 3)", got=triplets.shape
        )
    names, rows = np.unique(triplets, return_inverse=True)
    return [str(name) for name in names], torch.as_tensor(rows.reshape(triplets.shape))
