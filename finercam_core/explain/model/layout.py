"""Where the cells of the map lie in a layer's output: (N, C, h, w), (N, h, w, C) or tokens (N, prefix + h·w, C)."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from finercam_core.errors import ClassifierError
from finercam_core.images.preparation import Preparation

_LAYER_BEFORE = "name a layer before the pooling"
# Class and register tokens of models that do not state their number.
_MOST_PREFIX = 9


@dataclass(frozen=True)
class Layout:
    """How a layer's output is read as a map.

    Attributes
    ----------
    channels_last : bool
        (N, h, w, C), as in Swin, and not (N, C, h, w).
    prefix : int
        Class and register tokens before the tokens of the grid.
    multiple : (int, int)
        Height and width in pixels to multiples of which the model pads its images, on the right and below.
    """

    channels_last: bool = False
    prefix: int = 0
    multiple: tuple[int, int] = (1, 1)

    @staticmethod
    def of(model: nn.Module, activation: torch.Tensor, images: torch.Tensor) -> "Layout":
        """Read the layout off an output, the input that it belongs to, and the model's metadata.

        Raises
        ------
        ClassifierError
            If the output is not a map of these images.
        """
        shape, multiple = tuple(activation.shape), padding_multiple(model)
        size = _padded(images, multiple)
        if len(shape) not in (3, 4) or shape[0] != len(images):
            raise ClassifierError(
                f"the target layer gives values of shape {shape}, not one map per image", _LAYER_BEFORE
            )
        if len(shape) == 4:
            layout = Layout(channels_last=_is_channels_last(model, shape, size), multiple=multiple)
            _require_proportions(layout.grid(activation, images), size)
        else:
            layout = Layout(prefix=_prefix(model, shape[1], size), multiple=multiple)
        height, width = layout.grid(activation, images)
        if height * width < 2:
            raise ClassifierError("the target layer's map is a single cell", _LAYER_BEFORE)
        return layout

    def grid(self, activation: torch.Tensor, images: torch.Tensor) -> tuple[int, int]:
        """Height and width in cells of an output for images (N, 3, H, W)."""
        if activation.ndim == 4:
            sides = activation.shape[1:3] if self.channels_last else activation.shape[2:4]
            return int(sides[0]), int(sides[1])
        return _rows_and_columns(activation.shape[1] - self.prefix, _padded(images, self.multiple))

    def to_grid(self, values: torch.Tensor, grid: tuple[int, int]) -> torch.Tensor:
        """Bring a layer's values to (N, C, h, w), without a copy where possible."""
        if values.ndim == 3:
            cells = values[:, self.prefix :].transpose(1, 2)
            return cells.reshape(*cells.shape[:2], *grid)
        return values.permute(0, 3, 1, 2) if self.channels_last else values

    def from_grid(self, cells: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """Put cells (N, C, h, w) in the place of those of a layer's values; prefix tokens stay as they are.

        Values of one image serve N variants of its cells.
        """
        if values.ndim == 3:
            tokens = cells.flatten(2).transpose(1, 2).to(values.dtype)
            return torch.cat([values[:, : self.prefix].expand(len(cells), -1, -1), tokens], dim=1)
        return (cells.permute(0, 2, 3, 1) if self.channels_last else cells).to(values.dtype)


def padding_multiple(model: nn.Module) -> tuple[int, int]:
    """Height and width to multiples of which a model pads its images (timm's `dynamic_img_pad`), else 1 and 1."""
    for module in model.modules():
        patch: Any = getattr(module, "patch_size", None)
        if getattr(module, "dynamic_img_pad", False) is True and patch is not None:
            return int(patch[0]), int(patch[1])
    return 1, 1


def covering(preparation: Preparation, model: nn.Module) -> Preparation:
    """The preparation with the size that the model pads its images to, if it does (timm's `dynamic_img_pad`)."""
    down, across = padding_multiple(model)
    height, width = -(-preparation.height // down) * down, -(-preparation.width // across) * across
    if (height, width) == (preparation.height, preparation.width):
        return preparation
    return replace(preparation, covered=(height, width))


def _padded(images: torch.Tensor, multiple: tuple[int, int]) -> tuple[int, int]:
    """Height and width of images once the model has padded them."""
    height, width = (-(-int(side) // step) * step for side, step in zip(images.shape[-2:], multiple, strict=True))
    return height, width


def _require_proportions(grid: tuple[int, int], size: tuple[int, int]) -> None:
    """Refuse a grid that is more than twice as long, against the image, one way as the other: no map, but tokens."""
    height, width = (size[0] / grid[0], size[1] / grid[1])
    if max(height, width) > 2 * min(height, width) and abs(grid[0] - grid[1] * size[0] / size[1]) > 1:
        raise ClassifierError(
            f"the target layer gives {grid[0]}x{grid[1]} values for images of {size[0]}x{size[1]}, not a map of them",
            "name a layer that gives a map",
        )


def _is_channels_last(model: nn.Module, shape: tuple[int, ...], size: tuple[int, int]) -> bool:
    """Whether the middle two sides have the image's proportions; where the last two do as well, timm's `output_fmt`."""
    first, last = _misfit(shape[1:3], size), _misfit(shape[2:4], size)
    if abs(first - last) > 0.1:
        return first < last
    return str(getattr(model, "output_fmt", "NCHW")).upper().endswith("NHWC")


def _misfit(sides: tuple[int, ...], size: tuple[int, int]) -> float:
    """How far two sides are from the image's proportions: 0 for the same reduction of height and width."""
    return abs((sides[0] / sides[1]) / (size[0] / size[1]) - 1)


def _prefix(model: nn.Module, tokens: int, size: tuple[int, int]) -> int:
    """The stated number of prefix tokens or, if that leaves no grid in the image's proportions, the smallest that does.

    Some models state prefix tokens that they add only after the last block of the patches (CaiT, XCiT), others none.
    """
    stated = next((int(count) for count in map(_stated_prefix, model.modules()) if count is not None), None)
    if stated is not None and _fits(tokens - stated, size):
        return stated
    return next((prefix for prefix in range(_MOST_PREFIX + 1) if _fits(tokens - prefix, size)), stated or 0)


def _stated_prefix(module: nn.Module) -> int | None:
    count = getattr(module, "num_prefix_tokens", None)
    return count if isinstance(count, int) else None


def _fits(cells: int, size: tuple[int, int]) -> bool:
    """Whether cells make a grid of the image's proportions up to half a cell."""
    rows = round((cells * size[0] / size[1]) ** 0.5)
    return rows > 0 and cells % rows == 0 and bool(abs(cells / rows - rows * size[1] / size[0]) < 1)


def _rows_and_columns(cells: int, size: tuple[int, int]) -> tuple[int, int]:
    rows = round((cells * size[0] / size[1]) ** 0.5)
    if rows < 1 or rows * (cells // rows) != cells:
        raise ClassifierError(f"{cells} tokens do not fill a grid for {size[0]}x{size[1]}", "name another target layer")
    return rows, cells // rows
