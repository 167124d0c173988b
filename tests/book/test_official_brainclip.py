"""BrainCLIP's chapters on official files without any picture: complete, silent, under texts alone.

Lists and captions are the official ones. The fMRI is noise in the official layout, and CLIP a tiny random one
under the name of the official weights: what is tested is the way through the chapters, not a score.
"""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import papermill
import pytest
from PIL import Image

from companion.loading.god.stimuli import GodStimuli, read_god_stimuli
from companion.project import project_root
from companion.recording import Recording, Split
from companion.running.chapters import all_chapters
from companion.running.parameters import declared_parameters
from companion.running.session import RUN_FOLDER
from companion.simulation.writers.god import write_god

ROIS = ("V1", "V2", "V3", "V4", "LOC", "FFA", "PPA")
PEOPLE = (1, 3)
TINY = {
    "embed_dim": 12,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 16, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 1, "layers": 1},
    "quick_gelu": True,
}
PATCH = f"""from open_clip import factory
factory._MODEL_CONFIGS["RN101-quickgelu"] = {TINY!r}
"""
"""A cell after the first one: the process of the chapter knows the tiny CLIP by the official name."""
ALIKE = """from companion.decoding.generation.retrieval import open_pool
open_pool.__kwdefaults__["most_alike"] = 1.1
"""
"""To a random CLIP all pictures are nearly duplicates: leave none out."""
SETTINGS: dict[str, Any] = {
    "source": "official",
    "seeds": [0],
    "scene_seeds": [0],
    "few": 1,
    "n_epochs": 2,
    "width": 16,
    "n_permutations": 50,
    "n_bootstrap": 50,
}
CHAPTERS: dict[str, tuple[set[str], str, int]] = {
    "fmri_to_clip": ({"linear_naming", "ridge_naming", "best_region_naming"}, "pivot_words", 4),
    "naming": ({"top1_texts", "top5_texts", "all_regions_top1", "n_above_holm"}, "matching_words", 4),
    "pictures": ({"spread_of_means", "spread_after"}, "companions_words", 1),
}
"""Of each chapter: numbers that texts alone give, the sentence that says what is missing, how many tables."""
OF_PICTURES = re.compile(r"both|forward|backward|picture_|_pictures_|top[15]_pictures|minus")
GLUED = re.compile(r"\{glue:text\}`(\w+)")


