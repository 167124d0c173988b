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

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from unittest.mock import patch
    >>> from companion import project_root
    >>> with tempfile.TemporaryDirectory() as name:
    ...     (Path(name) / "book").mkdir()
    ...     (Path(name) / "data_manifest.yaml").touch()
    ...     with patch.dict("os.environ", COMPANION_PROJECT=name):
    ...         project_root() == Path(name)
    True
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
    """Folder of the data sets: ``COMPANION_DATA``, or a folder in the user's cache.

    Examples
    --------
    >>> from pathlib import Path
    >>> from unittest.mock import patch
    >>> from companion import data_root
    >>> with patch.dict("os.environ", COMPANION_DATA="large_disk/companion"):
    ...     data_root().as_posix()
    'large_disk/companion'
    """
    chosen = os.environ.get("COMPANION_DATA")
    return (
        Path(chosen).expanduser()
        if chosen
        else Path(platformdirs.user_cache_dir("visual-decoding-companion"))
    )
