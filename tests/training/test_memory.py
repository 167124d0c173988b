"""Memory that is freed is used again, instead of being cleared anew by the system."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

STEPS = """
import resource, sys
from companion.training.memory import keep_freed_memory
if sys.argv[1] == "kept":
    keep_freed_memory()
def step():
    return [b"x" * 2**23 for _ in range(8)]
for _ in range(5):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def pages(kind: str) -> int:
    """Count pages that five steps, of 64 MB each, were given anew."""
    done = subprocess.run([sys.executable, "-c", STEPS, kind], check=True, capture_output=True, text=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the setting is glibc's")
def test_freed_arrays_are_used_again() -> None:
    assert pages("kept") < 100
    assert pages("returned") > 10_000  # of 4 kB; as it is without the setting
