"""Checks of what a recording says was shown: names of GOD images, and no category in two splits."""

from __future__ import annotations

import re
from collections.abc import Iterable

from companion.errors import DataError
from companion.loading.god.stimuli import category_of

_IMAGE_NAME = re.compile(r"n\d{8}_\d+")


def check_image_names(names: Iterable[object], *, where: object) -> None:
    """Refuse what is not the name of a GOD image.

    Raises
    ------
    DataError
        If a name has another form; the first such name is shown.
    """
    for row, name in enumerate(names):
        if not (isinstance(name, str) and _IMAGE_NAME.fullmatch(name)):
            raise DataError(
                "A stimulus id is not the name of a GOD image",
                where=f"{where}, image {row}",
                expected="n, eight digits, an underscore, a number: n03626115_19498",
                got=repr(name),
                do="write the ImageNet name of the image, without an extension",
            )


def check_categories_apart(train: Iterable[str], test: Iterable[str], *, where: object) -> None:
    """Refuse training images of a category that is tested.

    Raises
    ------
    DataError
        If a category occurs in both.
    """
    shared = sorted({category_of(name) for name in train} & {category_of(name) for name in test})
    if shared:
        raise DataError(
            f"{len(shared)} test categories are among the training images",
            where=where,
            expected="no category in both splits",
            got=", ".join(shared[:5]),
        )
