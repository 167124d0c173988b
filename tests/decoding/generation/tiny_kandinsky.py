"""A pipeline like Kandinsky's with tiny networks and random weights, and vectors for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from companion.embeddings import Embeddings

WIDTH = 16
SPACE = "toy bigG"


def vectors(*ids: str, seed: int = 0, space: str = SPACE) -> Embeddings:
    """One vector per name, the same in any company."""
    values = [np.random.default_rng([seed, *name.encode()]).normal(size=WIDTH) for name in ids]
    return Embeddings(np.stack(values), ids, space)


def build(folder: Path) -> None:
    """Write a pipeline as the official one is laid out, with tiny networks."""
    from diffusers.models.autoencoders.vq_model import VQModel
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        unet = UNet2DConditionModel(
            in_channels=4,
            out_channels=8,  # mean and variance
            addition_embed_type="image",
            encoder_hid_dim=WIDTH,
            encoder_hid_dim_type="image_proj",
            cross_attention_dim=16,
            attention_head_dim=4,
            block_out_channels=(16, 32),
            norm_num_groups=8,
            layers_per_block=1,
            down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
            mid_block_type="UNetMidBlock2DSimpleCrossAttn",
            up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
            resnet_time_scale_shift="scale_shift",
        )
        movq = VQModel(
            block_out_channels=(32, 32),  # normalised in 32 groups
            down_block_types=("DownEncoderBlock2D", "AttnDownEncoderBlock2D"),
            up_block_types=("AttnUpDecoderBlock2D", "UpDecoderBlock2D"),
            latent_channels=4,
            vq_embed_dim=4,
            num_vq_embeddings=12,
            norm_type="spatial",
        )
    scheduler = DDPMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        clip_sample=True,
        variance_type="learned_range",
    )
    unet.save_pretrained(folder / "unet")
    movq.save_pretrained(folder / "movq")
    scheduler.save_pretrained(folder / "scheduler")
