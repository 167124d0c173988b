"""Word vectors: the layout, the words of lemmas, what is missing or damaged; real vectors at the end."""

from __future__ import annotations

import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from companion.embeddings import Embeddings
from companion.encoders.glove import category_vectors, word_vectors
from companion.errors import DataError

VECTORS = {
    "killer": [1, 0, 0],
    "whale": [0, 1, 0],
    "orca": [0, 0, 1],
    "t": [2, 2, 2],
    "shirt": [4, 4, 4],
    "naïve": [-1, 0.5, 1e-3],
    "dog": [3, 0, 4],
}


def layout(vectors: dict[str, list[float]]) -> str:
    return "".join(f"{word} {' '.join(map(str, numbers))}\n" for word, numbers in vectors.items())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "glove.toy.3d.txt"
    path.write_text(layout(VECTORS), "utf-8")
    return path


def zipped(path: Path, *names: str) -> Path:
    archive = path.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for name in names:
            target.writestr(name, path.read_bytes())
    return archive


def test_words_come_in_the_order_asked_for_and_as_they_are_spelt(path: Path) -> None:
    space = word_vectors(path, ["dog", "naïve", "killer", "Dog", "dog"], space="toy")
    assert space.ids == ("dog", "naïve", "killer")
    np.testing.assert_array_equal(space.values, [[3, 0, 4], [-1, 0.5, 1e-3], [1, 0, 0]])
    assert space.space == "toy"


def test_a_category_is_the_mean_of_its_lemmas_and_a_lemma_the_mean_of_its_words(path: Path) -> None:
    lemmas = {
        "n1": ["killer_whale", "Orca"],
        "n2": ["T-shirt", "tee's"],
        "n3": ["killer unknownword", "Orcinus_orca", "latin_name"],
    }
    found = category_vectors(path, lemmas, space="toy")
    assert found.vectors.ids == ("n1", "n2", "n3")
    # n1: mean of (.5, .5, 0) and (0, 0, 1), not of three words; n3: the third lemma has no word and no weight
    np.testing.assert_allclose(found.vectors.values, [[0.25, 0.25, 0.5], [3, 3, 3], [0.5, 0, 0.5]])
    assert found.words == {"n1": ("killer", "whale", "orca"), "n2": ("t", "shirt"), "n3": ("killer", "orca")}
    assert found.without_words == ()


def test_categories_without_any_word_are_named(path: Path) -> None:
    lemmas = {"n1": ["Planchet"], "n2": ["dog"], "n3": [], "n4": ["__"]}
    found = category_vectors(path, lemmas, space="toy")
    assert found.vectors.ids == ("n2",)
    assert found.without_words == ("n1", "n3", "n4")


def test_no_word_at_all_is_an_error(path: Path) -> None:
    with pytest.raises(DataError, match="None of the words"):
        category_vectors(path, {"n1": ["planchet"]}, space="toy")
    with pytest.raises(DataError, match="'planchet'"):
        word_vectors(path, ["planchet"], space="toy")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("cat 1 2", "3 numbers"),
        ("cat 1 2 3 4", "3 numbers"),
        ("cat 1 2 x", "'x'"),
        ("cat 1 nan 3", "'nan'"),
        ("cat 1 2 ", "''"),
        ("dog 1 2 3", "'dog' again"),
        (" 1 2 3", "a word"),
        ("", "a word"),
    ],
)
def test_a_malformed_line_is_named_by_its_number(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "bad.txt"
    path.write_text(layout(VECTORS) + line + "\n" + "end 1 2 3\n", "utf-8")
    with pytest.raises(DataError, match="line 8") as caught:
        word_vectors(path, ["dog", "cat"], space="toy")
    assert said in str(caught.value)


def test_lines_are_counted_even_where_no_word_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_text(layout(VECTORS) + "unwanted 1 2\n", "utf-8")
    with pytest.raises(DataError, match="line 8"):
        word_vectors(path, ["dog"], space="toy")


def test_a_line_of_counts_at_the_top_is_not_gloves_layout(tmp_path: Path) -> None:
    path = tmp_path / "word2vec.txt"
    path.write_text("7 3\n" + layout(VECTORS), "utf-8")
    with pytest.raises(DataError, match="word2vec"):
        word_vectors(path, ["dog"], space="toy")


def test_words_with_blanks_and_bytes_of_no_encoding_do_not_disturb(tmp_path: Path) -> None:
    path = tmp_path / "odd.txt"
    odd = b"at name@domain.com 9 9 9\n. . . 9 9 9\n\xff\xfe 9 9 9\na\xc2\xa0b\xc2\x85 9 9 9\n"
    path.write_bytes(b"cat 7 7 7\r\n" + odd + layout(VECTORS).encode() + b"at 5 5 5")
    space = word_vectors(path, ["at", "dog", "cat"], space="toy")
    np.testing.assert_array_equal(space.values, [[5, 5, 5], [3, 0, 4], [7, 7, 7]])


@pytest.mark.parametrize("content", [b"", b"word\n"])
def test_a_file_without_numbers_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "none.txt").write_bytes(content)
    with pytest.raises(DataError, match=r"none\.txt"):
        word_vectors(tmp_path / "none.txt", ["dog"], space="toy")


