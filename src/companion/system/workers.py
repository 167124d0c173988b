"""Worker processes end with the process that they work for, however that one ends."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading


def end_with_parent() -> None:
    """Let this worker watch the process that started it, and end at once when that one is gone.

    A worker of a pool waits on a queue whose both ends it holds: after its parent was killed it would wait
    for ever, or go on writing beside the workers of the next run.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def end_with_input() -> None:
    """End this process when its standard input closes: whoever held the other end is gone."""

    def follow() -> None:
        sys.stdin.read()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
