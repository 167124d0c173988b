"""The score table: what it refuses, and how it is paired."""

import numpy as np
import pandas as pd
import pytest

from companion.errors import DataError
from companion.scores import SCORE_COLUMNS, as_scores, check_scores, paired


def some_scores() -> pd.DataFrame:
    rows = [
        {"dataset": "EEG", "subject": subject, "alignment": version, "metric": "top-1", "value": value}
        for subject, both in {"S2": (4.0, 5.0), "S1": (1.0, 3.0), "S3": (2.0, 2.0)}.items()
        for version, value in zip(("base", "aligned"), both, strict=True)
    ]
    return as_scores(pd.DataFrame(rows), simulated=False)


def test_columns_come_in_the_agreed_order_and_extra_ones_last() -> None:
    table = as_scores(
        some_scores()[["value", "metric", "subject", "alignment", "dataset"]].assign(place="T"),
        simulated=True,
    )
    assert list(table.columns) == [*SCORE_COLUMNS, "place"]
    assert table["simulated"].all()
    assert table["roi"].isna().all()


def test_a_missing_column_is_refused() -> None:
    with pytest.raises(DataError, match="lacks columns"):
        check_scores(some_scores().drop(columns="roi"))


@pytest.mark.parametrize("column", ["dataset", "subject", "metric"])
def test_an_empty_mandatory_entry_is_refused(column: str) -> None:
    table = some_scores()
    table.loc[0, column] = None
    with pytest.raises(DataError, match=column):
        check_scores(table)


@pytest.mark.parametrize("bad", [np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_refused(bad: float) -> None:
    table = some_scores()
    table.loc[2, "value"] = bad
    with pytest.raises(DataError, match="finite"):
        check_scores(table)


def test_values_as_text_are_refused() -> None:
    with pytest.raises(DataError, match="finite"):
        check_scores(some_scores().astype({"value": str}))


def test_two_scores_of_one_name_are_refused_and_named() -> None:
    table = some_scores()
    with pytest.raises(DataError, match=r"S2.*base"):
        check_scores(pd.concat([table, table.iloc[[0]].assign(value=9.0)]))


def test_a_seed_tells_two_scores_apart() -> None:
    table = some_scores().astype({"seed": object})
    check_scores(pd.concat([table.assign(seed=0), table.assign(seed=1)]))


def test_pairs_keep_the_order_of_subjects_and_levels() -> None:
    table = paired(some_scores(), condition="alignment", levels=["aligned", "base"])
    assert list(table.index) == ["S2", "S1", "S3"]
    assert list(table.columns) == ["aligned", "base"]
    assert table.loc["S1"].tolist() == [3.0, 1.0]


def test_pairs_do_not_depend_on_the_order_of_rows() -> None:
    shuffled = some_scores().sample(frac=1, random_state=1)
    table = paired(shuffled, condition="alignment", levels=["aligned", "base"])
    expected = paired(some_scores(), condition="alignment", levels=["aligned", "base"])
    pd.testing.assert_frame_equal(table.sort_index(), expected.sort_index())


def test_an_incomplete_pair_is_refused_and_named() -> None:
    with pytest.raises(DataError, match="S1"):
        paired(some_scores().drop(index=3), condition="alignment", levels=["base", "aligned"])


def test_a_duplicated_pair_is_refused() -> None:
    table = some_scores()
    doubled = pd.concat([table.assign(space="CLIP"), table.assign(space="DINO")])
    with pytest.raises(DataError, match="exactly once"):
        paired(doubled, condition="alignment", levels=["base", "aligned"])


def test_a_level_that_is_not_there_is_refused() -> None:
    with pytest.raises(DataError, match="do not form pairs"):
        paired(some_scores(), condition="alignment", levels=["base", "alligned"])
    with pytest.raises(DataError, match="no rows"):
        paired(some_scores(), condition="alignment", levels=["x", "y"])
