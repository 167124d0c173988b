"""What a Python file does, as a checksum: comments, docstrings, layout and doors of rooms do not count."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path

_DOOR = {
    ast.dump(line)
    for line in ast.parse(
        "import lazy_loader\n__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)"
    ).body
}
"""The two lines of a room's ``__init__.py`` that open its door."""


def code_sha256(path: Path) -> str:
    """Checksum of a Python file's code.

    Text for people may be mended without anything being made again: comments, docstrings and line breaks
    are left out. So are the lines that let a room's public names be reached by a shorter path: what they
    reach is in files with checksums of their own. A file that is no valid Python is taken byte by byte.

    Parameters
    ----------
    path : Path
        A ``.py`` file.

    Returns
    -------
    str
        SHA-256, hexadecimal. It may differ between versions of Python.
    """
    content = path.read_bytes()
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return hashlib.sha256(content).hexdigest()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [one for one in node.body if not _is_text(one)]
    tree.body = [one for one in tree.body if ast.dump(one) not in _DOOR]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def _is_text(node: ast.stmt) -> bool:
    """Whether a statement is a string alone: a docstring, or the description below a constant."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