def person(split: Split, lists: GodStimuli, seed: int) -> Recording:
    """Three voxels in each region, noise, shown as often as in the official recordings."""
    rng = np.random.default_rng([seed, len(split)])
    table, times, in_run = {"train": (lists.train, 1, 50), "test": (lists.test, 35, 50)}[split]
    shown = list(table["stimulus"]) * times
    units = pd.DataFrame({"name": [f"voxel-{i}" for i in range(3 * len(ROIS))]})
    for at, name in enumerate(ROIS):
        units[f"roi_{name}"] = units.index // 3 == at
    return Recording(
        responses=rng.normal(size=(len(shown), len(units))).astype(np.float32),
        trials=pd.DataFrame({"stimulus": shown, "run": np.arange(len(shown)) // in_run + 1}),
        units=units,
        subject=f"Subject{seed}",
        dataset="GOD",
        modality="fMRI",
        split=split,
    )


@pytest.fixture(scope="module")
def official(fetched: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with lists, captions, fMRI of two people and weights of CLIP, and nothing else."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    root = tmp_path_factory.mktemp("official")
    for name in ("god-stimulus-lists", "brainclip-god-captions"):
        shutil.copytree(fetched / name, root / name)
    lists = read_god_stimuli(root / "god-stimulus-lists")
    (root / "god-fmri").mkdir()
    for number in PEOPLE:
        splits = [person(split, lists, number) for split in ("train", "test")]
        write_god(root / "god-fmri", number, splits, lists, simulated=False)
    weights = root / "clip-openai-models/RN101/open_clip_model.safetensors"
    weights.parent.mkdir(parents=True)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        state = open_clip.CLIP(**TINY).state_dict()
        save_file({name: one + 0.3 * torch.randn(one.shape) for name, one in state.items()}, weights)
    return root


def run(name: str, folder: Path, **settings: Any) -> tuple[Any, dict[str, Any]]:
    """Run a chapter in a process of its own: the executed notebook, and what it recorded."""
    chapter = all_chapters()[name]
    notebook = chapter.notebook()
    opened = next(at for at, cell in enumerate(notebook.cells) if "open_chapter(" in cell.source)
    notebook.cells.insert(opened + 1, nbformat.v4.new_code_cell(PATCH + ALIKE, id="tiny-clip"))
    nbformat.write(notebook, folder / "source.ipynb")
    papermill.execute_notebook(
        folder / "source.ipynb",
        folder / "done.ipynb",
        {one: value for one, value in (SETTINGS | settings).items() if one in declared_parameters(chapter)},
        cwd=project_root(),
        kernel_name="python3",
        progress_bar=False,
    )
    results: dict[str, Any] = json.loads((folder / "results.json").read_text("utf-8"))
    return nbformat.read(folder / "done.ipynb", as_version=4), results


def numbers(values: Any) -> Iterator[float]:
    """All numbers in what was recorded."""
    if isinstance(values, dict):
        values = list(values.values())
    if isinstance(values, list):
        for one in values:
            yield from numbers(one)
    elif isinstance(values, int | float):
        yield float(values)


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_runs_complete_and_silent_without_pictures(
    name: str, official: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPANION_DATA", str(official))
    monkeypatch.setenv(RUN_FOLDER, str(tmp_path))
    notebook, results = run(name, tmp_path)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [one for one in outputs if one.output_type == "error" or one.get("name") == "stderr"]
    scores, missing, n_tables = CHAPTERS[name]
    assert scores <= set(results)
    assert not [key for key in results if OF_PICTURES.search(key)]
    assert results[missing].startswith("The stimulus pictures are not on this machine")
    assert all(math.isfinite(value) for value in numbers(results))
    tables = [str(text) for one in outputs for text in one.get("metadata", {}).values()]
    assert len(tables) >= n_tables
    assert not [text for text in tables if re.search(r"\| V\b", text)]
    assert any("| T |" in text or "T: " in text for text in tables)
    assert set(GLUED.findall(all_chapters()[name].text)) <= set(results)


def test_official_pictures_are_retrieved_where_they_and_a_pool_are_here(
    official: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Noise in the place of the pictures. There is no generator for them, and the page says so."""
    root = tmp_path / "data"
    shutil.copytree(official, root)
    lists = read_god_stimuli(root / "god-stimulus-lists")
    shown = [*lists.train["stimulus"], *lists.test["stimulus"]]
    folders = {"god-stimulus-images": shown, "imagenet-validation": [f"val_{n}" for n in range(8)]}
    rng = np.random.default_rng(5)
    for folder, names in folders.items():
        (root / folder).mkdir()
        for name in names:
            pixels = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
            Image.fromarray(pixels).resize((48, 40)).save(root / folder / f"{name}.JPEG")
    monkeypatch.setenv("COMPANION_DATA", str(root))
    monkeypatch.setenv(RUN_FOLDER, str(tmp_path))
    notebook, results = run("pictures", tmp_path, subjects=[PEOPLE[0]])
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [one for one in outputs if one.output_type == "error" or one.get("name") == "stderr"]
    assert "nobody has said" in results["pool_words"]
    assert results["companions_words"].startswith("The small generator knows simulated pictures only")
    assert "made_two_way" not in results
    heights = []
    for name in ("retrieved", "scores"):
        with Image.open(tmp_path / f"figures/fig-pictures-{name}.png") as figure:
            heights.append(figure.height)
    assert heights[0] > 2 * heights[1]  # a gallery, and an empty frame
