"""The command line: parameters of every type, counts, devices, names, and folders of the environment."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from companion import cli
from companion.loading import sources
from companion.project import data_root, project_root
from companion.running import parameters, schedule
from companion.running.chapters import all_chapters
from companion.running.parameters import LARGEST, check_parameters
from companion.running.verify import SMOKE

from .damage import outcome

CHAPTERS = all_chapters()
SURPRISES = st.sampled_from(
    [
        *(
            "1e3",
            "1e-4",
            "1.5e3",
            ".5",
            "1_000",
            "010",
            "0x1F",
            "0b1",
            "1:30",
            "190:20:30",
            "+1",
            "-1",
            "0",
            "-0.0",
        ),
        *(
            "yes",
            "no",
            "on",
            "off",
            "true",
            "True",
            "null",
            "~",
            "",
            " ",
            "2026-11-22",
            "2026-01-01T00:00:00Z",
        ),
        *(".nan", ".inf", "-.inf", "nan", "inf", "NaN", "9" * 30, "9" * 5000, "1e999", "[]", "[0]", "[0, 0]"),
        *(
            "[[0]]",
            "[a]",
            "[null]",
            "[1.5]",
            "[true]",
            "[-1]",
            "[.nan]",
            "[2026-01-01]",
            "{a: 1}",
            "[0, 4294967296]",
        ),
        *(
            "!!python/name:os.system",
            "&a [*a]",
            "*a",
            "a: b: c",
            '"\\ud800"',
            "\x00",
            "'",
            "[",
            "cuda",
            "mps",
            "N9",
        ),
        *(
            "lesson",
            "official",
            "['V1', 'V1']",
            "[EEG, ECoG]",
            "['EEG']",
            "1 # one",
            "--jobs",
            "\ufeff1",
            "é",
        ),
    ]
)
VALUES = SURPRISES | st.integers().map(str) | st.floats().map(str) | st.text(max_size=12)


@pytest.fixture(autouse=True, scope="module")
def read_once() -> Iterator[None]:
    """What chapters declare does not change while values are drawn."""
    with pytest.MonkeyPatch.context() as patch:
        known = {name: parameters.declared_parameters(chapter) for name, chapter in CHAPTERS.items()}
        patch.setattr(parameters, "declared_parameters", lambda chapter: known[chapter.name])
        yield


def declared() -> list[tuple[str, str]]:
    return [
        (chapter.name, name)
        for chapter in CHAPTERS.values()
        for name in parameters.declared_parameters(chapter)
    ]


@given(data=st.data())
def test_every_parameter_is_right_or_refused_before_anything_runs(data: st.DataObject) -> None:
    chapter, name = data.draw(st.sampled_from(declared()))
    text = data.draw(VALUES)
    found = outcome(
        lambda: check_parameters([CHAPTERS[chapter]], cli._parameters([(name, text)])),
        names=f"arameter {name}",
    )
    if found is not None:
        _check_usable(found[chapter][name], parameters.declared_parameters(CHAPTERS[chapter])[name][0])


def _check_usable(value: Any, kind: str) -> None:
    """What went through is of its type, can be counted or computed with, and is what the runner can write."""
    types = {"int": int, "float": (int, float), "str": str, "bool": bool, "list": list}
    assert isinstance(value, types[kind.split("[")[0]])
    json.dumps(value, allow_nan=False).encode()
    for one in value if isinstance(value, list) else [value]:
        assert not isinstance(one, list | dict)
        if isinstance(one, int | float) and not isinstance(one, bool):
            assert math.isfinite(one)
            assert 0 <= one <= (LARGEST if isinstance(one, int) else math.inf)


@given(name=st.text(max_size=8) | st.sampled_from(["seed", "n_steps ", "scale\n", "__class__", "-p", "../x"]))
def test_a_name_that_no_chapter_knows_is_refused(name: str) -> None:
    assume(name not in {one for _, one in declared()})
    assert (
        outcome(lambda: check_parameters(list(CHAPTERS.values()), {name: 1}), names="Unknown parameter")
        is None
    )


@pytest.mark.parametrize("name", ["subjects", "seeds", "rois", "modalities", "shares", "temperatures"])
def test_an_empty_list_is_taken_only_where_it_means_all(name: str) -> None:
    for chapter in CHAPTERS.values():
        own = parameters.declared_parameters(chapter)
        if name in own:
            found = outcome(
                lambda one=chapter: check_parameters([one], {name: []}), names=f"Parameter {name}"
            )
            assert (found is not None) == (own[name][1] == "[]")


def test_defaults_published_values_and_those_of_the_small_book_are_taken() -> None:
    every = list(CHAPTERS.values())
    assert check_parameters(every, SMOKE).keys() == CHAPTERS.keys()
    assert check_parameters(every, {"scale": "paper"}).keys() == CHAPTERS.keys()


def test_powers_of_ten_are_numbers() -> None:
    """YAML 1.1 takes 1e-4 for a text, and 1.0e-4 for a number."""
    assert cli._parameters([("learning_rate", "1e-4"), ("alpha", "2E+1")]) == {
        "learning_rate": 1e-4,
        "alpha": 20,
    }


def call(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["companion", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.fixture
def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail the test where work would start."""

    def started(*_: object, **__: object) -> None:
        raise AssertionError("work was started")

    for name in ("_run_side_by_side", "recordings"):
        monkeypatch.setattr(schedule, name, started)
    monkeypatch.setattr("companion.simulation.world.make_world", started)
    monkeypatch.setattr("companion.loading.download.fetch_entries", started)
    monkeypatch.setattr("companion.running.sweeps.sweep.run_sweep", started)
    monkeypatch.setattr("companion.running.rehearsal.rehearse._in_a_process", started)


