"""Variations of training images, on tensors: cheap enough for two cores."""

import torch

from finercam_core.train.settings import FinetuneSettings


def augment(images: torch.Tensor, settings: FinetuneSettings, generator: torch.Generator) -> torch.Tensor:
    """Vary normalised images (N, 3, H, W): one shift a batch, light and colour of each image, a blank rectangle."""
    n = len(images)
    reach = round(settings.shift * images.shape[3])
    if reach:
        down, right = (int(v) for v in torch.randint(-reach, reach + 1, (2,), generator=generator))
        images = torch.roll(images, (down, right), (2, 3))
    contrast = 1 + settings.light * (2 * torch.rand(n, 1, 1, 1, generator=generator) - 1)
    tint = settings.light * (2 * torch.rand(n, 3, 1, 1, generator=generator) - 1)
    images = images * contrast + tint
    return _cut_out(images, settings.cutout, generator) if settings.cutout else images


def _cut_out(images: torch.Tensor, share: float, generator: torch.Generator) -> torch.Tensor:
    n, _, height, width = images.shape
    h, w = round(height * share), round(width * share)
    top = torch.randint(0, height - h + 1, (n, 1, 1), generator=generator)
    left = torch.randint(0, width - w + 1, (n, 1, 1), generator=generator)
    y, x = torch.arange(height)[None, :, None], torch.arange(width)[None, None, :]
    hidden = (y >= top) & (y < top + h) & (x >= left) & (x < left + w)
    return images.masked_fill(hidden[:, None], 0.0)
