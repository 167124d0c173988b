"""THINGS-MEG epochs: damaged tables, signals, frames and bytes."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bad_input.damage import ODD_VALUES
from tests.bad_recordings import ODD_NUMBERS, Verdict, any_accident, copy_of, demand

from companion.loading.things_meg.epochs import epochs_file, load_things_meg
from companion.simulation.writers.things_meg import write_things_meg

REFUSED, SAME, EITHER = Verdict.REFUSED, Verdict.SAME, Verdict.EITHER
NAME = epochs_file(1)
N_SENSORS, RATE = 3, 200.0


def table() -> pd.DataFrame:
    """Two training images of each of two concepts, one test image twice of two more, a catch trial."""
    rows: list[dict[str, Any]] = [
        {
            "trial_type": "exp",
            "category_nr": float(concept),
            "test_image_nr": np.nan,
            "image_nr": concept * 12.0 + image,
            "image_path": f"images_meg/c_{concept}/c_{concept}_0{image}b.jpg",
        }
        for concept in (1, 2)
        for image in (1, 2)
    ]
    rows += [
        {
            "trial_type": "test",
            "category_nr": float(concept),
            "test_image_nr": float(concept),
            "image_nr": 22000.0 + concept,
            "image_path": f"images_test_meg/c_{concept}_13s.jpg",
        }
        for concept in (3, 4)
        for _ in range(2)
    ]
    rows += [{"trial_type": "catch", "image_path": "images_catch_meg/catch_1.jpg"}]
    return pd.DataFrame(rows)


def sensors(rate: float = RATE, kind: str = "mag") -> mne.Info:
    info = mne.create_info(
        [f"MLO{n}" for n in range(N_SENSORS)] + ["STIM"], rate, [kind] * N_SENSORS + ["stim"]
    )
    for number, channel in enumerate(info["chs"]):
        channel["loc"][:3] = [0.01 * (number + 1), -0.02, 0.1]
    return info


def signals(n_trials: int) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(n_trials, N_SENSORS + 1, 221)).astype(np.float32)


def write(folder: Path, frame: pd.DataFrame, **changes: Any) -> None:
    given = {"responses": signals(len(frame)), "info": sensors(), "metadata": frame, **changes}
    write_things_meg(folder, 1, **given)


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("meg")
    write(folder, table())
    return folder


def load(folder: Path, split: str = "train") -> Any:
    return load_things_meg(folder, 1, split=split)  # type: ignore[arg-type]


@st.composite
def damaged_table(draw: st.DrawFn) -> tuple[pd.DataFrame | None, Verdict]:
    frame = table()
    kind = draw(
        st.sampled_from(["column", "cell", "row", "twice", "order", "number", "more", "none", "renamed"])
    )
    row = draw(st.integers(0, 7))  # not the catch trial
    if kind == "none":
        return None, REFUSED
    if kind == "column":
        return frame.drop(
            columns=draw(st.sampled_from(["trial_type", "category_nr", "test_image_nr", "image_path"]))
        ), REFUSED
    if kind == "cell":
        column = draw(st.sampled_from(["trial_type", "category_nr", "test_image_nr", "image_path"]))
        odd = draw(ODD_VALUES.filter(lambda value: "ud800" not in ascii(value)))  # which MNE cannot write
        cells = [odd if at == row else cell for at, cell in enumerate(frame[column])]
        frame[column] = pd.Series(cells, dtype=object)
        return frame, EITHER
    if kind == "row":
        return frame.drop(index=row).reset_index(drop=True), REFUSED
    if kind == "twice":
        return pd.concat([frame, frame.iloc[[row]]], ignore_index=True), REFUSED
    if kind == "number":  # the number and the path of an image disagree
        frame.loc[draw(st.integers(0, 3)), "category_nr"] = 3.0
        return frame, REFUSED
    if kind == "renamed":
        frame.loc[row, "image_path"] = draw(
            st.sampled_from(["", "/", "..", "images_meg/../../x.jpg", "a" * 300])
        )
        return frame, REFUSED
    if kind == "more":
        return frame.assign(note=draw(st.text(max_size=5).filter(str.isprintable))), SAME
    return frame.iloc[[*range(8)]], SAME


@given(damaged=damaged_table(), split=st.sampled_from(["train", "test"]))
def test_the_table_of_trials(valid: Path, damaged: tuple[pd.DataFrame | None, Verdict], split: str) -> None:
    frame, verdict = damaged
    same = load(valid, split)
    with copy_of(valid) as folder:
        (folder / NAME).unlink()
        if frame is None:
            epochs = mne.EpochsArray(signals(4).astype(float), sensors(), tmin=-0.1, verbose="error")
            epochs.save(folder / NAME, verbose="error")
        else:
            codes = frame.assign(image_nr=np.arange(1.0, len(frame) + 1))  # MNE's own numbers are whole
            write(folder, codes)
        demand(lambda: load(folder, split), verdict, names=NAME, same=same)


@st.composite
def other_frame(draw: st.DrawFn) -> tuple[dict[str, Any], Verdict]:
    kind = draw(st.sampled_from(["rate", "start", "kind", "place", "number", "one trial", "constant"]))
    values, info = signals(9), sensors()
    if kind == "rate":
        return {"info": sensors(draw(st.sampled_from([100.0, 199.0, 1000.0, 1e-3, 1e6])))}, REFUSED
    if kind == "start":
        return {"start": draw(st.sampled_from([0.1, -0.2, -1.0, 5.0]))}, REFUSED
    if kind == "kind":
        return {"info": sensors(kind=draw(st.sampled_from(["eeg", "ref_meg", "misc"])))}, REFUSED
    if kind == "place":
        info["chs"][0]["loc"][:3] = draw(st.sampled_from([0.0, np.nan]))
        return {"info": info}, REFUSED
    if kind == "number":
        values[draw(st.integers(0, 3)), draw(st.integers(0, 2)), draw(st.integers(20, 220))] = draw(
            st.sampled_from([np.nan, np.inf, -np.inf])
        )
        return {"responses": values}, REFUSED
    if kind == "constant":
        values[:, draw(st.integers(0, 2))] = draw(st.sampled_from([0.0, 1.0]))
        return {"responses": values}, EITHER
    return {"responses": values[:1], "metadata": table().iloc[:1]}, REFUSED


@given(damaged=other_frame())
def test_signals_and_sensors(valid: Path, damaged: tuple[dict[str, Any], Verdict]) -> None:
    changes, verdict = damaged
    with copy_of(valid) as folder:
        (folder / NAME).unlink()
        write(folder, **{"frame": changes.pop("metadata", table()), **changes})
        found = demand(lambda: load(folder), verdict, names=[NAME, "THINGS-MEG"])
        if found is not None and len(found) > 1:
            assert np.isfinite(found.standardised(*found.unit_statistics()).responses).all()


@given(data=st.data())
def test_the_bytes(valid: Path, data: st.DataObject) -> None:
    with copy_of(valid) as folder:
        verdict = any_accident(data.draw, folder / NAME)
        demand(lambda: load(folder), verdict, names=NAME)


@given(data=st.data())
def test_one_number_of_the_chain_of_tags(valid: Path, data: st.DataObject) -> None:
    """A wrong length, or a wrong place of the next tag, could send a reader round in circles."""
    with copy_of(valid) as folder:
        content = bytearray((folder / NAME).read_bytes())
        place = data.draw(st.sampled_from(places_of_tags(bytes(content))))
        field = data.draw(st.sampled_from([0, 4, 8, 12]))
        value = data.draw(
            st.sampled_from([0, -1, 16, place, 2**31 - 1, -(2**31), 36]) | st.integers(-(2**31), 2**31 - 1)
        )
        struct.pack_into(">i", content, place + field, value)
        (folder / NAME).write_bytes(bytes(content))
        demand(lambda: load(folder), EITHER, names=NAME)


def places_of_tags(content: bytes) -> list[int]:
    place, found = 0, []
    while place + 16 <= len(content):
        found.append(place)
        place += 16 + struct.unpack_from(">i", content, place + 8)[0]
    return found


@given(
    name=st.sampled_from(
        ["../other-epo.fif", "/etc/passwd", "..", NAME, "a\\b", "x" * 200, "nothing-epo.fif"]
    )
)
def test_a_further_part_elsewhere_is_not_followed(valid: Path, name: str) -> None:
    with copy_of(valid) as folder:
        path = folder / NAME
        path.write_bytes(continued(path.read_bytes(), name))
        demand(lambda: load(folder), REFUSED, names=[NAME, name])


def continued(content: bytes, name: str) -> bytes:
    """Put a block that names a further part before the end of a file, as MNE writes it."""

    block = _tag(104, 3, struct.pack(">i", 118)) + reference(name) + _tag(105, 3, struct.pack(">i", 118))
    return content[:-16] + block + content[-16:]


def reference(name: str) -> bytes:
    return _tag(115, 3, struct.pack(">i", 2)) + _tag(118, 10, name.encode("latin-1"))


def _tag(kind: int, form: int, body: bytes) -> bytes:
    return struct.pack(">4i", kind, form, len(body), 0) + body


def test_a_part_beside_the_file_is_read(tmp_path: Path) -> None:
    """What MNE itself writes in several parts passes the walk."""
    frame = pd.concat([table().iloc[:4]] + [table().iloc[4:]] * 60, ignore_index=True)
    long = np.random.default_rng(0).normal(size=(len(frame), N_SENSORS + 1, 2000)).astype(np.float32)
    parts = write_things_meg(tmp_path, 1, long, frame, sensors(), split_size="2MB")
    assert len(parts) > 1
    assert reference(parts[1].name) in parts[0].read_bytes()
    assert len(load(tmp_path, "test")) == 240


@given(
    ask=st.sampled_from([{"subject": 0}, {"subject": 2}, {"subject": -1}]),
    split=ODD_VALUES | st.just("imagery"),
)
def test_what_a_caller_asks_for(valid: Path, ask: dict[str, int], split: Any) -> None:
    demand(lambda: load_things_meg(valid, **ask, split="train"), REFUSED, names=epochs_file(ask["subject"]))
    demand(lambda: load(valid, split), REFUSED, names="split")


@given(rate=ODD_NUMBERS | st.sampled_from([0.0, -200.0, 100.0]))
def test_another_rate_than_the_file_has(valid: Path, rate: float) -> None:
    demand(lambda: load_things_meg(valid, 1, split="train", sampling_rate=rate), REFUSED, names=NAME)
