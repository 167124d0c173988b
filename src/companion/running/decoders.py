"""Brain encoders that chapters use: trained where first asked for, kept for all others.

Every chapter asks in the same way: some groups of recordings (one person, or all people but one), some
image spaces, some seeds. Finished encoders lie in the data folder; a call that was interrupted goes on where
it was.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from companion.embeddings import Embeddings
from companion.errors import DataError
from companion.project import data_root
from companion.recording import Recording
from companion.running.decoder_runs import Build, JointRuns, Key, joined
from companion.system.source_code import code_sha256
from companion.training.encoders import BrainEncoder
from companion.training.program import Program
from companion.training.runs import Trained, train_runs
from companion.training.settings import Settings

_CODE = ("contrastive", "draws", "program", "splits", "encoders.activations", "encoders.interface")
_BLOCK = 256  # responses decoded at a time


def train_decoders(
    known: Mapping[Hashable, Sequence[Recording]],
    spaces: Mapping[str, Embeddings],
    build: Build,
    settings: Settings,
    *,
    seeds: Sequence[int],
    validate_on: Literal["stimulus", "concept"] = "concept",
    device: str = "auto",
    together: int | None = None,
) -> dict[Key, Trained]:
    """Train one encoder for each group, space and seed.

    Parameters
    ----------
    known : mapping of group to recordings
        Averaged training responses, perhaps loaded one at a time (:class:`companion.running.shelf.Shelf`);
        those of several people are pooled. A picture never counts as its own
        negative then, and never lies on both sides of the split.
    spaces : mapping of name to Embeddings
        Image vectors of all stimuli shown, of one length; joined by id.
    build : callable
        Makes an encoder from the shape of a response and the number of features.
    settings : Settings
    seeds : sequence of int
        Each draws its own split, weights, batches and masks.
    validate_on : {"stimulus", "concept"}
        What never lies on both sides of the split. The paper splits by stimulus.
    device : str
        ``auto`` takes a GPU if there is one.
    together : int, optional
        Runs in one batched program; see :func:`companion.training.train_runs`. Groups lie on the device
        together if their runs train together; on a GPU, by default, as many as there is room for.

    Returns
    -------
    dict of (group, space, seed) to Trained

    Examples
    --------
    >>> import tempfile
    >>> from unittest.mock import patch
    >>> import numpy as np, pandas as pd
    >>> from companion import Embeddings, Recording
    >>> from companion.running import decode, train_decoders
    >>> from companion.training import Nice, Settings
    >>> rng, ids = np.random.default_rng(0), tuple(f"kind{n}/picture" for n in range(40))
    >>> space = Embeddings(rng.normal(size=(40, 5)), ids, "toy")
    >>> channels = pd.DataFrame({"name": ["O1", "Oz", "O2"]})
    >>> known = Recording(rng.normal(size=(40, 3, 80)), pd.DataFrame({"stimulus": ids}), channels,
    ...     "S1", "toy", "EEG", "train", np.arange(80) / 100)
    >>> settings = Settings(n_steps=4, batch_size=16, validate_every=2)
    >>> build = lambda shape, n_features: Nice(*shape, n_features)
    >>> with tempfile.TemporaryDirectory() as name, patch.dict("os.environ", COMPANION_DATA=name):
    ...     trained = train_decoders(
    ...         {"S1": [known]}, {"toy": space}, build, settings, seeds=[0], device="cpu"
    ...     )
    >>> decode(trained["S1", "toy", 0], known, space)
    Embeddings('toy': 40 stimuli x 5 features)
    """
    place = chosen_device(device)
    found: dict[Key, Trained] = {}
    for groups in joined(known, len(spaces) * len(seeds), together, place):
        runs = JointRuns(groups, spaces, build, seeds, validate_on, place)
        trained = train_runs(
            lambda encoder=runs.encoder: type(encoder)(**encoder.configuration),  # type: ignore[misc]
            runs.inputs,
            runs.targets,
            runs.runs,
            settings,
            together=together,
            folder=_folder(runs.encoder),
        )
        found |= dict(zip(runs.keys, trained, strict=True))
    return found


def follow_training(
    known: Recording,
    space: Embeddings,
    build: Build,
    settings: Settings,
    *,
    seed: int,
    validate_on: Literal["stimulus", "concept"] = "concept",
    device: str = "auto",
) -> Iterator[tuple[int, Trained]]:
    """Train one encoder as :func:`train_decoders` does, and show it at every validation.

    For chapters that look at what choosing a checkpoint does. Nothing is kept.

    Parameters
    ----------
    known : Recording
        Averaged training responses.
    space, build, settings, seed, validate_on, device
        As there.

    Yields
    ------
    step : int
        Updates so far.
    Trained
        The encoder as it is now, whether or not it is the best, with its losses so far.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from companion import Embeddings, Recording
    >>> from companion.running import follow_training
    >>> from companion.training import Nice, Settings
    >>> rng, ids = np.random.default_rng(0), tuple(f"kind{n}/picture" for n in range(40))
    >>> space = Embeddings(rng.normal(size=(40, 5)), ids, "toy")
    >>> known = Recording(rng.normal(size=(40, 3, 80)), pd.DataFrame({"stimulus": ids}),
    ...     pd.DataFrame({"name": ["O1", "Oz", "O2"]}), "S1", "toy", "EEG", "train", np.arange(80) / 100)
    >>> settings = Settings(n_steps=6, batch_size=16, validate_every=2)
    >>> build = lambda shape, n_features: Nice(*shape, n_features)
    >>> [step for step, _ in follow_training(known, space, build, settings, seed=0, device="cpu")]
    [2, 4, 6]
    """
    program = begin_training([known], space, build, settings, [seed], validate_on=validate_on, device=device)
    while not program.finished:
        program.advance()
        _, training, validation, temperature = next(program.results())
        best = validation.index(min(validation))
        yield program.step, Trained(program.encoders()[0], training, validation, best, temperature)


def begin_training(
    known: Sequence[Recording],
    space: Embeddings,
    build: Build,
    settings: Settings,
    seeds: Sequence[int],
    *,
    validate_on: Literal["stimulus", "concept"] = "concept",
    device: str = "auto",
) -> Program:
    """Make the program that trains a group's encoders, all seeds at once, before its first step.

    Parameters
    ----------
    known, space, build, settings, seeds, validate_on, device
        As :func:`train_decoders` takes them, one group and one space alone.
    """
    place = chosen_device(device)
    runs = JointRuns({"all": known}, {space.space: space}, build, seeds, validate_on, place)
    encoder = runs.encoder
    return Program(
        lambda: type(encoder)(**encoder.configuration), runs.inputs, runs.targets, runs.runs, settings
    )


def decode(trained: Trained, recording: Recording, space: Embeddings) -> Embeddings:
    """Decode the responses of a recording, one vector per stimulus.

    Parameters
    ----------
    trained : Trained
    recording : Recording
        Averaged test responses.
    space : Embeddings
        The space that the encoder was trained on; names the result.

    Returns
    -------
    Embeddings of shape (n_stimuli, n_features)

    Examples
    --------
    >>> import numpy as np, pandas as pd, torch
    >>> from companion import Embeddings, Recording
    >>> from companion.running import decode
    >>> from companion.training import ResidualMlp, Trained
    >>> recording = Recording(np.ones((2, 6)), pd.DataFrame({"stimulus": ["cat", "key"]}),
    ...     pd.DataFrame({"name": list("abcdef")}), "S1", "toy", "fMRI", "test")
    >>> trained = Trained(ResidualMlp(6, 4, width=8), [1.0], [1.0], best=0, temperature=0.04)
    >>> decode(trained, recording, Embeddings(np.eye(4), tuple("wxyz"), "toy"))
    Embeddings('toy': 2 stimuli x 4 features)
    """
    values = predict(trained.encoder, recording.responses)
    return space.with_rows(values, recording.stimuli, simulated=recording.simulated)


@torch.inference_mode()
def predict(encoder: BrainEncoder, responses: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Run an encoder on plain arrays: (n, ...) to (n, n_features).

    Examples
    --------
    >>> import numpy as np
    >>> from companion.running import predict
    >>> from companion.training import ResidualMlp
    >>> predict(ResidualMlp(6, 4, width=8).eval(), np.ones((2, 6))).shape
    (2, 4)
    """
    place = next(encoder.parameters()).device
    values = torch.from_numpy(np.array(responses, dtype=np.float32))
    parts = [encoder(*encoder.prepare(part.to(place))).cpu() for part in torch.split(values, _BLOCK)]
    decoded: npt.NDArray[np.float64] = torch.cat(parts).numpy().astype(np.float64)
    return decoded


