"""How an argument is damaged: numbers, shapes, types and layouts of arrays; labels; settings; tables.

Three kinds of damage: a *poison* no result can be right for, so it must be refused; a *harmless* one must not
change the result; of an *odd* one, either the result is right or it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch

from companion import DataError, Embeddings, Recording
from companion.decoding import Gallery

Kind = Literal["poison", "harmless", "odd"]
Change = Callable[[Any, np.random.Generator], Any]
Damages = dict[str, tuple[Kind, Change]]


class DoesNotApplyError(Exception):
    """This argument cannot be damaged in this way."""


PALETTES = {
    "only zero": [0.0],
    "only a tenth": [0.1],
    "zero and one": [0.0, 1.0],
    "three values": [-1.0, 0.0, 1.0],
    "far apart": [1e-200, -1e-9, 1.0, 1e9],
    "huge": [1e200, 1.0],
}


def _put(value: float) -> Change:
    def change(array: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if not array.size or array.dtype.kind != "f":
            raise DoesNotApplyError
        found = array.copy()
        found.flat[rng.integers(array.size)] = value
        return found

    return change


def _painted(palette: list[float]) -> Change:
    def change(array: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if array.dtype.kind not in "fi":
            raise DoesNotApplyError
        with np.errstate(all="ignore"):
            if array.dtype.kind == "i" and not set(palette) <= {-1.0, 0.0, 1.0}:
                raise DoesNotApplyError
            return rng.choice(palette, array.shape).astype(array.dtype)

    return change


def _as(dtype: str) -> Change:
    def change(array: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if array.dtype.kind not in "fib":
            raise DoesNotApplyError
        with np.errstate(all="ignore"):
            return array.astype(dtype)

    return change


def _needs(n_axes: int, change: Callable[[np.ndarray], Any]) -> Change:
    def checked(array: np.ndarray, rng: np.random.Generator) -> Any:
        if array.ndim < n_axes or not array.size:
            raise DoesNotApplyError
        return change(array)

    return checked


def _strided(array: np.ndarray) -> np.ndarray:
    return np.repeat(array, 2, axis=-1)[..., ::2]


def _locked(array: np.ndarray) -> np.ndarray:
    found = array.copy()
    found.flags.writeable = False
    return found


def _row_zero(array: np.ndarray) -> np.ndarray:
    found = array.copy()
    found[0] = 0
    return found


def _constant_column(array: np.ndarray) -> np.ndarray:
    found = array.copy()
    found[..., 0] = found.flat[0]
    return found


def _twins(array: np.ndarray) -> np.ndarray:
    found = array.copy()
    found[-1] = found[0]
    return found


ARRAY: Damages = {
    "not a number": ("poison", _put(np.nan)),
    "infinite": ("poison", _put(np.inf)),
    "minus infinite": ("poison", _put(-np.inf)),
    **{name: ("odd", _painted(palette)) for name, palette in PALETTES.items()},
    "no rows": ("odd", _needs(1, lambda array: array[:0])),
    "one row": ("odd", _needs(1, lambda array: array[:1])),
    "two rows": ("odd", _needs(1, lambda array: array[:2])),
    "one row more": ("odd", _needs(1, lambda array: np.concatenate([array, array[:1]]))),
    "no columns": ("odd", _needs(2, lambda array: array[..., :0])),
    "one column": ("odd", _needs(2, lambda array: array[..., :1])),
    "one column more": ("odd", _needs(2, lambda array: np.concatenate([array, array[..., :1]], axis=-1))),
    "flat": ("odd", _needs(2, np.ravel)),
    "an axis more in front": ("odd", _needs(0, lambda array: array[None])),
    "an axis more behind": ("odd", _needs(0, lambda array: array[..., None])),
    "a single number": ("odd", _needs(1, lambda array: array.flat[0])),
    "a row of zeros": ("odd", _needs(2, _row_zero)),
    "a constant column": ("odd", _needs(2, _constant_column)),
    "equal rows": ("odd", _needs(2, _twins)),
    "half precision": ("odd", _as("float16")),
    "single precision": ("odd", _as("float32")),
    "whole numbers": ("odd", _as("int64")),
    "small whole numbers": ("odd", _as("int8")),
    "objects": ("odd", _as("object")),
    "complex": ("odd", _as("complex128")),
    "text": ("odd", _as("str")),
    "true and false": ("odd", lambda array, rng: array > 0 if array.dtype.kind in "fi" else array),
    "strided": ("harmless", _needs(1, _strided)),
    "locked": ("harmless", _needs(0, _locked)),
    "by columns": ("harmless", _needs(2, np.asfortranarray)),
    "other byte order": ("harmless", lambda array, rng: array.astype(array.dtype.newbyteorder())),
}
_OF_NUMPY_ALONE = {"objects", "complex", "text", "locked", "other byte order", "a single number"}


def _of_tensor(change: Change) -> Change:
    def changed(tensor: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
        return torch.from_numpy(np.array(change(tensor.numpy(), rng)))

    return changed


TENSOR: Damages = {
    name: (kind, _of_tensor(change)) for name, (kind, change) in ARRAY.items() if name not in _OF_NUMPY_ALONE
}


def _of_vectors(change: Change) -> Change:
    def changed(vectors: Embeddings, rng: np.random.Generator) -> Embeddings:
        try:
            return replace(vectors, values=change(vectors.values, rng))
        except DataError as error:  # refused already where it was made
            raise DoesNotApplyError from error

    return changed


def _first(n: int) -> Change:
    return lambda vectors, rng: vectors.select(vectors.ids[:n])


def _renamed(vectors: Embeddings, rng: np.random.Generator) -> Embeddings:
    return replace(vectors, ids=("somebody else", *vectors.ids[1:]))


VECTORS: Damages = {
    **{
        name: ("odd", _of_vectors(ARRAY[name][1]))
        for name in (
            *PALETTES,
            "one column",
            "one column more",
            "a row of zeros",
            "equal rows",
            "a constant column",
        )
    },
    "one vector": ("odd", _first(1)),
    "two vectors": ("odd", _first(2)),
    "another id": ("odd", _renamed),
    "another space": ("odd", lambda vectors, rng: replace(vectors, space="another")),
    "another order": ("odd", lambda vectors, rng: vectors.select(vectors.ids[::-1])),
}


def _trials(change: Callable[[Recording], Recording]) -> Change:
    def changed(recording: Recording, rng: np.random.Generator) -> Recording:
        try:
            return change(recording)
        except DataError as error:
            raise DoesNotApplyError from error

    return changed


def _shown(names: Callable[[list[str]], list[str]]) -> Change:
    return _trials(lambda one: replace(one, trials=one.trials.assign(stimulus=names(one.stimuli))))


RECORDING: Damages = {
    "no trial": ("odd", _trials(lambda one: one.select_trials(np.zeros(len(one), dtype=bool)))),
    "one trial": ("odd", _trials(lambda one: one.select_trials([0]))),
    "two trials": ("odd", _trials(lambda one: one.select_trials([0, 1]))),
    "one unit": ("odd", _trials(lambda one: one.select_units([0]))),
    "constant responses": ("odd", _trials(lambda one: replace(one, responses=np.ones_like(one.responses)))),
    "one stimulus": ("odd", _shown(lambda names: [names[0]] * len(names))),
    "another stimulus": ("odd", _shown(lambda names: ["somebody else", *names[1:]])),
    "every trial another stimulus": ("odd", _shown(lambda names: [f"{row}" for row in range(len(names))])),
}

LABELS: Damages = {
    "no labels": ("odd", lambda names, rng: names[:0]),
    "one label": ("odd", lambda names, rng: names[:1]),
    "one label less": ("odd", lambda names, rng: names[:-1]),
    "one label more": ("odd", lambda names, rng: [*names, names[0]]),
    "another label": ("odd", lambda names, rng: ["somebody else", *names[1:]]),
    "all alike": ("odd", lambda names, rng: [names[0]] * len(names)),
    "a label twice": ("odd", lambda names, rng: [names[-1], *names[1:]]),
}

NUMBERS: Damages = {
    "none": ("odd", lambda values, rng: values[:0]),
    "not a number": ("poison", lambda values, rng: [*values, float("nan")]),
    "a negative one": ("odd", lambda values, rng: [-1 * values[0], *values[1:]]),
    "zero": ("odd", lambda values, rng: [0 * values[0], *values[1:]]),
    "one alone": ("odd", lambda values, rng: values[:1]),
    "one twice": ("odd", lambda values, rng: [*values, values[0]]),
}

WHOLE: Damages = {
    "negative": ("poison", lambda value, rng: -1),
    "a broken number": ("poison", lambda value, rng: value + 0.5),
    "not a number": ("poison", lambda value, rng: float("nan")),
    "nothing": ("poison", lambda value, rng: None),
    "text": ("poison", lambda value, rng: str(value)),
    "zero": ("odd", lambda value, rng: 0),
    "one": ("odd", lambda value, rng: 1),
    "two": ("odd", lambda value, rng: 2),
    "one more": ("odd", lambda value, rng: value + 1),
    "many": ("odd", lambda value, rng: 1000),
    "of numpy": ("harmless", lambda value, rng: np.int64(value)),
}

REAL: Damages = {
    "not a number": ("poison", lambda value, rng: float("nan")),
    "infinite": ("poison", lambda value, rng: float("inf")),
    "text": ("poison", lambda value, rng: str(value)),
    "zero": ("odd", lambda value, rng: 0.0),
    "negative": ("odd", lambda value, rng: -0.5),
    "one": ("odd", lambda value, rng: 1.0),
    "two": ("odd", lambda value, rng: 2.0),
    "tiny": ("odd", lambda value, rng: 1e-300),
    "huge": ("odd", lambda value, rng: 1e300),
    "of numpy": ("harmless", lambda value, rng: np.float64(value)),
}

CHOICE: Damages = {
    "unknown": ("poison", lambda value, rng: f"{value}s"),
    "nothing": ("poison", lambda value, rng: None),
}


def _numeric(table: pd.DataFrame) -> str:
    names = [name for name in table if table[name].dtype.kind == "f"]
    if not names:
        raise DoesNotApplyError
    return str(names[-1])


def _cell(value: object) -> Change:
    def change(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        column = table[_numeric(table)].astype(object if isinstance(value, str) else float).copy()
        column.iloc[int(rng.integers(len(column)))] = value
        return table.assign(**{_numeric(table): column})

    return change


TABLE: Damages = {
    "not a number": ("poison", _cell(float("nan"))),
    "infinite": ("poison", _cell(float("inf"))),
    "text": ("poison", _cell("twelve")),
    "no rows": ("odd", lambda table, rng: table.iloc[:0]),
    "one row": ("odd", lambda table, rng: table.iloc[:1]),
    "one row less": ("odd", lambda table, rng: table.iloc[:-1]),
    "a row twice": ("odd", lambda table, rng: pd.concat([table, table.iloc[:1]])),
    "a column less": ("odd", lambda table, rng: table.drop(columns=rng.choice(table.columns))),
    "constant": ("odd", lambda table, rng: table.assign(**{_numeric(table): 0.1})),
    "another index": ("harmless", lambda table, rng: table.set_axis(range(7, 7 + len(table)))),
}


def _of_mapping(values: Mapping[Any, Any]) -> Damages:
    found: Damages = {
        "no entries": ("odd", lambda entries, rng: {}),
        "one entry less": ("odd", lambda entries, rng: dict(list(entries.items())[1:])),
        "one entry alone": ("odd", lambda entries, rng: dict(list(entries.items())[:1])),
    }
    first = next(iter(values.values()))
    if isinstance(first, str):
        return found | {
            "an entry: another label": ("odd", lambda entries, rng: entries | {next(iter(entries)): "?"})
        }
    for name, (kind, change) in _damages(first).items():

        def inside(
            entries: dict[Any, Any], rng: np.random.Generator, change: Change = change
        ) -> dict[Any, Any]:
            key = list(entries)[int(rng.integers(len(entries)))]
            return entries | {key: change(entries[key], rng)}

        found[f"an entry: {name}"] = (kind, inside)
    return found


def _inside(place: str, damages: Damages) -> Damages:
    def of(change: Change) -> Change:
        return lambda owner, rng: replace(owner, **{place: change(getattr(owner, place), rng)})

    return {f"{place}: {name}": (kind, of(change)) for name, (kind, change) in damages.items()}


def _damages(value: object) -> Damages:
    by_type: tuple[tuple[type, Damages], ...] = (
        (torch.Tensor, TENSOR),
        (np.ndarray, ARRAY),
        (Embeddings, VECTORS),
        (Recording, RECORDING),
        (Gallery, _inside("candidates", VECTORS)),
        (pd.DataFrame, TABLE),
        (bool, {}),
        (int, WHOLE),
        (float, REAL),
        (str, CHOICE),
    )
    if isinstance(value, Mapping):
        return _of_mapping(value)
    if isinstance(value, list | tuple) and value:
        if all(isinstance(one, str) for one in value):
            return LABELS
        return NUMBERS if all(isinstance(one, int | float) for one in value) else {}
    return next((damages for kind, damages in by_type if isinstance(value, kind)), {})


def damages(arguments: Mapping[str, Any], spared: frozenset[str]) -> Iterator[tuple[str, str, Kind, Change]]:
    """Every damage that the arguments of a call can take: argument, its name, its kind, how it is done."""
    for argument, value in arguments.items():
        if argument not in spared:
            for name, (kind, change) in _damages(value).items():
                yield argument, name, kind, change
