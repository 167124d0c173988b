"""Every public name of the labelled types and of four rooms, called with bad numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from ..test_public_names import public
from .cases_alignment import ALIGNMENT
from .cases_decoding import DECODING
from .cases_statistics import STATISTICS
from .cases_training import TRAINING
from .cases_types import TYPES
from .damage import DoesNotApplyError, damages
from .judge import BreakageError, Case, outcome, same

ROOMS = {
    "types": TYPES,
    "alignment": ALIGNMENT,
    "decoding": DECODING,
    "statistics": STATISTICS,
    "training": TRAINING,
}
CASES = {f"{room}.{name}": case for room, cases in ROOMS.items() for name, case in cases.items()}
WITHOUT_NUMBERS = {
    "ChapterError",
    "CompanionError",
    "DataError",
    "DownloadError",
    "MissingDataError",
    "data_root",
    "project_root",
}


THAT_TRAIN = [
    name
    for name in CASES
    if "train_" in name
    or "Settings" in name
    or name.partition(".")[2]
    in {
        "ContrastiveRetriever",
        "OddOneOutTransform",
        "Options",
        "Run",
        "Supervision",
        "Trained",
        "TrainedMapping",
    }
    | {"TrainedVae", "TripletAligner", "fit_aligners", "generate"}
]
"""One call takes a tenth of a second, so that they share their examples."""

DAMAGES = st.lists(st.integers(0, 10_000), min_size=1, max_size=3)
SEEDS = st.integers(0, 2**16)


def applied(case: Case, numbers: list[int], seed: int) -> tuple[dict[str, object], list[str], set[str]]:
    """Arguments with some of their damages, what these are called, and their kinds."""
    arguments, rng = dict(case.arguments), np.random.default_rng(seed)
    possible = list(damages(case.arguments, case.spared))
    names, kinds, touched = [], set(), set()
    for number in numbers:
        argument, name, kind, change = possible[number % len(possible)]
        if argument in touched:
            continue
        touched.add(argument)
        arguments[argument] = change(arguments[argument], rng)
        names.append(f"{argument}: {name}")
        kinds.add("odd" if kind == "poison" and argument in case.bears else kind)
    return arguments, names, kinds


def judged(case: Case, arguments: dict[str, object], names: list[str], kinds: set[str]) -> str:
    """What came of the call, in a word; an error if that is not documented."""
    try:
        came = outcome(case, arguments)
        if came.refusal is not None:
            if kinds == {"harmless"}:
                raise BreakageError(f"refused: {came.refusal}")
            return "refused"
        if "poison" in kinds:
            raise BreakageError(f"taken for good: {came.result!r}"[:400])
        if kinds == {"harmless"} and not same(came.result, outcome(case, case.arguments).result):
            raise BreakageError("another result")
    except BreakageError as error:
        error.add_note("; ".join(names))
        raise
    return "worked"


def called(name: str, numbers: list[int], seed: int) -> None:
    """Damage the arguments of a name, call it, and judge what comes."""
    try:
        damaged = applied(CASES[name], numbers, seed)
    except DoesNotApplyError:
        assume(False)
    event(f"{name}: {judged(CASES[name], *damaged)}")


def test_every_public_name_has_a_case() -> None:
    rooms = {"companion": "types"} | {f"companion.{room}": room for room in ROOMS}
    wanted = {
        f"{rooms[where]}.{name}" for where, name in public() if where in rooms and name not in WITHOUT_NUMBERS
    }
    assert wanted <= set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_valid_arguments_work(name: str) -> None:
    assert outcome(CASES[name], CASES[name].arguments).refusal is None


@pytest.mark.parametrize("name", CASES)
def test_each_poison_is_refused_and_what_is_harmless_changes_nothing(name: str) -> None:
    case = CASES[name]
    for number, (_, _, kind, _) in enumerate(damages(case.arguments, case.spared)):
        if kind != "odd":
            try:
                judged(case, *applied(case, [number], seed=0))
            except DoesNotApplyError:
                continue


@pytest.mark.parametrize("name", [name for name in CASES if name not in THAT_TRAIN])
@given(numbers=DAMAGES, seed=SEEDS)
def test_a_call_works_rightly_or_is_refused(name: str, numbers: list[int], seed: int) -> None:
    called(name, numbers, seed)


@given(name=st.sampled_from(THAT_TRAIN), numbers=DAMAGES, seed=SEEDS)
def test_what_trains_works_rightly_or_refuses(name: str, numbers: list[int], seed: int) -> None:
    called(name, numbers, seed)
