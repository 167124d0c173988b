"""Where the project's own files and the data folder are."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from companion.errors import CompanionError

MANIFEST_NAME = "data_manifest.yaml"


def project_root() -> Path:
    """Folder that holds ``data_manifest.yaml`` and ``book/``.

    ``COMPANION_PROJECT`` names it. Without that, the installed package is looked at first (an editable
    install lies inside the project), then the current folder and those above it.

    Raises
    ------
    CompanionError
        If none of these is the project.
    """
    chosen = os.environ.get("COMPANION_PROJECT")
    package_home = Path(__file__).resolve().parents[2]
    for folder in [Path(chosen)] if chosen else [package_home, Path.cwd(), *Path.cwd().parents]:
        if (folder / MANIFEST_NAME).is_file() and (folder / "book").is_dir():
            return folder
    raise CompanionError(
        "The companion's project folder was not found",
        where=chosen or f"looked above {Path.cwd()}",
        expected=f"a folder with {MANIFEST_NAME} and book/",
        do="run the command inside a clone of the project, or let COMPANION_PROJECT name it",
    )


def data_root() -> Path:
    """Folder of the data sets: ``COMPANION_DATA``, or a folder in the user's cache."""
    chosen = os.environ.get("COMPANION_DATA")
    return (
        Path(chosen).expanduser()
        if chosen
        else Path(platformdirs.user_cache_dir("visual-decoding-companion"))
    )
