"""Training of brain encoders with InfoNCE: any number of runs, together or one after the other, resumable.

A run is one person or several, one image space, one seed. All runs of a call share one tensor of responses
and one of image vectors, on the device; a run names the rows that it uses. Each run draws its initial
weights, the order of its batches and its dropout masks from generators of its own, so that it learns the same
weights whether it trains alone or beside others. (Up to rounding; weights that by construction have no effect
on the loss, such as biases of keys in attention, drift on rounding alone.)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path

import torch
from torch import Tensor

from companion.checks import not_diverged, whole
from companion.errors import DataError
from companion.system.waiting import turn
from companion.training.checkpoint import load_encoder, save_encoder
from companion.training.encoders.interface import BrainEncoder, Inputs
from companion.training.program import Program, Run
from companion.training.rows import check_shapes, finite_rows, known_rows
from companion.training.settings import Settings

__all__ = ["Run", "Trained", "train_runs"]
_BLOCK = 1024  # rows whose checksum is taken at a time


@dataclass(frozen=True, eq=False)
class Trained:
    """An encoder at its best validation.

    Attributes
    ----------
    encoder : BrainEncoder
        In evaluation mode.
    training_losses, validation_losses : tuple of float
        At each validation: mean loss of the steps since the one before, and loss on the validation pairs.
    best : int
        Index of the lowest validation loss; its weights are the encoder's.
    temperature : float
        At the end.

    Examples
    --------
    >>> from companion.training import Nice, Trained
    >>> trained = Trained(Nice(4, 100, 8), (4.1, 3.2, 2.9), (4.0, 3.5, 3.7), best=1, temperature=0.04)
    >>> trained.validation_losses[trained.best] == min(trained.validation_losses)
    True
    """

    encoder: BrainEncoder
    training_losses: tuple[float, ...]
    validation_losses: tuple[float, ...]
    best: int
    temperature: float


def train_runs(
    build: Callable[[], BrainEncoder],
    inputs: Inputs,
    targets: Tensor,
    runs: Sequence[Run],
    settings: Settings,
    *,
    together: int | None = None,
    folder: Path | None = None,
) -> list[Trained]:
    """Train one encoder per run.

    Parameters
    ----------
    build : callable
        Makes an encoder; it is called once per run, after that run's seed was set.
    inputs : tuple of Tensor, each of shape (n_responses, ...)
        From ``BrainEncoder.prepare``, on the device that is to compute.
    targets : Tensor of shape (n_vectors, n_features)
        Image vectors; both sides of the loss are centred over features and brought to length 1.
    runs : sequence of Run
    settings : Settings
    together : int, optional
        How many runs train in one batched program. By default all of them on a GPU, one on a CPU, where a
        batched program was measured to be slower.
    folder : Path, optional
        Keeps finished encoders and the state of unfinished ones: the same call goes on where it was. Several
        processes may share it.

    Returns
    -------
    list of Trained
        In the order of `runs`.

    Raises
    ------
    DataError
        If rows do not exist, numbers are not finite, a run has less than one batch or nothing to validate on,
        or a run diverged; the others of its call are kept first.

    Examples
    --------
    Responses that are their picture's vector, turned and noisy; the second run trains on wrong pairs:

    >>> import torch
    >>> from companion.training import ResidualMlp, Run, Settings, train_runs
    >>> chance = torch.Generator().manual_seed(0)
    >>> pictures = torch.randn(96, 8, generator=chance)
    >>> turned = pictures @ torch.randn(8, 24, generator=chance)
    >>> responses = turned + 0.1 * torch.randn(96, 24, generator=chance)
    >>> rows = torch.arange(96)
    >>> pairs = torch.stack([rows, rows], dim=1)
    >>> wrong = torch.stack([rows, torch.randperm(96, generator=chance)], dim=1)
    >>> runs = [Run(0, some[:64], some[64:]) for some in (pairs, wrong)]
    >>> settings = Settings(40, batch_size=32, temperature=0.2, learning_rate=1e-2, validate_every=20)
    >>> found = train_runs(lambda: ResidualMlp(24, 8, 32, 1), (responses,), pictures, runs, settings)
    >>> right, shuffled = (min(one.validation_losses) for one in found)
    >>> right < 2 < 3.47 < shuffled  # guessing among the 32 of a batch gives log 32 = 3.47
    True
    """
    _check(inputs, targets, runs, settings)
    if together is not None:
        whole("together", together)
    size = together or (len(runs) if inputs[0].is_cuda else 1)
    with torch.random.fork_rng():
        kind = build()
        check_shapes(kind, inputs, targets)
    about = f"{type(kind).__name__} {sorted(kind.configuration.items())} {inputs[0].device.type}"
    keys = [_key(run, inputs, targets, settings, about) for run in runs] if folder else [""] * len(runs)
    done = {row: _finished(folder, key, type(kind)) for row, key in enumerate(keys)}
    waiting = [row for row, found in done.items() if found is None]
    for start in range(0, len(waiting), size):
        rows = waiting[start : start + size]
        with _alone(folder, [keys[row] for row in rows]):
            done |= {
                row: _finished(folder, keys[row], type(kind)) for row in rows
            }  # others may have been here
            rows = [row for row in rows if done[row] is None]
            state = _state_file(folder, [keys[row] for row in rows])
            trained = _train(build, inputs, targets, [runs[row] for row in rows], settings, state)
            for row, one in zip(rows, trained, strict=True):
                done[row] = one
                if folder and isfinite(sum(one.training_losses + one.validation_losses)):
                    _keep(folder / f"{keys[row]}.safetensors", one, settings, runs[row].seed)
            if state:
                state.unlink(missing_ok=True)
            for row, one in zip(rows, trained, strict=True):  # after the others were kept
                losses = one.training_losses + one.validation_losses
                not_diverged(f"run {row} of {len(runs)}, seed {runs[row].seed}", losses)
    return [found for found in done.values() if found is not None]


def _train(
    build: Callable[[], BrainEncoder],
    inputs: Inputs,
    targets: Tensor,
    runs: Sequence[Run],
    settings: Settings,
    state: Path | None,
) -> list[Trained]:
    """Train some runs in one program, from where it was left."""
    if not runs:
        return []
    program = Program(build, inputs, targets, runs, settings)
    if state and state.is_file():
        with suppress(DataError):  # of a damaged state nothing is taken over
            program.resume(state)
    while not (program.finished or _ran_away(program)):
        program.advance()
        if state and not program.finished:
            program.save(state)
    return [
        Trained(encoder, training, validation, validation.index(min(validation)), temperature)
        for encoder, training, validation, temperature in program.results()
    ]


def _ran_away(program: Program) -> bool:
    """Whether no run of a program has a loss that is a number any more, so that no step will mend it."""
    return bool(program.validation_losses) and not bool(program.validation_losses[-1].isfinite().any())


def _alone(folder: Path | None, keys: Sequence[str]) -> AbstractContextManager[object]:
    """Keep other processes from training the same runs; few locks serve all, so that files do not pile up."""
    if folder is None:
        return nullcontext()
    return turn(folder / f"lock-{_joint(keys)[0]}", "training encoders")


def _check(inputs: Inputs, targets: Tensor, runs: Sequence[Run], settings: Settings) -> None:
    finite_rows("targets", targets)
    for values in inputs:
        if values.is_floating_point():
            finite_rows("responses", values, len(inputs[0]))
    sizes = torch.tensor([len(inputs[0]), len(targets)])
    for number, run in enumerate(runs):
        where = f"run {number} of {len(runs)}, seed {run.seed}"
        for name, pairs in (("training", run.training), ("validation", run.validation)):
            if pairs.ndim != 2 or pairs.shape[1] != 2 or not len(pairs):
                raise DataError(
                    f"A run has no {name} pairs", where=where, expected="(n, 2) row numbers", got=pairs.shape
                )
            known_rows(f"{name} pairs of {where}", pairs.flatten(), int(sizes.max()))
            if bool((pairs.amax(0) >= sizes).any()):
                raise DataError(
                    "A pair names a row that is not there",
                    where=where,
                    expected=f"below {sizes.tolist()}",
                    got=pairs.amax(0).tolist(),
                )
        if len(run.training) < settings.batch_size:
            raise DataError(
                "A run has less than one batch",
                where=where,
                expected=f"at least {settings.batch_size} training pairs",
                got=len(run.training),
            )
        if len(shared := set(run.training[:, 0].tolist()) & set(run.validation[:, 0].tolist())):
            raise DataError(
                "Responses both train and validate", where=where, got=f"{len(shared)} rows, as {min(shared)}"
            )


def _key(run: Run, inputs: Inputs, targets: Tensor, settings: Settings, about: str) -> str:
    """Name a run by all that decides it; data count by a checksum of what its pairs hold, in their order."""
    content = hashlib.blake2b(repr((about, run.seed, asdict(settings))).encode(), digest_size=16)
    for pairs in (run.training, run.validation):
        content.update(repr(tuple(pairs.shape)).encode())
        for tensor, rows in (*((values, pairs[:, 0]) for values in inputs), (targets, pairs[:, 1])):
            for block in torch.split(rows.to(tensor.device), _BLOCK):  # never a copy of a whole data set
                content.update(tensor[block].cpu().numpy().tobytes())
    return content.hexdigest()[:24]


def _state_file(folder: Path | None, keys: Sequence[str]) -> Path | None:
    if folder is None:
        return None
    return folder / f"state-{_joint(keys)}.safetensors"


def _joint(keys: Sequence[str]) -> str:
    return hashlib.sha256(" ".join(keys).encode()).hexdigest()[:24]


def _keep(path: Path, trained: Trained, settings: Settings, seed: int) -> None:
    about = {
        "settings": asdict(settings),
        "seed": seed,
        "training_losses": trained.training_losses,
        "validation_losses": trained.validation_losses,
        "best": trained.best,
        "temperature": trained.temperature,
    }
    save_encoder(path, trained.encoder, about)


def _finished(folder: Path | None, key: str, kind: type[BrainEncoder]) -> Trained | None:
    if folder is None or not (path := folder / f"{key}.safetensors").is_file():
        return None
    try:
        encoder, about = load_encoder(path, kind)
    except DataError:  # it is trained anew
        return None
    return Trained(
        encoder,
        tuple(about["training_losses"]),
        tuple(about["validation_losses"]),
        about["best"],
        about["temperature"],
    )
