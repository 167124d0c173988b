"""Tables and lists of words: choices of judges, doses, kinds and captions, printed and committed numbers."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.loading import calibration, repeated_alignment, repeated_worlds
from companion.loading.doses import TABLE, read_doses
from companion.loading.images92 import human_it, judgements, model_matrices, second_laboratory
from companion.loading.judgements import COLUMNS, read_answers, read_judgements
from companion.loading.manifest import load_manifest
from companion.loading.pictures import picture_attributes
from companion.loading.published import _LAYOUTS, published
from companion.loading.sources import miniature_folder, world_record
from companion.loading.things import (
    clip_concept_centres,
    clip_test_images,
    concept_table,
    eeg2_images,
    human_dimensions,
    human_embedding,
)
from companion.loading.things_eeg2.layout import METADATA_FILE
from companion.loading.things_pictures import categories_of
from companion.loading.wordnet import read_lemmas
from companion.project import project_root

from .damage import DEEP_JSON, as_json, damaged_bytes, damaged_table, damaged_value, outcome, write

CHOICES = [
    ["judges", "train", "cat", "dog", "key", 0],
    ["judges", "train", "dog", "key", "cup", 1],
    ["judges", "test", "key", "cup", "cat", 1],
    ["permuted-1", "train", "dog", "key", "cat", 0],
]
DOSES = [["a", "gap", 0.0, 1, True], ["b", "gap", 0.35, 1, True], ["c", "sharing", 0.5, 1, True]]
KINDS = [[0, "dovel", "bird", "True"], [1, "NA", "tool", "False"]]
CAPTIONS = [
    ["dovel/dovel_01b", "a striped red dovel in a meadow"],
    ["NA/NA_01b", "a plain blue NA on a table"],
]
LEMMAS = "n01443537\tgoldfish, Carassius auratus\nn02071294\tkiller whale, orca\n"


def csv_of(header: list[str], rows: list[list[Any]]) -> bytes:
    return pd.DataFrame(rows, columns=header).to_csv(index=False).encode()


def damaged(header: list[str], rows: list[list[Any]]) -> st.SearchStrategy[str | bytes]:
    return damaged_table(header, rows) | damaged_bytes(csv_of(header, rows))


TWO_AFC = ["teacher", "split", *COLUMNS["two_afc"]]


@given(content=damaged(TWO_AFC, CHOICES))
def test_choices_of_judges(content: str | bytes, tmp_path: Path) -> None:
    write(tmp_path / "two_afc.csv", content)
    table = outcome(
        lambda: read_judgements(tmp_path, "two_afc", teacher="judges", split="train"),
        names="two_afc.csv",
        advice=False,
    )
    if table is not None:
        assert list(table) == list(COLUMNS["two_afc"])
        assert len(table) > 0
        assert set(table["choice"]) <= {0, 1}
        assert (table[["reference", "left", "right"]] != "").to_numpy().all()


@given(content=damaged(["answer_1", "answer_2", "simulated"], [[0, 1, True], [1, 1, True]]))
def test_repeated_answers(content: str | bytes, tmp_path: Path) -> None:
    write(tmp_path / "odd_one_out_answers.csv", content)
    answers = outcome(lambda: read_answers(tmp_path, "odd_one_out"), names="answers.csv", advice=False)
    if answers is not None:
        assert answers.dtype == np.int64
        assert answers.size == 0 or (answers.min() >= 0 and answers.max() <= 2)


@given(content=damaged(["folder", "dial", "value", "seed", "simulated"], DOSES))
def test_doses(content: str | bytes, tmp_path: Path) -> None:
    for name in "abc":
        write(tmp_path / name / METADATA_FILE, b"")
    write(tmp_path / TABLE, content)
    table = outcome(lambda: read_doses(tmp_path), names=[TABLE, str(tmp_path)], advice=False)
    if table is not None:
        assert np.isfinite(table["value"]).all()
        assert set(table["folder"]) <= set("abc")


@given(
    kinds=damaged(["number", "noun", "category", "living"], KINDS)
    | st.just(csv_of(["noun", "category"], [])),
    captions=damaged(["stimulus", "caption"], CAPTIONS) | st.just(csv_of(["stimulus", "caption"], CAPTIONS)),
)
def test_kinds_and_captions(kinds: str | bytes, captions: str | bytes, tmp_path: Path) -> None:
    write(tmp_path / "kinds.csv", kinds)
    write(tmp_path / "captions.csv", captions)
    stimuli = ["00001_dovel/dovel_01b", "NA/NA_01b"]
    files = ["kinds.csv", "captions.csv"]
    known = outcome(lambda: categories_of(tmp_path, stimuli), names=files, advice=False)
    assert known is None or all(known.values())
    shown = outcome(lambda: picture_attributes(tmp_path, stimuli), names=files, advice=False)
    assert shown is None or not shown.isna().to_numpy().any()


def test_a_kind_whose_name_is_a_word_for_missing_is_read(tmp_path: Path) -> None:
    write(tmp_path / "kinds.csv", csv_of(["number", "noun", "category", "living"], KINDS))
    assert categories_of(tmp_path, ["NA/NA_01b"]) == {"NA/NA_01b": "tool"}


@given(content=damaged_bytes(LEMMAS.encode()))
def test_words_of_wordnet(content: bytes, tmp_path: Path) -> None:
    path = write(tmp_path / "words.txt", content)
    lemmas = outcome(lambda: read_lemmas(path), names="words.txt", advice=False)
    if lemmas is not None:
        assert lemmas
        assert all(words and all(words) for words in lemmas.values())


@pytest.fixture
def own_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with nothing but printed numbers."""
    shutil.copytree(project_root() / "book" / "published", tmp_path / "book" / "published")
    (tmp_path / "data_manifest.yaml").touch()
    monkeypatch.setenv("COMPANION_PROJECT", str(tmp_path))
    return tmp_path


