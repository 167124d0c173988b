"""Image files by name, wherever they lie; what is missing, doubled or no picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from companion.errors import DataError, MissingDataError
from companion.loading.god.images import god_image_files, image_categories, images_of_category

NAMES = ["n01518870_7", "n01621127_19020", "n03626115_19498"]


def touched(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_images_are_found_in_any_subfolder_by_name(tmp_path: Path) -> None:
    paths = [
        touched(tmp_path / "training" / f"{NAMES[0]}.JPEG"),
        touched(tmp_path / "test/deep" / f"{NAMES[1]}.jpg"),
        touched(tmp_path / f"{NAMES[2]}.png"),
    ]
    touched(tmp_path / f"{NAMES[0]}.txt")
    touched(tmp_path / f"._{NAMES[1]}.jpg")
    touched(tmp_path / "n09999999_1.JPEG")
    found = god_image_files(tmp_path, NAMES[::-1])
    assert list(found) == NAMES[::-1]
    assert list(found.values()) == paths[::-1]


def test_none_of_the_images_is_another_case_than_some(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(MissingDataError, match="None of the stimulus images"):
            god_image_files(folder, NAMES)
    touched(tmp_path / f"{NAMES[0]}.JPEG")
    with pytest.raises(
        DataError, match=r"2 of 3 stimulus images are not there\n.*\n.*n01621127_19020"
    ) as error:
        god_image_files(tmp_path, NAMES)
    assert not isinstance(error.value, MissingDataError)


def test_two_files_of_one_name(tmp_path: Path) -> None:
    for folder in ("small", "large"):
        touched(tmp_path / folder / f"{NAMES[0]}.JPEG")
    with pytest.raises(DataError, match=r"Two files .* one image\n.*n01518870_7\.JPEG"):
        god_image_files(tmp_path, NAMES[:1])


def test_categories_are_folders_that_hold_a_picture(tmp_path: Path) -> None:
    for name in ("n00000002_5.JPEG", "n00000002_10.JPEG", "n00000002_1.jpg", "list.txt"):
        touched(tmp_path / "n00000002" / name)
    touched(tmp_path / "n00000003/list.txt")
    touched(tmp_path / "others/n00000004_1.JPEG")
    touched(tmp_path / "n00000005")
    assert image_categories(tmp_path) == {"n00000002"}
    names = [path.name for path in images_of_category(tmp_path, "n00000002")]
    assert names == ["n00000002_1.jpg", "n00000002_10.JPEG", "n00000002_5.JPEG"]


def test_no_category_at_all(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(MissingDataError, match="candidate category"):
            image_categories(folder)
