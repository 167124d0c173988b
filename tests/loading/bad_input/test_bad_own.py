"""Own data: MNE epochs, patterns, series and BIDS folders as people bring them, faults included."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import mne
import mne_bids
import nibabel
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bad_input.damage import ODD_CELLS, ODD_VALUES, damaged_bytes, damaged_table
from tests.bad_recordings import ODD_NUMBERS, Verdict, any_accident, copy_of, demand, file_accident

from companion.loading.own_bids import epochs_from_bids
from companion.loading.own_bids_fmri import recording_from_bids_fmri
from companion.loading.own_epochs import recording_from_epochs
from companion.loading.own_fmri import block_means, recording_from_patterns

REFUSED, SAME, EITHER = Verdict.REFUSED, Verdict.SAME, Verdict.EITHER
SHOWN = ["face", "house", "face", "house"]

# ---------------------------------------------------------------------- epochs


def epochs(values: np.ndarray | None = None, kinds: Any = "eeg", metadata: Any = None) -> mne.EpochsArray:
    info = mne.create_info(["O1", "Oz", "O2"], 100.0, kinds)
    values = 1e-6 * np.random.default_rng(0).normal(size=(4, 3, 50)) if values is None else values
    n_trials = len(values)
    events = np.column_stack([np.arange(n_trials), np.zeros(n_trials, int), ([1, 2] * n_trials)[:n_trials]])
    names = {"face": 1, "house": 2} if n_trials > 1 else {"face": 1}
    return mne.EpochsArray(
        values, info, events, tmin=-0.1, event_id=names, metadata=metadata, verbose="error"
    )


@st.composite
def odd_epochs(draw: st.DrawFn) -> tuple[Any, dict[str, Any], Verdict]:
    """Epochs, arguments, and what must come of them."""
    kind = draw(
        st.sampled_from(["numbers", "channels", "metadata", "kept", "no epochs", "loaded later", "names"])
    )
    if kind == "numbers":
        values = 1e-6 * np.ones((4, 3, 50))
        values[draw(st.integers(0, 3)), draw(st.integers(0, 2)), draw(st.integers(0, 49))] = draw(ODD_NUMBERS)
        return epochs(values), {}, REFUSED
    if kind == "channels":
        kinds = draw(st.lists(st.sampled_from(["eeg", "mag", "eog", "stim", "misc"]), min_size=3, max_size=3))
        made = epochs(kinds=kinds)
        made.info["bads"] = draw(st.lists(st.sampled_from(["O1", "Oz", "O2"]), unique=True))
        good = {
            kind for name, kind in zip(made.ch_names, kinds, strict=True) if name not in made.info["bads"]
        }
        return made, {}, EITHER if len(good & {"eeg", "mag"}) == 1 else REFUSED
    if kind == "metadata":
        labels = draw(st.lists(ODD_VALUES | st.just("cat"), min_size=4, max_size=4))
        column = draw(st.sampled_from(["picture", "stimulus", "Picture"]))
        made = epochs(metadata=pd.DataFrame({column: pd.Series(labels, dtype=object)}))
        return made, {"stimulus": draw(st.sampled_from(["picture", "stimulus", "", "run"]))}, EITHER
    if kind == "kept":
        kept = draw(st.lists(st.integers(0, 3), unique=True, max_size=4))
        return epochs()[sorted(kept)], {}, EITHER if kept else REFUSED
    if kind == "names":
        made = epochs()
        made.event_id = draw(st.sampled_from([{}, {"face": 1}, {"face": 1, "house": 2, "cat": 3}]))
        return made, {}, EITHER if len(made.event_id) > 1 else REFUSED
    if kind == "loaded later":
        raw = mne.io.RawArray(1e-6 * np.ones((3, 400)), epochs().info, verbose="error")
        raw.set_annotations(mne.Annotations([1.0], [0.5], [draw(st.sampled_from(["BAD_", "note"]))]))
        events = np.array(
            [[draw(st.integers(-50, 450)), 0, 1], [200, 0, 2], [draw(st.integers(0, 399)), 0, 2]]
        )
        repeated = draw(st.sampled_from(["drop", "merge"]))
        made = mne.Epochs(
            raw, events, {"a": 1, "b": 2}, -0.1, 0.4, baseline=None, event_repeated=repeated, verbose="error"
        )
        return made, {}, EITHER
    other = draw(st.sampled_from([epochs().average(), epochs().get_data(), "epochs", None, epochs().info]))
    return other, {}, REFUSED


@given(odd=odd_epochs())
def test_epochs(odd: tuple[Any, dict[str, Any], Verdict]) -> None:
    made, options, verdict = odd
    names = ["epochs of sub-01", "own, sub-01"]
    found = demand(lambda: recording_from_epochs(made, subject="sub-01", **options), verdict, names=names)
    if found is not None:
        assert len(found) == len(found.stimuli) > 0
        if len(found) > 1:
            assert np.isfinite(found.standardised(*found.unit_statistics()).responses).all()


# ---------------------------------------------------------------------- patterns and series

ODD_ARRAYS = st.sampled_from(
    [
        np.zeros((4, 2)),
        np.zeros((4, 2), order="F"),
        np.zeros((4, 2), dtype=">f8"),
        np.zeros((4, 2), dtype=complex),
        np.zeros((4, 2), dtype="U3"),
        np.zeros((4, 2), dtype=object),
        np.zeros((4, 0)),
        np.zeros((0, 2)),
        np.zeros(4),
        np.zeros((4, 2, 1)),
        np.full((4, 2), 1e39),
        np.full((4, 2), np.nan),
        np.full((4, 2), np.inf),
        [[1, 2], [1], [1, 2], [1, 2]],
        [["1", "2"]] * 4,
        [[None, 1]] * 4,
        "text",
        None,
        7,
        pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": 1}),
    ]
)


@given(
    patterns=ODD_ARRAYS,
    stimuli=st.just(SHOWN) | ODD_VALUES | st.lists(ODD_VALUES, min_size=4, max_size=4) | st.just("face"),
    runs=st.none() | st.just([1, 1, 2, 2]) | ODD_VALUES | st.lists(ODD_VALUES, min_size=4, max_size=4),
    places=st.none() | ODD_ARRAYS | st.just(np.zeros((2, 3))),
)
def test_patterns(patterns: Any, stimuli: Any, runs: Any, places: Any) -> None:
    def read() -> object:
        return recording_from_patterns(patterns, stimuli, runs=runs, subject="sub-01", places=places)

    found = demand(read, EITHER, names="own, sub-01")
    assert found is None or found.stimuli == [str(one) for one in stimuli]


EVENTS = [["0.0", "4.0", "face"], ["4.0", "4.0", "house"]]


@given(
    series=ODD_ARRAYS | st.just(np.arange(16.0).reshape(8, 2)),
    cells=st.lists(ODD_VALUES | st.floats(0, 8), min_size=2, max_size=2),
    column=st.sampled_from(["onset", "duration"]),
    seconds=ODD_NUMBERS | st.sampled_from([0.0, -1.0, 1.0]),
    lag=ODD_NUMBERS | st.just(0.0),
)
def test_blocks_of_a_series(series: Any, cells: list[Any], column: str, seconds: float, lag: float) -> None:
    events = pd.DataFrame({"onset": [0.0, 4.0], "duration": [4.0, 4.0]})
    events = events.assign(**{column: pd.Series(cells, dtype=object)})
    names = ["events", "series", "row", "repetition_time"]
    found = demand(lambda: block_means(series, events, repetition_time=seconds, lag=lag), EITHER, names=names)
    assert found is None or np.isfinite(found).all()
    lost = events.drop(columns=column)
    demand(lambda: block_means(np.zeros((8, 2)), lost, repetition_time=1.0), REFUSED, names="events")


# ---------------------------------------------------------------------- BIDS: EEG


@pytest.fixture(scope="module")
def eeg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("bids")
    info = mne.create_info(["O1", "Oz"], 100.0, "eeg")
    info["line_freq"] = 50.0
    raw = mne.io.RawArray(1e-6 * np.random.default_rng(0).normal(size=(2, 500)), info, verbose="error")
    raw.set_annotations(mne.Annotations([1.0, 3.0], [0.5, 0.5], ["cat", "dog"]))
    path = mne_bids.BIDSPath("01", task="see", run="01", root=root, datatype="eeg")
    mne_bids.write_raw_bids(raw, path, format="BrainVision", allow_preload=True, verbose="error")
    return root


def cut(root: Path, **options: Any) -> Any:
    given = {"task": "see", "tmin": -0.1, "tmax": 0.4, **options}
    made = epochs_from_bids(root, "01", **given)
    return recording_from_epochs(made, stimulus="trial_type", subject="sub-01")


@cache
def undamaged(root: Path) -> Any:
    return cut(root)


def other_events(draw: st.DrawFn, root: Path) -> Verdict:
    (path,) = root.rglob("*_events.tsv")
    header, *rows = [line.split("\t") for line in path.read_text("utf-8-sig").splitlines()]
    kind = draw(st.sampled_from(["cells", "cell", "bytes", "file", "no onset", "ends"]))
    if kind == "cells":
        path.write_text(draw(damaged_table(header, rows)).replace(",", "\t"), "utf-8", errors="surrogatepass")
    elif kind == "cell":
        rows[0][header.index("onset")] = draw(ODD_CELLS)
        path.write_text(
            "\n".join("\t".join(line) for line in (header, *rows)), "utf-8", errors="surrogatepass"
        )
    elif kind == "bytes":
        path.write_bytes(draw(damaged_bytes(path.read_bytes())))
    elif kind == "file":
        return file_accident(draw, path)
    elif kind == "no onset":
        path.write_text("\n".join("\t".join(line[1:]) for line in (header, *rows)))
        return REFUSED
    else:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        return SAME
    return EITHER


def other_side_files(draw: st.DrawFn, root: Path) -> Verdict:
    """Sidecars gone or damaged: what they say may be missing, but no reader falls over it."""
    files = [path for path in sorted(root.rglob("*")) if path.is_file() and path.suffix in (".json", ".tsv")]
    path = draw(st.sampled_from([path for path in files if not path.name.endswith("events.tsv")]))
    if draw(st.booleans()):
        path.unlink()
    else:
        any_accident(draw, path)
    return EITHER


def other_signals(draw: st.DrawFn, root: Path) -> Verdict:
    path = next(root.rglob(f"*_eeg.{draw(st.sampled_from(['vhdr', 'vmrk', 'eeg']))}"))
    any_accident(draw, path)
    return EITHER


@given(data=st.data(), change=st.sampled_from([other_events, other_events, other_side_files, other_signals]))
def test_a_folder_of_eeg(eeg: Path, data: st.DataObject, change: Any) -> None:
    same = undamaged(eeg)
    with copy_of(eeg) as root:
        verdict = change(data.draw, root)
        demand(lambda: cut(root), verdict, names=[str(root), "sub-01"], same=same)


@given(
    options=st.fixed_dictionaries(
        {},
        optional={
            "task": ODD_CELLS,
            "datatype": st.sampled_from(["meg", "ieeg", "nirs", "anat", None, 3]),
            "keep": st.sampled_from(
                [lambda t: t["onset"] > 2, lambda t: [True], lambda t: t["onset"], lambda t: None]
            ),
            "prepare": st.sampled_from(
                [lambda raw: None, lambda raw: raw.get_data(), lambda raw: raw.crop(0, 2)]
            ),
            "tmin": ODD_NUMBERS | st.floats(-10, 10),
            "tmax": ODD_NUMBERS | st.floats(-10, 10),
            "baseline": st.sampled_from([None, (None, None), (5.0, 6.0), (0.2, 0.1), (np.nan, 0.0), 3]),
            "reject": st.sampled_from(
                [{"eeg": 0.0}, {"eeg": -1.0}, {"mag": 1.0}, {"x": 1}, {"eeg": np.nan}, 5]
            ),
        },
    )
)
def test_what_a_caller_asks_of_a_folder_of_eeg(eeg: Path, options: dict[str, Any]) -> None:
    demand(lambda: cut(eeg, **options), EITHER, names=[str(eeg), "sub-01", "datatype"])


def test_a_folder_that_is_none(tmp_path: Path, eeg: Path) -> None:
    """No folder, a file, and labels of nobody."""
    with pytest.raises(Exception, match=r"(?s)no such folder.*what to do"):
        epochs_from_bids(tmp_path / "none", "01", task="see")
    with pytest.raises(Exception, match=r"(?s)has these labels.*sub-99"):
        epochs_from_bids(eeg, "99", task="see")


# ---------------------------------------------------------------------- BIDS: fMRI

AFFINE = np.diag([2.0, 2.0, 3.0, 1.0])
BOLD = "sub-01/func/sub-01_task-see_run-01_bold.nii.gz"
TABLE = "sub-01/func/sub-01_task-see_run-01_events.tsv"
BLOCKS = [["0", "20", "face"], ["25", "20", "house"], ["50", "20", "rest"]]


def volumes() -> np.ndarray:
    return np.random.default_rng(0).normal(100.0, 1.0, (2, 1, 2, 40)).astype(np.float32)


def save(
    path: Path, values: np.ndarray, seconds: float = 2.0, affine: np.ndarray = AFFINE, unit: str = "sec"
) -> None:
    image = nibabel.Nifti1Image(values, affine)
    if values.ndim == 4:
        image.header.set_zooms((*image.header.get_zooms()[:3], seconds))
        image.header.set_xyzt_units("mm", unit)
    nibabel.save(image, path)


@pytest.fixture(scope="module")
def fmri(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("fmri")
    (root / BOLD).parent.mkdir(parents=True)
    save(root / BOLD, volumes())
    rows = [["onset", "duration", "trial_type"], *BLOCKS]
    (root / TABLE).write_text("\n".join("\t".join(row) for row in rows) + "\n")
    mask = np.zeros((2, 1, 2), np.uint8)
    mask[:, 0, 0] = 1
    save(root / "mask.nii.gz", mask)
    return root


def blocks(root: Path, **options: Any) -> Any:
    return recording_from_bids_fmri(root, "01", **{"task": "see", "mask": root / "mask.nii.gz", **options})


@cache
def undamaged_blocks(root: Path) -> Any:
    return blocks(root)


def other_volumes(draw: st.DrawFn, root: Path) -> Verdict:
    values = volumes()
    kind = draw(
        st.sampled_from(["shape", "number", "seconds", "unit", "affine", "constant", "type", "short"])
    )
    if kind == "shape":
        save(
            root / BOLD,
            draw(st.sampled_from([values[..., 0], values[:1], values[:, :, :1], values[..., :0]])),
        )
        return REFUSED
    if kind == "number":
        place = [draw(st.integers(0, size - 1)) for size in values.shape]
        values[tuple(place)] = draw(st.sampled_from([np.nan, np.inf]))
        save(root / BOLD, values)
        return REFUSED if place[2] == 0 else SAME  # outside the mask nobody looks
    if kind == "seconds":
        save(root / BOLD, values, draw(st.sampled_from([0.0, np.nan, np.inf])))
        return REFUSED
    if kind == "unit":
        save(
            root / BOLD, values, *draw(st.sampled_from([(2000.0, AFFINE, "msec"), (2.0, AFFINE, "unknown")]))
        )
        return SAME
    if kind == "affine":
        other = draw(st.sampled_from([np.eye(4), AFFINE + 0.5, np.diag([-2.0, 2.0, 3.0, 1.0])]))
        save(root / BOLD, values, affine=other)
        return REFUSED
    if kind == "constant":
        values[0, 0, 0] = draw(st.sampled_from([0.0, 1.0]))
        save(root / BOLD, values)
        return EITHER
    if kind == "type":
        save(root / BOLD, values.astype(draw(st.sampled_from([">f4", "f8", "i2", "u1", "c8"]))))
        return EITHER
    save(root / BOLD, values[..., : draw(st.integers(1, 20))])
    return EITHER


def other_mask(draw: st.DrawFn, root: Path) -> Verdict:
    mask = np.zeros((2, 1, 2), np.float32)
    kind = draw(st.sampled_from(["nothing", "nan", "shape", "affine", "levels"]))
    if kind == "nan":
        mask[0] = np.nan
    elif kind == "shape":
        mask = np.ones(draw(st.sampled_from([(2, 1, 3), (2, 1), (2, 1, 2, 2)])), np.float32)
    elif kind == "affine":
        mask[0] = 1
    elif kind == "levels":
        mask[0], mask[1] = 1, draw(st.sampled_from([2, 0.5, -1]))
    save(root / "mask.nii.gz", mask, affine=np.eye(4) if kind == "affine" else AFFINE)
    return EITHER if kind == "levels" else REFUSED


def other_blocks(draw: st.DrawFn, root: Path) -> Verdict:
    header = ["onset", "duration", "trial_type"]
    kind = draw(st.sampled_from(["cells", "cell", "file", "all rest"]))
    if kind == "cells":
        text = draw(damaged_table(header, BLOCKS)).replace(",", "\t")
    elif kind == "cell":
        rows = [list(row) for row in BLOCKS]
        rows[0][draw(st.integers(0, 2))] = draw(ODD_CELLS)
        text = "\n".join("\t".join(row) for row in (header, *rows))
    elif kind == "all rest":
        text = "onset\tduration\ttrial_type\n0\t20\trest\n"
    else:
        return file_accident(draw, root / TABLE)
    (root / TABLE).write_text(text, "utf-8", errors="surrogatepass")
    return REFUSED if kind == "all rest" else EITHER


def other_images(draw: st.DrawFn, root: Path) -> Verdict:
    kind = draw(st.sampled_from(["bytes", "mask", "twice", "text"]))
    if kind == "twice":
        save(root / BOLD.replace("_run", "_space-T1w_run"), volumes())
        return REFUSED
    if kind == "text":
        (root / BOLD).write_bytes(b"no image at all")
        return REFUSED
    return any_accident(draw, root / ("mask.nii.gz" if kind == "mask" else BOLD)) and EITHER


@given(data=st.data(), change=st.sampled_from([other_volumes, other_mask, other_blocks, other_images]))
def test_a_folder_of_fmri(fmri: Path, data: st.DataObject, change: Any) -> None:
    same = undamaged_blocks(fmri)
    with copy_of(fmri) as root:
        verdict = change(data.draw, root)
        found = demand(lambda: blocks(root), verdict, names=[str(root), "mask", "own, sub-01"], same=same)
        assert found is None or np.isfinite(found.responses).all()


@given(
    options=st.fixed_dictionaries(
        {},
        optional={
            "task": ODD_CELLS,
            "stimulus": st.sampled_from(["onset", "duration", "x", ""]),
            "rest": st.sampled_from([(), ["face"], ["face", "house", "rest"], "rest"]),
            "lag": ODD_NUMBERS | st.floats(-5, 100),
            "space": st.just("T1w"),
            "derivatives": st.sampled_from([Path("nowhere")]),
        },
    )
)
def test_what_a_caller_asks_of_a_folder_of_fmri(fmri: Path, options: dict[str, Any]) -> None:
    demand(lambda: blocks(fmri, **options), EITHER, names=[str(fmri), "nowhere", "lag"])
