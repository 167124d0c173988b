"""A network trained by InfoNCE as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np
import numpy.typing as npt
import torch

from companion.checks import divisor, number, whole
from companion.decoding.estimators import Candidates, FloatArray, Retriever
from companion.decoding.retrieval import centred_rows
from companion.embeddings import Embeddings
from companion.training.encoders import BrainEncoder, Nice, ResidualMlp
from companion.training.encoders.nice import KERNEL, POOL
from companion.training.runs import Run, train_runs
from companion.training.settings import Settings
from companion.training.splits import VALIDATED, validation_rows

Build = Callable[[tuple[int, ...], int], BrainEncoder]
"""Makes an encoder from the shape of a response and the number of features."""
_BLOCK = 256  # responses decoded at a time
_WIDTH, _N_BLOCKS = 256, 1  # of the MLP: the published sizes are for thousands of pictures


def usual_encoder(shape: tuple[int, ...], n_features: int) -> BrainEncoder:
    """Make NICE for channels and enough samples, else a small residual network on all values.

    Parameters
    ----------
    shape : tuple of int
        Of a response: (n_channels, n_times) or (n_voxels,).
    n_features : int
        Length of the vectors.

    Examples
    --------
    >>> type(usual_encoder((17, 100), 64)).__name__, type(usual_encoder((577,), 64)).__name__
    ('Nice', 'FlatMlp')
    """
    if len(shape) == 2 and shape[1] >= POOL + KERNEL - 1:
        return Nice(shape[0], shape[1], n_features)
    return FlatMlp(int(np.prod(shape)), n_features, width=_WIDTH, n_blocks=_N_BLOCKS)


class FlatMlp(ResidualMlp):
    """The residual network of fMRI, for responses of any shape."""

    def prepare(self, responses: torch.Tensor, subjects: torch.Tensor | None = None) -> tuple[torch.Tensor]:
        """Lay all values of a response in a row."""
        del subjects
        return (responses.flatten(1),)


class ContrastiveRetriever(Retriever):
    """A brain encoder trained by InfoNCE towards vectors of what was shown.

    Each unit (channel or voxel) is standardised over training trials. The checkpoint is that of the lowest
    loss on a share of the training data, never of the data that are scored. Responses to one thing do not
    count as each other's negatives, so that a few classes can be learnt too.

    Parameters
    ----------
    space : Embeddings, optional
        Vectors of all that y may name; rows are found by id. Left out: corners of a simplex.
    candidates : {"seen", "all"} or sequence of str
        What `predict` chooses among; see `companion.decoding.RidgeRetriever`.
    build : callable, optional
        Makes an encoder from the shape of a response and the number of features; `usual_encoder` if left out.
    n_steps, batch_size, temperature, learning_rate, weight_decay, validate_every
        See `companion.training.Settings`; a batch is never larger than the training data.
    validation_share : float
        Of the groups inside the training data, to choose the checkpoint on; at least one group.
    device : str
        Where torch computes.
    random_state : int
        Seed of the split, the weights, the batches and the dropout.

    Attributes
    ----------
    training_losses_, validation_losses_ : tuple of float
        At each validation.

    See Also
    --------
    companion.decoding.RidgeRetriever : the linear one, in closed form.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.training import ContrastiveRetriever
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["face", "house"], 60)
    >>> X = rng.normal(size=(120, 40)) + (y == "face")[:, None]  # blocks, voxels
    >>> network = ContrastiveRetriever(n_steps=40, batch_size=32, learning_rate=1e-2, validate_every=10)
    >>> network.fit(X[::2], y[::2]).score(X[1::2], y[1::2]) > 0.9
    True
    """

    # The loss sees directions only. Those of two classes alone lie on a line, on which nothing can turn.
    _spare_features = 16

    def __init__(
        self,
        space: Embeddings | None = None,
        *,
        candidates: Candidates = "seen",
        build: Build | None = None,
        n_steps: int = 200,
        batch_size: int = 128,
        temperature: float = 0.04,
        learning_rate: float = 2e-3,
        weight_decay: float = 0.1,
        validate_every: int = 20,
        validation_share: float = VALIDATED,
        device: str = "cpu",
        random_state: int = 0,
    ) -> None:
        self.space = space
        self.candidates = candidates
        self.build = build
        self.n_steps = n_steps
        self.batch_size = batch_size
        self.temperature = temperature
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.validate_every = validate_every
        self.validation_share = validation_share
        self.device = device
        self.random_state = random_state

    def _geometry(self, space: Embeddings, shown: Sequence[str]) -> Embeddings:
        del shown  # the loss compares vectors as they are
        return centred_rows(space)

    def _learn(self, X: FloatArray, shown: Sequence[str], groups: Sequence[Hashable]) -> None:
        whole("batch_size", self.batch_size)
        number("validation_share", self.validation_share, above=0, below=1)
        over = (0, *range(2, X.ndim))  # samples of a channel share one scale
        self._mean, spread = X.mean(axis=over, keepdims=True), X.std(axis=over, keepdims=True)
        self._deviation = divisor(spread, self._mean)
        names = [str(one) for one in groups]
        share = max(self.validation_share, 1 / len(set(names)))  # at least one group
        training, validation = validation_rows(names, share=share, seed=self.random_state)
        ids = list(dict.fromkeys(shown))
        pairs = torch.tensor([(row, ids.index(name)) for row, name in enumerate(shown)])
        make = self.build or usual_encoder
        size = (X.shape[1:], self.space_.values.shape[1])
        with torch.random.fork_rng():
            form = make(*size)
        trained = train_runs(
            lambda: make(*size),
            form.prepare(self._scaled(X).to(self.device)),
            torch.tensor(self.space_.select(ids).values, dtype=torch.float32, device=self.device),
            [Run(self.random_state, pairs[training], pairs[validation])],
            self._settings(len(training)),
        )[0]
        self._encoder = trained.encoder
        self.training_losses_, self.validation_losses_ = trained.training_losses, trained.validation_losses

    def _settings(self, n_training: int) -> Settings:
        return Settings(
            n_steps=self.n_steps,
            batch_size=int(min(self.batch_size, n_training)),
            temperature=self.temperature,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            validate_every=self.validate_every,
            leave_out_same=True,
        )

    @torch.inference_mode()
    def _decoded(self, X: FloatArray) -> FloatArray:
        parts = torch.split(self._scaled(X), _BLOCK)
        decoded = [self._encoder(*self._encoder.prepare(part.to(self.device))).cpu() for part in parts]
        values: npt.NDArray[np.float64] = torch.cat(decoded).numpy().astype(np.float64)
        return values

    def _scaled(self, X: FloatArray) -> torch.Tensor:
        return torch.tensor((X - self._mean) / self._deviation, dtype=torch.float32)
