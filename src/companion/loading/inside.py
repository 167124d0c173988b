"""Files that another file names: below a folder, and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

from companion.errors import DataError
from companion.project import data_root

_OUTSIDE = re.compile(r"[\x00-\x1f\x7f\\:]|^/|(^|/)\.\.(/|$)")
"""Signs of no name below a folder, on any system: a drive, a server, the way up, what no name holds."""


def inside(folder: Path, name: str, *, where: object) -> Path:
    """Path of a file that another file names.

    Links are followed as long as they stay in the folder, or in the data folder.

    Parameters
    ----------
    folder : Path
        May be a link itself.
    name : str
        With slashes between its parts.
    where : object
        Who names it, for the message.

    Returns
    -------
    Path
        Whether something lies there was not looked at.

    Raises
    ------
    DataError
        If it would lead out.

    Examples
    --------
    >>> inside(Path("stimuli"), "dovel/dovel_01b.jpg", where="images.csv").as_posix()
    'stimuli/dovel/dovel_01b.jpg'
    >>> inside(Path("stimuli"), "../../keys", where="images.csv")
    Traceback (most recent call last):
    companion.errors.DataError: A file names another one that does not lie in its folder
      where: images.csv
      expected: a name below stimuli
      got: '../../keys'
      what to do: nothing was opened; get the file that names it from its origin, and unpack copies, not links
    """
    path = folder / name
    if not _OUTSIDE.search(name) and _stays(path, folder):
        return path
    raise DataError(
        "A file names another one that does not lie in its folder",
        where=where,
        expected=f"a name below {folder}",
        got=repr(name),
        do="nothing was opened; get the file that names it from its origin, and unpack copies, not links",
    )


def _stays(path: Path, folder: Path) -> bool:
    try:
        target = path.resolve()
        return any(target.is_relative_to(root.resolve()) for root in (folder, data_root()))
    except (OSError, RuntimeError, ValueError):  # a link that leads to itself, or no name for this system
        return False
