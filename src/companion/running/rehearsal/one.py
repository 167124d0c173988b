"""One rehearsed job, in a process of its own, so that its peak memory is its own.

It is started by :mod:`companion.running.rehearsal.rehearse` as ``python -m companion.running.rehearsal.one``
with the place of the job in the list, steps and device, and prints what it measured as its last line.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time

from companion.running.decoders import chosen_device
from companion.running.memory import peak_memory_mb
from companion.running.rehearsal.jobs import extrapolated, measure
from companion.running.rehearsal.registry import all_jobs


def main() -> None:
    """Measure one job; products go to a folder that is removed afterwards."""
    number, steps, device = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    job = all_jobs()[number]
    on_gpu = chosen_device(device).type == "cuda"
    # A process with one thread works as long as it computes; others on the machine do not count.
    clock = time.perf_counter if on_gpu else time.process_time
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COMPANION_DATA"] = folder
        found = measure(job, steps, device, clock)
    print(json.dumps({**extrapolated(job, found), "peak_mb": round(peak_memory_mb())}))  # noqa: T201


if __name__ == "__main__":
    main()
