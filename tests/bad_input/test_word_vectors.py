"""Word vectors as text and in zip archives: malformed lines, damaged archives, locked ones and bombs."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.encoders.glove import category_vectors, word_vectors
from companion.encoders.text_lines import FREELY_INFLATED, LONGEST_LINE
from companion.errors import DataError

from .damage import damaged_bytes, outcome, write

TEXT = "the 0.1 0.2 -3e-2\ndog 1 2 3\nnaïve 4 5 6\n. . . 7 8 9\n".encode()
WORDS = ["the", "dog", "naïve", "cat"]
FIELDS = st.sampled_from(
    ["0", "-1.5", "1e3", "nan", "inf", "-inf", "1e999", "1_0", "0x1", "", " ", "é", "9" * 400]
)
LINES = st.lists(
    st.tuples(st.sampled_from([*WORDS, "", "\ufeffthe", "a b"]), st.lists(FIELDS, max_size=4)), max_size=5
)


def zipped(text: bytes, *names: str, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name in names:
            archive.writestr(name, text)
    return stream.getvalue()


ZIP = zipped(TEXT, "glove.txt")


@given(lines=LINES, ends=st.sampled_from(["\n", "\r\n"]))
def test_lines_of_any_content(lines: list[tuple[str, list[str]]], ends: str, tmp_path: Path) -> None:
    path = write(tmp_path / "glove.txt", "".join(" ".join([word, *row]) + ends for word, row in lines))
    found = outcome(lambda: word_vectors(path, WORDS, space="toy"), names="glove.txt", advice=True)
    assert found is None or (np.isfinite(found.values).all() and set(found.ids) <= set(WORDS))


@given(
    content=damaged_bytes(TEXT) | damaged_bytes(ZIP),
    name=st.sampled_from(["glove.txt", "glove.zip", "glove"]),
)
def test_damaged_files(content: bytes, name: str, tmp_path: Path) -> None:
    path = write(tmp_path / name, content)
    found = outcome(lambda: category_vectors(path, {"n1": ["Dog", "the_dog"]}, space="toy"), names=name)
    assert found is None or np.isfinite(found.vectors.values).all()


def test_a_byte_order_mark_does_not_hide_the_first_word(tmp_path: Path) -> None:
    path = write(tmp_path / "glove.txt", b"\xef\xbb\xbf" + TEXT)
    assert word_vectors(path, ["the"], space="toy").ids == ("the",)


def test_an_archive_that_says_less_than_it_holds_is_refused(tmp_path: Path) -> None:
    """The directory is believed no further than the checksum at the end of the text."""
    size = len(TEXT).to_bytes(4, "little")
    lying = ZIP.replace(size, (9).to_bytes(4, "little"))
    assert lying != ZIP
    path = write(tmp_path / "glove.zip", lying)
    with pytest.raises(DataError, match=r"glove\.zip"):
        word_vectors(path, WORDS, space="toy")


def test_an_archive_that_would_inflate_without_measure_is_refused(tmp_path: Path) -> None:
    """A text of 300 MB in one of 300 kB; nothing of it is inflated."""
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("bomb.txt", "w") as member:
        line = b"the 0 0 0\n" * 2**17
        for _ in range(FREELY_INFLATED // len(line) + 20):
            member.write(line)
    with pytest.raises(DataError, match="bytes that inflate to"):
        word_vectors(path, WORDS, space="toy")


def test_a_line_without_end_is_not_read_into_memory(tmp_path: Path) -> None:
    path = write(tmp_path / "glove.txt", b"the 1 2\n" + b"9" * (2 * LONGEST_LINE))
    with pytest.raises(DataError, match=f"line 2 has {LONGEST_LINE} bytes or more"):
        word_vectors(path, WORDS, space="toy")


def test_locked_and_oddly_compressed_archives_are_refused(tmp_path: Path) -> None:
    locked = bytearray(ZIP)
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(signature) + flags] |= 1
    odd = bytearray(ZIP)
    for signature, method in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        odd[odd.index(signature) + method] = 99
    for content in (locked, odd):
        path = write(tmp_path / "glove.zip", bytes(content))
        with pytest.raises(DataError, match="cannot be read"):
            word_vectors(path, WORDS, space="toy")


def test_an_archive_in_an_archive_is_no_text(tmp_path: Path) -> None:
    nested = write(tmp_path / "nested.zip", zipped(ZIP, "glove.zip"))
    with pytest.raises(DataError, match="no text file"):
        word_vectors(nested, WORDS, space="toy")
    disguised = write(tmp_path / "disguised.zip", zipped(ZIP, "glove.txt"))
    with pytest.raises(DataError, match=r"disguised\.zip"):
        word_vectors(disguised, WORDS, space="toy")


def test_of_many_members_one_has_to_be_named(tmp_path: Path) -> None:
    path = write(tmp_path / "glove.zip", zipped(TEXT, *(f"{number}.txt" for number in range(300))))
    with pytest.raises(DataError, match="name one of them as member"):
        word_vectors(path, WORDS, space="toy")
    assert word_vectors(path, ["dog"], space="toy", member="7.txt").ids == ("dog",)


@pytest.mark.parametrize(
    "text", [b"dog 1 2\ndog 1 2\n", b"dog 1 2\ncat 1\n", b"3 2\ndog 1 2\n", b"dog nan 1\n"]
)
def test_words_twice_and_rows_of_other_lengths_are_refused(text: bytes, tmp_path: Path) -> None:
    path = write(tmp_path / "glove.txt", text)
    with pytest.raises(DataError, match="not in GloVe's layout"):
        word_vectors(path, WORDS, space="toy")
