"""Under what a mapping network is trained: pictures, texts, and how the two count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from torch import Tensor

from companion.errors import DataError


@dataclass(frozen=True)
class MappingSettings:
    """How a mapping network is trained; the paper's own settings could not be read.

    Attributes
    ----------
    image_weight, text_weight : float
        Of the two contrastive losses; zero leaves one out.
    squared_weight : float
        Of the squared distance between mapped and target vectors of length 1, in each modality.
    divergence_weight : float
        Of the Kullback-Leibler divergence, after it has risen over the first fifth of all steps.
    temperature : float
        Of InfoNCE.
    belongs : {"equal", "soft"}
        Which targets of a batch count as right: those that are the same picture or text, or all, by their
        similarity.
    n_epochs, batch_size : int
    learning_rate, weight_decay : float
        Of AdamW; the rate rises over two epochs, then falls. Biases and norms do not decay.
    noise : float
        Standard deviation of normal noise added to standardised responses in training.
    mixed : float
        Share of epochs, from the first, in which half of a batch is mixed with other responses (MixCo).

    Examples
    --------
    >>> from companion.training import MappingSettings
    >>> only_texts = MappingSettings(image_weight=0.0, n_epochs=30)
    >>> only_texts.text_weight, only_texts.belongs
    (1.0, 'equal')
    >>> MappingSettings(temperature=0.0)
    Traceback (most recent call last):
        ...
    ValueError: temperature is above zero, got 0.0

    References
    ----------
    Dossier: defaults follow released code of the same group's later work where there is any. Kim et al.
    (2020), MixCo; Scotti et al. (2023), NeurIPS.
    """

    image_weight: float = 1.0
    text_weight: float = 1.0
    squared_weight: float = 0.0
    divergence_weight: float = 1e-3
    temperature: float = 0.05
    belongs: Literal["equal", "soft"] = "equal"
    n_epochs: int = 100
    batch_size: int = 256
    learning_rate: float = 3e-4
    weight_decay: float = 1e-2
    noise: float = 0.05
    mixed: float = 0.0

    def __post_init__(self) -> None:
        if self.image_weight < 0 or self.text_weight < 0 or self.image_weight + self.text_weight == 0:
            raise ValueError(
                "image_weight and text_weight are not negative, and one of them is above zero; got "
                f"{self.image_weight!r} and {self.text_weight!r}"
            )
        for name in ("temperature", "n_epochs", "learning_rate"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is above zero, got {getattr(self, name)!r}")
        if self.batch_size < 2:
            raise ValueError(f"batch_size is at least 2, got {self.batch_size!r}")


class Supervision(NamedTuple):
    """What responses are pulled to, row for row.

    Parameters
    ----------
    images : Tensor of shape (n_images, n_features) or None
        Vectors of pictures; none where only texts are used.
    image_of : Tensor of int, shape (n,)
        Picture of each response.
    texts : Tensor of shape (n_texts, n_features) or None
        Vectors of different texts.
    texts_of : Tensor of int, shape (n, n_texts_each)
        Texts of each response.

    Examples
    --------
    Three responses to two pictures, each picture with a caption of its own and one that both share:

    >>> import torch
    >>> from companion.training import Supervision
    >>> supervision = Supervision(
    ...     images=torch.eye(2),
    ...     image_of=torch.tensor([0, 0, 1]),
    ...     texts=torch.eye(3),
    ...     texts_of=torch.tensor([[0, 2], [0, 2], [1, 2]]),
    ... )
    >>> supervision.texts[supervision.texts_of[:, 1]].unique(dim=0).tolist()
    [[0.0, 0.0, 1.0]]
    """

    images: Tensor | None
    image_of: Tensor
    texts: Tensor | None
    texts_of: Tensor


def check_supervision(
    supervision: Supervision, n: int, training: Tensor, validation: Tensor, settings: MappingSettings
) -> None:
    """Refuse what cannot be trained, before anything is.

    Parameters
    ----------
    supervision : Supervision
    n : int
        Responses.
    training, validation : Tensor of int
        Row numbers.
    settings : MappingSettings

    Raises
    ------
    DataError
        If rows overlap, lengths differ, or vectors that a loss needs are not there.
    """
    if both := set(training.tolist()) & set(validation.tolist()):
        raise DataError("Responses both train and validate", got=f"{len(both)} rows, as {min(both)}")
    if min(len(training), len(validation)) < 2:
        raise DataError("Training and validation have two rows or more", got=(len(training), len(validation)))
    if len(supervision.image_of) != n or len(supervision.texts_of) != n:
        raise DataError(
            "Supervision is not of these responses",
            expected=n,
            got=(len(supervision.image_of), len(supervision.texts_of)),
        )
    for name, weight, targets in (
        ("image", settings.image_weight, supervision.images),
        ("text", settings.text_weight, supervision.texts),
    ):
        if weight and targets is None:
            raise DataError(
                f"There are no {name} vectors to learn from", expected=f"{name}_weight 0", got=weight
            )
