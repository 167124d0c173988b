"""Words of categories: separators, line ends, what is refused; the real file of ImageNet's categories."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

from companion.errors import DataError, MissingDataError
from companion.loading.wordnet import read_lemmas, wordnet_lemmas

LINES = "n02071294\tkiller whale, killer, Orcinus orca\nn04572121\twelder's mask\nn03594734\tjean,blue jean\n"
LEMMAS = {
    "n02071294": ["killer whale", "killer", "Orcinus orca"],
    "n04572121": ["welder's mask"],
    "n03594734": ["jean", "blue jean"],
}


def written(folder: Path, text: str) -> Path:
    path = folder / "words.txt"
    path.write_bytes(text.encode("utf-8"))
    return path


@pytest.mark.parametrize(
    "text",
    [
        LINES,
        LINES.replace("\n", "\r\n"),
        LINES.removesuffix("\n"),
        LINES + "\n\n",
        LINES.replace("\t", " "),
        LINES.replace("\t", "  \t").replace(", ", " ,  "),
    ],
)
def test_tabs_blanks_and_line_ends_of_any_system(tmp_path: Path, text: str) -> None:
    lemmas = read_lemmas(written(tmp_path, text))
    assert lemmas == LEMMAS
    assert list(lemmas) == list(LEMMAS)


def test_words_beyond_ascii(tmp_path: Path) -> None:
    assert read_lemmas(written(tmp_path, "n07614500\tice cream, glacé\n")) == {
        "n07614500": ["ice cream", "glacé"]
    }


@pytest.mark.parametrize(
    "line",
    [
        "n0207129\twhale",
        "n020712944\twhale",
        "02071294\twhale",
        "v02071294\twhale",
        "n02071294",
        "n02071294\t",
        "n02071294\t  ",
        "n02071294\twhale,",
        "n02071294\twhale,, orca",
        "n02071294,whale",
        "",
        "# a comment",
    ],
)
def test_a_malformed_line_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    path = written(tmp_path, f"n00004475\torganism\n{line}\nn00005787\tbenthos\n")
    with pytest.raises(DataError, match=r"malformed\n.*words\.txt, line 2"):
        read_lemmas(path)


def test_a_category_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, LINES + "n02071294\torca\n")
    with pytest.raises(DataError, match=r"stands twice\n.*line 4\n.*n02071294"):
        read_lemmas(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 1"):
        read_lemmas(written(tmp_path, ""))
    with pytest.raises(DataError, match=r"is missing\n.*absent\.txt"):
        read_lemmas(tmp_path / "absent.txt")
    (tmp_path / "latin.txt").write_bytes("n07614500\tglacé\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"cannot be read\n.*latin\.txt\n.*UTF-8"):
        read_lemmas(tmp_path / "latin.txt")


def test_the_file_of_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    with pytest.raises(MissingDataError, match=r"imagenet_synset_to_lemma\.txt"):
        wordnet_lemmas()
    (tmp_path / "wordnet-lemmas").mkdir()
    (tmp_path / "wordnet-lemmas/imagenet_synset_to_lemma.txt").write_text(LINES, "utf-8")
    assert wordnet_lemmas() == LEMMAS


def test_the_words_of_all_imagenet_categories(real: Path) -> None:
    """The real list, of which a library that encoders need brings a copy, against checked categories."""
    spec = importlib.util.find_spec("timm")
    if spec is None or spec.origin is None:
        pytest.skip("timm is not installed")
    lemmas = read_lemmas(Path(spec.origin).parent / "data/_info/imagenet_synset_to_lemma.txt")
    assert len(lemmas) == 21844
    checked = pd.read_csv(real / "god_stimuli/categories.csv")
    assert len(checked) == 200
    for category, words in zip(checked["wnid"], checked["wordnet_lemmas"], strict=True):
        assert ", ".join(lemmas[category]) == words
