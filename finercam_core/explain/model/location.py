r"""Whether a layer's cells lie where the image has them, seen from what a change of one half of the image does to them.

With :math:`r_u(x), r_l(x)` how much cell x changes when the upper or the lower half of the image does, the cells of a
map in the right order have

.. math:: d(x) = \log r_u(x) - \log r_l(x) - \mathrm{median}_x

positive in the upper and negative in the lower half of the grid, and so from left to right. Tokens in another order
(unrolled into windows, folded into patches, attention between tokens) have as large differences without any order.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from finercam_core.errors import FinercamError
from finercam_core.explain.model.capture import evaluating
from finercam_core.explain.model.layout import Layout

# Mean of abs(d) below which the whole image reaches every cell alike, so that nothing can be told.
_LEAST_SPREAD = 0.3
# Share of the differences, less those of the wrong sign, that a map in the right order has.
_LEAST_ORDER = 0.5
_CLEAR_ORDER = 0.9
_IMAGES = 2
_SMALLEST, _LARGEST = 1e-30, 5.0


@dataclass(frozen=True)
class Location:
    """What changes of the halves of an image do to the cells of a layer.

    Attributes
    ----------
    grid : (int, int)
        Height and width in cells.
    order : (float, float)
        From top to bottom and from left to right: Σ ± d / Σ abs(d), 1 where all cells lie where the image has them, 0
        where they lie anywhere; NaN along a side of one cell.
    spread : (float, float)
        Mean of abs(d), as far as cells differ at all in which half they respond to.
    """

    grid: tuple[int, int]
    order: tuple[float, float]
    spread: tuple[float, float]

    @property
    def right(self) -> bool:
        """Whether the responses lie where the image changed, along every side of more than one cell."""
        return not any(order < _LEAST_ORDER for order in self.order)

    @property
    def wrong(self) -> bool:
        """Whether the responses clearly lie elsewhere; neither right nor wrong, nothing can be told."""
        sides = zip(self.order, self.spread, strict=True)
        return any(order < _LEAST_ORDER and spread >= _LEAST_SPREAD for order, spread in sides)

    @property
    def clear(self) -> bool:
        """Whether the responses lie right beyond any doubt, so that no further image has to be looked at."""
        return not any(order < _CLEAR_ORDER for order in self.order)

    @classmethod
    def of(cls, changes: torch.Tensor) -> "Location":
        """From the sums (4, h, w) of the changes by the upper, lower, left and right half of the images."""
        vertical = _order(changes[0], changes[1])
        horizontal = _order(changes[2].T, changes[3].T)
        sides = int(changes.shape[1]), int(changes.shape[2])
        return cls(sides, (vertical[0], horizontal[0]), (vertical[1], horizontal[1]))


def locations(
    model: nn.Module, example: torch.Tensor, modules: Mapping[str, nn.Module] | None = None
) -> dict[str, Location]:
    """Where the responses of modules lie, by name, of all whose output is read as a map of the image.

    Parameters
    ----------
    model : torch.nn.Module
    example : tensor (N, 3, H, W)
        For the size, the type and the device of images.
    modules : mapping of str to torch.nn.Module, optional
        By default all modules of the model.
    """
    named = dict(model.named_modules()) if modules is None else modules
    changes: dict[str, torch.Tensor] = {}
    for seed in range(_IMAGES):
        image, *variants = _with_changed_halves(example, seed)
        for half, variant in enumerate(variants):
            images = torch.stack([image, variant])
            with noted(named, partial(_note, changes, model, images, half)), evaluating(model), torch.no_grad():
                model(images)
        if all(Location.of(change).clear for change in changes.values()):
            break
    return {name: Location.of(change) for name, change in changes.items()}


def is_located(model: nn.Module, name: str, example: torch.Tensor, location: Location | None = None) -> bool:
    """Whether the cells of a layer lie where the image has them.

    Where that cannot be told, since every cell sees the whole image, sides that grow with those of the image are those
    of a map.

    Parameters
    ----------
    model : torch.nn.Module
    name : str
        The layer.
    example : tensor (N, 3, H, W)
    location : Location, optional
        If it is known already.
    """
    found = location or locations(model, example, {name: model.get_submodule(name)}).get(name)
    if found is None or found.right or found.wrong:
        return found is not None and found.right
    return _grows(model, name, example, found.grid)


def _grows(model: nn.Module, name: str, example: torch.Tensor, grid: tuple[int, int]) -> bool:
    """Whether both sides of a grid double with those of the image; not so where the model takes no other image."""
    larger = torch.nn.functional.interpolate(example[:1].float(), scale_factor=2).to(example.dtype)
    grids: list[tuple[int, int]] = []

    def note(_name: str, output: torch.Tensor) -> None:
        grids.append(Layout.of(model, output, larger).grid(output, larger))

    try:
        with noted({name: model.get_submodule(name)}, note), evaluating(model), torch.no_grad():
            model(larger)
    except torch.OutOfMemoryError:
        raise
    except Exception:  # a model that is built for one size may fail in any way on another
        return False
    return bool(grids) and all(abs(now - 2 * side) <= 1 for now, side in zip(grids[0], grid, strict=True))


@contextmanager
def noted(modules: Mapping[str, nn.Module], note: Callable[[str, torch.Tensor], None]) -> Iterator[None]:
    """Have `note` called with the name and the output of modules as they end, of those that give one tensor."""

    def hook(name: str, _module: nn.Module, _inputs: Any, output: Any) -> None:
        if isinstance(output, torch.Tensor):
            note(name, output)

    hooks = [module.register_forward_hook(partial(hook, name)) for name, module in modules.items() if name]
    try:
        yield
    finally:
        for one in hooks:
            one.remove()


def _note(
    changes: dict[str, torch.Tensor], model: nn.Module, images: torch.Tensor, half: int, name: str, output: torch.Tensor
) -> None:
    """Add what the change of one half did to each cell of a module's output for an image and its variant."""
    try:
        layout = Layout.of(model, output, images)
        before, after = layout.to_grid(output.detach(), layout.grid(output, images))
    except FinercamError:
        return
    change = (after - before).abs().sum(dim=0, dtype=torch.float64).cpu()
    if name in changes and changes[name].shape[1:] != change.shape:
        return  # it runs at several scales, and is no target layer
    if name not in changes:
        changes[name] = torch.zeros((4, *change.shape), dtype=torch.float64)
    changes[name][half] += change


