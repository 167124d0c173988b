"""Who is there: the miniature world as made, official files only with design and captions."""

from __future__ import annotations

from pathlib import Path

import pytest

from companion.errors import MissingDataError
from companion.loading.nsd.people import nsd_people


def test_people_are_those_whose_files_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    with pytest.raises(MissingDataError, match="simulate nsd"):
        nsd_people(source="miniature")
    there = tmp_path / "miniature/lesson/world/nsd"
    there.mkdir(parents=True)
    for name in ("world.json", "subj01_nsdgeneral.hdf5", "subj07_nsdgeneral.hdf5"):
        (there / name).write_text("{}")
    assert nsd_people(source="miniature") == {1: there, 7: there}
    assert nsd_people([7, 2], source="miniature") == {7: there}


@pytest.mark.parametrize("absent", ["responses", "design", "captions", None])
def test_official_people_are_there_with_design_and_captions_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, absent: str | None
) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    files = {
        "responses": "nsd-nsdgeneral/subj05_nsdgeneral.hdf5",
        "design": "nsd-nsdgeneral/nsd_expdesign.mat",
        "captions": "nsd-coco-captions/nsd_stim_info_merged.csv",
    }
    for kind, name in files.items():
        if kind != absent:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
    assert nsd_people(source="official") == ({5: tmp_path / "nsd-nsdgeneral"} if absent is None else {})
