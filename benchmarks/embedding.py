"""Speed of taking embeddings: batches against one by one, precision, and the cache.

Usage: ``python benchmarks/embedding.py [--small]``

Everything is measured in this run, on one thread, with made-up pictures of 500 x 500 pixels and networks of
random weights (nothing is fetched): CLIP ViT-B/32 and RN101 at 224 pixels, and the miniature CLIP with the
weights of this package. With a GPU, it is measured there too, by the same code. Prints rows as JSON.
``--small`` goes through all of it in half a minute, at sizes that mean nothing.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from floors import ceilings
from rows import FloatArray, against, obey, peaks, row
from torch.utils.flop_counter import FlopCounterMode
from turns import Work, compared

from companion.encoders.cache import EmbeddingCache
from companion.encoders.clip import ClipEncoder, build_clip
from companion.encoders.interface import encode_images
from companion.encoders.miniature import load_miniature_clip
from companion.encoders.modules import forward, pixels_of
from companion.running.memory import peak_memory_mb

EQUAL = 0.9999
"""Cosine of the vectors of both precisions, without their mean, above which they count as the same."""


class Size(NamedTuple):
    """Networks by name; pictures, all in one batch, their side; and how often."""

    networks: dict[str, str]
    n_pictures: int
    side: int
    n_miniature: int
    n_turns: int


PUBLISHED = Size({"CLIP ViT-B/32": "ViT-B-32", "CLIP RN101": "RN101-quickgelu"}, 8, 500, 128, 3)
SMALL = Size({}, 2, 80, 4, 2)
MINIATURE = "miniature CLIP"


def measure(small: bool) -> list[dict[str, Any]]:
    """All rows: on the CPU with one thread, and on a GPU where there is one."""
    size = SMALL if small else PUBLISHED
    torch.set_num_threads(1)
    devices = ["cpu", *["cuda"] * torch.cuda.is_available()]
    return [found for device in devices for found in on_device(size, device, small)]


def on_device(size: Size, device: str, small: bool) -> list[dict[str, Any]]:
    """Rows of one device; peaks are those of the CPU."""
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    rows = []
    for network in (*size.networks, MINIATURE):
        encoder, pictures = made_up(network, size, device)
        peak = peaks(__file__, network, small) if device == "cpu" else None
        rows.append(batches(encoder, pictures, size, device, peak))
        if network == MINIATURE or network == next(iter(size.networks), None):
            rows.append(cached(encoder, pictures, size))
        if not small or network == MINIATURE:
            rows += [precision(encoder, pictures, size, device, dtype) for dtype in half_precisions(device)]
            if network != "CLIP ViT-B/32":  # the others convolve
                rows.append(channels_last(encoder, pictures, size, device))
    return [one | {"device": name} for one in rows]


def made_up(network: str, size: Size, device: str) -> tuple[ClipEncoder, dict[str, npt.NDArray[np.uint8]]]:
    """Make a network, with random weights if it is a published one, and pictures of noise by name."""
    if network == MINIATURE:
        encoder, n = load_miniature_clip(device=device), size.n_miniature
    else:
        encoder, n = random_clip(network, size.networks[network], device), size.n_pictures
    pixels = np.random.default_rng(0).integers(0, 256, (n, size.side, size.side, 3), dtype=np.uint8)
    return encoder, {f"picture {i}": one for i, one in enumerate(pixels)}


def random_clip(network: str, architecture: str, device: str) -> ClipEncoder:
    """Make a listed CLIP as :func:`companion.encoders.clip.load_clip` does, but for the weights."""
    import open_clip
    from open_clip.transform import PreprocessCfg, image_transform_v2

    config = open_clip.get_model_config(architecture)
    torch.manual_seed(0)
    return ClipEncoder(
        build_clip(config),
        image_transform_v2(PreprocessCfg(size=config["vision_cfg"]["image_size"]), is_train=False),
        open_clip.SimpleTokenizer(),
        name=network,
        n_features=config["embed_dim"],
        fingerprint="random weights",
        device=device,
    )


def batches(
    encoder: ClipEncoder, pictures: dict[str, Any], size: Size, device: str, peak: dict[str, float] | None
) -> dict[str, Any]:
    """Pictures in batches, from pixels to vectors, against one by one."""
    n = len(pictures)
    found = compared(
        Work(lambda: embedded(encoder, pictures, n), n),
        Work(lambda: embedded(encoder, pictures, 1), n),
        size.n_turns,
    )
    some = list(pictures.values())
    pixels = pixels_of(some, encoder.preprocess)
    with FlopCounterMode(display=False) as counter:
        forward(encoder.module, pixels, device)
    seconds = counter.get_total_flops() / len(some) / ceilings(torch.device(device)).operations
    prepared = against(compared(*[Work(lambda: pixels_of(some, encoder.preprocess), len(some))] * 2, 1))
    share = found["ours_per_second"]["median"] / prepared["ours"]["median"]
    return row(
        f"{encoder.name}: batches",
        f"{n} pictures at once, against one by one",
        "pictures/s",
        **against(found),
        floor=1 / seconds,
        floor_note="products of the image tower",
        peak_mb=peak,
        note=f"Preparing the pictures (size, crop, scale) takes {share:.0%} of the time.",
    )


def embedded(encoder: ClipEncoder, pictures: dict[str, Any], batch_size: int) -> FloatArray:
    """Vectors by the package's own function, without a cache."""
    return encode_images(encoder, pictures, batch_size=batch_size).values


