"""Under what a mapping network is trained: pictures, texts, and how the two count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from torch import Tensor

from companion.checks import choice, number, whole
from companion.errors import DataError
from companion.training.rows import finite_rows, known_rows


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
    ValueError: temperature is a finite number above 0 and below 1e+06, got 0.0

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
        for name in ("image_weight", "text_weight"):
            number(name, getattr(self, name), below=1e6)
        if self.image_weight < 0 or self.text_weight < 0 or self.image_weight + self.text_weight == 0:
            raise ValueError(
                "image_weight and text_weight are not negative, and one of them is above zero; got "
                f"{self.image_weight!r} and {self.text_weight!r}"
            )
        for name in ("temperature", "learning_rate"):
            number(name, getattr(self, name), above=0, below=1e6)
        for name in ("squared_weight", "divergence_weight", "weight_decay", "noise"):
            number(name, getattr(self, name), least=0, below=1e6)
        number("mixed", self.mixed, least=0, most=1)
        object.__setattr__(self, "n_epochs", whole("n_epochs", self.n_epochs))
        object.__setattr__(self, "batch_size", whole("batch_size", self.batch_size, least=2))
        choice("belongs", self.belongs, ("equal", "soft"))


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
    supervision: Supervision,
    responses: Tensor,
    training: Tensor,
    validation: Tensor,
    settings: MappingSettings,
) -> None:
    """Refuse what cannot be trained, before anything is.

    Parameters
    ----------
    supervision : Supervision
    responses : Tensor of shape (n, n_voxels)
    training, validation : Tensor of int
        Row numbers.
    settings : MappingSettings

    Raises
    ------
    DataError
        If rows overlap or do not exist, lengths differ, numbers are not finite, or vectors that a loss needs
        are not there.
    """
    finite_rows("responses", responses)
    n = len(responses)
    for name, rows in (("training rows", training), ("validation rows", validation)):
        known_rows(name, rows, n)
    if both := set(training.tolist()) & set(validation.tolist()):
        raise DataError("Responses both train and validate", got=f"{len(both)} rows, as {min(both)}")
    if min(len(training), len(validation)) < 2:
        raise DataError("Training and validation have two rows or more", got=(len(training), len(validation)))
    shapes = tuple(supervision.image_of.shape), tuple(supervision.texts_of.shape)
    if shapes[0] != (n,) or len(shapes[1]) != 2 or shapes[1][0] != n:
        raise DataError("Supervision is not of these responses", expected=((n,), (n, "n_texts")), got=shapes)
    for name, weight, targets, numbers in (
        ("image", settings.image_weight, supervision.images, supervision.image_of),
        ("text", settings.text_weight, supervision.texts, supervision.texts_of),
    ):
        if weight and targets is not None:
            finite_rows(f"{name} vectors", targets, dtype=responses.dtype)
            known_rows(f"numbers of {name}s", numbers.flatten(), len(targets))
        if weight and targets is None:
            raise DataError(
                f"There are no {name} vectors to learn from", expected=f"{name}_weight 0", got=weight
            )
