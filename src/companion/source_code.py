"""What a Python file does, as a checksum: comments, docstrings and layout do not count."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path


def code_sha256(path: Path) -> str:
    """Checksum of a Python file's code.

    Text for people may be mended without anything being made again: comments, docstrings and line breaks
    are left out. A file that is no valid Python is taken byte by byte.

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
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def _is_text(node: ast.stmt) -> bool:
    """Whether a statement is a string alone: a docstring, or the description below a constant."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
