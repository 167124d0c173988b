"""Redraws against their expectation, against the whole gallery, and with several candidates of an image."""

from __future__ import annotations

import numpy as np
import pytest

from companion.decoding.matching import (
    BACKWARD,
    FORWARD,
    match_both_ways,
    match_captions,
    one_caption,
    summary,
)
from companion.decoding.redraws import redraws
from companion.decoding.standing import n_way_hits
from companion.embeddings import Embeddings
from companion.errors import DataError


def space(values: object, prefix: str = "i") -> Embeddings:
    rows = np.asarray(values, dtype=float)
    return Embeddings(rows, tuple(f"{prefix}{i}" for i in range(len(rows))), "toy")


def noisy(n: int, seed: int, noise: float = 1.0) -> tuple[Embeddings, Embeddings]:
    rng = np.random.default_rng(seed)
    images = rng.normal(size=(n, 8))
    return space(images + noise * rng.normal(size=(n, 8))), space(images)


def captions(images: Embeddings, each: int = 3) -> tuple[Embeddings, dict[str, str]]:
    """Captions c0, c1, ... of i0, i1, ..., i0, i1, ...: those of one image lie apart."""
    rng = np.random.default_rng(9)
    rows = np.tile(images.values, (each, 1))
    texts = space(rows + rng.normal(size=rows.shape), "c")
    return texts, {name: f"i{row % len(images)}" for row, name in enumerate(texts.ids)}


def test_redraws_scatter_about_what_is_known_without_drawing() -> None:
    decoded, images = noisy(60, 4, 1.2)
    table = redraws(decoded, images, n_way=20, n_redraws=400, seed=3)
    assert len(table) == 800
    exact = match_both_ways(decoded, images)
    for direction, part in table.groupby("direction"):
        chosen = exact[exact["direction"] == direction]
        for k in (1, 5):
            values = part[f"top{k}"]
            expected = 100 * n_way_hits(chosen, 20, k).mean()
            assert values.mean() == pytest.approx(expected, abs=4 * values.std() / 20)
            assert values.std() > 0
    assert table["chance"].to_numpy() == pytest.approx(5)
    again = redraws(decoded, images, n_way=20, n_redraws=2, seed=3)
    np.testing.assert_array_equal(again["top1"], table["top1"][:4])
    assert not np.array_equal(again["top1"], redraws(decoded, images, n_way=20, n_redraws=2, seed=4)["top1"])
    with pytest.raises(DataError, match="Too few"):
        redraws(decoded, images, n_way=61)


def test_a_whole_redraw_is_the_gallery() -> None:
    decoded, images = noisy(12, 4, 1.2)
    exact = summary(match_both_ways(decoded, images), ["direction"]).set_index("direction")
    strangers = space(-images.values, "x")  # of images that were not seen; no candidates of any redraw
    more = images.with_rows(np.concatenate([strangers.values, images.values]), [*strangers.ids, *images.ids])
    for gallery in (images, more):
        table = redraws(decoded, gallery, n_way=12, n_redraws=1).set_index("direction")
        for name in ("top1", "top5"):
            np.testing.assert_allclose(table[name], exact[name])


def test_a_drawn_image_brings_all_its_captions_and_no_others() -> None:
    decoded, images = noisy(12, 4, 1.2)
    texts, image_of = captions(images)
    whole = redraws(decoded, texts, image_of=image_of, n_way=12, n_redraws=1)
    exact = match_captions(decoded, texts, image_of)
    assert list(whole["direction"]) == [FORWARD]
    for name in ("top1", "top5"):
        np.testing.assert_allclose(whole[name], 100 * exact[name].mean())
    table = redraws(decoded, texts, image_of=image_of, n_way=5, n_redraws=4, seed=1)
    assert table["chance"].to_numpy() == pytest.approx(100 * 3 / 15)
    rng = np.random.default_rng(1)  # by brute force: the same draws, one image after the other
    for top1 in table["top1"]:
        drawn = [decoded.ids[row] for row in rng.choice(12, 5, replace=False)]
        own = [name for name in texts.ids if image_of[name] in drawn]
        hits = []
        for name in drawn:
            vector = decoded.select([name]).normalised().values[0]
            cosine = texts.select(own).normalised().values @ vector
            hits.append(image_of[own[int(cosine.argmax())]] == name)
        assert top1 == pytest.approx(100 * np.mean(hits))
    assert table["top1"].nunique() > 1


def test_one_caption_each_is_matching_with_pictures_of_that_name() -> None:
    decoded, images = noisy(12, 4, 1.2)
    texts, image_of = captions(images)
    first = one_caption(texts, image_of)
    table = redraws(decoded, first, n_way=5, n_redraws=6)
    assert set(table["direction"]) == {FORWARD, BACKWARD}
    alone = redraws(decoded, first, image_of={name: name for name in first.ids}, n_way=5, n_redraws=6)
    np.testing.assert_array_equal(alone["top1"], table.loc[table["direction"] == FORWARD, "top1"])


def test_an_image_without_a_candidate_is_refused() -> None:
    decoded, images = noisy(12, 4)
    with pytest.raises(DataError, match=r"without a candidate(.*\n)*.*i3"):
        redraws(decoded, images.select([name for name in images.ids if name != "i3"]), n_way=5)
