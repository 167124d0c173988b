"""What made outputs differ from run to run once: torch's seed, ids in SVG files, pieces of printed text."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from matplotlib.figure import Figure

from companion.running.execute import _join_texts
from companion.running.session import OpenChapter, _with_plain_ids

DRAWING = """
from companion.running import open_chapter
open_chapter("toy", seed=3)
import random, numpy, torch
print(random.random(), numpy.random.random(), torch.rand(1).item(), torch.nn.Linear(1, 1).weight.item())
"""


def test_what_a_chapter_draws_without_a_generator_is_the_same_in_every_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPANION_RUN_FOLDER", str(tmp_path))
    once, again = (
        subprocess.run([sys.executable, "-c", DRAWING], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    )
    assert once == again
    assert len(once.split()) == 4


def test_ids_in_a_figure_file_are_counted_whatever_they_were() -> None:
    drawn = '<g clip-path="url(#{0})"/><clipPath id="{0}"/><path id="{1}"/><g id="axes_1"/>'
    one = _with_plain_ids(drawn.format("p0123456789", "m00112233aa"))
    other = _with_plain_ids(drawn.format("pabcdef0123", "m9"))
    assert one == drawn.format("p0", "m1")
    assert other == drawn.format("p0", "m9"), "ids of another form stay"


def test_figure_files_of_two_calls_are_the_same(tmp_path: Path) -> None:
    written = []
    for name in ("one", "other"):
        figure = Figure()
        figure.add_axes((0.1, 0.1, 0.8, 0.8)).plot([0, 2], [0, 1])
        chapter = OpenChapter("toy", tmp_path / name)
        chapter.figure(figure, "fig-line")
        written.append((chapter.folder / "figures/fig-line.svg").read_text("utf-8"))
    assert written[0] == written[1]
    assert "url(#p" in written[0]


def test_printed_text_is_one_however_many_pieces_it_came_in() -> None:
    def cell(*pieces: tuple[str, str]) -> nbformat.NotebookNode:
        outputs = [nbformat.v4.new_output("stream", name=name, text=text) for name, text in pieces]
        return nbformat.v4.new_code_cell(outputs=outputs)

    whole, broken = cell(("stdout", "a\nb\n")), cell(("stdout", "a\n"), ("stdout", "b\n"))
    mixed = cell(("stdout", "a"), ("stderr", "!"), ("stdout", "b"))
    for one in (whole, broken, mixed):
        _join_texts(one)
    assert whole.outputs == broken.outputs
    assert [output.text for output in mixed.outputs] == ["a", "!", "b"]
