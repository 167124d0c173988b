"""What a running chapter may record and show."""

from __future__ import annotations

from pathlib import Path

import nbformat
import numpy as np
import pytest

from companion.figures.explorers.box import message
from companion.running import session
from companion.running.layout import read_json, write_text
from companion.running.session import OpenChapter
from companion.running.stage import with_tables


@pytest.fixture
def chapter(tmp_path: Path) -> OpenChapter:
    return OpenChapter("trial", tmp_path)


def test_values_are_kept_in_order_as_plain_json(chapter: OpenChapter) -> None:
    chapter.record_all({"t": np.float64(2.5), "n": np.int64(3), "word": "higher", "holds": np.bool_(True)})
    assert read_json(chapter.folder / "results.json") == {"t": 2.5, "n": 3, "word": "higher", "holds": True}
    chapter.record_p("p", 1.4e-6)
    assert read_json(chapter.folder / "results.json")["p_text"] == "1.4\u00a0×\u00a010⁻⁶"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float32("nan")])
def test_a_number_must_be_finite(chapter: OpenChapter, value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        chapter.record("x", value)


@pytest.mark.parametrize("value", [None, [1], np.zeros(2), {"a": 1}])
def test_only_single_values_are_recorded(chapter: OpenChapter, value: object) -> None:
    with pytest.raises(TypeError, match="number, a string or a truth value"):
        chapter.record("x", value)


def test_keys_are_plain_and_used_once(chapter: OpenChapter) -> None:
    with pytest.raises(ValueError, match="looks like"):
        chapter.record("Table 2", 1)
    chapter.record("x", 1)
    with pytest.raises(ValueError, match="twice"):
        chapter.record("x", 2)


def test_table_outputs_become_markdown_cells_after_their_cell() -> None:
    cell = nbformat.v4.new_code_cell("chapter.table(...)")
    plain = nbformat.v4.new_output("stream", text="seen")
    marked = nbformat.v4.new_output("display_data", metadata={session.TABLE_MARK: "```{table} A\n```"})
    cell.outputs = [plain, marked]
    first, second = with_tables(cell)
    assert first.outputs == [plain]
    assert second.cell_type == "markdown"
    assert second.source.startswith("```{table} A")
    assert with_tables(nbformat.v4.new_markdown_cell("text"))[0].source == "text"


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\ud800")
    assert path.read_text("utf-8") == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["results.json"]


def test_an_explorer_is_shown_as_html_and_as_words(
    chapter: OpenChapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[dict[str, str]] = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    chapter.explorer(message("Nothing to turn here."), "fig-dials")
    [bundle] = shown
    assert bundle["text/plain"] == "Nothing to turn here."
    assert bundle["text/html"] == message("Nothing to turn here.").html("fig-dials")
    with pytest.raises(ValueError, match="label"):
        chapter.explorer(message("Nothing to turn here."), "fig dials")
