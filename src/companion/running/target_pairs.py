"""What a target is: a space that brain encoders are trained to predict, base or aligned, and its pairs.

A pair is one aligner on one network. Its bases are the same network unaligned: as the paper took it, and,
where that differs from the aligned one in more than alignment, once more through the pipeline of the aligned
one. Only the second contrast is about alignment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal

from companion.encoders.interface import ImageEncoder

Role = Literal["base", "aligned", "permuted", "leaky", "layer"]


@dataclass(frozen=True)
class Pipeline:
    """What is done to a picture before the network, and what the vector is.

    Attributes
    ----------
    crop : str
        Resize and crop.
    tap : str
        Where the vector is taken.
    activation : str
        Of the network, where its files do not tell.
    """

    crop: str
    tap: str
    activation: str = "its own"

    def differences(self, other: Pipeline) -> tuple[str, ...]:
        """Names of the steps in which two pipelines differ."""
        return tuple(f.name for f in fields(self) if getattr(self, f.name) != getattr(other, f.name))


@dataclass(frozen=True)
class Target:
    """One space that brain encoders are trained to predict.

    Attributes
    ----------
    name : str
        For people and tables; each target has its own.
    family : str
        The network.
    role : {"base", "aligned", "permuted", "leaky", "layer"}
        ``permuted``: bent by judges whose pictures were exchanged. ``leaky``: by judges who saw test
        pictures.
        ``layer``: an intermediate layer of the unaligned network.
    aligned_by : str or None
        Aligner and teacher.
    n_features : int
    pipeline : Pipeline
    load : callable
        Makes the encoder; see :meth:`encoder`.
    files : tuple of Path
        Files that must be there.
    entries : tuple of str
        Manifest entries that say where these are from.
    simulated : bool
        Whether the network is one of the miniature world.

    Examples
    --------
    >>> from companion.encoders import load_miniature_clip
    >>> from companion.running import Target
    >>> from companion.running.target_pairs import Pipeline
    >>> target = Target("miniature CLIP", "CLIP", "base", None, 64, Pipeline("64 x 64 pixels", "output"),
    ...     load_miniature_clip, simulated=True)
    >>> target.missing(), target.encoder().n_features
    ([], 64)
    """

    name: str
    family: str
    role: Role
    aligned_by: str | None
    n_features: int
    pipeline: Pipeline
    load: Callable[[], ImageEncoder] = field(repr=False, compare=False)
    files: tuple[Path, ...] = field(default=(), repr=False)
    entries: tuple[str, ...] = ()
    simulated: bool = False

    def encoder(self) -> ImageEncoder:
        """Build the encoder: weights are read, or an aligner is trained, now and not before."""
        return self.load()

    def missing(self) -> list[Path]:
        """Files that are not on this machine."""
        return [path for path in self.files if not path.exists()]


@dataclass(frozen=True)
class TargetPair:
    """One aligner on one network, and what it is compared with.

    Attributes
    ----------
    aligned : Target
    bases : tuple of Target
        First the one of the paper, last the one that differs in alignment alone; one target if it is both.
    permuted : tuple of Target
        The same aligner with permuted teachers. The tested effect is aligned minus these.
    leaky : Target or None
    note : str
        What a reader must know.
    """

    aligned: Target
    bases: tuple[Target, ...]
    permuted: tuple[Target, ...] = ()
    leaky: Target | None = None
    note: str = ""

    @property
    def paper_base(self) -> Target:
        """The base that the paper compares with."""
        return self.bases[0]

    @property
    def matched_base(self) -> Target:
        """The base that differs in alignment alone."""
        return self.bases[-1]

    @property
    def targets(self) -> tuple[Target, ...]:
        """All targets of the pair, bases first."""
        leaky = () if self.leaky is None else (self.leaky,)
        return (*self.bases, self.aligned, *self.permuted, *leaky)
