"""Fine-tune a whole model; after a kill it goes on from the last epoch to the same weights."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from finercam_core.errors import TrainingError
from finercam_core.preparation import Preparation
from finercam_core.train.data import Progress, TrainingData
from finercam_core.train.settings import FinetuneSettings


def finetune(
    model: nn.Module,
    data: TrainingData,
    preparation: Preparation,
    settings: FinetuneSettings,
    checkpoint: Path,
    progress: Progress | None = None,
) -> None:
    """Train a model in place.

    Parameters
    ----------
    model : torch.nn.Module
        On the device to train on; left in evaluation mode.
    data : TrainingData
        Its training split is used.
    preparation : Preparation
        For the normalisation.
    settings : FinetuneSettings
    checkpoint : Path
        File for the state after each epoch; if it is there, training goes on from it.
    progress : callable, optional
        Called after each step with the step, all steps, and the loss.

    Raises
    ------
    TrainingError
        If the loss is not finite.
    """
    device = next(model.parameters()).device
    model.to(memory_format=torch.channels_last)
    pixels, labels = data.part("train")
    images = torch.from_numpy(preparation.normalise(pixels)).contiguous(memory_format=torch.channels_last)
    targets = torch.from_numpy(labels)
    steps = -(-len(images) // settings.batch_size)
    optimiser = torch.optim.AdamW(model.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=steps * settings.epochs, pct_start=settings.warmup
    )
    parts = {"model": model, "optimiser": optimiser, "schedule": schedule}
    model.train()
    for epoch in range(_resume(checkpoint, parts), settings.epochs):
        # Each epoch has its own seed, so that a resumed run draws what an undisturbed one draws.
        generator = torch.Generator().manual_seed(settings.seed * 100_003 + epoch)
        torch.manual_seed(settings.seed * 100_003 + epoch)
        for step, batch in enumerate(_batches(len(images), settings.batch_size, generator)):
            varied = augment(images[batch], settings, generator).to(device)
            loss = cross_entropy(model(varied), targets[batch].to(device), label_smoothing=settings.label_smoothing)
            if not torch.isfinite(loss):
                raise TrainingError(f"the loss became {loss.item()} in epoch {epoch + 1}", "lower the learning rate")
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
            if progress is not None:
                progress(epoch * steps + step + 1, settings.epochs * steps, f"loss {loss.item():.2f}")
        _save(checkpoint, parts, epoch + 1)
    model.eval()


def _batches(n: int, size: int, generator: torch.Generator) -> Iterator[torch.Tensor]:
    """Batches of nearly equal size, since batch normalisation does badly on a small last one."""
    order = torch.randperm(n, generator=generator)
    yield from torch.tensor_split(order, -(-n // size))


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


def _save(checkpoint: Path, parts: dict[str, Any], epoch: int) -> None:
    temporary = checkpoint.with_suffix(".partial")
    torch.save({"epoch": epoch, **{name: part.state_dict() for name, part in parts.items()}}, temporary)
    os.replace(temporary, checkpoint)  # noqa: PTH105 - atomic on every system


def _resume(checkpoint: Path, parts: dict[str, Any]) -> int:
    if not checkpoint.exists():
        return 0
    state = torch.load(checkpoint, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return int(state["epoch"])


def predict(model: nn.Module, pixels: np.ndarray[Any, Any], preparation: Preparation, batch: int = 64) -> torch.Tensor:
    """Scores (N, K) of prepared pixels (N, H, W, 3), on the CPU."""
    device = next(model.parameters()).device
    parts = [pixels[i : i + batch] for i in range(0, len(pixels), batch)]
    with torch.no_grad():
        scores = [model(torch.from_numpy(preparation.normalise(part)).to(device)).float().cpu() for part in parts]
    return torch.cat(scores) if scores else torch.zeros((0, 1))
