"""Pictures, texts and names of categories in one CLIP space: the data side of BrainCLIP.

Vectors of pictures and texts are raw, as CLIP gives them; those of names have length 1. All are joined by
id. What is tested is told apart from what is trained on when a space is made, not by who reads it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal, get_args

from companion.embeddings import Embeddings
from companion.encoders.anchors import Template, class_anchors
from companion.encoders.cache import EmbeddingCache
from companion.encoders.interface import encode_images, encode_texts
from companion.encoders.miniature import Variant
from companion.errors import DataError
from companion.loading.god.names import glossed_prompt, prompt
from companion.loading.god.stimuli import GodStimuli, category_of
from companion.loading.sources import Null, ScaleName, Source
from companion.running.joint_sources import Backbone, GodSource, god_source, wording

Writing = Literal["prompt", "name", "ensemble", "gloss"]
"""Ways of writing the name of a category: "an image of <name>."; the bare name; the mean over many
sentences; the prompt followed by what the dictionary says."""
WRITINGS: tuple[Writing, ...] = get_args(Writing)
_BATCH = 128


@dataclass(frozen=True, eq=False)
class JointSpace:
    """Vectors of pictures, of texts about them, and of names of categories, in one space.

    Attributes
    ----------
    images : Embeddings of shape (n_images, n_features) or None
        By stimulus, training and test; None where no pictures are on this machine.
    texts : Embeddings of shape (n_texts, n_features)
        Different texts; the id is the text itself.
    texts_of : mapping of stimulus to tuple of str
        Texts of each training image, and of test images that have any. Images may share a text.
    names : mapping of {"prompt", "name", "ensemble", "gloss"} to Embeddings
        Vectors of shape (n_categories, n_features), by category, of training and test; empty where stimuli
        have no categories.
    nouns : mapping of category to str
        What each of these categories is called.
    tested : tuple of str
        Stimuli that nothing may be trained on.

    Raises
    ------
    DataError
        If vectors are of several spaces, ids do not fit, a test category is trained on or has a prompt among
        the training texts, or a text of a test image is worded like a training text.
    """

    images: Embeddings | None
    texts: Embeddings
    texts_of: Mapping[str, tuple[str, ...]]
    names: Mapping[Writing, Embeddings]
    nouns: Mapping[str, str] = field(default_factory=dict)
    tested: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "texts_of", MappingProxyType(dict(self.texts_of)))
        object.__setattr__(self, "names", MappingProxyType(dict(self.names)))
        object.__setattr__(self, "nouns", MappingProxyType(dict(self.nouns)))
        parts = [self.texts, *self.names.values(), *([] if self.images is None else [self.images])]
        if len({(one.space, one.aligned_by, one.values.shape[1]) for one in parts}) > 1:
            raise DataError("The parts of a joint space are of different spaces", got=parts)
        _check_ids(self)
        _check_tests_apart(self)

    @property
    def trained(self) -> tuple[str, ...]:
        """Stimuli that may be trained on, in the order of their texts."""
        return tuple(name for name in self.texts_of if name not in set(self.tested))

    @property
    def training_texts(self) -> Embeddings:
        """Texts of these stimuli alone."""
        return self.texts.select(dict.fromkeys(text for name in self.trained for text in self.texts_of[name]))

    def texts_naming_tests(self) -> dict[str, tuple[str, ...]]:
        """Training texts in which the name of a test category occurs, and which names.

        A sentence about a dog may mention an umbrella. Such words are part of the published captions; here
        they can be counted, or left out.

        Returns
        -------
        dict of text to tuple of str
            Names as whole words, singular or with an s, capitals or not.
        """
        nouns = {self.nouns[name] for name in map(category_of, self.tested) if name in self.nouns}
        forms = {noun: re.compile(rf"\b{re.escape(noun)}s?\b", re.IGNORECASE) for noun in sorted(nouns)}
        found = {
            text: tuple(noun for noun, form in forms.items() if form.search(text))
            for text in self.training_texts.ids
        }
        return {text: named for text, named in found.items() if named}


def god_joint_space(
    lists: GodStimuli,
    *,
    source: Source,
    scale: ScaleName = "lesson",
    null: Null | None = None,
    backbone: Backbone = "RN101",
    pool: Variant = "full",
    writings: Sequence[Writing] = WRITINGS,
    device: str = "cpu",
    cache: EmbeddingCache | None = None,
) -> JointSpace:
    """Joint space of Generic Object Decoding: prompt and sentence of each training image, no test texts.

    Parameters
    ----------
    lists : GodStimuli
        What people were shown.
    source : {"miniature", "null", "official"}
    scale : {"smoke", "lesson", "paper"}
    null : {"N0", "N1", "N2", "N3"}, optional
        Where source is ``null``. Stimuli are those of the world.
    backbone : {"RN101", "ViT-B-32", "ViT-L-14"}
        Of official CLIP.
    pool : {"full", "without_test_kinds"}
        Which miniature CLIP: whether its training pool held other pictures of the test kinds. Where it did
        not, their nouns are unknown words: all test categories have the same prompt vector, and the same bare
        name, so that naming is at chance by construction; a gloss tells the larger class at best.
    writings : sequence of {"prompt", "name", "ensemble", "gloss"}
        Which vectors of names to make. The official ensemble has 80 sentences for each of 200 categories,
        which takes long without a GPU; a chapter that only needs prompts asks for those.
    device : str
        Where CLIP computes.
    cache : EmbeddingCache, optional

    Returns
    -------
    JointSpace

    Raises
    ------
    MissingDataError
        If the world's stimuli have not been made; if official captions or weights are not on this machine.
        Official pictures may be absent.
    DataError
        If files do not fit the lists.

    References
    ----------
    Ma et al. (2025), IEEE TMI 44(10), 3962-3972; captions of its repository.
    """
    found = god_source(
        lists, source=source, scale=scale, null=null, backbone=backbone, pool=pool, device=device
    )
    images = None
    if found.pictures is not None:
        images = encode_images(found.encoder, found.pictures, batch_size=_BATCH, cache=cache)
        images = replace(images, simulated=found.simulated)
    texts = {text: text for pair in found.captions.values() for text in pair}
    vectors = encode_texts(found.encoder, texts, batch_size=_BATCH, cache=cache)
    return JointSpace(
        images=images,
        texts=replace(vectors, simulated=found.simulated),
        texts_of=found.captions,
        names={one: _named(found, one, cache) for one in writings},
        nouns={category: name.noun for category, name in found.names.items()},
        tested=tuple(lists.test["stimulus"]),
    )


def _named(found: GodSource, writing: Writing, cache: EmbeddingCache | None) -> Embeddings:
    """Vectors of all categories' names, written in one way."""
    written: Mapping[str, str] = {category: name.noun for category, name in found.names.items()}
    templates: Sequence[Template] = ["{}"]
    if writing == "prompt":
        written = {category: prompt(noun) for category, noun in written.items()}
    elif writing == "gloss":
        written = {category: glossed_prompt(name) for category, name in found.names.items()}
    elif writing == "ensemble":
        templates = found.templates
    anchors = class_anchors(found.encoder, written, templates, batch_size=_BATCH, cache=cache)
    return replace(anchors, simulated=found.simulated)


