"""How training images are drawn and varied: rare species, class weights, adjusted scores, augmentation of tensors."""

import torch

from finercam_core.train.settings import FinetuneSettings


def class_weights(counts: torch.Tensor, beta: float) -> torch.Tensor | None:
    """Weights (K,) of the classes in the loss, of mean 1: the inverse effective number of images.

    ``w = (1 - beta) / (1 - beta ** n)``, Cui et al. 2019 (arXiv 1901.05555), equation 2. None for beta = 0.
    """
    if beta == 0:
        return None
    weights = (1 - beta) / (1 - beta ** counts.double())
    return (weights / weights.mean()).float()


def score_shift(counts: torch.Tensor, adjustment: float) -> torch.Tensor:
    """What is added to the scores (K,) while training: ``adjustment * log(n / N)``.

    Menon et al. 2021 (arXiv 2007.07314), equation 10: without the shift the trained scores are those of a collection
    in which all classes are equally frequent.
    """
    return (adjustment * (counts.double() / counts.sum()).log()).float()


def draw_order(labels: torch.Tensor, counts: torch.Tensor, balance: float, generator: torch.Generator) -> torch.Tensor:
    """Images (N,) of an epoch in order: each once for balance = 0, else drawn with replacement, rare classes more."""
    if balance == 0:
        return torch.randperm(len(labels), generator=generator)
    chance = counts.double().pow(-balance)[labels]
    return torch.multinomial(chance, len(labels), replacement=True, generator=generator)


def augment(images: torch.Tensor, settings: FinetuneSettings, generator: torch.Generator) -> torch.Tensor:
    """Vary normalised images (N, 3, H, W): one shift for the batch, light and colour of each image, a blank box."""
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
