"""What lies around a recording of a BIDS folder, looked at before MNE-BIDS reads all of it.

MNE-BIDS reads every side file that it finds, from the recording's own folder up to the root. A link to a pipe
or a device among them would be read for ever.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from companion.errors import DataError


def check_surroundings(recording: Path, root: Path) -> None:
    """Refuse a folder in which something is neither a file nor a folder.

    Links that lead nowhere, as to files that were not fetched, are passed over.

    Raises
    ------
    DataError
        If there is such a thing between the recording and the root.
    """
    inside = [folder for folder in recording.parents if folder == root or root in folder.parents]
    for folder in inside:
        for path in folder.iterdir():
            if path.exists() and not (path.is_file() or path.is_dir()):
                raise DataError(
                    "A BIDS folder holds something that is neither a file nor a folder, and is not read",
                    where=path,
                    expected="a regular file",
                    got="a pipe, a device, or a link to one",
                    do="remove it",
                )


def check_signals(files: Iterable[Path | None], recording: Path, root: Path) -> None:
    """Refuse signals that a recording names, as those of EEGLAB do, and that lie outside of the folder.

    Raises
    ------
    DataError
        If one of the files does.
    """
    for file in files:
        # As they are named: links below the folder are its owner's.
        named = file and Path(os.path.normpath(Path(file).absolute()))
        if named and not named.is_relative_to(os.path.normpath(root.absolute())):
            raise DataError(
                "A recording names a file outside of its BIDS folder, which is not read",
                where=recording,
                expected=f"a file below {root}",
                got=str(file),
                do="put the file beside the recording, and name it alone",
            )
