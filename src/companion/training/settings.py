"""How encoders are trained: what the human-aligned paper and its code did, in steps instead of epochs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple

from companion.checks import number, whole

Encoder = Literal["NICE", "ATM-S", "EEGNet", "EEGConformer", "MLP"]
Setting = Literal["EEG", "EEG across people", "MEG", "fMRI"]


@dataclass(frozen=True)
class Settings:
    """How an encoder is trained.

    Attributes
    ----------
    n_steps : int
        Updates of the weights.
    batch_size : int
        Pairs per step; the incomplete batch at the end of a pass over the data is left out.
    temperature : float
        Of InfoNCE; where it starts, if it is learned.
    learn_temperature : bool
        The published code owns such a parameter and never updates it.
    learning_rate, weight_decay : float
        Of AdamW.
    clip_norm : float
        Largest norm of the gradient.
    validate_every : int
        Steps between two validations; the best one gives the checkpoint.
    leave_out_same : bool
        Whether other responses to the same picture in a batch are left out of the loss instead of being
        pushed apart. They meet where people are pooled.

    Examples
    --------
    >>> from companion.training import Settings
    >>> settings = Settings(n_steps=200, batch_size=64)
    >>> settings.temperature, settings.learning_rate
    (0.04, 0.0002)
    >>> Settings(n_steps=0)
    Traceback (most recent call last):
        ...
    ValueError: n_steps is a whole number at least 1, got 0
    """

    n_steps: int
    batch_size: int = 128
    temperature: float = 0.04
    learn_temperature: bool = False
    learning_rate: float = 2e-4
    weight_decay: float = 0.1
    clip_norm: float = 1.0
    validate_every: int = 100
    leave_out_same: bool = False

    def __post_init__(self) -> None:
        for name in ("n_steps", "batch_size", "validate_every"):
            object.__setattr__(self, name, whole(name, getattr(self, name)))
        for name in ("temperature", "learning_rate", "clip_norm"):
            number(name, getattr(self, name), above=0, below=1e6)
        number("weight_decay", self.weight_decay, least=0, below=1e6)


class Printed(NamedTuple):
    """One row of the paper's settings."""

    temperature: float
    learning_rate: float
    batch_size: int
    n_epochs: int


PRINTED: Mapping[tuple[Encoder, Setting], Printed] = MappingProxyType(
    {
        ("NICE", "EEG"): Printed(0.04, 2e-4, 128, 50),
        ("ATM-S", "EEG"): Printed(0.04, 2e-4, 128, 80),
        ("EEGConformer", "EEG"): Printed(0.07, 2e-4, 128, 200),
        ("EEGNet", "EEG"): Printed(0.1, 1e-2, 512, 200),
        ("NICE", "EEG across people"): Printed(0.04, 1e-4, 512, 150),
        ("NICE", "MEG"): Printed(0.1, 5e-5, 256, 50),
        ("MLP", "fMRI"): Printed(0.07, 1e-4, 128, 50),
    }
)
"""Temperatures across people and for fMRI are those of the published scripts; the paper is silent."""


def published(encoder: Encoder, setting: Setting, n_training: int) -> Settings:
    """Look up the published settings for a training set of some size.

    Parameters
    ----------
    encoder, setting : str
        A key of `PRINTED`.
    n_training : int
        Pairs to train on; an epoch is as many full batches as they make.

    Returns
    -------
    Settings
        One validation per epoch. The learning rate is constant; the published schedule was stepped with
        the validation loss and acts like a slow warm-up.

    Raises
    ------
    ValueError
        If the paper has no such combination, or there is less than one batch.

    Examples
    --------
    >>> from companion.training import published
    >>> settings = published("NICE", "EEG", n_training=16_540)
    >>> settings.batch_size, settings.temperature, settings.n_steps
    (128, 0.04, 6450)
    >>> settings.n_steps == 50 * (16_540 // 128)  # 50 epochs of full batches
    True

    References
    ----------
    Rajabi et al. (2025), appendix B, and their scripts.
    """
    if (encoder, setting) not in PRINTED:
        raise ValueError(f"the paper trains no {encoder} on {setting}; it has {sorted(PRINTED)}")
    whole("n_training", n_training)
    row = PRINTED[encoder, setting]
    per_epoch = n_training // row.batch_size
    if per_epoch == 0:
        raise ValueError(f"{n_training} pairs make no batch of {row.batch_size}")
    return Settings(
        n_steps=row.n_epochs * per_epoch,
        batch_size=row.batch_size,
        temperature=row.temperature,
        learning_rate=row.learning_rate,
        validate_every=per_epoch,
    )
