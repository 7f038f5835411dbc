"""Collections where a few species have most of the images: sampling, weights, and adjusted scores."""

import torch


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
