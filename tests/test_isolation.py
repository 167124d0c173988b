"""The fixtures that keep tests off the network and out of the user's data folder are on."""

from __future__ import annotations

import socket
from pathlib import Path

import platformdirs
import pytest

from companion.project import data_root

from .conftest import NetworkBlockedError


def test_a_connection_to_another_machine_is_refused() -> None:
    with socket.socket() as connection, pytest.raises(NetworkBlockedError):
        connection.connect(("192.0.2.1", 443))


def test_the_data_folder_is_not_the_users() -> None:
    assert not data_root().is_relative_to(Path(platformdirs.user_cache_dir()))
