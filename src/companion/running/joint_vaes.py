"""BraVL's joint latent space for people: trained once, kept, and read out as published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from companion.embeddings import Embeddings
from companion.errors import DataError
from companion.recording import Recording
from companion.running.mapping import VALIDATED
from companion.running.products import products
from companion.training.scaling import FloatArray, Scaling, scaling_of
from companion.training.splits import validation_rows

if TYPE_CHECKING:
    import torch

    from companion.running.joint_space import JointSpace
    from companion.training.joint_vae import JointVae, JointVaeSettings
    from companion.training.product_of_experts import Modality

KEPT_VARIANCE = 0.99
"""Share of the variance of training responses that their principal components keep, as published."""
GAMMA = 1e-5
"""Width of the classifier's radial kernel in the latent space, as published."""
_MADE_BY = (
    "companion.running.joint_vaes",
    "companion.training.joint_vae",
    "companion.training.joint_vae_training",
    "companion.training.mapping_networks",
    "companion.training.product_of_experts",
    "companion.training.scaling",
    "companion.training.splits",
)


@dataclass(frozen=True, eq=False)
class FittedJointVae:
    """A person's joint latent space, frozen; made by :func:`fit_joint_vaes`.

    Attributes
    ----------
    seed : int
    training_losses, validation_losses : ndarray of shape (n_epochs,)
    """

    seed: int
    training_losses: FloatArray
    validation_losses: FloatArray
    _network: JointVae
    _scalings: Mapping[Modality, Scaling]
    _space: str
    _simulated: bool

    @property
    def best(self) -> int:
        """Epoch of the lowest validation loss."""
        return int(self.validation_losses.argmin())

    def decode(self, recording: Recording, ids: Sequence[str] | None = None) -> Embeddings:
        """Mean latent vectors of responses.

        The released code draws one vector around this mean; without that no score depends on a draw.

        Parameters
        ----------
        recording : Recording of shape (n, n_voxels)
            Of this person, with the voxels trained on, as loaded.
        ids : sequence of str, optional
            Names of the rows, each once; by default the stimuli.

        Returns
        -------
        Embeddings of shape (n, n_latent)
        """
        import torch

        with torch.inference_mode():
            said = self._network.experts({"brain": self._tensor("brain", recording.responses)})
            means = said["brain"].mean.cpu().numpy()
        names = recording.stimuli if ids is None else ids
        return Embeddings(means, tuple(names), self._space, simulated=self._simulated or recording.simulated)

    def of_categories(
        self, images: Embeddings, texts: Embeddings, category_of: Mapping[str, str], *, n_draws: int = 5
    ) -> tuple[Embeddings, dict[str, str]]:
        """Latent vectors drawn for a picture and a text of each category, as many times as published.

        Each draw comes from the mixture over picture, text, and both.

        Parameters
        ----------
        images : Embeddings of shape (n_categories, n_features)
            By picture.
        texts : Embeddings
            By category.
        category_of : mapping of str to str
            Picture -> category.
        n_draws : int

        Returns
        -------
        vectors : Embeddings of shape (n_categories * n_draws, n_latent)
        classes : dict of str to str
            Id of a vector -> category; both as the classifier takes them.
        """
        import torch

        from companion.training.product_of_experts import drawn, one_of_each, subset_products

        categories = [category_of[name] for name in images.ids]
        words = texts.normalised().rows_of(categories)
        with torch.random.fork_rng(), torch.inference_mode():
            torch.manual_seed(self.seed)
            said = self._network.experts(
                {
                    "image": self._tensor("image", np.tile(images.normalised().values, (n_draws, 1))),
                    "text": self._tensor("text", np.tile(words, (n_draws, 1))),
                }
            )
            values = drawn(one_of_each(subset_products(said)), 1)[0].cpu().numpy()
        ids = [f"{name} #{number}" for number in range(n_draws) for name in images.ids]
        vectors = Embeddings(values, tuple(ids), self._space, simulated=self._simulated or images.simulated)
        return vectors, dict(zip(ids, categories * n_draws, strict=True))

    def _tensor(self, modality: Modality, values: npt.ArrayLike) -> torch.Tensor:
        import torch

        place = next(self._network.parameters()).device
        return torch.tensor(self._scalings[modality](values), dtype=torch.float32, device=place)


