"""The marker that files of the miniature world carry."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from companion.loading.sources import RECORD


def simulated_files(paths: Iterable[Path]) -> bool:
    """Whether any of these files lies in a part of the miniature world, which its record marks.

    Parameters
    ----------
    paths : iterable of Path
        Files; the folders that hold them, and those above, are looked into.
    """
    folders = {folder for path in paths for folder in path.absolute().parents}
    return any((folder / RECORD).is_file() for folder in folders)
