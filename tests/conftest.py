"""Fixtures of every test: no network, a data folder of their own, and the small real files where they are."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one worker per core runs already; more threads only wait

import pytest
from hypothesis import HealthCheck, settings

LOOPBACK = {"127.0.0.1", "::1", "localhost"}

# `make test` draws few examples, always the same; `--hypothesis-profile=thorough` draws a thousand new ones.
_ALWAYS = {
    "deadline": None,  # the machine may be busy
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
}
settings.register_profile("bounded", max_examples=25, derandomize=True, database=None, **_ALWAYS)
settings.register_profile("thorough", max_examples=1000, print_blob=True, database=None, **_ALWAYS)
settings.load_profile("bounded")


class NetworkBlockedError(RuntimeError):
    """A test tried to leave this machine."""


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that is not to this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in LOOPBACK:
            raise NetworkBlockedError(f"tests may not use the network: {address}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def own_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep tests away from the user's data folder."""
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path_factory.mktemp("data")))


def outside_folder(variable: str, holds: str) -> Path:
    """Folder named by an environment variable; absent, the test is skipped, but never in CI."""
    value = os.environ.get(variable)
    if value and Path(value).is_dir():
        return Path(value)
    reason = f"{variable} does not name a folder with {holds}"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}; CI may not skip this test")
    pytest.skip(reason)


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """Folder of one run of the tests, the same for all of its workers."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The small public files, laid out HOST/PATH."""
    return outside_folder("COMPANION_MIRROR", "a mirror of the small public files")


@pytest.fixture(scope="session")
def real() -> Path:
    """Small real data sets with checked values."""
    return outside_folder("COMPANION_REAL", "the small real data sets")


@pytest.fixture(scope="session")
def fetched(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder holding the small public files, filled through the manifest."""
    from companion.loading.download import fetch_entries
    from companion.loading.manifest import load_manifest

    root = tmp_path_factory.mktemp("fetched")
    small = [entry for entry in load_manifest().entries if entry.fetched_with_the_book]
    fetch_entries(small, root, mirror=mirror)
    yield root
    shutil.rmtree(root)


@pytest.fixture(scope="session")
def smoke_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the miniature world at smoke scale, made once for all workers; nobody changes it."""
    from companion.simulation.world import make_world

    root = shared_folder(tmp_path_factory) / "smoke-world"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMPANION_DATA", str(root))
        make_world(scale="smoke", say=lambda line: None)  # a second worker waits for the first one's lock
    return root


@pytest.fixture
def data_root(fetched: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point ``COMPANION_DATA`` at the fetched small public files."""
    monkeypatch.setenv("COMPANION_DATA", str(fetched))
    return fetched
