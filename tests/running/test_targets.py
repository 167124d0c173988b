"""The registry of image targets, and their vectors, on a few generated pictures and choices."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from open_clip.pretrained import get_pretrained_cfg
from PIL import Image

from companion.encoders.cache import EmbeddingCache
from companion.encoders.dreamsim import BRANCHES
from companion.encoders.interface import encode_images
from companion.encoders.miniature import load_miniature_clip
from companion.errors import DataError, MissingDataError
from companion.loading.manifest import load_manifest
from companion.loading.sources import RECORD
from companion.running.miniature_targets import layer_targets, miniature_pairs
from companion.running.official_targets import GLOCAL, GLOCAL_WITH_BOOK, STOCK, STOCKS, official_pairs
from companion.running.target_pairs import Target, TargetPair
from companion.running.targets import NOT_TESTABLE, embed_targets, pairs_table, refuse_missing, target_pairs
from tests.encoders import test_dreamsim, test_hugging_face

N_TRAIN, N_VALIDATION = 12, 6
TEACHERS = ("judges", "permuted-1", "permuted-2", "leaky")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pictures, and choices about them, as the miniature world lays them out."""
    monkeypatch.setenv("COMPANION_DATA", str(tmp_path))
    rng = np.random.default_rng(0)
    stimuli, judges = tmp_path / "stimuli", tmp_path / "judges"
    names = [f"judged{number}" for number in range(N_TRAIN + N_VALIDATION)]
    pictures = rng.integers(0, 256, (len(names), 8, 8, 3), dtype=np.uint8)
    (stimuli / "object_images/kind").mkdir(parents=True)
    judges.mkdir()
    np.savez(stimuli / "judged.npz", ids=np.array(names), pictures=pictures)
    for number in range(4):
        picture = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).resize((64, 64))
        picture.save(stimuli / f"object_images/kind/tested{number}.jpg")
    (stimuli / RECORD).write_text("{}")
    write_choices(judges, names, rng)
    return tmp_path


def write_choices(judges: Path, names: list[str], rng: np.random.Generator) -> None:
    known = {"train": names[:N_TRAIN], "validation": names[N_TRAIN:]}
    odd, alike = [], []
    for teacher in TEACHERS:
        for split, shown in known.items():
            more = ["kind/tested0", "kind/tested1"] if (teacher, split) == ("leaky", "train") else []
            for _ in range(30):
                three = rng.choice([*shown, *more], 3, replace=False)
                odd.append((teacher, split, *three))
                if teacher != "leaky":
                    alike.append((teacher, split, *three, rng.integers(2)))
    pd.DataFrame(odd, columns=["teacher", "split", "first", "second", "odd"]).to_csv(
        judges / "odd_one_out.csv", index=False
    )
    pd.DataFrame(alike, columns=["teacher", "split", "reference", "left", "right", "choice"]).to_csv(
        judges / "two_afc.csv", index=False
    )


def shown(world: Path) -> dict[str, Path]:
    return {path.stem: path for path in sorted((world / "stimuli/object_images/kind").iterdir())}


def pairs_of(world: Path, **more: object) -> list[TargetPair]:
    return miniature_pairs(stimuli=world / "stimuli", judges=world / "judges", **more)  # type: ignore[arg-type]


def test_miniature_pairs_are_two_aligners_on_two_networks_with_their_controls(world: Path) -> None:
    pairs = pairs_of(world, n_permuted=2)
    assert [(pair.aligned.family, pair.aligned.aligned_by) for pair in pairs] == [
        ("miniature CLIP", "DreamSim-like"),
        ("miniature CLIP", "gLocal-like"),
        ("miniature second backbone", "DreamSim-like"),
        ("miniature second backbone", "gLocal-like"),
    ]
    for pair in pairs:
        assert [target.role for target in pair.permuted] == ["permuted", "permuted"]
        assert (pair.leaky is not None) == (pair.aligned.aligned_by == "gLocal-like")
        assert pair.paper_base is pair.matched_base
        assert all(target.simulated and not target.missing() for target in pair.targets)
    by_name = {target.name: target for pair in pairs for target in pair.targets}
    assert len(by_name) == 2 + 4 * 3 + 2  # the base stands in two pairs
    with pytest.raises(ValueError, match="n_permuted"):
        pairs_of(world, n_permuted=4)


