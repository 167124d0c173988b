"""Names in files that would lead elsewhere: refused in words; what lies there is neither read nor changed."""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from companion.errors import CompanionError, DataError
from companion.loading.inside import inside
from companion.running.chapters import all_chapters, read_chapter
from companion.running.sweeps.results import read_sweep
from companion.running.workshop import pack

CLIMBING = (
    "../secret",
    "../../secret",
    "a/../../secret",
    "a/..",
    "..",
    "/etc/hostname",
    "//server/secret",
    "..\\secret",
    "C:\\secret",
    "C:secret",
    "\\\\server\\secret",
    "a\x00b",
    "a\nb",
    "a\x1b[31mb",
)
FINE = (
    "dovel",
    "dovel/dovel_01b",
    "a.b/c..d",
    "Ünïcode/名",
    "...",
    "a b/c-d_e+f",
    "~/x",
    "%2e%2e/x",
    "$HOME/x",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the data folder; what must not be reached lies beside."""
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path / "data"))
    found = tmp_path / "data" / "stimuli"
    found.mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "secret.jpg").write_text("secret")
    return found


@pytest.mark.parametrize("name", CLIMBING)
def test_a_name_that_climbs_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(DataError, match="does not lie in its folder") as caught:
        inside(folder, name, where="images.csv")
    assert "images.csv" in str(caught.value)
    assert "\n" not in str(caught.value).partition("got: ")[2].partition("what to do")[0].strip()
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("name", FINE)
def test_an_odd_name_that_stays_is_none_of_our_business(folder: Path, name: str) -> None:
    assert inside(folder, name, where="images.csv") == folder / name


class TestLinks:
    @pytest.fixture(autouse=True)
    def can_link(self, tmp_path: Path) -> None:
        try:
            (tmp_path / "probe").symlink_to(tmp_path)
        except OSError:
            pytest.skip("this system does not let tests make links")

    def test_one_that_leads_out_is_not_followed(self, folder: Path) -> None:
        (folder / "dovel").symlink_to(folder.parents[1])
        for name in ("dovel", "dovel/secret"):
            with pytest.raises(DataError, match="not links"):
                inside(folder, name, where="images.csv")

    def test_one_to_itself_is_not_followed(self, folder: Path) -> None:
        (folder / "dovel").symlink_to(folder / "dovel")
        with pytest.raises(DataError) if os.name == "posix" else pytest.raises((DataError, OSError)):
            inside(folder, "dovel/x", where="images.csv").stat()

    def test_one_within_the_data_folder_is_followed(self, folder: Path) -> None:
        (folder.parent / "store").mkdir()
        (folder.parent / "store/dovel.jpg").touch()
        (folder / "dovel.jpg").symlink_to(folder.parent / "store/dovel.jpg")
        assert inside(folder, "dovel.jpg", where="").is_file()

    def test_a_workshop_does_not_pass_on_what_links_lead_to(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pack, "miniature_folder", lambda part, scale: folder)
        (folder / "keys").symlink_to(tmp_path)
        chapter = next(one for one in all_chapters().values() if one.world)
        with pytest.raises(DataError, match="A link among the data"):
            pack._copy_data([chapter], [], tmp_path / "zip/data", people=1, scale="smoke")
        assert not list(tmp_path.glob("zip/**/secret*"))


def things(folder: Path, name: str) -> None:
    from companion.loading.things_pictures import picture_files

    picture_files(folder, [f"{name}/x"])


def others(folder: Path, name: str) -> None:
    from companion.loading.things_pictures import other_pictures

    other_pictures(folder, [f"{name}/x"])


def god(folder: Path, name: str) -> None:
    from companion.loading.god.images import god_image_files

    god_image_files(folder, [name])


def god_category(folder: Path, name: str) -> None:
    from companion.loading.god.images import images_of_category

    images_of_category(folder, name)


def doses(folder: Path, name: str) -> None:
    from companion.loading.doses import TABLE, read_doses

    quoted = name.replace('"', '""')
    row = f'gap,0.5,1,"{quoted}"'
    (folder / TABLE).write_text(f"dial,value,seed,folder\n{row}\n", "utf-8", newline="")
    read_doses(folder)


def judged(folder: Path, name: str) -> None:
    from companion.running.aligned_spaces import _tested

    _tested(folder, [f"{name}/x"])


def sweep(folder: Path, name: str) -> None:
    read_sweep(name)


READERS: dict[str, Callable[[Path, str], None]] = {
    "pictures of THINGS": things,
    "other pictures": others,
    "pictures of GOD": god,
    "a category of GOD": god_category,
    "worlds of doses": doses,
    "judged pictures": judged,
    "a sweep": sweep,
}


@pytest.mark.parametrize("name", CLIMBING)
@pytest.mark.parametrize("reader", READERS)
def test_no_reader_leaves_its_folder(folder: Path, reader: str, name: str) -> None:
    opened: list[str] = []
    secrets = {str(folder.parents[1] / one) for one in ("secret", "secret.jpg")}
    HOOK.watched, HOOK.opened = secrets, opened
    try:
        with pytest.raises(CompanionError):
            READERS[reader](folder, name)
    finally:
        HOOK.watched = set()
    assert opened == []


def eeglab(root: Path, signals: str) -> Path:
    """Write a recording of EEGLAB, whose header names the file of its signals."""
    from scipy.io import savemat

    folder = root / "sub-1" / "eeg"
    folder.mkdir(parents=True)
    (root / "dataset_description.json").write_text('{"Name": "a", "BIDSVersion": "1.8.0"}')
    (folder / "sub-1_task-see_events.tsv").write_text("onset\tduration\ttrial_type\n0.5\t0.1\tseen\n")
    header = {
        "data": signals,
        "nbchan": 2,
        "pnts": 300,
        "trials": 1,
        "srate": 100.0,
        "xmin": 0.0,
        "xmax": 2.99,
    }
    header |= {"chanlocs": [], "event": [], "epoch": [], "setname": "a"}
    savemat(folder / "sub-1_task-see_eeg.set", {"EEG": header}, appendmat=False)
    return folder


@pytest.mark.parametrize("signals", ["../../../secret.fdt", "{away}/secret.fdt", "own.fdt"])
def test_signals_of_eeglab_lie_in_the_data_set(tmp_path: Path, signals: str) -> None:
    from companion.loading.own_bids import epochs_from_bids

    folder = eeglab(tmp_path / "bids", signals.format(away=tmp_path))
    for path in (tmp_path / "secret.fdt", folder / "own.fdt"):
        np.zeros((300, 2), "<f4").tofile(path)
    opened: list[str] = []
    HOOK.watched, HOOK.opened = {str(tmp_path / "secret.fdt"), str(folder / "../../../secret.fdt")}, opened
    try:
        if signals == "own.fdt":
            epochs_from_bids(tmp_path / "bids", "1", task="see", tmin=0, tmax=0.2, baseline=None)
        else:
            with pytest.raises(DataError, match=r"(?s)outside of its BIDS folder.*secret\.fdt"):
                epochs_from_bids(tmp_path / "bids", "1", task="see", tmin=0, tmax=0.2, baseline=None)
    finally:
        HOOK.watched = set()
    assert opened == []


class Hook:
    """Hears which of the watched files are opened."""

    def __init__(self) -> None:
        self.watched: set[str] = set()
        self.opened: list[str] = []

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.watched and event == "open" and str(arguments[0]) in self.watched:
            self.opened.append(str(arguments[0]))


HOOK = Hook()
sys.addaudithook(HOOK)  # it cannot be taken away, only made deaf


def a_chapter_that_reads(folder: Path, name: str) -> Path:
    head = f"---\nkernelspec: {{name: python3}}\ncompanion: {{reads: [{name!a}]}}\n---\n(a)=\n# A\n"
    (folder / "a.md").write_text(head, "utf-8")
    return folder / "a.md"


@pytest.mark.parametrize(
    "name", ["../../secret", "a/../../../secret", "/etc/hostname", "..\\..\\secret", "C:\\x"]
)
def test_a_chapter_reads_nothing_outside_of_the_project(folder: Path, name: str) -> None:
    with pytest.raises(CompanionError):
        read_chapter(a_chapter_that_reads(folder, name))


def test_a_chapter_may_read_what_lies_elsewhere_in_the_project(folder: Path) -> None:
    found = read_chapter(a_chapter_that_reads(folder, "../src/kept.csv"))
    assert found is not None
    assert found.reads == ("../src/kept.csv",)


def test_the_table_of_contents_names_pages_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    (project / "book").mkdir(parents=True)
    (project / "data_manifest.yaml").write_text("entries: []")
    (tmp_path / "secret.md").write_text("---\nkernelspec: {name: python3}\n---\n(a)=\n# Secret\n")
    (project / "_toc.yml").write_text(
        "root: book/index\nparts: [{caption: A, chapters: [{file: ../secret}]}]"
    )
    monkeypatch.setenv("COMPANION_PROJECT", str(project))
    with pytest.raises(DataError, match=r"_toc\.yml"):
        all_chapters()


def test_a_workshop_holds_what_the_manifest_names(
    fetched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from companion.loading.manifest import load_manifest

    entry = next(one for one in load_manifest().entries if one.fetched_with_the_book)
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path / "data"))
    (tmp_path / "data" / entry.id).mkdir(parents=True)
    for file in entry.files:
        (tmp_path / "data" / entry.id / file.name).write_bytes((fetched / entry.id / file.name).read_bytes())
    (tmp_path / "data" / entry.id / "diary.txt").write_text("mine")
    pack._copy_data([], [entry], tmp_path / "zip", people=1, scale="smoke")
    assert {one.name for one in (tmp_path / "zip" / entry.id).iterdir()} == {one.name for one in entry.files}


def test_the_zip_of_a_workshop_has_plain_names(tmp_path: Path) -> None:
    home = tmp_path / pack.FOLDER
    home.mkdir()
    np.save(home / "x.npy", np.zeros(1))
    pack._zip(home, tmp_path / "class.zip")
    with zipfile.ZipFile(tmp_path / "class.zip") as archive:
        assert archive.namelist() == [f"{pack.FOLDER}/x.npy"]
