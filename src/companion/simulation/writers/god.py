"""Write recordings and image features of Generic Object Decoding.

Where the official files are not fully documented the choice made here is said in the docstring; readers must
not rely on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from companion.embeddings import Embeddings
from companion.errors import DataError
from companion.loading.god.features import KINDS, FeatureKind
from companion.loading.god.fmri import DATA_TYPES, TASKS
from companion.loading.god.stimuli import GodStimuli, category_of, number_of_stimulus
from companion.recording import Recording
from companion.simulation.writers.bdata import Array, ColumnValues, Group, write_bdata


def write_god(
    folder: Path,
    subject: int,
    recordings: Sequence[Recording],
    stimuli: GodStimuli,
    *,
    simulated: bool = True,
) -> Path:
    """Write a classic combined file, ``Subject<n>.h5``.

    Labels stand to the right of the voxels; their order, and ``Label`` as the group of stimulus, category and
    image numbers, are choices of this project.

    Parameters
    ----------
    folder : Path
        Folder to write to; it exists.
    subject : int
        Number of the person.
    recordings : sequence of Recording
        One per split, in the order the rows are to have, of the same voxels; trials have ``stimulus`` and
        ``run``, voxels ``roi_<name>`` and perhaps ``x``, ``y``, ``z`` in metres.
    stimuli : GodStimuli
        The lists, for the numbers of categories and images.
    simulated : bool
        Whether to mark the file as simulated.

    Returns
    -------
    Path
        The file written.
    """
    labels = [
        _label("DataType", "Data type (1 training, 2 perception test, 3 imagery)", _data_types(recordings)),
        _label("Run", "Run number", [recording.trials["run"] for recording in recordings]),
        _label("stimulus_id", "Stimulus number", [_numbers(recording.stimuli) for recording in recordings]),
        *_index_labels(recordings, stimuli),
    ]
    label = ColumnValues("Label", "1 = Label", ("stimulus_id", "category_index", "image_index"), np.ones(3))
    path = folder / f"Subject{subject}.h5"
    _write(path, recordings, labels, [label], simulated=simulated)
    return path


def write_god_task(
    folder: Path, subject: int, recording: Recording, stimuli: GodStimuli, *, simulated: bool = True
) -> Path:
    """Write a per-task file, ``Subject<n>_<task>.h5``; parameters and result as in :func:`write_god`.

    The numbers behind ``stimulus_name`` (counted from 1), names of images without file ending, and the one
    value of ``trial_type`` are choices of this project.
    """
    shown = sorted(set(recording.stimuli))
    code = {name: float(at) for at, name in enumerate(shown, start=1)}
    name_column = np.array([[code[name]] for name in recording.stimuli])
    texts = {number: name for name, number in code.items()}
    labels = [
        _label("Run", "Run number", [recording.trials["run"]]),
        _label("trial_type", "Trial type", [np.ones(len(recording))]),
        Group("stimulus_name", "1 = Stimulus name", [name_column], texts),
        _label("stimulus_number", "Stimulus number", [_numbers(recording.stimuli)]),
        *_index_labels([recording], stimuli),
    ]
    path = folder / f"Subject{subject}_{TASKS[recording.split]}.h5"
    _write(path, [recording], labels, [], simulated=simulated)
    return path


def write_god_features(
    folder: Path, features: Mapping[FeatureKind, Mapping[str, Embeddings]], *, simulated: bool = True
) -> Path:
    """Write ``ImageFeatures.h5``.

    Parameters
    ----------
    folder : Path
        Folder to write to; it exists.
    features : mapping of kind to mapping of layer to Embeddings
        Kinds in the order the rows are to have. Every kind has the same layers, and one kind the same ids, in
        the same order, in every layer: images for the first two kinds, categories for the others.
    simulated : bool
        Whether to mark the file as simulated.

    Raises
    ------
    DataError
        If layers or ids differ.
    """
    kinds = list(features)
    layers = list(features[kinds[0]])
    ids = {kind: features[kind][layers[0]].ids for kind in kinds}
    for kind in kinds:
        if list(features[kind]) != layers or any(z.ids != ids[kind] for z in features[kind].values()):
            raise DataError("Features differ in their layers or ids", where=kind, expected=layers)
    images = [_numbers(ids[kind]) if kind.endswith("images") else _missing(len(ids[kind])) for kind in kinds]
    groups = [
        *(Group(key, f"1 = {key}", [features[kind][key].values for kind in kinds]) for key in layers),
        _label("ImageID", "Image ID", images),
        _label("CatID", "Category ID", [_numbers(map(category_of, ids[kind])) for kind in kinds]),
        _label("FeatureType", "Feature type", [np.full(len(ids[kind]), KINDS[kind]) for kind in kinds]),
    ]
    path = folder / "ImageFeatures.h5"
    write_bdata(path, groups, simulated=simulated)
    return path


def _write(
    path: Path,
    recordings: Sequence[Recording],
    labels: Sequence[Group],
    extra: Sequence[ColumnValues],
    *,
    simulated: bool,
) -> None:
    units = recordings[0].units
    if not all(recording.units.equals(units) for recording in recordings):
        raise DataError("Recordings of one file have the same voxels", where=path)
    voxels = Group("VoxelData", "1 = Voxel data", [recording.responses for recording in recordings])
    places = [
        ColumnValues(
            f"voxel_{axis}", f"Voxel {axis} coordinate", ("VoxelData",), units[axis].to_numpy(float) * 1000
        )
        for axis in ("x", "y", "z")
        if axis in units
    ]
    rois = [
        ColumnValues(f"ROI_{name}", f"1 = ROI {name}", ("VoxelData",), units[f"roi_{name}"].to_numpy(float))
        for name in recordings[0].rois
    ]
    write_bdata(path, [voxels, *labels], [*places, *rois, *extra], simulated=simulated)


def _label(key: str, description: str, values: Sequence[npt.ArrayLike]) -> Group:
    """Column of a label, from one list of values per block of rows."""
    return Group(key, f"1 = {description}", [np.asarray(block, float).reshape(-1, 1) for block in values])


def _data_types(recordings: Sequence[Recording]) -> list[Array]:
    return [np.full(len(recording), DATA_TYPES[recording.split]) for recording in recordings]


def _index_labels(recordings: Sequence[Recording], stimuli: GodStimuli) -> list[Group]:
    """Numbers of categories and images as in the lists; an imagined category has no image."""
    blocks: dict[str, list[Array]] = {"category_index": [], "image_index": []}
    for recording in recordings:
        listed = stimuli.of(recording.split).set_index("stimulus")
        if unknown := sorted(set(recording.stimuli) - set(listed.index)):
            raise DataError("A stimulus is not in the lists", where=repr(recording), got=unknown[0])
        for key, column in blocks.items():
            column.append(listed.reindex(columns=[key]).loc[recording.stimuli].to_numpy(float))
    return [_label(key, key.replace("_", " "), column) for key, column in blocks.items()]


def _numbers(names: Iterable[str]) -> Array:
    return np.array([number_of_stimulus(name) for name in names])


def _missing(n_rows: int) -> Array:
    return np.full(n_rows, np.nan)
