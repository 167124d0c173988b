"""Nothing in the package holds on one operating system only."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import companion
from companion.project import project_root

PACKAGE = Path(companion.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
OF_UNIX = {"fcntl", "grp", "pwd", "termios", "resource", "pty", "curses", "readline"}
OF_WINDOWS = {"winreg", "msvcrt", "_winapi"}
CALLS_OF_UNIX = {
    "fork",
    "forkpty",
    "uname",
    "killpg",
    "getuid",
    "geteuid",
    "setsid",
    "mkfifo",
    "nice",
    "chown",
    "umask",
}
GUARDED = {"running/memory.py"}
"""Asks for the system first: ``resource`` is the standard library's own way on Linux and macOS."""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
class TestModule:
    def test_it_imports_and_calls_nothing_of_one_system(self, path: Path) -> None:
        if path.relative_to(PACKAGE).as_posix() in GUARDED:
            assert "sys.platform" in path.read_text("utf-8")
            return
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                assert not {one.name.split(".")[0] for one in node.names} & (OF_UNIX | OF_WINDOWS)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                assert (node.module or "").split(".")[0] not in OF_UNIX | OF_WINDOWS
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert not (node.value.id == "os" and node.attr in CALLS_OF_UNIX), node.attr
                assert not (
                    node.value.id == "signal" and node.attr.startswith(("SIGK", "SIGU", "SIGH", "SIGA"))
                )

    def test_text_files_name_their_encoding(self, path: Path) -> None:
        """Windows reads and writes another encoding unless told."""
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            told = any(word.arg == "encoding" for word in node.keywords)
            if name == "read_text":
                assert told or node.args, f"line {node.lineno}"
            elif name == "write_text" and isinstance(node.func, ast.Attribute):
                assert told or len(node.args) >= 2, f"line {node.lineno}"
            elif name in {"Popen", "run"} and any(word.arg == "text" for word in node.keywords):
                assert told, f"line {node.lineno}"


def test_file_names_work_everywhere() -> None:
    """No two names that differ by case alone, no reserved character, no path too long for Windows."""
    root = project_root()
    names = [
        path.relative_to(root).as_posix()
        for folder in ("book", "src", "tests", "benchmarks")
        for path in (root / folder).rglob("*")
        if "__pycache__" not in path.parts and not path.name.startswith(".")
    ]
    assert len({name.lower() for name in names}) == len(names)
    assert not [name for name in names if set(name) & set('<>:"|?*\\') or name.endswith((" ", "."))]
    assert max(map(len, names)) < 120
