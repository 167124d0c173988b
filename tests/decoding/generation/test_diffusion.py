"""Pictures by a diffusion model, on a pipeline with random weights that is built here."""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from companion.decoding.generation.diffusion import generate_by_diffusion, in_native_length
from companion.decoding.generation.kandinsky import NOTHING, DiffusionGenerator, load_kandinsky
from companion.embeddings import Embeddings
from companion.errors import DataError
from tests.decoding.generation.tiny_kandinsky import SPACE, build, vectors

SMALL = {"n_steps": 2, "height": 8, "width": 12}


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> DiffusionGenerator:
    folder = tmp_path_factory.mktemp("kandinsky")
    build(folder)
    return load_kandinsky(folder, vectors(NOTHING))


def by_hand(
    generator: DiffusionGenerator, vector: npt.NDArray[np.float64], noise: int
) -> npt.NDArray[np.float64]:
    """Two steps of Ho et al. (2020) with guidance 4 and learned variances, written down once more."""
    unet, movq = generator.pipeline.unet, generator.pipeline.movq
    kept = torch.cumprod(1 - torch.linspace(0.00085, 0.012, 1000), 0)
    draws = torch.Generator().manual_seed(noise)
    values = torch.randn(1, 4, 4, 6, generator=draws)

    def told(embedding: npt.NDArray[np.float64], time: int) -> torch.Tensor:
        given = {"image_embeds": torch.tensor(embedding[None], dtype=torch.float32)}
        return unet(values, time, None, added_cond_kwargs=given).sample

    with torch.inference_mode():
        for time, before in ((500, 0), (0, None)):
            expected, empty = told(vector, time), told(generator.nothing.values[0], time)
            noise_said = empty[:, :4] + 4 * (expected[:, :4] - empty[:, :4])
            left = kept[before] if before is not None else torch.tensor(1.0)
            here, step = kept[time], 1 - kept[time] / left
            clean = ((values - (1 - here).sqrt() * noise_said) / here.sqrt()).clamp(-1, 1)
            mean = (
                left.sqrt() * step / (1 - here) * clean + (1 - step).sqrt() * (1 - left) / (1 - here) * values
            )
            values = mean
            if before is not None:
                low = torch.log(((1 - left) / (1 - here) * step).clamp(min=1e-20))
                share = (expected[:, 4:] + 1) / 2
                spread = torch.exp(0.5 * (share * torch.log(step) + (1 - share) * low))
                values = mean + spread * torch.randn(mean.shape, generator=draws)
        made = movq.decode(values, force_not_quantize=True).sample
    return (made[0].permute(1, 2, 0).numpy() / 2 + 0.5).clip(0, 1) * 255


def test_one_picture_per_vector_as_by_hand(generator: DiffusionGenerator) -> None:
    """Also shows on which side the vector of the empty picture stands, and where the noise is from."""
    given = vectors("dog", "key")
    made = generate_by_diffusion(generator, given, seed=3, **SMALL)
    assert list(made) == ["dog", "key"]
    for name, vector in zip(given.ids, given.values, strict=True):
        words = np.random.SeedSequence([3, zlib.crc32(name.encode())]).generate_state(1, np.uint64)
        expected = by_hand(generator, vector, int(words[0]))
        assert made[name].shape == (8, 12, 3)
        assert made[name].dtype == np.uint8
        assert made[name].std() > 5  # there is something to compare
        np.testing.assert_allclose(made[name], expected, atol=0.51)


def test_a_picture_does_not_depend_on_its_company(generator: DiffusionGenerator) -> None:
    state = torch.get_rng_state()
    together = generate_by_diffusion(generator, vectors("a", "b", "c"), **SMALL)
    torch.manual_seed(99)
    alone = generate_by_diffusion(generator, vectors("b"), **SMALL)
    back = generate_by_diffusion(generator, vectors("c", "b", "a"), **SMALL)
    np.testing.assert_array_equal(alone["b"], together["b"])
    assert list(back) == ["c", "b", "a"]
    for name in back:
        np.testing.assert_array_equal(back[name], together[name])
    torch.set_rng_state(state)
    generate_by_diffusion(generator, vectors("b"), **SMALL)
    assert torch.equal(torch.get_rng_state(), state)


