"""Names and glosses of GOD categories, and the test images that ImageNet-1k holds."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from companion.errors import DataError
from companion.loading.god.names import (
    ILSVRC_TRAINING,
    CategoryName,
    glossed_prompt,
    kind_names,
    prompt,
    seen_in_ilsvrc,
    wordnet_names,
)
from companion.loading.god.stimuli import category_of, read_god_stimuli
from companion.loading.god.tested_categories import god_test_categories
from companion.simulation.picture_files import write_kinds
from companion.simulation.sets import god_category
from companion.simulation.stimuli import all_kinds

SEEN = [
    *("goldfish", "common iguana", "conch", "killer whale", "leopard", "airliner", "barrow", "canoe"),
    *("cowboy hat", "electric guitar", "football helmet", "grand piano", "harp", "iPod", "mailbox"),
    *("microwave", "snowmobile", "sock", "umbrella", "washer"),
]
"""The dossier's list, in the labels of the package ("washer" for washing machine)."""


def test_names_and_glosses_of_wordnet() -> None:
    names = wordnet_names(["n02071294", "n02824058", "n04572121"])
    assert list(names) == ["n02071294", "n02824058", "n04572121"]
    assert names["n02824058"] == CategoryName("beer mug", "a mug intended for serving beer")
    assert names["n02071294"].noun == "killer whale"
    assert names["n02071294"].gloss.startswith("predatory black-and-white toothed whale")
    assert names["n04572121"].noun == "welder's mask"
    with pytest.raises(DataError, match="n99999999"):
        wordnet_names(["n02071294", "n99999999"])


def test_prompts() -> None:
    assert prompt("killer whale") == "an image of killer whale."
    assert glossed_prompt(CategoryName("sock", "hosiery")) == "an image of sock, hosiery."


def test_every_category_has_a_name_of_its_own(real: Path) -> None:
    listed = pd.read_csv(real / "god_stimuli/categories.csv").set_index("wnid")["wordnet_lemmas"]
    names = wordnet_names(listed.index)
    assert len({name.noun.casefold() for name in names.values()}) == 200
    for category, words in listed.items():
        assert names[str(category)].noun == words.split(",")[0]
        assert names[str(category)].gloss


def test_the_released_prompts_are_made_of_these_names(real: Path) -> None:
    captions = json.loads((real / "god_captions_cc_by_nc_sa/god_training_captions.json").read_text("utf-8"))
    released = {category_of(name): pair[0] for name, pair in captions.items()}
    names = wordnet_names(released)
    assert len(released) == 150
    for category, text in released.items():
        assert prompt(names[category].noun).casefold() == text.casefold()


def test_kinds_of_the_miniature_world(tmp_path: Path) -> None:
    write_kinds(tmp_path)
    for number, kind in enumerate(all_kinds()[:400]):
        name = kind_names(tmp_path / "kinds.csv", [god_category(number)])[god_category(number)]
        article = "An" if kind.noun[0] in "aeiou" else "A"
        assert name.noun == kind.noun
        assert f"{article} {name.noun} is {name.gloss}." == kind.gloss
    with pytest.raises(DataError, match="n01443537"):
        kind_names(tmp_path / "kinds.csv", ["n01443537"])


def test_the_twenty_images_are_those_of_the_list(real: Path) -> None:
    test = list(read_god_stimuli(real / "god_stimuli").test["stimulus"])
    seen = seen_in_ilsvrc(test)
    assert list(seen) == test
    assert sum(seen.values()) == len(ILSVRC_TRAINING) == 20
    labels = god_test_categories()["label"]
    assert [labels[category_of(name)] for name in test if seen[name]] == SEEN


def test_images_of_categories_are_not_taken_for_test_images() -> None:
    assert seen_in_ilsvrc(["n01621127_19020", "n90002005_1"]) == {
        "n01621127_19020": False,
        "n90002005_1": False,
    }
    with pytest.raises(DataError, match="n01443537_22"):
        seen_in_ilsvrc(["n01443537_22"])


def test_categories_that_were_seen_are_categories_of_imagenet_1k() -> None:
    from timm.data.imagenet_info import ImageNetInfo

    assert {category_of(name) for name in ILSVRC_TRAINING} <= set(ImageNetInfo().label_names())
