"""The printed numbers: complete, as printed, and refused when damaged."""

import sys
from pathlib import Path

import pandas as pd
import pytest

from companion.errors import DataError
from companion.loading.published import published, published_scores
from companion.project import project_root
from companion.scores import SCORE_COLUMNS

FOLDER = project_root() / "book" / "published"
TABLES = {
    "human_aligned_tables": 576,
    "human_aligned_tests": 12,
    "brain_aligned_fig3": 168,
    "brain_aligned_tests": 21,
    "brain_aligned_consistency": 18,
    "god_zero_shot": 10,
    "retrieval_records": 50,
}


def value_of(frame: pd.DataFrame, **where: str) -> float:
    for column, wanted in where.items():
        frame = frame[frame[column] == wanted]
    (value,) = frame["value"]
    return float(value)


@pytest.mark.parametrize(("name", "n_rows"), TABLES.items())
def test_every_table_is_read_and_complete(name: str, n_rows: int) -> None:
    frame = published(name)
    assert len(frame) == n_rows
    assert set(frame["tag"]) <= {"paper", "secondary"}


def test_every_file_has_a_layout_and_a_line_in_the_readme() -> None:
    readme = (FOLDER / "README.md").read_text("utf-8")
    assert {path.stem for path in FOLDER.glob("*.csv")} == set(TABLES)
    for name, n_rows in TABLES.items():
        assert f"| `{name}.csv` | {n_rows} |" in readme
    for name in TABLES:
        for column in pd.read_csv(FOLDER / f"{name}.csv", nrows=0).columns:
            assert f"`{column}`" in readme, (name, column)


@pytest.mark.parametrize(
    ("place", "subject", "encoder", "space", "alignment", "metric", "value"),
    [
        ("Table 1", "mean", "EEGNetV4", "DINOv2", "base", "top-1", 15.93),
        ("Table 1", "mean", "ATM-S", "SynCLR", "human-aligned", "top-1", 62.53),
        ("Table 2", "S6", "NICE", "DINOv2", "human-aligned", "top-1", 11.87),
        ("Table 2", "S10", "NICE", "CLIP", "base", "top-1", 10.2),
        ("Table 2", "mean", "NICE", "DINOv2", "human-aligned", "top-1", 10.2),
        ("Table 3", "S2", "NICE", "DINO", "base", "top-1", 24.75),
        ("Table 6", "S5", "NICE", "OpenCLIP", "human-aligned", "top-5", 23.3),
        ("Table 7", "S4", "NICE", "OpenCLIP", "base", "top-5", 33.5),
        ("Table 8", "S7", "MLP", "Ensemble", "human-aligned", "top-1", 43.1),
        ("Table 9", "S2", "MLP", "Ensemble", "base", "top-5", 77.84),
        ("Table 9", "mean", "MLP", "SynCLR", "human-aligned", "top-5", 86.7),
        ("Table 10", "S10", "NICE", "SynCLR", "human-aligned", "top-5", 28.0),
        ("Table 10", "S10", "NICE", "DINOv2", "base", "top-1", 0.5),
    ],
)
def test_spot_checks_of_the_human_aligned_tables(
    place: str, subject: str, encoder: str, space: str, alignment: str, metric: str, value: float
) -> None:
    table = published("human_aligned_tables")
    found = value_of(
        table, place=place, subject=subject, encoder=encoder, space=space, alignment=alignment, metric=metric
    )
    assert found == value


def test_cells_per_table() -> None:
    counts = published("human_aligned_tables").groupby("place").size()
    assert counts.to_dict() == {
        "Table 1": 48, "Table 2": 132, "Table 6": 132, "Table 3": 60, "Table 7": 60,
        "Table 8": 60, "Table 9": 60, "Table 10": 24,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("space", "condition", "row"),
    [
        ("CLIP", "perception", [0.650, 0.700, 0.737, 0.708, 0.684, 0.696]),
        ("CLIP", "imagery", [0.616, 0.604, 0.627, 0.619, 0.599, 0.607]),
        ("GloVe", "perception", [0.739, 0.766, 0.764, 0.785, 0.760, 0.721]),
        ("GloVe", "imagery", [0.709, 0.700, 0.705, 0.730, 0.711, 0.671]),
    ],
)
def test_v4_of_fig_3_and_its_best_cell(space: str, condition: str, row: list[float]) -> None:
    table = published("brain_aligned_fig3")
    panel = table[(table["space"] == space) & (table["condition"] == condition)]
    v4 = panel[panel["roi"] == "V4"].set_index("alpha")["value"]
    assert v4[["original", "1", "0.1", "0.01", "0.001", "0.0001"]].tolist() == row
    assert panel.loc[panel["value"].idxmax(), "roi"] == "V4"


@pytest.mark.parametrize("space", ["CLIP", "GloVe"])
def test_compression_explains_more_than_half_of_the_v4_perception_gain(space: str) -> None:
    table = published("brain_aligned_fig3").query(
        "space == @space and condition == 'perception' and roi == 'V4'"
    )
    v4 = table.set_index("alpha")["value"]
    assert 0.5 < (v4["1"] - v4["original"]) / (v4.max() - v4["original"]) < 0.6


def test_decimals_are_those_printed() -> None:
    table = published("human_aligned_tables")
    assert table.loc[table["place"] == "Table 1", "decimals"].eq(2).all()
    assert table.loc[table["place"] == "Table 10", "decimals"].eq(1).all()


@pytest.mark.parametrize("name", ["human_aligned_tables", "brain_aligned_fig3", "god_zero_shot"])
def test_score_tables_have_the_score_columns(name: str) -> None:
    scores = published_scores(name)
    assert tuple(scores.columns[: len(SCORE_COLUMNS)]) == SCORE_COLUMNS
    assert not scores["simulated"].any()


def test_brainclip_has_no_unverified_number_here() -> None:
    for name in TABLES:
        assert "BrainCLIP" not in (FOLDER / f"{name}.csv").read_text("utf-8")


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of one table that may be damaged."""
    folder = tmp_path / "book" / "published"
    folder.mkdir(parents=True)
    target = folder / "brain_aligned_consistency.csv"
    target.write_text((FOLDER / target.name).read_text("utf-8"), "utf-8")
    room = sys.modules["companion.loading.published"]
    monkeypatch.setattr(room, "project_root", lambda: tmp_path)
    return target


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.926", "O.926", "cannot be read"),
        ("0.926", "", "cannot be read"),
        ("0.926", "nan", "cannot be read"),
        ("0.926", "9.26", "out of range"),
        ("0.926", "inf", "out of range"),
        ("CLIP,fMRI,MEG,original", "CLIP,fMRI,MEG,improvement", "twice"),
        ("Fig. 6b,CLIP", "Fig. 6b,CLAP", "not one of those"),
        ("Fig. 6b", "", "missing"),
        ("n_categories", "categories", "lacks column"),
        ("0.926,50,paper", "0.926,50,recall", "not one of those"),
    ],
)
def test_a_damaged_table_is_refused(copy: Path, old: str, new: str, message: str) -> None:
    text = copy.read_text("utf-8")
    assert old in text
    copy.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(DataError, match=message):
        published("brain_aligned_consistency")


def test_an_undamaged_copy_is_read(copy: Path) -> None:
    assert len(published("brain_aligned_consistency")) == 18


def test_an_unknown_or_absent_table_is_refused(copy: Path) -> None:
    for name in ("no_such_table", "brain_aligned_fig3"):
        with pytest.raises(DataError, match="no such table"):
            published(name)