def chosen_device(device: str) -> torch.device:
    """Say which device ``auto`` stands for; a card may be named where another machine has it.

    Raises
    ------
    DataError
        If the name is none.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if not re.fullmatch(r"cpu|cuda(:\d{1,3})?", device):
        raise DataError(
            "There is no such device", expected="auto, cpu or cuda", got=repr(device), do="name one of these"
        )
    return torch.device(device)


def present_device(device: str) -> torch.device:
    """Say which device of this machine a name stands for.

    Raises
    ------
    DataError
        If the name is none, or asks for a card that this machine has not.
    """
    chosen = chosen_device(device)
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        raise DataError(
            "This machine has no such graphics card, or torch cannot use it",
            expected="auto or cpu",
            got=device,
            do="leave the device out, or see `companion doctor`; nothing was run",
        )
    return chosen


def _folder(encoder: BrainEncoder) -> Path | None:
    """Where encoders of this architecture and this code are kept; None where nobody can read the code."""
    if type(encoder).__module__ == "__main__":
        return None
    content = hashlib.sha256()
    for name in (*(f"companion.training.{part}" for part in _CODE), type(encoder).__module__):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            content.update(code_sha256(Path(spec.origin)).encode())
    folder = data_root() / "products" / f"{type(encoder).__name__.lower()}-{content.hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
