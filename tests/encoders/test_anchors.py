"""Class anchors: directions averaged, then normalised again."""

from __future__ import annotations

import numpy as np
import pytest

from companion.encoders.anchors import class_anchors
from companion.encoders.cache import EmbeddingCache
from companion.errors import DataError
from tests.encoders.toys import ToyTexts

NAMES = {"n02123045": "cat", "n02084071": "dog", "n01": "{odd} name"}
TEMPLATES = ("an image of {}.", "a photo of a {}.", "{}")


def by_hand(encoder: ToyTexts, name: str) -> np.ndarray:
    total = np.zeros(encoder.n_features)
    for template in TEMPLATES:
        vector = encoder.vector(template.replace("{}", name)).astype(float)
        total += vector / np.sqrt((vector**2).sum())
    return total / np.sqrt((total**2).sum())


def test_prompts_are_normalised_averaged_and_normalised_again() -> None:
    encoder = ToyTexts()
    anchors = class_anchors(encoder, NAMES, TEMPLATES)
    assert anchors.ids == tuple(NAMES)
    for row, name in zip(anchors.values, NAMES.values(), strict=True):
        np.testing.assert_allclose(row, by_hand(encoder, name))


def test_the_length_of_a_prompts_vector_does_not_count() -> None:
    class Louder(ToyTexts):
        def vector(self, text: str) -> np.ndarray:
            return super().vector(text) * (50 if "photo" in text else 1)

    louder, plain = (class_anchors(encoder, NAMES, TEMPLATES) for encoder in (Louder(), ToyTexts()))
    np.testing.assert_allclose(louder.values, plain.values, atol=1e-6)


def test_templates_change_the_anchor_and_may_be_functions() -> None:
    one = class_anchors(ToyTexts(), NAMES, TEMPLATES[:1]).values
    assert not np.allclose(one, class_anchors(ToyTexts(), NAMES, TEMPLATES).values)
    called = class_anchors(ToyTexts(), NAMES, [lambda name: f"an image of {name}."]).values
    np.testing.assert_array_equal(one, called)


def test_prompts_go_through_the_cache_in_batches(tmp_path: object) -> None:
    cache = EmbeddingCache(tmp_path)
    class_anchors(ToyTexts(), NAMES, TEMPLATES, batch_size=4, cache=cache)
    class_anchors(ToyTexts(), NAMES, TEMPLATES, batch_size=2, cache=cache)
    assert (cache.misses, cache.hits) == (9, 9)


@pytest.mark.parametrize(("templates", "said"), [((), "need a template"), (("an image",), "no place")])
def test_a_template_with_a_place_for_the_name_is_needed(templates: tuple[str, ...], said: str) -> None:
    with pytest.raises(DataError, match=said):
        class_anchors(ToyTexts(), NAMES, templates)
