"""The manifest: the project's own keeps the schema; what breaks it is refused with entry, key and reason."""

import re
from pathlib import Path

import pytest
import yaml

from companion.errors import DataError
from companion.loading.entries import LARGEST_WITH_BOOK, UNKNOWN
from companion.loading.manifest import load_manifest
from companion.project import project_root

SHA = "0" * 63 + "1"


def good_file(**changes):
    file = {"name": "a.bin", "url": "https://a.org/b/a.bin", "size": 10, "sha256": SHA} | changes
    return {key: value for key, value in file.items() if value is not None}


def good_entry(**changes):
    entry = {
        "id": "a-set",
        "title": "A set",
        "papers": ["shared"],
        "origin": "download",
        "address": "https://a.org",
        "licence": "CC0",
        "access": "public",
        "citation": ["someone2020"],
        "layout": "bytes",
        "chapters": ["ruler"],
        "files": [good_file()],
    } | changes
    return {key: value for key, value in entry.items() if value is not None}


def written(tmp_path, *entries):
    path = tmp_path / "data_manifest.yaml"
    path.write_text(yaml.safe_dump({"entries": list(entries)}), "utf-8")
    return path


def load(tmp_path, *entries):
    return load_manifest(written(tmp_path, *entries))


# ---------------------------------------------------------------------- the project's own manifest


def test_own_manifest_is_read_once():
    assert load_manifest() is load_manifest()


def test_small_public_files_are_fetched_with_the_book():
    small = {entry.id: [file.name for file in entry.files] for entry in with_book()}
    assert small == {
        "things-eeg2-clip-test": ["clip_feature_maps_test.npy"],
        "things-eeg2-clip-centres": ["center_clip.npy"],
        "things-eeg2-image-metadata": ["image_metadata.npy"],
        "glocal-clip-vit-l14": ["transform.npz"],
        "things-spose-49d": ["spose_embedding_49d_sorted.txt", "unique_id.txt", "labels_49.mat"],
        "things-concepts": ["things_concepts.tsv"],
        "images92-kriegeskorte": ["92_brainRDMs.mat", "92_behavRDMs.mat", "92_modelRDMs.mat"],
        "images92-cichy": ["fmri_EVC_RDMs.npz", "fmri_IT_RDMs.npz"],
        "god-stimulus-lists": [
            "stimulus_ImageNetTraining.tsv",
            "stimulus_ImageNetTest.tsv",
            "category_GODImagery.tsv",
        ],
        "brainclip-god-captions": ["GOD_train_caps_hm_and_wdnet.json"],
    }


def with_book():
    return [entry for entry in load_manifest().entries if entry.fetched_with_the_book]


def test_addresses_of_small_files_name_a_commit():
    for entry in with_book():
        for file in entry.files:
            assert re.fullmatch(r"https://raw\.githubusercontent\.com/[^/]+/[^/]+/[0-9a-f]{40}/.+", file.url)


@pytest.mark.parametrize("paper", ["human-aligned", "brain-aligned", "BrainCLIP"])
def test_every_paper_has_data(paper):
    assert sum(paper in entry.papers for entry in load_manifest().entries) > 10


@pytest.mark.parametrize(
    "words",
    [
        "crxs4",
        "anp5v",
        "y63gw",
        "jum2f",
        "LidongYang/EEG_Image_decode",
        "nonarjb/alignvis",
        "Haitao999/things-eeg",
        "ds004212",
        "ds001246",
        "ds004194",
        "ds001506",
        "natural-scenes-dataset",
        "pscotti/naturalscenesdataset",
        "7387130",
        "30845336",
        "17024591",
        "glove.42B.300d.zip",
        "ujvA34948Xg49jdn9",
        "GOD_stimuli_annotations",
        "v0.2.1-checkpoints",
        "prj_harmonization",
        "256x256_diffusion_uncond.pt",
        "RN101",
    ],
)
def test_data_of_the_papers_are_declared(words):
    assert words in (project_root() / "data_manifest.yaml").read_text("utf-8")


def test_citations_are_in_the_bibliography():
    bibliography = (project_root() / "book" / "references.bib").read_text("utf-8")
    known = set(re.findall(r"^@\w+\{([^,\s]+),", bibliography, re.MULTILINE))
    cited = {key for entry in load_manifest().entries if entry.citation != UNKNOWN for key in entry.citation}
    assert cited <= known


def test_closed_recordings_are_marked():
    for entry_id in ("god-meg-osaka", "god-ecog-osaka"):
        entry = load_manifest().entry(entry_id)
        assert entry.origin == "request"
        assert "not public" in entry.access


# ---------------------------------------------------------------------- what an entry may say


def test_unknown_makes_manual(tmp_path):
    unknown = {"sha256": "unknown", "no_checksum": "none published"}
    for change in ({"size": "unknown"}, {"url": "unknown"}, unknown):
        entry = load(tmp_path, good_entry(files=[good_file(**change)], steps=["ask"])).entry("a-set")
        assert entry.manual
        with pytest.raises(DataError, match="steps"):
            load(tmp_path, good_entry(files=[good_file(**change)]))


@pytest.mark.parametrize("change", [{"origin": "request"}, {"origin": "simulate"}, {"files": []}])
def test_what_cannot_be_fetched_needs_steps(tmp_path, change):
    with pytest.raises(DataError, match="steps"):
        load(tmp_path, good_entry(**change))
    assert load(tmp_path, good_entry(**change, steps=["ask"])).entry("a-set").manual


