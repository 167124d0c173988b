from __future__ import annotations

from pathlib import Path

import pytest

import companion
from companion.system.source_code import code_sha256

CODE = '''"""A module."""
LIMIT = 3
"""Why three."""


def double(x):
    """Twice."""
    return 2 * x  # fast
'''


@pytest.fixture
def checksum(tmp_path: Path):
    def of(text: str) -> str:
        path = tmp_path / "module.py"
        path.write_text(text, "utf-8")
        return code_sha256(path)

    return of


@pytest.mark.parametrize(
    ("old", "new"),
    [("A module.", "A better one."), ("Why three.", "Because."), ("Twice.", "Two."), ("# fast", "")],
)
def test_text_for_people_does_not_count(checksum, old: str, new: str) -> None:
    assert checksum(CODE.replace(old, new)) == checksum(CODE)


@pytest.mark.parametrize(
    ("old", "new"), [("= 3", "= 4"), ("2 * x", "3 * x"), ("double", "twice"), ("x)", "x=1)")]
)
def test_code_counts(checksum, old: str, new: str) -> None:
    assert checksum(CODE.replace(old, new)) != checksum(CODE)


def test_a_text_that_is_used_counts(checksum) -> None:
    assert checksum('x = "a"') != checksum('x = "b"')


def test_a_file_that_is_no_python_is_taken_byte_by_byte(checksum) -> None:
    assert checksum("def (") != checksum("def  (")


def test_the_door_of_a_room_does_not_count(checksum) -> None:
    door = Path(companion.__file__).parent / "encoders" / "__init__.py"
    assert "attach_stub" in door.read_text("utf-8")
    assert code_sha256(door) == checksum('"""A room."""')
    assert checksum(door.read_text("utf-8") + "open = 1") != code_sha256(door)
