"""Pictures are found by either recording's id, and captions are taken apart into what they say."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from companion.errors import DataError, MissingDataError
from companion.loading.pictures import picture_attributes, things_pictures


@pytest.fixture
def stimuli(tmp_path: Path) -> Path:
    for kind in ("dovel", "garn"):
        (tmp_path / "object_images" / kind).mkdir(parents=True)
        (tmp_path / f"object_images/{kind}/{kind}_01b.jpg").write_bytes(b"")
    captions = [
        ("dovel/dovel_01b", "a striped red dovel under a night sky"),
        ("dovel/dovel_01b", "a red dovel"),
        ("garn/garn_01b", "a plain blue garn by the sea"),
        ("lurm/lurm_01b", "two lurms"),
    ]
    pd.DataFrame(captions, columns=["stimulus", "caption"]).to_csv(tmp_path / "captions.csv", index=False)
    kinds = pd.DataFrame({"noun": ["dovel", "garn", "lurm"], "category": ["vessel", "animal", "tool"]})
    kinds.to_csv(tmp_path / "kinds.csv", index=False)
    return tmp_path


def test_a_picture_is_found_by_the_id_of_either_recording(stimuli: Path) -> None:
    found = things_pictures(stimuli, ["00012_dovel/dovel_01b", "dovel/dovel_01b"])
    assert set(found.values()) == {stimuli / "object_images/dovel/dovel_01b.jpg"}


def test_a_picture_that_is_not_there_is_named(stimuli: Path) -> None:
    with pytest.raises(MissingDataError, match="1 of 2 pictures"):
        things_pictures(stimuli, ["dovel/dovel_01b", "dovel/dovel_02b"])


def test_a_plain_caption_says_what_a_picture_shows(stimuli: Path) -> None:
    table = picture_attributes(stimuli, ["00003_garn/garn_01b", "dovel/dovel_01b"])
    assert table.index.tolist() == ["00003_garn/garn_01b", "dovel/dovel_01b"]
    assert table.iloc[0].tolist() == ["animal", "blue", "plain", "by the sea"]
    assert table.iloc[1].tolist() == ["vessel", "red", "striped", "under a night sky"]


def test_captions_of_another_kind_and_unknown_pictures_are_refused(stimuli: Path) -> None:
    for name in ("lurm/lurm_01b", "dovel/dovel_09b"):
        with pytest.raises(DataError, match="no plain caption"):
            picture_attributes(stimuli, [name])


def test_photographs_have_no_such_lists(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="without a list"):
        picture_attributes(tmp_path, ["dovel/dovel_01b"])