def test_every_miniature_target_gives_its_own_labelled_vectors(world: Path) -> None:
    targets = [target for pair in pairs_of(world)[:2] for target in pair.targets]
    spaces = embed_targets(targets, shown(world))
    assert list(spaces) == list(dict.fromkeys(target.name for target in targets))
    base = spaces["miniature CLIP"]
    assert base.aligned_by is None
    np.testing.assert_array_equal(
        base.values, encode_images(load_miniature_clip(), shown(world), batch_size=4).values
    )
    for name, space in spaces.items():
        assert space.simulated
        assert space.ids == tuple(shown(world))
        assert space.space == name
        others = [other for other_name, other in spaces.items() if other_name != name]
        assert min(np.abs(space.values - other.values).max() for other in others) > 1e-4
    assert spaces["miniature CLIP, gLocal-like, permuted-1"].aligned_by == "gLocal-like, permuted-1"


def test_in_the_inert_null_all_targets_are_turns_of_their_base(world: Path) -> None:
    pair = pairs_of(world, inert=True)[1]
    spaces = embed_targets(pair.targets, shown(world))
    base = spaces[pair.paper_base.name].values
    for target in pair.targets[1:]:
        turned = spaces[target.name].values
        np.testing.assert_allclose(turned @ turned.T, base @ base.T, rtol=1e-4)
        assert np.abs(turned - base).max() > 0.1


def test_layers_of_the_miniature_networks_are_targets_too(world: Path) -> None:
    spaces = embed_targets(layer_targets(), shown(world))
    assert [space.values.shape[1] for space in spaces.values()] == [64, 128, 256, 512, 32, 64, 128]
    assert all(space.simulated and space.aligned_by is None for space in spaces.values())


def test_the_cache_is_used(world: Path) -> None:
    targets, cache = layer_targets()[:1], EmbeddingCache(world / "embeddings")
    first = embed_targets(targets, shown(world), cache)
    again = embed_targets(targets, shown(world), cache)
    assert (cache.misses, cache.hits) == (4, 4)
    np.testing.assert_array_equal(first[targets[0].name].values, again[targets[0].name].values)


def test_all_maps_of_one_base_share_its_cached_vectors(world: Path) -> None:
    pair, cache = pairs_of(world, inert=True)[1], EmbeddingCache(world / "embeddings")
    spaces = embed_targets(pair.targets, shown(world), cache)
    assert (cache.misses, cache.hits) == (4, 12)
    aligned = encode_images(pair.aligned.encoder(), shown(world), batch_size=4).values
    np.testing.assert_allclose(spaces[pair.aligned.name].values, aligned, atol=1e-5)


def test_simulated_pictures_are_told_by_their_marker(world: Path, tmp_path: Path) -> None:
    photograph = tmp_path / "elsewhere/photograph.png"
    photograph.parent.mkdir()
    Image.new("RGB", (9, 9)).save(photograph)
    official = replace(layer_targets()[0], simulated=False)
    assert embed_targets([official], shown(world))[official.name].simulated
    assert not embed_targets([official], {"a": photograph})[official.name].simulated
    pixels = {"a": np.zeros((9, 9, 3), np.uint8)}
    with pytest.raises(ValueError, match="no marker"):
        embed_targets([official], pixels)
    assert embed_targets([official], pixels, simulated=True)[official.name].simulated
    assert not embed_targets([official], pixels, simulated=False)[official.name].simulated


def test_two_targets_of_one_name_and_other_lengths_are_refused(world: Path) -> None:
    target = layer_targets()[0]
    with pytest.raises(ValueError, match="share a name"):
        embed_targets([target, replace(target, role="base")], shown(world))
    with pytest.raises(DataError, match="another length"):
        embed_targets([replace(target, n_features=65)], shown(world))


def test_official_targets_are_those_of_the_paper(tmp_path: Path) -> None:
    pairs = official_pairs(tmp_path)
    dreamsim = {p.aligned.family: p for p in pairs if p.aligned.aligned_by == "DreamSim"}
    assert {family: (len(p.bases), p.aligned.n_features) for family, p in dreamsim.items()} == {
        "clip_vitb32": (2, 512),
        "open_clip_vitb32": (2, 512),
        "dino_vitb16": (2, 768),
        "dinov2_vitb14": (2, 768),
        "synclr_vitb16": (1, 768),
        "ensemble": (1, 1792),
    }
    glocal = {p.aligned.family: p.aligned.n_features for p in pairs if p.aligned.aligned_by == "gLocal"}
    assert glocal["clip_ViT-L/14"] == 768
    assert glocal["clip_RN50"] == glocal["dinov2-vit-large-p14"] == 1024
    assert len(glocal) == 8
    names = [target.name for pair in pairs for target in pair.targets]
    assert len(names) == len(set(names))
    assert not any(target.simulated for pair in pairs for target in pair.targets)


