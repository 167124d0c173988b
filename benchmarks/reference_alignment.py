"""Brain-aligning as a reader would write it from the text of the paper: one model, one unit at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from companion.alignment.autoencoder import Model, Options

FloatArray = npt.NDArray[np.floating[Any]]


def plain_autoencoder(vectors: Tensor, teacher: Tensor, model: Model, options: Options) -> nn.Sequential:
    """Train one auto-encoder with torch's own layers and gradients, from our first weights and batches.

    Readings of the paper other than the default ones are not written out here.
    """
    n, n_features = vectors.shape
    generator = torch.Generator().manual_seed(model.seed)
    torch.manual_seed(int(torch.randint(2**62, (), generator=generator)))
    layers = nn.Linear(n_features, n_features // 2), nn.ReLU(), nn.Linear(n_features // 2, n_features)
    network = nn.Sequential(*layers).to(vectors.device)
    optimiser = torch.optim.Adam(network.parameters(), lr=options.learning_rate)
    upper = torch.triu_indices(options.batch_size, options.batch_size, 1, device=vectors.device)
    for _ in range(options.n_epochs):
        order = torch.randperm(n, generator=generator).to(vectors.device)
        for rows in torch.split(order, options.batch_size)[: n // options.batch_size]:
            y = vectors[rows]
            z = network[:2](y)
            rebuilding = (y - network[2](z)).square().mean()
            latent = torch.cosine_similarity(z[:, None], z[None], dim=-1)
            geometry = (latent - teacher[rows][:, rows])[upper[0], upper[1]].square().mean()
            optimiser.zero_grad()
            torch.autograd.backward(model.alpha * rebuilding + (1 - model.alpha) * geometry)
            optimiser.step()
    return network


def unit_by_unit(X: FloatArray, Y: FloatArray, n_used: int) -> FloatArray:
    """Least squares of each unit on the standardised voxels that correlate most with it, and an intercept.

    Returns one row per voxel and a last one with intercepts: (n_voxels + 1, n_units).
    """
    weights = np.zeros((X.shape[1] + 1, Y.shape[1]))
    for number, unit in enumerate(Y.T):
        own = np.argsort(-np.abs(X.T @ (unit - unit.mean())))[:n_used]
        design = np.column_stack([X[:, own], np.ones(len(X))])
        weights[np.append(own, -1), number] = np.linalg.lstsq(design, unit, rcond=None)[0]
    return weights