def fit_joint_vaes(
    known: Recording,
    space: JointSpace,
    groups: Sequence[str],
    settings: JointVaeSettings,
    *,
    seeds: Sequence[int] = (0,),
    device: str = "auto",
) -> dict[int, FittedJointVae]:
    """Train one person's joint latent spaces, or find them.

    Parameters
    ----------
    known : Recording of shape (n, n_voxels)
        Training responses, one per trial.
    space : JointSpace
        Holds pictures and texts, the same that mapping networks are trained on.
    groups : sequence of str
        Category of each trial; those that choose the epoch are the ones that choose it for mapping networks.
    settings : JointVaeSettings
    seeds : sequence of int
        Each draws another split, other weights, batches and latent variables.
    device : str

    Returns
    -------
    dict of seed to FittedJointVae

    Raises
    ------
    DataError
        If a test stimulus is among the responses, or there are no pictures.
    """
    from companion.running.decoders import chosen_device

    rows = _rows(known, space)
    place = chosen_device(device)
    shared = rows | {"groups": list(groups), "settings": asdict(settings)}
    inputs = {seed: shared | {"seed": seed} for seed in seeds}
    kept = products(
        "joint-vae",
        inputs,
        lambda missing: {seed: _train(rows, groups, settings, seed, place) for seed in missing},
        made_by=_MADE_BY,
    )
    return {seed: _fitted(kept[seed], settings, seed, known, space, place) for seed in seeds}


def _rows(known: Recording, space: JointSpace) -> dict[str, npt.NDArray[Any]]:
    """Responses, pictures and texts, row for row; nothing of a test stimulus."""
    if tested := sorted(set(known.stimuli) & set(space.tested)):
        raise DataError("Responses to a test stimulus cannot be trained on", got=tested[0])
    if space.images is None:
        raise DataError("A joint latent space needs pictures", expected="images of the joint space", got=None)
    texts = space.training_texts.normalised()
    columns = range(len(space.texts_of[known.stimuli[0]]))
    return {
        "brain": known.responses,
        "image": space.images.normalised().rows_of(known.stimuli),
        "text": np.stack(
            [texts.rows_of([space.texts_of[name][column] for name in known.stimuli]) for column in columns],
            axis=1,
        ),
    }


def _train(
    rows: Mapping[str, npt.NDArray[Any]],
    groups: Sequence[str],
    settings: JointVaeSettings,
    seed: int,
    place: torch.device,
) -> dict[str, npt.NDArray[Any]]:
    """Train one network: its weights, its losses, and how modalities are standardised."""
    import torch

    from companion.training.joint_vae_training import train_joint_vae
    from companion.training.product_of_experts import MODALITIES

    training, validation = validation_rows(groups, share=VALIDATED, seed=seed)
    kept = {"brain": KEPT_VARIANCE}
    scalings = {name: scaling_of(rows[name][training], kept=kept.get(name)) for name in MODALITIES}
    found = train_joint_vae(
        {
            name: torch.tensor(scalings[name](rows[name]), dtype=torch.float32, device=place)
            for name in MODALITIES
        },
        torch.from_numpy(training).to(place),
        torch.from_numpy(validation).to(place),
        settings,
        seed,
    )
    made = {f"weights/{name}": one.cpu().numpy() for name, one in found.network.state_dict().items()}
    for name, scaling in scalings.items():
        made |= {f"{name}/{part}": one for part, one in scaling._asdict().items()}
    for part in ("training_losses", "validation_losses"):
        made[part] = np.array(getattr(found, part))
    return made


def _fitted(
    arrays: Mapping[str, npt.NDArray[Any]],
    settings: JointVaeSettings,
    seed: int,
    known: Recording,
    space: JointSpace,
    place: torch.device,
) -> FittedJointVae:
    import torch

    from companion.training.joint_vae import JointVae
    from companion.training.product_of_experts import MODALITIES

    scalings = {name: Scaling(*(arrays[f"{name}/{part}"] for part in Scaling._fields)) for name in MODALITIES}
    with torch.random.fork_rng():
        network = JointVae({name: len(one.axes) for name, one in scalings.items()}, settings)
    names = {name.removeprefix("weights/"): name for name in arrays if name.startswith("weights/")}
    network.load_state_dict({own: torch.tensor(arrays[name]) for own, name in names.items()})
    return FittedJointVae(
        seed,
        arrays["training_losses"],
        arrays["validation_losses"],
        network.eval().to(place),
        scalings,
        f"joint latent space, {known.subject}, seed {seed}",
        known.simulated or space.texts.simulated,
    )
