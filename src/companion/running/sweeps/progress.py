"""How far a sweep is, for people: done, failed, left, and how long it may take."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping

from tqdm import tqdm

from companion.running.sweeps.results import SweepFolder

TELL_EVERY_S = 30.0


class Progress:
    """Follows the files of a sweep, whoever writes them.

    Parameters
    ----------
    folder : SweepFolder
    seconds : mapping of str to float
        Estimated seconds of a worker for each cell that is to run; time left is weighed by these.
    n_before : int
        Cells that were finished before.
    say : callable
        Takes lines where no terminal shows a bar.
    """

    def __init__(
        self, folder: SweepFolder, seconds: Mapping[str, float], n_before: int, say: Callable[[str], None]
    ) -> None:
        self.folder, self.seconds, self.n_before, self.say = folder, seconds, n_before, say
        self.started = self.told = time.monotonic()
        self.bar = (
            tqdm(total=len(seconds), bar_format="{desc} |{bar}|", leave=False)
            if sys.stderr.isatty()
            else None
        )
        self.last = (-1, -1)

    def look(self) -> None:
        """Look at the files and show what changed."""
        done, failed = self.folder.finished(self.seconds), self.folder.failed(self.seconds)
        if self.bar is not None:
            self.bar.n = len(done) + len(failed)
            self.bar.set_description_str(self.line(done, failed))
            return
        now, counts = time.monotonic(), (len(done), len(failed))
        ended = sum(counts) == len(self.seconds)
        if counts != self.last and (now - self.told > TELL_EVERY_S or ended):
            self.told, self.last = now, counts
            self.say(self.line(done, failed))

    def line(self, done: set[str], failed: set[str]) -> str:
        """Done, failed, left; and the time left, from the pace of what is done."""
        left = [key for key in self.seconds if key not in done and key not in failed]
        told = f"{self.n_before + len(done)} done, {len(failed)} failed, {len(left)} left"
        past = sum(self.seconds[key] for key in done | failed)
        if not left or not past:
            return told
        pace = (time.monotonic() - self.started) / past
        return f"{told}, about {duration(pace * sum(self.seconds[key] for key in left))} to go"

    def close(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.close()


def duration(seconds: float) -> str:
    """Seconds in the unit that people would use.

    Examples
    --------
    >>> duration(42.3), duration(600), duration(86400)
    ('42 s', '10 min', '24.0 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