def test_size_of_an_entry(tmp_path):
    two = [good_file(), good_file(name="b.bin", size=5)]
    assert load(tmp_path, good_entry(files=two)).entry("a-set").size == 15
    two[1]["size"] = "unknown"
    assert load(tmp_path, good_entry(files=two, steps=["ask"])).entry("a-set").size is None
    assert load(tmp_path, good_entry(files=[], steps=["ask"])).entry("a-set").size is None


def test_with_book_is_for_small_and_pinned_entries(tmp_path):
    large = [good_file(size=LARGEST_WITH_BOOK + 1)]
    assert load(tmp_path, good_entry(with_book=True)).entry("a-set").fetched_with_the_book
    for change in ({"files": large}, {"origin": "request", "steps": ["ask"]}):
        with pytest.raises(DataError, match="with_book"):
            load(tmp_path, good_entry(with_book=True, **change))


REFUSED_FILES = {
    "plain http": ({"url": "http://a.org/b"}, "https://"),
    "another scheme": ({"url": "ftp://a.org/b"}, "https://"),
    "no host": ({"url": "https:///b"}, "https://"),
    "password": ({"url": "https://me:secret@a.org/b"}, "password"),
    "user": ({"url": "https://me@a.org/b"}, "password"),
    "query": ({"url": "https://a.org/b?x=1"}, "mirror"),
    "fragment": ({"url": "https://a.org/b#x"}, "mirror"),
    "climbing address": ({"url": "https://a.org/../b"}, "climb"),
    "hidden climbing address": ({"url": "https://a.org/%2e%2e/b"}, "climb"),
    "folder": ({"name": "a/b"}, "plain file name"),
    "windows folder": ({"name": "a\\b"}, "plain file name"),
    "climbing name": ({"name": ".."}, "plain file name"),
    "two dots": ({"name": "a..b"}, "plain file name"),
    "hidden name": ({"name": ".a"}, "plain file name"),
    "empty name": ({"name": ""}, "plain file name"),
    "line end": ({"name": "a\n"}, "plain file name"),
    "name of a part": ({"name": "a.part"}, "plain file name"),
    "short sum": ({"sha256": "0" * 63}, "pattern"),
    "capital sum": ({"sha256": "A" * 64}, "pattern"),
    "md5": ({"sha256": "md5:" + "0" * 32}, "pattern"),
    "no sum, no reason": ({"sha256": "unknown"}, "reason"),
    "sum and reason": ({"no_checksum": "why"}, "reason"),
    "no size": ({"size": 0}, "greater than 0"),
    "size in words": ({"size": "10 MB"}, "integer"),
    "size as text": ({"size": "10"}, "integer"),
    "unknown key": ({"checksum": "x"}, "Extra inputs"),
    "missing key": ({"url": None}, "required"),
}


@pytest.mark.parametrize("name", REFUSED_FILES)
def test_refused_files(tmp_path, name):
    change, words = REFUSED_FILES[name]
    with pytest.raises(DataError, match=words) as caught:
        load(tmp_path, good_entry(files=[good_file(**change)]))
    message = str(caught.value)
    assert "entry a-set" in message
    assert "key files.0" in message
    assert "secret" not in message


REFUSED_ENTRIES = {
    "id with capitals": {"id": "A-set"},
    "id with a dot": {"id": "../a"},
    "unknown paper": {"papers": ["another"]},
    "no paper": {"papers": []},
    "unknown origin": {"origin": "found"},
    "unknown chapter": {"chapters": ["chapter-9"]},
    "unknown key": {"license": "CC0"},
    "missing licence": {"licence": None},
    "empty title": {"title": ""},
    "plain http in a text": {"address": "see http://a.org"},
    "password in a text": {"notes": "https://me:secret@a.org"},
    "password in a step": {"steps": ["open https://me:secret@a.org"]},
    "citation key": {"citation": ["Not A Key"]},
    "with_book as text": {"with_book": "yes"},
    "two files of a name": {"files": [good_file(), good_file(name="A.BIN")]},
}


@pytest.mark.parametrize("name", REFUSED_ENTRIES)
def test_refused_entries(tmp_path, name):
    with pytest.raises(DataError, match="breaks its schema") as caught:
        load(tmp_path, good_entry(**REFUSED_ENTRIES[name]))
    for part in (str(tmp_path), "expected", "got", "what to do"):
        assert part in str(caught.value)


def test_two_entries_of_an_id(tmp_path):
    with pytest.raises(DataError, match="a-set is there twice"):
        load(tmp_path, good_entry(), good_entry())


@pytest.mark.parametrize(
    "text",
    [
        "entries: [",
        "entries: 5",
        "- 1",
        "",
        "entries: [3]",
        "entries: []\nentries: []",
        "entries: [{id: a, id: b}]",
        "!!python/object/apply:os.system [ls]",
    ],
)
def test_broken_files(tmp_path, text):
    path = tmp_path / "data_manifest.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(DataError):
        load_manifest(path)


def test_missing_file():
    with pytest.raises(DataError, match="cannot be read"):
        load_manifest(Path("/no/such/manifest.yaml"))


def test_number_of_faults_is_told(tmp_path):
    with pytest.raises(DataError, match="in 2 more places"):
        load(tmp_path, good_entry(title="", licence="", access=""))


# ---------------------------------------------------------------------- looking up


def test_entry_by_id_names_near_ones():
    with pytest.raises(DataError, match="things-spose-49d"):
        load_manifest().entry("things-spose49d")


def test_file_by_name():
    spose = load_manifest().entry("things-spose-49d")
    assert spose.file("unique_id.txt").size == 15201
    assert load_manifest().entry("things-concepts").file().name == "things_concepts.tsv"
    for name in (None, "unique.txt"):
        with pytest.raises(DataError, match=r"unique_id\.txt"):
            spose.file(name)


def test_entries_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        load_manifest().entry("things-concepts").licence = "other"
