r"""The control: maps that know nothing of the model, to measure the others against.

.. math:: E_k \sim \mathcal N(0, 1) \text{ independently in each cell}

seeded by the image's pixels and the class, so that an image has the same map in every run and batch, on every machine.

*Finer*: linear, as any evidence; a comparison of two random maps is a random map.
"""

import hashlib

import numpy as np
import torch


def random_evidence(images: torch.Tensor, classes: torch.Tensor, grid: tuple[int, int]) -> torch.Tensor:
    """Standard normal evidence, float32 (N, R, h, w) on the CPU, for prepared images (N, 3, H, W), classes (N, R)."""
    maps = np.empty((*classes.shape, *grid), np.float32)
    for i, (image, row) in enumerate(zip(images.float().cpu().numpy(), classes.tolist(), strict=True)):
        digest = hashlib.blake2b(np.ascontiguousarray(image).tobytes(), digest_size=16).digest()
        for r, k in enumerate(row):
            generator = np.random.default_rng([int.from_bytes(digest, "big"), k])
            maps[i, r] = generator.standard_normal(grid, np.float32)
    return torch.from_numpy(maps)