def test_bases_say_in_what_they_differ_besides_alignment(tmp_path: Path) -> None:
    for pair in official_pairs(tmp_path):
        assert pair.matched_base.pipeline.differences(pair.aligned.pipeline) == ()
        assert {base.n_features for base in pair.bases} == {pair.aligned.n_features}
    table = pairs_table(official_pairs(tmp_path)).set_index("target")
    assert table.loc["clip_vitb32, stock", "differs in"] == "crop"
    assert table.loc["open_clip_vitb32, stock", "differs in"] == "crop, activation"
    assert table.loc["dino_vitb16, stock", "differs in"] == "crop, tap"
    assert table.loc["dinov2_vitb14, stock", "differs in"] == "crop, tap"
    assert not table["on this machine"].any()


def test_every_official_target_names_its_manifest_entry(tmp_path: Path) -> None:
    targets = [target for pair in official_pairs(tmp_path) for target in pair.targets]
    entries = {entry for target in targets for entry in target.entries}
    assert entries == {"dreamsim-checkpoints", STOCK, GLOCAL, GLOCAL_WITH_BOOK}
    for entry in entries:
        load_manifest().entry(entry)
    for target in targets:
        for path in target.files:
            assert path.relative_to(tmp_path).parts[0] in target.entries
    layout = load_manifest().entry(STOCK).layout
    assert all(repository.split("/")[-1] in layout for repository in STOCKS)
    assert "not testable here" in (load_manifest().entry("harmonization-weights").notes or "")
    assert "harmonization-weights" in NOT_TESTABLE["Harmonization"]


@pytest.mark.parametrize("repository", [name for name, stock in STOCKS.items() if stock.kind is None])
def test_stock_models_of_open_clip_have_the_activation_they_were_trained_with(repository: str) -> None:
    stock = STOCKS[repository]
    listed = get_pretrained_cfg(stock.architecture, stock.training)
    assert listed["hf_hub"].rstrip("/") == repository
    quick = listed.get("quick_gelu", False)
    assert quick == stock.architecture.endswith("quickgelu") == (stock.pipeline.activation == "QuickGELU")


def test_absent_weights_are_refused_before_anything_is_computed(tmp_path: Path) -> None:
    def never() -> object:
        raise AssertionError("computed")

    first = replace(layer_targets()[0], load=never)
    absent = [target for pair in official_pairs(tmp_path)[:2] for target in pair.targets]
    with pytest.raises(MissingDataError, match="Weights of 6 targets") as error:
        embed_targets([first, *absent], {"a": tmp_path / "a.png"})
    assert "base-image-models" in str(error.value)
    assert "dreamsim-checkpoints" in str(error.value)
    refuse_missing([first])


def test_official_targets_are_read_from_where_their_files_are_said_to_be(tmp_path: Path) -> None:
    pairs = {target.name: (pair, target) for pair in official_pairs(tmp_path) for target in pair.targets}
    stock_folder = tmp_path / STOCK / "facebook/dino-vitb16"
    stock_folder.parent.mkdir(parents=True)
    test_hugging_face.write(stock_folder, "dino", test_hugging_face.state_of("dino"))
    dreamsim = tmp_path / "dreamsim-checkpoints"
    dreamsim.mkdir()
    state = test_dreamsim.base_state("dino_vitb16", 0)
    torch.save(state, dreamsim / BRANCHES["dino_vitb16"].file)
    test_dreamsim.write_adapter(dreamsim / "dino_vitb16_single_lora", test_dreamsim.adapter_state(1, 0))
    glocal = tmp_path / GLOCAL / "dino-vit-base-p16"
    glocal.mkdir(parents=True)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(128, 128)))[0]
    np.savez(glocal / "transform.npz", weights=turn, mean=1.0, std=2.0)

    pair = official_pairs(tmp_path)[2]
    read: dict[str, Target] = {target.name: target for target in pair.targets}
    read |= {name: pairs[name][1] for name in ("dino-vit-base-p16, stock", "dino-vit-base-p16, gLocal")}
    assert not [target.name for target in read.values() if target.missing()]
    picture = [np.random.default_rng(1).integers(0, 256, (40, 60, 3), dtype=np.uint8)]
    vectors = {name: target.encoder().images(picture)[0] for name, target in read.items()}
    assert (
        len({vector.tobytes() for vector in vectors.values()}) == 4
    )  # one stock network stands in two pairs
    np.testing.assert_allclose(
        vectors["dino-vit-base-p16, gLocal"], (vectors["dino-vit-base-p16, stock"] - 1) / 2 @ turn, rtol=1e-3
    )
    with pytest.raises(DataError, match="another length"):  # these networks are narrower than the real ones
        embed_targets([pair.aligned], {"a": picture[0]}, simulated=False)


def test_the_source_chooses_the_registry(world: Path) -> None:
    with pytest.raises(MissingDataError, match="companion data simulate"):
        target_pairs("miniature", scale="smoke")
    assert [pair.aligned.name for pair in target_pairs("official")] == [
        pair.aligned.name for pair in official_pairs(world)
    ]
