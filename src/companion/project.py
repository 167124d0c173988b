"""Where the project's own files and the data folder are."""

from __future__ import annotations

import os
from contextlib import suppress
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
        with suppress(OSError):  # of a name too long, or a folder that may not be looked into
            if (folder / MANIFEST_NAME).is_file() and (folder / "book").is_dir():
                return folder
    raise CompanionError(
        "The companion's project folder was not found",
        where=f"COMPANION_PROJECT: {chosen}" if chosen else f"looked above {Path.cwd()}",
        expected=f"a folder with {MANIFEST_NAME} and book/",
        do="run the command inside a clone of the project, or let COMPANION_PROJECT name it",
    )


def data_root() -> Path:
    """Folder of the data sets: ``COMPANION_DATA``, or a folder in the user's cache.

    Raises
    ------
    CompanionError
        If a file lies there, or the name can be none of a folder.

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
    try:
        usual = platformdirs.user_cache_dir("visual-decoding-companion")
        root = Path(chosen).expanduser() if chosen else Path(usual)
        fits = root.is_dir() or not root.exists()
    except (OSError, RuntimeError) as error:  # a name too long, or the home of nobody
        raise _no_folder(chosen, error) from error
    if not fits:
        raise _no_folder(root, "a file")
    return root


def absolute_folders() -> None:
    """Write relative folders of the environment out: processes in other folders mean the same ones."""
    for name in ("COMPANION_DATA", "COMPANION_PROJECT", "COMPANION_MIRROR"):
        value = os.environ.get(name, "")
        if value and "://" not in value and not value.startswith("~"):
            os.environ[name] = str(Path(value).absolute())


def _no_folder(got: object, error: object) -> CompanionError:
    return CompanionError(
        "The data folder cannot be used",
        where="COMPANION_DATA",
        expected="a folder, or a place where one can be made",
        got=f"{got}: {error}",
        do="let COMPANION_DATA name another folder, or leave it out",
    )