def test_vector_seed_and_name_decide(generator: DiffusionGenerator) -> None:
    given = vectors("a")
    plain = generate_by_diffusion(generator, given, **SMALL)["a"]
    other_vector = generate_by_diffusion(generator, vectors("a", seed=1), **SMALL)["a"]
    other_seed = generate_by_diffusion(generator, given, seed=1, **SMALL)["a"]
    other_name = generate_by_diffusion(generator, given.with_rows(given.values, ["b"]), **SMALL)["b"]
    for other in (other_vector, other_seed, other_name):
        assert (other != plain).mean() > 0.2


def test_guidance_and_steps_change_the_picture(generator: DiffusionGenerator) -> None:
    given, small = vectors("a"), {"height": 8, "width": 8}
    made = {
        (guidance, n_steps): generate_by_diffusion(
            generator, given, guidance=guidance, n_steps=n_steps, **small
        )["a"]
        for guidance, n_steps in ((1.0, 2), (4.0, 2), (4.0, 3))
    }
    assert (made[1, 2] != made[4, 2]).mean() > 0.2
    assert (made[4, 2] != made[4, 3]).mean() > 0.2
    elsewhere = replace(generator, nothing=vectors(NOTHING, seed=5))
    same = generate_by_diffusion(elsewhere, given, guidance=1, n_steps=2, **small)["a"]
    np.testing.assert_array_equal(same, made[1, 2])  # without guidance nothing is avoided
    moved = generate_by_diffusion(elsewhere, given, guidance=4, n_steps=2, **small)["a"]
    assert (moved != made[4, 2]).mean() > 0.2


def test_half_precision_makes_nearly_the_same_picture(generator: DiffusionGenerator, tmp_path: Path) -> None:
    build(tmp_path)
    half = load_kandinsky(tmp_path, vectors(NOTHING), dtype="float16")
    [plain, rough] = [
        generate_by_diffusion(one, vectors("a"), guidance=1, **SMALL)["a"].astype(float)
        for one in (generator, half)
    ]
    assert 0 < np.abs(rough - plain).max() < 6


def test_making_is_quiet(generator: DiffusionGenerator, capfd: pytest.CaptureFixture[str]) -> None:
    generate_by_diffusion(generator, vectors("a"), **SMALL)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "given",
    [
        vectors("a", space="CLIP ViT-L/14"),
        replace(vectors("a"), aligned_by="gLocal"),
        Embeddings(np.ones((1, 7)), ("a",), SPACE),
    ],
    ids=["space", "alignment", "length"],
)
def test_vectors_of_another_space_are_refused(generator: DiffusionGenerator, given: Embeddings) -> None:
    with pytest.raises(DataError, match="another space"):
        generate_by_diffusion(generator, given, **SMALL)
    with pytest.raises(DataError, match="another space"):
        in_native_length(given, vectors("p", "q"))


def test_unit_vectors_are_refused(generator: DiffusionGenerator) -> None:
    unit = vectors("a", "b").normalised()
    with pytest.raises(DataError, match="in_native_length"):
        generate_by_diffusion(generator, unit, **SMALL)
    with pytest.raises(DataError, match="length one"):
        in_native_length(vectors("a"), unit)
    generate_by_diffusion(generator, in_native_length(unit, vectors("p", "q")), **SMALL)


def test_native_length_by_hand() -> None:
    pictures = Embeddings(np.array([[3.0, 0], [0, 5]]), ("p", "q"), "toy")
    given = Embeddings(np.array([[0.6, 0.8], [0, -30]]), ("a", "b"), "toy")
    brought = in_native_length(given, pictures)
    np.testing.assert_allclose(brought.values, [[2.4, 3.2], [0, -4]])
    assert brought.ids == ("a", "b")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"height": 10}, "multiples of 4"),
        ({"width": 0}, "multiples of 4"),
        ({"n_steps": 0}, "1 to 1000"),
        ({"n_steps": 1001}, "1 to 1000"),
        ({"guidance": 0.5}, "1 or more"),
        ({"guidance": float("nan")}, "1 or more"),
    ],
)
def test_impossible_settings_are_refused(
    generator: DiffusionGenerator, setting: dict[str, float], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        generate_by_diffusion(generator, vectors("a"), **(SMALL | setting))


def test_overflow_is_not_shown_as_a_picture(generator: DiffusionGenerator) -> None:
    bias = generator.pipeline.movq.decoder.conv_out.bias
    before = bias.clone()
    bias.fill_(float("nan"))
    try:
        with pytest.raises(DataError, match=r"not finite[\s\S]*float32"):
            generate_by_diffusion(generator, vectors("a"), **SMALL)
    finally:
        bias.copy_(before)
