"""What the doctor says of machines that lack something."""

from __future__ import annotations

import sys
from collections import namedtuple
from pathlib import Path

import psutil
import pytest

from companion import cli
from companion.project import project_root
from companion.running import doctor
from companion.running.doctor import examine, report

Memory = namedtuple("Memory", "total available")
Usage = namedtuple("Usage", "total used free")
GB = 2**30


@pytest.fixture(autouse=True)
def large_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cores, 24 GB and room on the disk, whatever runs the tests."""
    monkeypatch.setattr(doctor.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: Memory(24 * GB, 20 * GB))
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: Usage(100 * GB, 0, 100 * GB))


def said(subject: str) -> doctor.Finding:
    return next(one for group in examine() for one in group if one.subject == subject)


def test_the_book_can_be_run_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.app(["doctor"], result_action="return_value") == 0
    text = capsys.readouterr().out
    assert "yes    Python: 3.1" in text
    assert "yes    the book: make book" in text
    assert str(project_root()) not in text


def test_the_locked_packages_are_known_and_installed() -> None:
    pinned = dict(doctor._pinned((project_root() / "requirements.lock").read_text("utf-8")))
    assert len(pinned) > 100
    assert doctor._installed("numpy") == pinned["numpy"]
    assert said("packages").answer == "yes"


@pytest.mark.parametrize(("found", "answer"), [("1.0", "partly"), (None, "no")])
def test_other_packages_are_named(found: str | None, answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    true = doctor._installed
    monkeypatch.setattr(doctor, "_installed", lambda name: found if name == "torch" else true(name))
    finding = said("packages")
    assert finding.answer == answer
    assert f"torch {found or 'missing'}" in finding.said
    assert said("the book").answer == ("no" if found is None else "yes")


@pytest.mark.parametrize("there", [(3, 10), (3, 14)])
def test_another_python_is_refused(there: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (*there, 0))
    assert said("Python").answer == "no"
    assert "Python" in said("the book").said


@pytest.mark.parametrize(("free", "answer"), [(20, "yes"), (4, "partly"), (1, "no")])
def test_memory_decides_how_many_chapters_run_at_a_time(
    free: int, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: Memory(24 * GB, free * GB))
    finding = said("processor and memory")
    assert finding.answer == answer
    assert ("--jobs 1" in finding.do) == (answer == "partly")


def test_a_full_disk_is_refused_unless_the_world_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: Usage(100 * GB, 99 * GB, 1 * GB))
    assert said("disk").answer == "no"
    assert "COMPANION_DATA" in said("disk").do
    monkeypatch.setattr(doctor, "_made", lambda scale: doctor._parts())
    assert said("disk").answer == "yes"
    assert said("miniature world").answer == "yes"


def test_little_memory_excludes_the_sizes_of_the_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert said("the papers' sizes").answer in {"yes", "partly"}
    monkeypatch.setattr(psutil, "virtual_memory", lambda: Memory(8 * GB, 7 * GB))
    assert said("the papers' sizes").answer == "no"


def test_official_recordings_are_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    assert said("official recordings").answer == "no"
    (tmp_path / "god-fmri").mkdir()
    assert "fMRI" in said("official recordings").said


def test_what_would_help_stands_below_a_finding() -> None:
    text = report([doctor.Finding("disk", "no", "full", "make room")], [])
    assert text.splitlines()[1:3] == ["  no     disk: full", "         make room"]
