"""BrainVision headers looked at before MNE opens what they name.

A header names the files of its signals and markers. They lie beside it: what would lead elsewhere, to a file
of another folder or to a pipe, is not opened. The header is parsed as MNE does it, or the two could read
different names.
"""

from __future__ import annotations

import codecs
import configparser
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePath

from companion.errors import DataError
from companion.loading.reading import present

LONGEST_HEADER = 2**24
MOST_CHANNELS = 100_000
"""No amplifier has more; MNE takes memory for as many as a header says before it looks for their names."""
_CODEPAGES = {"utf-8", "cp1252", "iso8859-1", "ascii"}  # in others, other bytes could spell a name
_COPY = "copy the file again"


def check_parts(header: Path) -> None:
    """Refuse a header whose signals or markers are not regular files beside it, or that asks for all memory.

    Raises
    ------
    MissingDataError
        If one of them is not there.
    DataError
        If one of them would lie elsewhere, or the header is none, too long to be one, or counts more channels
        than anything records.
    """
    for key, value in _settings(header):
        if key == "numberofchannels":
            _check_channels(value, header)
        elif value or key == "datafile":  # a recording may have no markers
            name = value.replace("$b", header.stem)
            if not name or PurePath(name).name != name or "\\" in name or "\0" in name:
                raise DataError(
                    "A BrainVision header names a file that does not lie beside it, which is not opened",
                    where=f"{header}, {key}",
                    expected="the name of a file in the folder of the header",
                    got=repr(name),
                    do="put the file beside the header, and name it alone",
                )
            present(header.with_name(name))


def _settings(header: Path) -> Iterator[tuple[str, str]]:
    """Every DataFile, MarkerFile and NumberOfChannels of a header, keys in small letters."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(_text(header).split("[Comment]")[0])
    except (configparser.Error, LookupError, ValueError) as error:
        raise DataError(
            "A BrainVision header cannot be read",
            where=header,
            expected=f"sections of settings, in UTF-8 or ANSI, {LONGEST_HEADER} bytes at most",
            got=error,
            do=_COPY,
        ) from error
    for section in parser.sections():
        for key in ("datafile", "markerfile", "numberofchannels"):
            if key in parser[section]:
                yield key, parser[section][key]


def _text(header: Path) -> str:
    """Decode what follows the first line."""
    with present(header).open("rb") as stream:
        content = stream.read(LONGEST_HEADER + 1)
    if len(content) > LONGEST_HEADER:
        raise ValueError("it is longer")
    settings = content.partition(b"\n")[2]
    told = re.search("Codepage=(.+)", settings.decode("ascii", "ignore"))
    codepage = codecs.lookup(told[1].strip().replace("ANSI", "cp1252") if told else "utf-8").name
    if codepage not in _CODEPAGES:
        raise ValueError(f"encoding {codepage!r}")
    with suppress(UnicodeDecodeError):
        return settings.decode(codepage)
    return settings.decode("latin-1")


def _check_channels(value: str, header: Path) -> None:
    with suppress(ValueError):  # which MNE refuses
        if int(value) > MOST_CHANNELS:
            raise DataError(
                "A BrainVision header counts too many channels",
                where=f"{header}, NumberOfChannels",
                expected=f"{MOST_CHANNELS} at most",
                got=value,
                do=_COPY,
            )
