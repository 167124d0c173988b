"""Memory that is used up: in a chapter, in a worker, in the command itself."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from companion import cli
from companion.running.execute import _cure
from companion.system.trouble import explained
from tests.faults.books import plain_book
from tests.running.conftest import outcomes, run_all


def test_a_chapter_without_memory_fails_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = plain_book(tmp_path / "project", {"hungry": "bytearray(1 << 50)"}, monkeypatch)
    runs = run_all(book)
    assert outcomes(runs) == {"hungry": "failed"}
    assert "failed in code cell 2: MemoryError" in runs["hungry"].detail
    assert "what to do: close other programs, run fewer at a time" in runs["hungry"].detail


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux keeps to the limit")
def test_memory_that_numpy_and_torch_do_not_get_is_known_as_such() -> None:
    import torch

    for ask in (lambda: np.ones(1 << 50), lambda: torch.empty(1 << 50)):
        with pytest.raises((MemoryError, RuntimeError), match="alloc") as refused:
            ask()
        assert "Memory was used up" in str(explained(refused.value))


def ended(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, error: BaseException) -> str:
    """What the command line prints when this error reaches it."""

    def fail(arguments: list[str]) -> int:
        raise error

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 1
    return str(capsys.readouterr().err)


def test_a_worker_that_the_system_ends_ends_the_command_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        error = pool.submit(os._exit, 9).exception()
    assert error is not None
    told = ended(monkeypatch, capsys, error)
    assert "most likely for that reason" in told
    assert "what to do: close other programs" in told
    assert "Traceback" not in told


def test_a_command_without_memory_ends_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    assert "--jobs 1" in ended(monkeypatch, capsys, MemoryError())


def test_an_error_that_is_a_fault_of_the_program_keeps_its_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    for error in (OSError("what the system never says"), ValueError("a fault")):
        with pytest.raises(type(error), match=str(error)):
            ended(monkeypatch, capsys, error)


def test_a_cell_is_to_be_mended_only_where_it_is_at_fault() -> None:
    assert _cure("IndexError: list index out of range").startswith("mend the cell")
    assert _cure("MissingDataError: not here\n  what to do: fetch it").startswith("do what the message says")
    assert _cure("OSError: [Errno 28] No space left on device").startswith("make room")
