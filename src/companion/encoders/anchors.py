"""Text anchors of classes, for zero-shot naming."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from companion.embeddings import Embeddings
from companion.encoders.cache import EmbeddingCache
from companion.encoders.interface import TextEncoder, encode_texts
from companion.errors import DataError

Template = str | Callable[[str], str]
"""A sentence with ``{}`` where the name goes, or a function from name to sentence (open_clip's own lists)."""


def class_anchors(
    encoder: TextEncoder,
    names: Mapping[str, str],
    templates: Sequence[Template],
    *,
    batch_size: int = 64,
    cache: EmbeddingCache | None = None,
) -> Embeddings:
    """One vector of length 1 per class: its prompts' directions, averaged, then normalised again.

    ``e_c = normalise(mean_t(normalise(encode(template_t(name_c)))))``. Without the inner step long vectors
    would weigh more; without the outer one, classes whose prompts agree would win by length. Patterns that
    are compared with anchors are normalised too.

    Parameters
    ----------
    encoder : TextEncoder
    names : mapping from class id to str
        What stands in the prompt for each class.
    templates : sequence of str or callable
        At least one, such as ``"an image of {}."``.
    batch_size, cache
        As in :func:`encode_texts`.

    Returns
    -------
    Embeddings of shape (n_classes, n_features)
        Rows in the order of `names`.

    Raises
    ------
    DataError
        If there is no template, or one without a place for the name.

    References
    ----------
    Radford et al. (2021), ICML, section 3.1.4 (prompt ensembling in embedding space).

    Examples
    --------
    >>> import numpy as np
    >>> from companion.encoders import class_anchors, load_miniature_clip
    >>> anchors = class_anchors(
    ...     load_miniature_clip(), {"k1": "red bird", "k2": "blue fruit"}, ["a {}", "an image of a {}"]
    ... )
    >>> anchors.ids, np.linalg.norm(anchors.values, axis=1).round(6).tolist()
    (('k1', 'k2'), [1.0, 1.0])
    """
    if not templates:
        raise DataError("Class anchors need a template", expected="at least one, such as 'an image of {}.'")
    prompts = {
        f"{number}/{class_id}": _filled(template, name)
        for class_id, name in names.items()
        for number, template in enumerate(templates)
    }
    encoded = encode_texts(encoder, prompts, batch_size=batch_size, cache=cache).normalised().values
    means = encoded.reshape(len(names), len(templates), -1).mean(axis=1)
    return Embeddings(means, tuple(names), encoder.name).normalised()


def _filled(template: Template, name: str) -> str:
    if not isinstance(template, str):
        return template(name)
    if "{}" not in template:
        raise DataError("A template has no place for the name", expected="a sentence with {}", got=template)
    return template.replace("{}", name)
