"""The data folder: what lies there is compared with the manifest each time before it is opened."""

import hashlib
import os
from pathlib import Path

import pytest
import yaml

from companion.errors import DataError, MissingDataError
from companion.loading import manifest, store
from companion.loading.catalogue import describe, summary_table
from companion.loading.manifest import load_manifest
from companion.loading.store import FileState, checksums, data_file, missing, status

ONE, TWO = b"content of one", b"content of two"


def file(name, content, **changes):
    return {
        "name": name,
        "url": f"https://a.org/{name}",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    } | changes


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A manifest of our own in the place of the project's, and an empty data folder."""
    shared = {
        "papers": ["shared"],
        "address": "somewhere",
        "licence": "CC BY 4.0",
        "access": "on request",
        "citation": "unknown",
        "layout": "bytes",
        "chapters": ["ruler"],
    }
    by_hand = {"size": "unknown", "sha256": "unknown", "no_checksum": "not published"}
    entries = [
        shared | {"id": "pair", "title": "Pair", "origin": "download"}
        | {"files": [file("one.bin", ONE), file("two.bin", TWO)], "with_book": True},
        shared | {"id": "closed", "title": "Closed set", "origin": "request", "steps": ["Ask.", "Wait."]}
        | {"files": [file("big.bin", b"", **by_hand)]},
        shared | {"id": "vague", "title": "Vague set", "origin": "request", "steps": ["Ask."]},
    ]  # fmt: skip
    path = tmp_path / "data_manifest.yaml"
    path.write_text(yaml.safe_dump({"entries": entries}), "utf-8")
    ours = manifest.load_manifest(path)
    monkeypatch.setattr(store, "load_manifest", lambda: ours)
    folder = tmp_path / "data"
    monkeypatch.setenv("COMPANION_DATA", str(folder))
    return folder


def put(root, place, content):
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def entry(entry_id):
    return store.load_manifest().entry(entry_id)


def test_right_file(root):
    path = put(root, "pair/one.bin", ONE)
    assert data_file("pair", "one.bin") == path


def test_missing_file_says_what_and_how(root):
    with pytest.raises(MissingDataError) as caught:
        data_file("pair", "one.bin")
    for words in ("pair", "one.bin", "CC BY 4.0", "on request", "companion data fetch pair"):
        assert words in str(caught.value)


def test_missing_manual_file_gives_the_steps(root):
    with pytest.raises(MissingDataError, match=r"\(1\) Ask\. \(2\) Wait\."):
        data_file("closed")


def test_wrong_files_are_refused(root):
    put(root, "pair/one.bin", ONE + b"x")
    with pytest.raises(DataError, match="wrong size"):
        data_file("pair", "one.bin")
    put(root, "pair/one.bin", TWO)
    with pytest.raises(DataError, match="wrong checksum") as caught:
        data_file("pair", "one.bin")
    assert hashlib.sha256(TWO).hexdigest() in str(caught.value)


def test_a_file_changed_later_is_noticed(root):
    path = put(root, "pair/one.bin", ONE)
    data_file("pair", "one.bin")
    path.write_bytes(TWO)
    os.utime(path, ns=(1, 1))
    with pytest.raises(DataError, match="wrong checksum"):
        data_file("pair", "one.bin")


def test_an_unchanged_file_is_read_once(root, monkeypatch):
    path = put(root, "pair/two.bin", TWO)
    data_file("pair", "two.bin")
    monkeypatch.setattr(Path, "open", lambda *arguments: pytest.fail("read again"))
    assert data_file("pair", "two.bin") == path


def test_file_without_checksum_is_taken_as_it_is(root):
    path = put(root, "closed/big.bin", b"whatever")
    assert data_file("closed") == path
    assert status(entry("closed")).files == {"big.bin": FileState.UNPINNED}
    assert status(entry("closed")).complete


