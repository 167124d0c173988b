"""Captions are taken apart into what they say of a picture."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from companion.errors import DataError, MissingDataError
from companion.loading.pictures import nsd_picture_folder, picture_attributes


@pytest.fixture
def stimuli(tmp_path: Path) -> Path:
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
    with pytest.raises(MissingDataError, match="Nothing lists"):
        picture_attributes(tmp_path, ["dovel/dovel_01b"])


def test_nsd_pictures_lie_below_those_of_the_world_or_in_a_folder_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    assert nsd_picture_folder(tmp_path / "stimuli") == tmp_path / "nsd-stimuli"
    (tmp_path / "stimuli/nsd").mkdir(parents=True)
    assert nsd_picture_folder(tmp_path / "stimuli") == tmp_path / "stimuli/nsd"
