"""Which pixels a map puts first, and images without them: the mechanics of every faithfulness figure."""

import numpy as np
import numpy.typing as npt
import torch
from scipy.sparse import csr_matrix, eye
from scipy.sparse.linalg import spsolve
from torch.nn import functional

from finercam_core.evaluate.protocol import EvaluationError

FILLS = {
    "mean": "mean: the mean colour of the classifier's training",
    "road": "road: noisy linear imputation from the neighbours (ROAD), noise 0.01",
}
_NOISE = 0.01
_NEIGHBOURS = [(y, x, 1 / 6 if 0 in (y, x) else 1 / 12) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]


def pixel_ranks(
    maps: torch.Tensor,
    size: tuple[int, int],
    generator: torch.Generator,
    covered: tuple[int, int] | None = None,
) -> torch.Tensor:
    """Rank of every input pixel by a map, 0 for the largest value.

    Parameters
    ----------
    maps : tensor (N, h, w)
        On the model's grid; brought to the input's size bilinearly first.
    size : (int, int)
        Height and width of the model's input.
    generator : torch.Generator
        Tied pixels, such as all those without evidence, come in random order.
    covered : (int, int), optional
        Height and width that the model's grid covers, where the model pads its input (`Preparation.covered`).

    Returns
    -------
    int64 tensor (N, H * W), each row a permutation.
    """
    whole = size if covered is None or tuple(maps.shape[1:]) == size else covered
    large = functional.interpolate(maps[:, None].double(), size=whole, mode="bilinear", align_corners=False)
    large = large[:, :, : size[0], : size[1]].flatten(1)
    shuffle = torch.rand(large.shape, generator=generator).argsort(1).to(large.device)
    falling = large.gather(1, shuffle).argsort(stable=True, dim=1, descending=True)
    order = shuffle.gather(1, falling)
    places = torch.arange(order.shape[1], device=order.device).expand_as(order)
    return torch.empty_like(order).scatter_(1, order, places)


def filled(images: torch.Tensor, gone: torch.Tensor, fill: str = "mean") -> torch.Tensor:
    """Images with some of their pixels replaced.

    Parameters
    ----------
    images : tensor (N, 3, H, W)
        Prepared, so that 0 is the mean colour of the classifier's training.
    gone : bool tensor (N, H, W)
        Pixels to replace.
    fill : {"mean", "road"}
        The mean colour, or noisy linear imputation from the neighbours (Rong et al., ROAD, ICML 2022, section 4.2),
        which leaves no edge that gives the mask's shape away.

    Raises
    ------
    EvaluationError
        If the fill is unknown.
    """
    if fill == "mean":
        return images * ~gone[:, None]
    if fill == "road":
        pairs = zip(images.cpu().numpy(), gone.cpu().numpy(), strict=True)
        return torch.from_numpy(np.stack([_imputed(image, missing) for image, missing in pairs])).to(images)
    raise EvaluationError(f"unknown fill {fill!r}", f"use one of {', '.join(FILLS)}")


def _imputed(image: npt.NDArray[np.float32], gone: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """Each missing pixel becomes the weighted mean of its neighbours, 1/6 beside and 1/12 across, plus noise."""
    if not gone.any():
        return image
    if gone.all():
        return np.zeros_like(image)
    number = np.full(gone.shape, -1)
    number[gone] = np.arange(gone.sum())
    ys, xs = np.nonzero(gone)
    total, known = np.zeros(len(ys)), np.zeros((len(ys), image.shape[0]))
    rows, columns, weights = [], [], []
    for dy, dx, weight in _NEIGHBOURS:
        y, x = ys + dy, xs + dx
        inside = np.flatnonzero((y >= 0) & (y < gone.shape[0]) & (x >= 0) & (x < gone.shape[1]))
        total[inside] += weight
        missing = inside[gone[y[inside], x[inside]]]
        there = inside[~gone[y[inside], x[inside]]]
        known[there] += weight * image[:, y[there], x[there]].T
        rows.append(missing)
        columns.append(number[y[missing], x[missing]])
        weights.append(np.full(len(missing), weight))
    cells = (np.concatenate(rows), np.concatenate(columns))
    share = csr_matrix((np.concatenate(weights) / total[cells[0]], cells), shape=(len(ys), len(ys)))
    solved = spsolve((eye(len(ys)) - share).tocsc(), known / total[:, None])
    result = image.copy()
    noise = np.random.default_rng(0).normal(0, _NOISE, (image.shape[0], len(ys)))
    result[:, ys, xs] = np.asarray(solved).reshape(len(ys), -1).T + noise
    return result
