"""What simulated brains respond to: for each stimulus one vector per stage of processing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from companion.errors import DataError

Stage = Literal["early", "mid", "late"]
STAGES: tuple[Stage, ...] = ("early", "mid", "late")
"""Early: colour, pattern, scene. Mid: shape. Late: kind and category."""

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Codes:
    """The input of every forward model: three matrices, joined to stimuli by id.

    Columns of a stage have mean zero, and its rows a mean squared length of one, over the reference stimuli
    of the world. So a unit that reads a stage with weights drawn from N(0, 1) has an expected signal variance
    of one.

    Parameters
    ----------
    ids : tuple of str
        Stimuli.
    stages : mapping of stage to ndarray of shape (n_stimuli, n_dimensions)
        For each of ``STAGES``; numbers of dimensions may differ.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.simulation import Codes
    >>> rng = np.random.default_rng(0)
    >>> codes = Codes(("cat", "key"), {stage: rng.normal(size=(2, 3)) for stage in ("early", "mid", "late")})
    >>> codes.select(["key", "cat", "key"]).ids
    ('key', 'cat', 'key')
    """

    ids: tuple[str, ...]
    stages: Mapping[Stage, FloatArray]

    def __post_init__(self) -> None:
        if set(self.stages) != set(STAGES) or any(len(z) != len(self.ids) for z in self.stages.values()):
            raise DataError(
                "Codes have a row for each stimulus in each stage",
                expected=f"{len(self.ids)} rows of {', '.join(STAGES)}",
                got={name: z.shape for name, z in self.stages.items()},
            )

    def __len__(self) -> int:
        return len(self.ids)

    def select(self, ids: Iterable[str]) -> Codes:
        """Rows of the given stimuli, in the given order; a stimulus may come several times.

        Raises
        ------
        DataError
            If a stimulus has no code.
        """
        wanted = tuple(ids)
        row_of = {name: row for row, name in enumerate(self.ids)}
        if unknown := [name for name in wanted if name not in row_of]:
            raise DataError("A stimulus has no code", got=unknown[0])
        rows = [row_of[name] for name in wanted]
        return Codes(wanted, {stage: z[rows] for stage, z in self.stages.items()})

    def renamed(self, names: Mapping[str, str]) -> Codes:
        """Take the rows of some stimuli under other ids: old to new, in the order given."""
        chosen = self.select(names)
        return Codes(tuple(names.values()), chosen.stages)

    def seen_by(self, rng: np.random.Generator, share: float) -> Codes:
        """Codes as one person's brain has them: part of the geometry is that person's own.

        ``z_person = z (sqrt(1 - share) I + sqrt(share / d) G)`` with ``G`` drawn from N(0, 1): mean squared
        length is kept, and ``share`` of the variance lies in a mixture that no other person has.

        Parameters
        ----------
        rng : numpy.random.Generator
            Of this person; the same for every stimulus.
        share : float
            From 0 (everybody alike) to 1.
        """
        bent: dict[Stage, FloatArray] = {}
        for stage in STAGES:
            z = self.stages[stage]
            n = z.shape[1]
            own = rng.normal(size=(n, n)) / np.sqrt(n)
            bent[stage] = z @ (np.sqrt(1 - share) * np.eye(n) + np.sqrt(share) * own)
        return Codes(self.ids, bent)