def test_an_archive_gives_the_same_as_its_file(path: Path) -> None:
    from_zip = word_vectors(zipped(path, "glove.toy.3d.txt"), VECTORS, space="toy")
    np.testing.assert_array_equal(from_zip.values, word_vectors(path, VECTORS, space="toy").values)


def test_of_several_members_one_must_be_named(path: Path) -> None:
    archive = zipped(path, "a.50d.txt", "a.100d.txt", "README")
    with pytest.raises(DataError, match=r"a\.50d\.txt, a\.100d\.txt"):
        word_vectors(archive, ["dog"], space="toy")
    with pytest.raises(DataError, match=r"a\.300d\.txt"):
        word_vectors(archive, ["dog"], space="toy", member="a.300d.txt")
    assert word_vectors(archive, ["dog"], space="toy", member="a.100d.txt").ids == ("dog",)


def test_a_damaged_archive_is_refused_even_where_all_words_were_found(tmp_path: Path) -> None:
    path = tmp_path / "stored.txt"
    path.write_text(layout(VECTORS) + "last 1 2 3\n", "utf-8")
    archive = tmp_path / "stored.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as target:
        target.write(path, path.name)
    content = archive.read_bytes()
    archive.write_bytes(content.replace(b"last 1 2 3", b"last 1 2 4"))
    with pytest.raises(DataError, match="CRC"):
        word_vectors(archive, ["dog"], space="toy")
    archive.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="cannot be read"):
        word_vectors(archive, ["dog"], space="toy")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.txt"):
        word_vectors(tmp_path / "absent.txt", ["dog"], space="toy")


def test_only_the_words_needed_are_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    numbers = " 0.123456" * 300
    path.write_text("".join(f"word{number}{numbers}\n" for number in range(3000)), "utf-8")
    archive = zipped(path, "long.txt")
    for source in (path, archive):
        tracemalloc.start()
        word_vectors(source, ["word7", "word2900"], space="toy")
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < path.stat().st_size / 20


def test_real_vectors_written_in_the_layout_have_their_known_cosines(real: Path, tmp_path: Path) -> None:
    values = np.load(real / "glove_twitter_25d/vectors.npy")
    words = (real / "glove_twitter_25d/words.txt").read_text("utf-8").split("\n")[: len(values)]
    path = tmp_path / "glove.twitter.27B.25d.txt"
    lines = (f"{word} {' '.join(map(str, row))}\n" for word, row in zip(words, values, strict=True))
    path.write_text("".join(lines), "utf-8")
    unit = word_vectors(path, ["cat", "dog", "car", "truck"], space="GloVe Twitter").normalised()

    def cosine(one: str, other: str) -> float:
        return float(np.prod(unit.select([one, other]).values, axis=0).sum())

    assert cosine("cat", "dog") == pytest.approx(0.96, abs=0.005)
    assert cosine("car", "truck") == pytest.approx(0.89, abs=0.005)
    assert cosine("cat", "truck") == pytest.approx(0.74, abs=0.005)

    everything = word_vectors(path, words, space="GloVe Twitter")
    assert isinstance(everything, Embeddings)
    np.testing.assert_allclose(everything.values, values, atol=1e-6)

    whale = category_vectors(path, {"n02071294": ["killer_whale"]}, space="GloVe Twitter")
    mean = everything.select(["killer", "whale"]).values.mean(axis=0)
    np.testing.assert_allclose(whale.vectors.values[0], mean)