def test_status(root):
    assert status(entry("pair")).files == {"one.bin": FileState.ABSENT, "two.bin": FileState.ABSENT}
    put(root, "pair/one.bin", ONE)
    put(root, "pair/two.bin", ONE)
    assert status(entry("pair")).files == {"one.bin": FileState.PRESENT, "two.bin": FileState.WRONG_CHECKSUM}
    assert not status(entry("pair")).complete
    put(root, "pair/two.bin", TWO)
    assert status(entry("pair")).complete
    assert not status(entry("vague")).complete


def test_missing(root):
    assert [found.id for found in missing(["pair", "closed", "vague"])] == ["pair", "closed", "vague"]
    put(root, "pair/one.bin", ONE)
    assert [found.id for found in missing(["pair"])] == ["pair"]
    put(root, "pair/two.bin", b"wrong")
    assert missing(["pair"]) == [], "a wrong file is an error, not a missing file"


def test_checksums(root):
    put(root, "pair/one.bin", ONE)
    assert checksums(["pair", "vague"]) == {
        "pair/one.bin": hashlib.sha256(ONE).hexdigest(),
        "pair/two.bin": "absent",
    }


def test_unreadable_file(root):
    path = put(root, "pair/one.bin", ONE)
    path.unlink()
    path.symlink_to(path)  # a link to itself
    with pytest.raises(DataError):
        data_file("pair", "one.bin")


def test_links(root, tmp_path):
    outside = put(tmp_path, "outside/one.bin", ONE)
    (root / "pair").mkdir(parents=True)
    (root / "pair" / "one.bin").symlink_to(outside)
    with pytest.raises(DataError, match="leads out of it"):
        data_file("pair", "one.bin")
    inside = put(root, "store/two.bin", TWO)
    (root / "pair" / "two.bin").symlink_to(inside)
    assert data_file("pair", "two.bin").read_bytes() == TWO


def test_linked_folder_out_of_the_data_folder(root, tmp_path):
    put(tmp_path, "outside/big.bin", b"anything")
    root.mkdir()
    (root / "closed").symlink_to(tmp_path / "outside")
    with pytest.raises(DataError, match="COMPANION_DATA"):
        data_file("closed")


def test_data_folder_may_be_a_link(root, tmp_path, monkeypatch):
    put(root, "pair/one.bin", ONE)
    (tmp_path / "link").symlink_to(root)
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path / "link"))
    assert data_file("pair", "one.bin").read_bytes() == ONE


def test_fetched_files_are_right(data_root):
    for one in load_manifest().entries:
        if one.fetched_with_the_book:
            for name in (file.name for file in one.files):
                assert data_file(one.id, name).is_file()
    assert missing([one.id for one in load_manifest().entries if one.fetched_with_the_book]) == []


# ---------------------------------------------------------------------- as text


def test_summary_has_a_line_per_entry(root):
    put(root, "pair/one.bin", ONE)
    put(root, "closed/big.bin", b"x")
    lines = summary_table(store.load_manifest()).splitlines()
    assert [line.split("  ")[0] for line in lines] == ["entry", "pair", "closed", "vague"]
    assert "1 of 2 files" in lines[1]
    assert "with the book" in lines[1]
    assert "yes" in lines[2]
    assert "by hand" in lines[2]
    put(root, "pair/two.bin", b"wrong")
    assert "wrong: two.bin" in summary_table(store.load_manifest(), root)


def test_description_has_all_that_is_known(root):
    put(root, "pair/one.bin", ONE)
    text = " ".join(describe(entry("pair"), root).split())
    for words in (
        "CC BY 4.0",
        "on request",
        "companion data fetch pair",
        "one.bin, 0.0 kB, https://a.org/one.bin",
    ):
        assert words in text
    assert text.index("; present") < text.index("; absent")
    assert "no checksum (not published)" in " ".join(describe(entry("closed"), root).split())


def test_every_entry_of_the_project_can_be_described(tmp_path):
    for one in load_manifest().entries:
        assert describe(one, tmp_path).startswith(f"{one.id}: {one.title}")
        assert all(len(line) <= 200 for line in describe(one, tmp_path).splitlines())