def _with_changed_halves(example: torch.Tensor, seed: int) -> torch.Tensor:
    """A random image, and the same with another upper, lower, left and right half: (5, 3, H, W)."""
    generator = torch.Generator().manual_seed(seed)
    both = torch.randn((2, *example.shape[1:]), generator=generator).to(example)
    image, other = both[0], both[1]
    height, width = image.shape[1:]
    variants = image.repeat(5, 1, 1, 1)
    variants[1, :, : height // 2] += other[:, : height // 2]
    variants[2, :, (height + 1) // 2 :] += other[:, (height + 1) // 2 :]
    variants[3, :, :, : width // 2] += other[:, :, : width // 2]
    variants[4, :, :, (width + 1) // 2 :] += other[:, :, (width + 1) // 2 :]
    return variants


def _order(first: torch.Tensor, second: torch.Tensor) -> tuple[float, float]:
    """Order and spread of changes (n, m) by the first and the second half of the images, along the first axis."""
    count = len(first)
    if count < 2:
        return float("nan"), 0.0
    differences = ((first + _SMALLEST).log() - (second + _SMALLEST).log()).clamp(-_LARGEST, _LARGEST)
    differences = differences - differences.quantile(0.5)
    signs = torch.ones(count, dtype=differences.dtype)
    signs[(count + 1) // 2 :] = -1
    kept = torch.arange(count) != (count // 2 if count % 2 else count)
    differences, signs = differences[kept], signs[kept]
    size = float(differences.abs().mean())
    return (float((differences * signs[:, None]).mean()) / size if size else 0.0), size
