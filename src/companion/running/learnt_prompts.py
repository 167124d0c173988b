"""Names of categories with a learnt context: one more way of writing them, learnt on training categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from companion.embeddings import Embeddings
from companion.encoders.clip import ClipEncoder
from companion.encoders.miniature import Variant
from companion.errors import DataError
from companion.loading.god.stimuli import GodStimuli, category_of
from companion.loading.sources import Null, ScaleName, Source
from companion.running.joint_sources import Backbone, god_source
from companion.running.mapping import VALIDATED
from companion.running.products import product
from companion.training.splits import validation_rows

if TYPE_CHECKING:
    from companion.running.joint_space import JointSpace
    from companion.training.prompt_context import ContextSettings, Prompts

PLACEHOLDER = "a"
"""Any word of one token: its vector is replaced."""
_MADE_BY = (
    "companion.running.learnt_prompts",
    "companion.training.prompt_context",
    "companion.training.splits",
)


class LearntPrompts(NamedTuple):
    """Names written with a learnt context.

    Parameters
    ----------
    names : Embeddings of shape (n_categories, n_features)
        Of length 1, by category, training and test.
    training_losses, validation_losses : ndarray of shape (n_epochs,)
        Cross entropy in nats, of training categories, and of training categories that were held out.
    """

    names: Embeddings
    training_losses: npt.NDArray[np.float64]
    validation_losses: npt.NDArray[np.float64]

    @property
    def best(self) -> int:
        """Epoch whose context is used."""
        return int(self.validation_losses.argmin())


def god_learnt_prompts(
    lists: GodStimuli,
    space: JointSpace,
    settings: ContextSettings,
    *,
    source: Source,
    scale: ScaleName = "lesson",
    null: Null | None = None,
    backbone: Backbone = "RN101",
    pool: Variant = "full",
    n_words: int = 4,
    seed: int = 0,
    device: str = "auto",
) -> LearntPrompts:
    """Learn a context on pictures of the training categories, or find it, and write all names with it.

    Parameters
    ----------
    lists : GodStimuli
        What people were shown.
    space : JointSpace
        Made from these lists and the same CLIP.
    settings : ContextSettings
    source, scale, null, backbone, pool
        As of :func:`companion.running.joint_space.god_joint_space`.
    n_words : int
        Context vectors; 4, 8 and 16 are published. Sentences of the miniature have few words.
    seed : int
        Of the context before training, of batches, and of the categories that choose the epoch.
    device : str

    Returns
    -------
    LearntPrompts

    Raises
    ------
    DataError
        If the joint space has no pictures.
    """
    from companion.running.decoders import chosen_device

    place = str(chosen_device(device))
    encoder = god_source(
        lists, source=source, scale=scale, null=null, backbone=backbone, pool=pool, device=place
    ).encoder
    return learnt_prompts(encoder, space, settings, n_words=n_words, seed=seed, device=place)


def learnt_prompts(
    encoder: ClipEncoder,
    space: JointSpace,
    settings: ContextSettings,
    *,
    n_words: int = 4,
    seed: int = 0,
    device: str = "cpu",
) -> LearntPrompts:
    """Do so with a CLIP at hand; parameters as of :func:`god_learnt_prompts`."""
    import torch
    from torch.nn.functional import normalize

    from companion.training.prompt_context import text_vectors

    if space.images is None:
        raise DataError("A context is learnt from pictures", expected="images of the joint space", got=None)
    categories = list(dict.fromkeys(map(category_of, space.trained)))
    row_of = {name: row for row, name in enumerate(categories)}
    given = {
        "images": space.images.select(space.trained).values,
        "categories": np.array([row_of[category_of(name)] for name in space.trained]),
    }
    nouns = [space.nouns[name] for name in categories]
    kept = product(
        "prompt-context",
        given
        | {"nouns": nouns, "clip": encoder.fingerprint, "n_words": n_words}
        | {"settings": asdict(settings), "seed": seed},
        lambda: _learnt(encoder, _prompts(encoder, nouns, n_words, device), given, settings, seed, device),
        made_by=_MADE_BY,
    )
    asked = _prompts(encoder, list(space.nouns.values()), n_words, device)
    with torch.inference_mode():
        context = torch.tensor(kept["context"], device=device)
        vectors = normalize(text_vectors(_clip(encoder), asked, context), dim=-1).cpu().numpy()
    names = Embeddings(vectors, tuple(space.nouns), space.texts.space, simulated=space.texts.simulated)
    return LearntPrompts(names, kept["training_losses"], kept["validation_losses"])


def _learnt(
    encoder: ClipEncoder,
    prompts: Prompts,
    given: Mapping[str, npt.NDArray[Any]],
    settings: ContextSettings,
    seed: int,
    device: str,
) -> dict[str, npt.NDArray[Any]]:
    import torch

    from companion.training.prompt_context import learn_context

    _, held_out = validation_rows(list(map(str, range(len(prompts.tokens)))), share=VALIDATED, seed=seed)
    found = learn_context(
        _clip(encoder),
        prompts,
        torch.tensor(given["images"], dtype=torch.float32, device=device),
        torch.tensor(given["categories"], device=device),
        torch.from_numpy(held_out),
        settings,
        seed,
    )
    return {
        "context": found.vectors.cpu().numpy(),
        "training_losses": np.array(found.training_losses),
        "validation_losses": np.array(found.validation_losses),
    }


def _prompts(encoder: ClipEncoder, nouns: Sequence[str], n_words: int, device: str) -> Prompts:
    """Tokens of placeholders and names, and where the first placeholder stands."""
    from companion.training.prompt_context import Prompts

    tokenise = encoder._tokenise  # of the encoder's public methods none gives tokens
    first = int(tokenise([""]).argmax())  # where an empty text ends: behind a start token, if there is one
    sentences = [" ".join([*[PLACEHOLDER] * n_words, f"{noun}."]) for noun in nouns]
    return Prompts(tokenise(sentences).to(device), first, n_words)


def _clip(encoder: ClipEncoder) -> Any:
    return encoder._model  # frozen; of the encoder's public methods none gives the text tower
