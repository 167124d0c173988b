"""Bend semantic vectors so that their similarities resemble those of brain responses.

The paper's method: an auto-encoder (:mod:`companion.alignment.autoencoder`) is trained on the vectors of the
training categories, with the similarity matrix of *other* people's responses as its teacher. Its latent
vectors of all stimuli, also of those never seen in training, are the brain-aligned space.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from companion.checks import finite, whole, without_rounding
from companion.embeddings import Embeddings
from companion.errors import DataError

if TYPE_CHECKING:
    from companion.alignment.autoencoder import Options, Trained

FloatArray = npt.NDArray[np.floating[Any]]
Key = tuple[Hashable, float, int]

ALPHAS: tuple[float, ...] = (1.0, 0.1, 0.01, 0.001, 0.0001)
"""Weights of reconstruction in the paper; 1 compresses only."""


@dataclass(frozen=True, eq=False)
class BrainAligner:
    """A trained auto-encoder that maps vectors of one space; made by :func:`fit_aligners`.

    Attributes
    ----------
    space : str
        Name of the space that it was trained on.
    teacher : hashable
        Name of the teacher.
    alpha : float
    seed : int
    reconstruction_r2 : float
        Share of the training vectors' variance that reconstructions have.
    similarity_error : tuple of float
        Mean squared difference of latent and target similarities before training, and after it.

    Examples
    --------
    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.alignment import Options, fit_aligners
    >>> space = Embeddings(np.random.default_rng(0).normal(size=(8, 6)), tuple("abcdefgh"), "toy")
    >>> options = Options(n_epochs=5, batch_size=8)
    >>> aligner = fit_aligners(space, {"V1": np.eye(8)}, alphas=[0.1], options=options)["V1", 0.1, 0]
    >>> aligner.transform(space.select("ab"))
    Embeddings('toy', aligned by brain (V1), alpha 0.1: 2 stimuli x 3 features)
    """

    space: str
    teacher: Hashable
    alpha: float
    seed: int
    reconstruction_r2: float
    similarity_error: tuple[float, float]
    _trained: Trained
    _options: Options

    def to_arrays(self) -> dict[str, FloatArray]:
        """Everything learnt, for keeping; :meth:`from_arrays` goes the other way."""
        layers = {
            f"{part}/{number}/{kind}": tensor.cpu().numpy()
            for part, layers in (("encoder", self._trained.encoder), ("decoder", self._trained.decoder))
            for number, layer in enumerate(layers)
            for kind, tensor in zip(("weight", "bias"), layer, strict=True)
        }
        errors = np.array([self._trained.reconstruction, self._trained.similarity])
        return layers | {"errors": errors, "reconstruction_r2": np.array(self.reconstruction_r2)}

    @classmethod
    def from_arrays(
        cls,
        space: str,
        teacher: Hashable,
        alpha: float,
        seed: int,
        options: Options,
        arrays: Mapping[str, FloatArray],
    ) -> BrainAligner:
        """Make an aligner that was kept; arguments as the attributes.

        Parameters
        ----------
        space, teacher, alpha, seed, options
            As it was fitted with.
        arrays : mapping of str to ndarray
            From :meth:`to_arrays`.
        """
        import torch

        from companion.alignment.autoencoder import Trained

        def layers(part: str) -> list[tuple[Any, Any]]:
            return [
                (torch.tensor(arrays[f"{part}/{at}/weight"]), torch.tensor(arrays[f"{part}/{at}/bias"]))
                for at in range(options.n_layers)
            ]

        rebuilding, geometry = (tuple(map(float, row)) for row in arrays["errors"])
        trained = Trained(layers("encoder"), layers("decoder"), rebuilding, geometry)  # type: ignore[arg-type]
        r2 = float(arrays["reconstruction_r2"].item())
        return cls(space, teacher, alpha, seed, r2, trained.similarity, trained, options)

    def transform(self, space: Embeddings) -> Embeddings:
        """Map vectors, whether or not they were trained on.

        Parameters
        ----------
        space : Embeddings of shape (n, n_features)
            Of the space that the aligner was trained on.

        Returns
        -------
        Embeddings of shape (n, n_features // 2)
        """
        import torch

        from companion.alignment.autoencoder import encode

        weight = self._trained.encoder[0][0]
        if space.space != self.space or space.values.shape[1] != len(weight):
            raise DataError(
                "An aligner maps the space that it was trained on",
                expected=f"{self.space!r}, {len(weight)} features",
                got=repr(space),
            )
        latent = encode(self._trained, torch.from_numpy(space.values.copy()).to(weight), self._options)
        return space.with_values(
            latent.cpu().numpy().astype(np.float64),
            aligned_by=f"brain ({self.teacher}), alpha {self.alpha:g}",
        )


def fit_aligners(
    space: Embeddings,
    teachers: Mapping[Hashable, FloatArray],
    *,
    alphas: Sequence[float] = ALPHAS,
    seeds: Sequence[int] = (0,),
    options: Options | None = None,
    device: str = "cpu",
) -> dict[Key, BrainAligner]:
    """Train one aligner for each teacher, alpha and seed.

    With alpha 1 no teacher is looked at: those of one seed are one aligner, trained once.

    Parameters
    ----------
    space : Embeddings of shape (n_training, n_features)
        Vectors of the training categories, and no others.
    teachers : mapping of name to ndarray of shape (n_training, n_training)
        Target similarities, in the order of these vectors; see :func:`pattern_similarity`.
    alphas, seeds : sequence
    options : Options, optional
    device : str

    Returns
    -------
    dict of (teacher, alpha, seed) to BrainAligner

    Raises
    ------
    DataError
        If a teacher does not fit, or an alpha is out of range.

    References
    ----------
    Vafaei et al. (2026), Communications Biology 9, 206.

    Examples
    --------
    A small alpha listens to the teacher: similarities come closer to it than where vectors are only rebuilt.

    >>> import numpy as np
    >>> from companion import Embeddings
    >>> from companion.alignment import Options, fit_aligners, pattern_similarity
    >>> rng = np.random.default_rng(0)
    >>> space = Embeddings(rng.normal(size=(20, 8)), tuple(map(str, range(20))), "toy")
    >>> teachers = {"IT": pattern_similarity(rng.uniform(size=(20, 5)))}
    >>> options = Options(n_epochs=300, batch_size=20, learning_rate=0.01)
    >>> found = fit_aligners(space, teachers, alphas=[1.0, 0.001], options=options)
    >>> found["IT", 0.001, 0].similarity_error[1] < found["IT", 1.0, 0].similarity_error[1] / 2
    True
    """
    import torch

    from companion.alignment.autoencoder import Model, Options, train_autoencoders

    options = options or Options()
    names = list(teachers)
    variance = float(space.values.var(axis=0).mean())
    flat = variance <= (1e-12 * np.abs(space.values).max()) ** 2
    if flat or space.values.shape[1] < 2 or not (names and alphas and seeds):
        needed = "a teacher, an alpha, a seed, and vectors of two features or more that differ"
        raise DataError(
            "Nothing to compress", where=repr(space), expected=needed, got=f"{len(names)} teachers"
        )
    for seed in seeds:
        whole("seed", seed, least=0)
    checked = {name: finite(f"similarities of teacher {name!r}", one) for name, one in teachers.items()}
    for name, matrix in checked.items():
        if matrix.shape != (size := (len(space), len(space))):
            raise DataError("A teacher does not fit", where=repr(name), expected=size, got=matrix.shape)
    # One matrix may be the teacher of several people; what is trained from it is trained once.
    place = {name: min(names.index(n) for n in names if teachers[n] is teachers[name]) for name in names}
    wanted = {
        (name, alpha, seed): Model(alpha, 0 if alpha == 1 else place[name], seed)
        for name, alpha, seed in product(names, alphas, seeds)
    }
    models = list(dict.fromkeys(wanted.values()))
    vectors = torch.tensor(space.values, dtype=torch.float32, device=device)
    matrices = torch.tensor(np.stack([checked[name] for name in names]), dtype=torch.float32, device=device)
    trained = dict(zip(models, train_autoencoders(vectors, matrices, models, options), strict=True))
    return {
        (name, alpha, seed): BrainAligner(
            space.space,
            name,
            alpha,
            seed,
            1 - trained[model].reconstruction[1] / variance,
            trained[model].similarity,
            trained[model],
            options,
        )
        for (name, alpha, seed), model in wanted.items()
    }


def pattern_similarity(patterns: npt.ArrayLike, *, centred: bool = False) -> npt.NDArray[np.float64]:
    """Cosines between patterns: the similarity matrix of the paper.

    Parameters
    ----------
    patterns : array-like of shape (n, n_units)
        One per training category: the mean of standardised responses.
    centred : bool
        Whether the mean pattern is subtracted first.

    Returns
    -------
    ndarray of shape (n, n)

    Raises
    ------
    DataError
        If a pattern has no length.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.alignment import pattern_similarity
    >>> np.round(pattern_similarity([[1.0, 0.0], [1.0, 1.0], [0.0, -2.0]]), 2)
    array([[ 1.  ,  0.71,  0.  ],
           [ 0.71,  1.  , -0.71],
           [ 0.  , -0.71,  1.  ]])
    """
    rows: FloatArray = np.asarray(finite("patterns", patterns, ndim=2), dtype=np.float64)
    if centred:
        rows = without_rounding(rows - rows.mean(axis=0), rows)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not (lengths > 0).all() or not np.isfinite(lengths).all():
        raise DataError("A pattern has no direction", got=f"{int((~(lengths > 0)).sum())} of {len(rows)}")
    unit = rows / lengths
    cosines: npt.NDArray[np.float64] = np.clip(unit @ unit.T, -1, 1)
    return cosines


def others(matrices: Mapping[Hashable, FloatArray]) -> dict[Hashable, npt.NDArray[np.float64]]:
    """For each person, the mean similarity matrix of all others.

    What is decoded from a person must not come from a space that this very person taught.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.alignment import others
    >>> people = {"S1": np.eye(2), "S2": np.full((2, 2), 0.5), "S3": np.ones((2, 2))}
    >>> others(people)["S1"]
    array([[0.75, 0.75],
           [0.75, 0.75]])
    """
    if len(matrices) < 2:
        raise DataError("Nobody else is there to teach", expected="at least two people", got=len(matrices))
    checked = [finite(f"similarities of {name!r}", one, ndim=2) for name, one in matrices.items()]
    if len(shapes := {one.shape for one in checked}) > 1:
        raise DataError("Matrices of people differ in shape", expected=checked[0].shape, got=sorted(shapes))
    total = np.sum([np.asarray(one, dtype=np.float64) for one in checked], axis=0)
    return {name: (total - one) / (len(matrices) - 1) for name, one in matrices.items()}
