"""What categories of Generic Object Decoding are called, for prompts; test images that ImageNet-1k holds.

Names are first words of WordNet, as in the prompts released with BrainCLIP: in all 150 of those the name is
the first word of the category, but for capitals. Test categories are named by the same rule, so that some
names are not those of the lists ("dress hat" for the silk hat, "pincer" for the tweezer).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from companion.errors import DataError
from companion.loading.god.stimuli import category_of
from companion.loading.reading import numbers, read_table

_CATEGORY = re.compile(r"n\d{8}")
FIRST_SIMULATED = 90_000_001
"""Number of the category of kind 0 of the miniature world; the others count on."""

ILSVRC_TRAINING = frozenset(
    {
        "n01443537_22563",
        "n01677366_18182",
        "n01943899_24131",
        "n02071294_46212",
        "n02128385_20264",
        "n02690373_7713",
        "n02797295_15411",
        "n02951358_23759",
        "n03124170_13920",
        "n03272010_11001",
        "n03379051_8496",
        "n03452741_24622",
        "n03495258_9895",
        "n03584254_5040",
        "n03710193_22225",
        "n03761084_43533",
        "n04252077_10859",
        "n04254777_16338",
        "n04507155_21299",
        "n04554684_53399",
    }
)
"""Test images that the lists of the laboratory find in the training set of ILSVRC-2012; none is in its
validation set. The laboratory flags two of their categories, airliner and barrow, as outside ILSVRC, although
it lists their images inside: here the image counts."""


class CategoryName(NamedTuple):
    """What a category is called.

    Parameters
    ----------
    noun : str
        One word or several, such as ``"killer whale"``.
    gloss : str
        What that is, without article and noun before it and without a full stop.
    """

    noun: str
    gloss: str


def prompt(noun: str) -> str:
    """Sentence in which the released captions name a category.

    Examples
    --------
    >>> prompt("killer whale")
    'an image of killer whale.'
    """
    return f"an image of {noun}."


def glossed_prompt(name: CategoryName) -> str:
    """Prompt that also says what it is, since some nouns mean several things.

    Examples
    --------
    >>> glossed_prompt(CategoryName("beer mug", "a mug intended for serving beer"))
    'an image of beer mug, a mug intended for serving beer.'
    """
    return f"an image of {name.noun}, {name.gloss}."


def wordnet_names(categories: Iterable[str]) -> dict[str, CategoryName]:
    """Names and glosses of WordNet 3.0, from the list of ImageNet's categories that `timm` brings along.

    Parameters
    ----------
    categories : iterable of str
        WordNet ids, such as ``n02071294``.

    Returns
    -------
    dict of category to CategoryName

    Raises
    ------
    DataError
        If a category is none of ImageNet's.

    References
    ----------
    Miller (1995), Communications of the ACM 38: WordNet.
    """
    from timm.data.imagenet_info import ImageNetInfo  # imports torch

    listed = ImageNetInfo("imagenet-22k")
    found = {}
    for category in categories:
        try:
            words = listed.label_name_to_description(category)
            described = listed.label_name_to_description(category, detailed=True)
        except KeyError as error:
            raise DataError(
                "A category is none of ImageNet's", expected="a WordNet id, such as n02071294", got=category
            ) from error
        gloss = described.removeprefix(f"{words}: ").strip().rstrip(".")
        found[category] = CategoryName(words.split(",")[0].strip(), gloss)
    return found


def kind_names(path: Path, categories: Iterable[str]) -> dict[str, CategoryName]:
    """Names and glosses of kinds of the miniature world.

    Parameters
    ----------
    path : Path
        ``kinds.csv``, with columns ``number``, ``noun`` and ``gloss``.
    categories : iterable of str
        Ids in the manner of WordNet, such as ``n90001855`` for kind 1,854.

    Returns
    -------
    dict of category to CategoryName

    Raises
    ------
    DataError
        If a category is no kind of the table.
    """
    table = read_table(path, ("number", "noun", "gloss"), separator=",")
    counts = numbers(table, "number", where=path).astype(int)
    kinds = dict(zip(counts.tolist(), zip(table["noun"], table["gloss"], strict=True), strict=True))
    found = {}
    for category in categories:
        number = int(category[1:]) - FIRST_SIMULATED if _CATEGORY.fullmatch(category) else None
        if number is None or number not in kinds:
            raise DataError(
                "A category is no kind of the miniature world",
                where=path,
                expected=f"n{FIRST_SIMULATED} to n{FIRST_SIMULATED + len(kinds) - 1}",
                got=category,
                do="take the categories of the world whose kinds.csv this is",
            )
        noun, gloss = kinds[number]
        found[category] = CategoryName(noun, re.sub(rf"^An? {re.escape(noun)} is ", "", gloss).rstrip("."))
    return found


def seen_in_ilsvrc(stimuli: Iterable[str]) -> dict[str, bool]:
    """Whether a model trained on ImageNet-1k has seen each test image itself, not only its category.

    Parameters
    ----------
    stimuli : iterable of str
        Test images of GOD. Those of the miniature world are in no such set.

    Raises
    ------
    DataError
        If an image is another one of a category that has such an image: then it is no test image.

    References
    ----------
    ``stimulus_info_ImageNetTest.csv`` of KamitaniLab/GenericObjectDecoding.

    Examples
    --------
    >>> from companion.loading import seen_in_ilsvrc
    >>> seen_in_ilsvrc(["n90000001_1"])
    {'n90000001_1': False}
    """
    categories = set(map(category_of, ILSVRC_TRAINING))
    found = {}
    for name in stimuli:
        if name not in ILSVRC_TRAINING and category_of(name) in categories:
            raise DataError("This is no test image of GOD", got=name, do="take the names of the test list")
        found[name] = name in ILSVRC_TRAINING
    return found
