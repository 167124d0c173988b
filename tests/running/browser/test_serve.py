from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

import pytest

from companion.running.browser.serve import served


def test_a_folder_is_served_on_this_machine_only_while_the_block_runs(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.html").write_text("hello")
    with served(tmp_path) as root:
        assert root.startswith("http://127.0.0.1:")
        assert urllib.request.urlopen(f"{root}a.html").read() == b"hello"
        with pytest.raises(urllib.error.HTTPError, match="404") as caught:
            urllib.request.urlopen(f"{root}b.html")
        caught.value.close()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{root}a.html")
    assert capfd.readouterr().err == ""