def _check_ids(space: JointSpace) -> None:
    """Stimuli, texts and categories are the same ones in all parts."""
    asked = {text for own in space.texts_of.values() for text in own}
    if odd := sorted(asked ^ set(space.texts.ids)):
        raise DataError("Texts are not those of the stimuli", where=space.texts.space, got=odd[0])
    if bare := [name for name, own in space.texts_of.items() if not own]:
        raise DataError("A stimulus has an empty list of texts", got=bare[0])
    stimuli = set(space.texts_of) | set(space.tested)
    if space.images is not None and (odd := sorted(stimuli ^ set(space.images.ids))):
        raise DataError("Images are not those of the stimuli with texts and of the tested ones", got=odd[0])
    categories = [set(one.ids) for one in space.names.values()] + [set(space.nouns)] * bool(space.nouns)
    if any(one != categories[0] for one in categories):
        raise DataError("Not all ways of writing have the same categories", got=[len(c) for c in categories])


def _check_tests_apart(space: JointSpace) -> None:
    """Nothing of a test stimulus is among what is trained on."""
    tested = set(map(category_of, space.tested))
    if both := sorted(tested & set(map(category_of, space.trained))):
        raise DataError("A test category is also trained on", where=space.texts.space, got=both[0])
    if space.nouns and (unnamed := sorted(tested - set(space.nouns))):
        raise DataError("A test category has no name", where=space.texts.space, got=unnamed[0])
    forbidden = {wording(text) for name in space.tested for text in space.texts_of.get(name, ())}
    for noun in (space.nouns[name] for name in tested if name in space.nouns):
        forbidden |= {wording(prompt(noun)), wording(noun)}
    for name in space.trained:
        for text in space.texts_of[name]:
            if wording(text) in forbidden:
                raise DataError(
                    "A text of a test image or category is among the training texts",
                    where=name,
                    got=text,
                    do="train on other texts",
                )
