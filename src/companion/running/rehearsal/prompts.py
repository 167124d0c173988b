"""Job of learnt prompts: a context before the names of categories, through the text tower of CLIP."""

from __future__ import annotations

from companion.encoders.clip import ClipEncoder
from companion.loading.god.stimuli import category_of
from companion.running.decoders import chosen_device
from companion.running.joint_space import JointSpace
from companion.running.learnt_prompts import learnt_prompts
from companion.running.mapping import VALIDATED
from companion.running.rehearsal.jobs import Job, Work
from companion.running.rehearsal.looking import vision_transformer
from companion.running.rehearsal.made_up import made_up_vectors, synsets
from companion.running.rehearsal.sizes import Sizes
from companion.training.prompt_context import ContextSettings

_N_EPOCHS, _BATCH = 8, 32


def prompt_jobs(sizes: Sizes) -> list[Job]:
    """Describe the learning of a context on one picture of each category, each epoch a part of a whole one.

    A step costs what the names of all training categories cost, however many pictures are named.
    """
    per_category = sizes.god.n_pictures // sizes.n_categories

    def start(device: str) -> Work:
        place = str(chosen_device(device))
        encoder = vision_transformer(place)
        space = named_space(encoder, sizes)

        def work(n_epochs: int) -> None:
            learnt_prompts(encoder, space, ContextSettings(n_epochs=n_epochs), device=place)

        return work

    return [
        Job(
            "naming",
            "learnt context of names, ViT-B/32",
            f"{sizes.n_categories} training categories, {sizes.god.n_test} test ones, batches of {_BATCH}",
            start,
            n_units=_N_EPOCHS * per_category,
            n_steps=-(-round(sizes.n_categories * (1 - VALIDATED)) // _BATCH),
            note=f"{_N_EPOCHS} epochs; validated {per_category} times as often as there",
        )
    ]


def named_space(encoder: ClipEncoder, sizes: Sizes) -> JointSpace:
    """Make up pictures of categories that have names, in the space of a CLIP."""
    trained = synsets(sizes.n_categories, first=1, per_category=1)
    tested = synsets(sizes.god.n_test, first=10**6, per_category=1)
    texts = [f"text of {name}" for name in trained]
    width = len(encoder.texts(texts[:1])[0])
    return JointSpace(
        made_up_vectors([*trained, *tested], width, space="named"),
        made_up_vectors(texts, width, space="named", seed=2),
        {name: (text,) for name, text in zip(trained, texts, strict=True)},
        {},
        nouns={category_of(name): f"thing {number}" for number, name in enumerate([*trained, *tested])},
        tested=tuple(tested),
    )