@given(data=st.data())
def test_printed_numbers(own_project: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(_LAYOUTS)))
    path = own_project / "book" / "published" / f"{name}.csv"
    valid = path.read_bytes()
    table = pd.read_csv(io.BytesIO(valid), dtype=str, keep_default_na=False).head(4)
    cells = damaged_table(list(table), table.to_numpy().tolist())
    write(path, data.draw(cells | damaged_bytes(valid)))
    try:
        found = outcome(lambda: published(name), names=path.name, advice=False)
    finally:
        write(path, valid)
    if found is not None:
        for column, (low, high) in _LAYOUTS[name].numbers.items():
            filled = found[column].dropna()
            assert ((filled >= low) & (filled <= high)).all()


RECORDED: list[tuple[Path, Callable[[Path], Any]]] = [
    (calibration.FILE, calibration.read_calibration),
    (repeated_worlds.FILE, repeated_worlds.read_repeated_worlds),
    (repeated_alignment.FILE, repeated_alignment.read_repeated_alignment),
]


@pytest.mark.parametrize(("file", "read"), RECORDED)
@given(data=st.data())
def test_tables_with_a_record(
    file: Path, read: Callable[[Path], Any], tmp_path: Path, data: st.DataObject
) -> None:
    valid = b"".join(file.read_bytes().splitlines(keepends=True)[:5])
    path = write(tmp_path / "table.csv", data.draw(damaged_bytes(valid)))
    found = outcome(lambda: read(path), names="table.csv")
    assert found is None or isinstance(found[1], dict)


RECORD = {"part": "god", "scale": "smoke", "simulated": True, "dials": {"gap": 0.35}, "files": {"a": 1}}


@given(
    content=damaged_value(RECORD).map(as_json) | damaged_bytes(as_json(RECORD)) | st.sampled_from(DEEP_JSON)
)
def test_records_of_the_world(content: bytes, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMPANION_DATA", str(tmp_path))
        write(miniature_folder("god", scale="smoke") / "world.json", content)
        found = outcome(lambda: world_record("god", scale="smoke"), names="world.json")
    assert found is None or repr(found) == repr(json.loads(content.decode("utf-8-sig")))


PUBLIC: list[tuple[str, str, Callable[[], object]]] = [
    ("things-spose-49d", "spose_embedding_49d_sorted.txt", human_embedding),
    ("things-spose-49d", "unique_id.txt", human_embedding),
    ("things-spose-49d", "labels_49.mat", human_dimensions),
    ("things-concepts", "things_concepts.tsv", concept_table),
    ("things-eeg2-image-metadata", "", lambda: eeg2_images("test")),
    ("things-eeg2-clip-test", "", clip_test_images),
    ("things-eeg2-clip-centres", "", clip_concept_centres),
    ("images92-kriegeskorte", "92_brainRDMs.mat", human_it),
    ("images92-kriegeskorte", "92_behavRDMs.mat", judgements),
    ("images92-kriegeskorte", "92_modelRDMs.mat", model_matrices),
    ("images92-cichy", "fmri_IT_RDMs.npz", lambda: second_laboratory("IT")),
]


@pytest.fixture(scope="module")
def damaged_files(fetched: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small public files, to be damaged."""
    root = tmp_path_factory.mktemp("damaged") / "data"
    shutil.copytree(fetched, root)
    return root


@given(data=st.data())
def test_a_pinned_file_is_never_opened_damaged(damaged_files: Path, data: st.DataObject) -> None:
    """Readers behind a checksum (Matlab, npz, numbers as text) meet the bytes of the manifest alone."""
    entry, name, read = data.draw(st.sampled_from(PUBLIC))
    path = damaged_files / entry / (name or load_manifest().entry(entry).file(None).name)
    valid = path.read_bytes()
    place, bit = data.draw(st.integers(0, len(valid) - 1)), 1 << data.draw(st.integers(0, 7))
    flipped = valid[:place] + bytes([valid[place] ^ bit]) + valid[place + 1 :]
    write(path, data.draw(st.sampled_from([flipped, valid[:place], valid + b"\n", b"", valid * 2])))
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("COMPANION_DATA", str(damaged_files))
            assert outcome(read, names=path.name) is None
    finally:
        write(path, valid)
