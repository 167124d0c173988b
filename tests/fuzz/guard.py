"""What a reader may do with a file: read it, or refuse it in words, soon, in little memory; nothing else."""

from __future__ import annotations

import base64
import json
import re
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from companion.errors import DataError

MOST_SECONDS = 2
MOST_MEGABYTES = 256
"""Growth of the process over its largest size before."""

HARMLESS = ("builtins.id", "object.__getattr__", "object.__setattr__", "mmap.__new__", "gc.", "sys._getframe")
"""Events of the interpreter by which nothing of a file is executed."""


_VALUES = r"\(?\d[\d., ()]*|'.*'|\".*\"|(?<=type )\S+|(?<=instruction )\S+"
"""What differs between refusals of one kind."""


class TooSlowError(BaseException):
    """The time of an input is over; no reader catches this."""


class Guard:
    """Calls readers on one input after the other and writes one line on each.

    Parameters
    ----------
    log : Path
        Lines of JSON: number, ``kind`` ("read", "refused: why" or "FINDING: what"), seconds, megabytes grown.
    path : Path
        The file that inputs are written to; it and what `beside` names may be opened.
    every_line : bool
        Whether each line is on disk before the next input, since the process may crash.
    beside : sequence of str
        Names of other files of the folder that a reader needs.
    """

    def __init__(self, log: Path, path: Path, *, every_line: bool, beside: Sequence[str] = ()) -> None:
        self._log: TextIO = log.open("a", encoding="utf-8", buffering=1 if every_line else 2**16)
        self.path = path
        self._beside = beside
        self._heard: list[str] | None = None
        sys.addaudithook(self._listen)
        signal.signal(signal.SIGVTALRM, _too_slow)

    def check(self, number: int, readers: Iterable[Callable[[], object]], content: bytes = b"") -> None:
        """Let readers read the file that is there, and write down what became of it."""
        before = _megabytes()
        started = time.process_time()
        kinds = [self._kind(reader) for reader in readers]
        seconds = time.process_time() - started
        grown = _megabytes() - before
        found = next((kind for kind in kinds if kind.startswith("FINDING")), None)
        kind = found or next((kind for kind in kinds if kind == "read"), kinds[0])
        if not found and grown > MOST_MEGABYTES:
            kind = f"FINDING: grew by {grown:.0f} MB"
        line = {"n": number, "kind": kind, "s": round(seconds, 4), "mb": round(grown, 1)}
        if kind.startswith("FINDING") and content:
            line["input"] = base64.b64encode(content).decode()
        self._log.write(json.dumps(line) + "\n")

    def flush(self) -> None:
        """Write down what is not yet on disk."""
        self._log.flush()

    def _kind(self, reader: Callable[[], object]) -> str:
        self._heard = []
        signal.setitimer(signal.ITIMER_VIRTUAL, MOST_SECONDS)
        try:
            with warnings.catch_warnings(action="error"):
                reader()
        except DataError as error:
            kind = self._refusal(str(error))
        except TooSlowError:
            kind = f"FINDING: more than {MOST_SECONDS} s"
        except Exception as error:
            kind = f"FINDING: {type(error).__name__} at {_place(error)}: {error}"[:300]
        else:
            kind = "read"
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            heard, self._heard = self._heard, None
        return f"FINDING: does {heard[0]}" if heard else kind

    def _refusal(self, message: str) -> str:
        """Kind of a refusal, whose message names the file and says what to do."""
        if self.path.name not in message or "what to do: " not in message or len(message) > 10_000:
            return f"FINDING: a message that does not say where or what to do: {message}"[:300]
        if any(not letter.isprintable() and letter not in "\n\t" for letter in message):
            return f"FINDING: a message that may steer a terminal: {message!r}"[:300]
        what = message.split("\n")[0]
        part = {
            "The pickle was refused": "got",
            "The manifest cannot": "got",
            "The manifest breaks": "expected",
        }
        shown = next((part[start] for start in part if what.startswith(start)), None)
        found = re.search(rf"\n  {shown}: (.*)", message)
        return "refused: " + re.sub(_VALUES, "#", found[1] if found else what)[:90]

    def _listen(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._heard is None or event.startswith(HARMLESS):
            return
        if event == "open" and arguments[1] in ("r", "rb", None):
            path = Path(str(arguments[0]))
            if path == self.path or (path.parent == self.path.parent and path.name in self._beside):
                return
        self._heard.append(f"{event} {arguments[:2]!r}"[:200])


def _too_slow(number: int, frame: object) -> None:
    raise TooSlowError


def _megabytes() -> float:
    """Largest size of this process so far; what the system says of a child is, on Linux, its parent's."""
    with suppress(OSError):
        found = re.search(rb"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_bytes())
        if found:
            return int(found[1]) / 2**10
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _place(error: BaseException) -> str:
    """Innermost line of the project that the error came through."""
    trace, place = error.__traceback__, "?"
    while trace:
        path = Path(trace.tb_frame.f_code.co_filename)
        if "companion" in path.parts:
            place = f"{path.name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