def cached(encoder: ClipEncoder, pictures: dict[str, Any], size: Size) -> dict[str, Any]:
    """Time a second call, which finds everything in the cache, against a call without one."""
    n = len(pictures)
    with tempfile.TemporaryDirectory() as folder:

        def again() -> FloatArray:
            cache = EmbeddingCache(Path(folder))
            found = encode_images(encoder, pictures, batch_size=n, cache=cache)
            return found.values

        if not np.array_equal(again(), again()):
            sys.exit(f"{encoder.name}: the cache gave other vectors than it was given")
        other = Work(lambda: embedded(encoder, pictures, n), n)
        found = compared(Work(again, n), other, size.n_turns)
    return row(
        f"{encoder.name}: a second call, from the cache",
        f"{n} pictures, against computing them",
        "pictures/s",
        **against(found),
        floor_note="checksums of pictures and of parts, and reading small files",
    )


def half_precisions(device: str) -> list[torch.dtype]:
    """Precisions to try; a CPU has no products of float16 numbers that are worth a try."""
    return [torch.bfloat16] if device == "cpu" else [torch.bfloat16, torch.float16]


def precision(
    encoder: ClipEncoder, pictures: dict[str, Any], size: Size, device: str, dtype: torch.dtype
) -> dict[str, Any]:
    """Mixed precision of the image tower, which the package does not use, against float32."""
    pixels = pixels_of(list(pictures.values()), encoder.preprocess)

    def mixed() -> FloatArray:
        with torch.autocast(device, dtype=dtype):
            return forward(encoder.module, pixels, device)

    def whole() -> FloatArray:
        return forward(encoder.module, pixels, device)

    name = str(dtype).removeprefix("torch.")
    found = compared(Work(mixed, len(pixels)), Work(whole, len(pixels)), size.n_turns)
    least = lowest_cosine(mixed(), whole())
    return row(
        f"not adopted: {name} by autocast, {encoder.name}",
        f"image tower, {len(pixels)} pictures, against float32",
        "pictures/s",
        **against(found),
        note=f"Vectors without their mean have a cosine of {least:.4f} or more with those of float32: "
        f"{'the same' if least >= EQUAL else 'not the same'} (the bound is {EQUAL}).",
    )


def channels_last(encoder: ClipEncoder, pictures: dict[str, Any], size: Size, device: str) -> dict[str, Any]:
    """Pixels with channels last in memory, which the package does not ask for, against channels first."""
    pixels = pixels_of(list(pictures.values()), encoder.preprocess)
    last = pixels.to(memory_format=torch.channels_last)

    def other() -> FloatArray:
        return forward(encoder.module, last, device)

    def first() -> FloatArray:
        return forward(encoder.module, pixels, device)

    found = compared(Work(other, len(pixels)), Work(first, len(pixels)), size.n_turns)
    return row(
        f"not adopted: channels last, {encoder.name}",
        f"image tower, {len(pixels)} pictures, against channels first",
        "pictures/s",
        **against(found),
        note=f"Cosine with the vectors of channels first: {lowest_cosine(other(), first()):.7f} or more. "
        "Rounds otherwise, which moves every result that is trained on the vectors; they are taken once.",
    )


def lowest_cosine(first: FloatArray, second: FloatArray) -> float:
    """Lowest cosine of matching rows, both without the mean of the second."""
    one, two = first - second.mean(axis=0), second - second.mean(axis=0)
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
    return float(((one * two).sum(axis=1) / lengths).min())


def peak(path: str, side: str, small: bool) -> float:
    """Largest memory of this process, which embeds made-up pictures once: in megabytes."""
    torch.set_num_threads(1)
    encoder, pictures = made_up(path, SMALL if small else PUBLISHED, "cpu")
    embedded(encoder, pictures, len(pictures) if side == "ours" else 1)
    return peak_memory_mb()


def main(arguments: list[str]) -> None:
    """Measure, or be the process whose memory is measured."""
    obey(arguments, measure, peak, __doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