USAGE: list[list[str]] = [
    ["frobnicate"],
    ["run", "ruler", "-p", "n_bootstrap"],
    ["run", "--jobs", "many"],
    ["run", "--job", "1"],
    ["book", "--scale", "huge"],
    ["verify", "--null", "N9"],
    ["data", "simulate", "gods"],
    *(
        [*command, option, number]
        for command, option in (
            (["run", "ruler"], "--jobs"),
            (["book"], "--jobs"),
            (["verify"], "--jobs"),
            (["data", "simulate", "god"], "--jobs"),
            (["sweep", "book/grids/small.yaml"], "--workers"),
            (["workshop", "pack", "x.zip"], "--people"),
            (["workshop", "pack", "x.zip"], "--jobs"),
        )
        for number in ("0", "-1", "1000000000", "1.5", "nan")
    ),
]


@pytest.mark.parametrize("arguments", USAGE, ids=" ".join)
@pytest.mark.usefixtures("nothing_runs")
def test_what_cannot_be_a_command_ends_with_status_2(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    assert call(arguments, monkeypatch) == 2
    printed = capsys.readouterr()
    assert "Error" in printed.err + printed.out
    assert "Traceback" not in printed.err


MISTAKES: list[tuple[list[str], str]] = [
    (["run", "rular"], "No chapter is called rular"),
    (["run", "../ruler"], "No chapter is called ../ruler"),
    (["run", "ruler", "-p", "n_bootstrap", "1e3"], "wrong type"),
    (["run", "ruler", "-p", "seeds", "[]"], "is empty"),
    (["run", "sweeps", "-p", "device", "tpu"], "one of auto, cpu, cuda"),
    (["sweep", "/no/such.yaml"], "not a grid"),
    (["sweep", "book"], "not a grid"),
    (
        ["sweep", "book/grids/small.yaml", "--workers", "1", "--cluster", "tcp://127.0.0.1:1"],
        "leave one of them",
    ),
    (["sweep", "book/grids/small.yaml", "--cluster", "no-such.yaml"], "no jobs of a SLURM cluster"),
    (["rehearse", "rular"], "No chapter is called rular"),
    (["rehearse", "contrastive", "--steps", "1"], "Two steps are needed"),
    (["rehearse", "contrastive", "--device", "tpu"], "no such device"),
    (["rehearse", "contrastive", "--json", "."], "not a folder"),
    (["data", "list", "nope"], "nope"),
    (["data", "verify", "nope"], "nope"),
    (["data", "fetch", "nope"], "nope"),
    (["inspect", "--html", "/no/such/folder"], "no rendered book"),
    (["pdf", "--html", "/no/such/folder"], "not rendered in full"),
    (["workshop", "pack", "x.zip", "rular"], "No chapter is called rular"),
]


@pytest.mark.parametrize(
    ("arguments", "message"), MISTAKES, ids=lambda one: " ".join(one) if isinstance(one, list) else ""
)
@pytest.mark.usefixtures("nothing_runs")
def test_mistakes_end_with_status_1_and_a_way_out(
    arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(project_root())
    assert call(arguments, monkeypatch) == 1
    printed = capsys.readouterr().err
    assert message in printed
    assert "what to do: " in printed
    assert "Traceback" not in printed


@pytest.mark.usefixtures("nothing_runs")
def test_a_card_that_is_not_there_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    for arguments in (
        ["run", "sweeps", "-p", "device", "cuda"],
        ["rehearse", "contrastive", "--device", "cuda"],
    ):
        assert call(arguments, monkeypatch) == 1
        assert "this machine" in capsys.readouterr().err.lower()


FOLDERS = st.sampled_from(
    ["", ".", "data", "~/data", "~nobody-of-this-name/data", "file", "file/below", "a" * 300, "/dev/null"]
)


@given(value=FOLDERS)
def test_the_data_folder_is_usable_or_refused(value: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        patch.setenv("HOME", str(tmp_path))
        patch.setenv("COMPANION_DATA", value)
        root = outcome(data_root, names="COMPANION_DATA")
        if root is not None:
            patch.setattr(sys, "argv", ["companion", "data", "list"])
            with pytest.raises(SystemExit) as ended:
                cli.main()
            assert ended.value.code in (0, 1)
            if value and not value.startswith("~"):
                assert Path(os.environ["COMPANION_DATA"]).is_absolute()  # as the processes of chapters see it


@pytest.mark.parametrize("value", ["/no/such/folder", "file", "a" * 300])
def test_a_project_that_is_none_is_refused(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COMPANION_PROJECT", value)
    assert call(["run", "ruler"], monkeypatch) == 1
    assert "COMPANION_PROJECT" in capsys.readouterr().err


def test_the_choices_of_parameters_are_those_of_the_loaders() -> None:
    assert set(parameters._CHOICES["scale"]) == set(sources.get_args(sources.ScaleName))
