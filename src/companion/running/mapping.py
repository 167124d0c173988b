"""Mapping networks of people: trained where a chapter first asks for them, the same ones for all others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from companion.embeddings import Embeddings
from companion.errors import DataError
from companion.recording import Recording
from companion.running.products import products
from companion.training.splits import validation_rows

if TYPE_CHECKING:
    import torch

    from companion.running.joint_space import JointSpace
    from companion.training.mapping_networks import Kind
    from companion.training.supervision import MappingSettings, Supervision

Under = Literal["V", "T", "V&T"]
"""What a network learns from: pictures, texts, or both."""
WEIGHTS: Mapping[Under, tuple[float, float]] = MappingProxyType(
    {"V": (1.0, 0.0), "T": (0.0, 1.0), "V&T": (1.0, 1.0)}
)
"""Weights of the losses to pictures and to texts."""
VALIDATED = 0.2
"""Share of categories that chooses the epoch; others for each seed."""
_MADE_BY = (
    "companion.training.contrastive",
    "companion.training.mapping",
    "companion.training.mapping_networks",
    "companion.training.splits",
    "companion.training.supervision",
)


@dataclass(frozen=True, eq=False)
class FittedMapping:
    """A person's network, frozen; made by :func:`fit_mappings`.

    Attributes
    ----------
    under : {"V", "T", "V&T"}
    seed : int
    training_losses, validation_losses : ndarray of shape (n_epochs,)
    """

    under: Under
    seed: int
    training_losses: npt.NDArray[np.float64]
    validation_losses: npt.NDArray[np.float64]
    _network: torch.nn.Module
    _statistics: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
    _space: Embeddings

    @property
    def best(self) -> int:
        """Epoch of the lowest validation loss."""
        return int(self.validation_losses.argmin())

    def decode(self, recording: Recording, ids: Sequence[str] | None = None) -> Embeddings:
        """Map responses into the joint space.

        Parameters
        ----------
        recording : Recording of shape (n, n_voxels)
            Of this person, with the voxels trained on, as loaded.
        ids : sequence of str, optional
            Names of the rows, each once; by default the stimuli, which then occur once each.

        Returns
        -------
        Embeddings of shape (n, n_features)
            Of any length.
        """
        import torch

        scaled = recording.standardised(*self._statistics).responses
        place = next(self._network.parameters()).device
        with torch.inference_mode():
            vectors = self._network(torch.tensor(scaled, device=place)).vectors.cpu().numpy()
        names = recording.stimuli if ids is None else ids
        return self._space.with_rows(vectors.astype(np.float64), names, simulated=recording.simulated)


def fit_mappings(
    known: Recording,
    space: JointSpace,
    groups: Sequence[str],
    settings: MappingSettings,
    *,
    kind: Kind = "linear",
    width: int | None = None,
    unders: Sequence[Under] = ("V", "T", "V&T"),
    seeds: Sequence[int] = (0,),
    device: str = "auto",
) -> dict[tuple[Under, int], FittedMapping]:
    """Train one person's networks, or find them.

    Parameters
    ----------
    known : Recording of shape (n, n_voxels)
        Training responses, one per trial.
    space : JointSpace
        Holds a text for every stimulus, and a picture where pictures supervise.
    groups : sequence of str
        Of each trial, what never lies on both sides of the split that chooses the epoch: categories where
        the test has other ones, pictures where it has not.
    settings : MappingSettings
        Its two weights are replaced by those of each supervision.
    kind : {"linear", "MLP", "VAE"}
    width : int, optional
        Of hidden layers.
    unders : sequence of {"V", "T", "V&T"}
    seeds : sequence of int
        Each draws another split, other weights, batches and texts.
    device : str

    Returns
    -------
    dict of (supervision, seed) to FittedMapping
    """
    from companion.running.decoders import chosen_device
    from companion.training.mapping_networks import NETWORKS

    place = chosen_device(device)
    sizes = (known.responses.shape[1], space.texts.values.shape[1])

    def build() -> torch.nn.Module:
        return NETWORKS[kind](*sizes, **({} if width is None else {"width": width}))

    keys: list[tuple[Under, int]] = list(product(unders, seeds))
    targets = _targets(known, space)
    shared = targets | {
        "images": "none" if targets["images"] is None else targets["images"],
        "kind": kind,
        "width": width,
        "responses": known.responses,
        "groups": list(groups),
    }
    own = {
        (under, seed): replace(settings, image_weight=WEIGHTS[under][0], text_weight=WEIGHTS[under][1])
        for under, seed in keys
    }
    inputs = {key: shared | {"seed": key[1], "settings": asdict(own[key])} for key in keys}

    def make(missing: list[tuple[Under, int]]) -> dict[tuple[Under, int], dict[str, npt.NDArray[Any]]]:
        supervision = _supervision(targets, place)
        return {key: _train(known, supervision, groups, own[key], build, key[1]) for key in missing}

    kept = products("mapping", inputs, make, made_by=_MADE_BY)
    return {
        (under, seed): FittedMapping(
            under,
            seed,
            kept[under, seed]["training_losses"],
            kept[under, seed]["validation_losses"],
            _loaded(build, kept[under, seed]).to(place),
            (kept[under, seed]["mean"], kept[under, seed]["deviation"]),
            space.texts,
        )
        for under, seed in keys
    }


def _targets(known: Recording, space: JointSpace) -> dict[str, Any]:
    """Arrays of what responses are pulled to, by the names that `Supervision` has for them."""
    shown = list(dict.fromkeys(known.stimuli))
    trained = space.training_texts
    row_of, text_of = ({name: row for row, name in enumerate(names)} for names in (shown, trained.ids))
    texts = [[text_of[text] for text in space.texts_of[name]] for name in known.stimuli]
    if len({len(one) for one in texts}) > 1:
        raise DataError("Every picture has as many texts", got=sorted({len(one) for one in texts}))
    return {
        "images": None if space.images is None else space.images.select(shown).values,
        "image_of": np.array([row_of[name] for name in known.stimuli]),
        "texts": trained.values,
        "texts_of": np.array(texts),
    }


def _supervision(targets: Mapping[str, Any], place: torch.device) -> Supervision:
    import torch

    from companion.training.supervision import Supervision

    def tensor(name: str, kind: torch.dtype) -> torch.Tensor:
        return torch.tensor(np.array(targets[name]), dtype=kind, device=place)

    return Supervision(
        None if targets["images"] is None else tensor("images", torch.float32),
        tensor("image_of", torch.long),
        tensor("texts", torch.float32),
        tensor("texts_of", torch.long),
    )


def _train(
    known: Recording,
    supervision: Supervision,
    groups: Sequence[str],
    settings: MappingSettings,
    build: Callable[[], torch.nn.Module],
    seed: int,
) -> dict[str, npt.NDArray[Any]]:
    """Train one network: its weights, its losses, and the statistics that responses are standardised by."""
    import torch

    from companion.training.mapping import train_mapping

    place = supervision.image_of.device
    training, validation = validation_rows(groups, share=VALIDATED, seed=seed)
    inside = np.zeros(len(known), dtype=bool)
    inside[training] = True
    mean, deviation = known.select_trials(inside).unit_statistics()
    responses = torch.tensor(known.standardised(mean, deviation).responses, device=place)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = build().to(place)
    found = train_mapping(
        network,
        responses,
        supervision,
        torch.from_numpy(training).to(place),
        torch.from_numpy(validation).to(place),
        settings,
        seed,
    )
    weights = {f"weights/{name}": one.cpu().numpy() for name, one in found.network.state_dict().items()}
    losses = {
        "training_losses": np.array(found.training_losses),
        "validation_losses": np.array(found.validation_losses),
    }
    return weights | losses | {"mean": mean, "deviation": deviation}


def _loaded(build: Callable[[], torch.nn.Module], arrays: Mapping[str, npt.NDArray[Any]]) -> torch.nn.Module:
    import torch

    network = build()
    names = {name.removeprefix("weights/"): name for name in arrays if name.startswith("weights/")}
    network.load_state_dict({own: torch.tensor(arrays[name]) for own, name in names.items()})
    return network.eval()
