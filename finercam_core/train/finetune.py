"""Fine-tune a whole model; killed at any step, it continues from the last checkpoint to the same weights."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from timm.optim._param_groups import param_groups_layer_decay
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from finercam_core.errors import TrainingError
from finercam_core.images.preparation import Preparation
from finercam_core.io.progress import StepProgress
from finercam_core.train.checkpoint import Checkpoint, Progress, Stateful, fingerprint
from finercam_core.train.data import TrainingData, augment, class_weights, draw_order, score_shift
from finercam_core.train.distributed import World
from finercam_core.train.pixels import Pixels, StreamedPixels, batches_of, in_order, selected
from finercam_core.train.settings import FinetuneSettings


def finetune(
    model: nn.Module,
    data: TrainingData,
    preparation: Preparation,
    settings: FinetuneSettings,
    checkpoint: Path,
    progress: StepProgress | None = None,
    *,
    world: World | None = None,
) -> list[dict[str, float]]:
    """Train a model in place.

    Parameters
    ----------
    model : torch.nn.Module
        On the device to train on; left in evaluation mode.
    data : TrainingData
        Its training split is used, and with `patience` its validation split.
    preparation : Preparation
        For the normalisation.
    settings : FinetuneSettings
    checkpoint : Path
        File for the state after each epoch, and within it; if it exists, training continues from it.
    progress : callable, optional
        Called after each step with the number of finished steps, of all steps, and the loss.
    world : World, optional
        The processes that train together; each takes its share of every batch.

    Returns
    -------
    list of dict
        Mean loss of each epoch, and with `patience` the accuracy on "val".

    Raises
    ------
    TrainingError
        If the loss is not finite, or there are more processes than images in a batch.
    """
    world = world or World(next(model.parameters()).device)
    start = fingerprint(settings, data, model, world.size)
    run = _Run(model.to(memory_format=torch.channels_last), data, preparation, settings, world)
    state = Checkpoint(checkpoint, run.parts, start)
    run.progress = state.resume()
    save = state.save if world.rank == 0 else _nothing
    while run.progress.epoch < settings.epochs and not run.finished():
        run.epoch(save, progress)
        save(run.progress)
    run.finish()
    return run.progress.history


def _nothing(_progress: Progress) -> None:
    """What the processes do that save nothing."""


@dataclass
class _Best:
    """The best weights so far, as a part of the checkpoint."""

    weights: dict[str, torch.Tensor] = field(default_factory=dict)

    def state_dict(self) -> dict[str, torch.Tensor]:
        return self.weights

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        self.weights = dict(state)


class _Run:
    """Everything that changes from step to step."""

    def __init__(
        self, model: nn.Module, data: TrainingData, preparation: Preparation, settings: FinetuneSettings, world: World
    ) -> None:
        self.model, self.data, self.preparation, self.settings = model, data, preparation, settings
        self.world, self.device = world, world.device
        self.shared = world.together(model)
        self.rows = data.rows("train")
        labels = data.labels[self.rows]
        self.labels, self.counts = torch.from_numpy(labels), torch.from_numpy(data.counts)
        self.weights = class_weights(self.counts, settings.beta)
        self.shift = score_shift(self.counts, settings.adjustment).to(self.device)
        self.steps = -(-len(labels) // settings.batch_size)
        if len(labels) // self.steps < world.size:
            raise TrainingError(f"batches of {settings.batch_size} for {world.size} processes", "raise batch_size")
        self.optimiser, self.schedule = _optimiser(model, settings, self.steps)
        average = get_ema_multi_avg_fn(settings.ema)  # type: ignore[no-untyped-call]
        self.average = AveragedModel(model, multi_avg_fn=average, use_buffers=True) if settings.ema else None
        self.best = _Best()
        self.progress = Progress()
        self.parts: dict[str, Stateful] = {
            "model": model,
            "optimiser": self.optimiser,
            "schedule": self.schedule,
            "best": self.best,
        }
        if self.average is not None:
            self.parts["average"] = self.average

    @property
    def result(self) -> nn.Module:
        """The model that is judged and kept."""
        return self.model if self.average is None else self.average.module

    def epoch(self, save: Callable[[Progress], None], told: StepProgress | None) -> None:
        """Train on all images once, in batches of nearly equal size, since a small last one harms batch norms."""
        epoch, losses = self.progress.epoch, self.progress.losses
        order, generator = self._drawn(epoch)
        batches = order.tensor_split(self.steps)
        self.model.train()
        shares = [self.rows[self.world.share(batch).numpy()] for batch in batches[len(losses) :]]
        for batch, pixels in zip(batches[len(losses) :], batches_of(self.data.pixels, shares), strict=True):
            losses.append(self._step(batch, pixels, generator))
            if not np.isfinite(losses[-1]):
                raise TrainingError(f"the loss became {losses[-1]} in epoch {epoch + 1}", "lower the learning rate")
            if told is not None:
                done = epoch * self.steps + len(losses)
                told(done, self.settings.epochs * self.steps, f"loss {losses[-1]:.2f}")
            if self.settings.save_every and len(losses) % self.settings.save_every == 0 and len(losses) < self.steps:
                self.progress.random = self.world.gathered(_random_state(generator, self.device))
                save(self.progress)
        self.model.eval()
        self.progress = Progress(epoch + 1, [*self.progress.history, self._judged(epoch, float(np.mean(losses)))])

    def _drawn(self, epoch: int) -> tuple[torch.Tensor, torch.Generator]:
        """The order of an epoch, and the random numbers where this process stands in it."""
        # Each epoch has its own seed, so that a resumed run draws what an undisturbed one draws.
        seed = self.settings.seed * 100_003 + epoch
        generator = torch.Generator().manual_seed(seed)
        order = draw_order(self.labels, self.counts, self.settings.balance, generator)
        if self.world.rank:  # all processes draw one order, and each its own variations
            generator.manual_seed(seed + 7919 * self.world.rank)
        torch.manual_seed(seed + 7919 * self.world.rank)
        if self.progress.random:
            _set_random_state(self.progress.random[self.world.rank], generator, self.device)
        return order, generator

    def _step(self, batch: torch.Tensor, pixels: Pixels, generator: torch.Generator) -> float:
        """One step of the optimiser; returns the loss, and leaves the weights alone where it is not finite."""
        share = self.world.share(batch)
        images = torch.from_numpy(self.preparation.normalise(pixels))
        images = augment(images.contiguous(memory_format=torch.channels_last), self.settings, generator)
        parts = min(self.settings.accumulate, len(share))
        total = 0.0
        self.optimiser.zero_grad()
        for part, labels in zip(images.tensor_split(parts), self.labels[share].tensor_split(parts), strict=True):
            loss = self._loss(part.to(self.device), labels.to(self.device)) * (len(part) / len(batch))
            # The gradients of the processes are averaged; those of the parts have to be added up.
            torch.autograd.backward(loss * self.world.size)
            total += loss.item()
        total = self.world.total(total)
        if np.isfinite(total):
            self.optimiser.step()
            if self.average is not None:
                self.average.update_parameters(self.model)
        self.schedule.step()
        return total

    def _loss(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        # bfloat16 has the range of float32, so no scaling of gradients is needed.
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            scores = self.shared(images)
        weights = None if self.weights is None else self.weights.to(self.device)
        smoothing = self.settings.label_smoothing
        return cross_entropy(scores.float() + self.shift, labels, weights, label_smoothing=smoothing)

    def _judged(self, epoch: int, loss: float) -> dict[str, float]:
        """What there is to note of an epoch; its weights are kept if they are the best on "val"."""
        entry, rows = {"epoch": epoch + 1.0, "loss": loss}, self.data.rows("val")
        if self.settings.patience and len(rows):
            predicted = (
                predict(self.result.eval(), selected(self.data.pixels, rows), self.preparation).argmax(1).numpy()
            )
            entry["val"] = float((predicted == self.data.labels[rows]).mean())
            if entry["val"] > max((e["val"] for e in self.progress.history), default=-1.0):
                self.best.weights = copy.deepcopy(self.result.state_dict())
        return entry

    def finished(self) -> bool:
        """Whether `patience` epochs have brought nothing better."""
        scores = [e["val"] for e in self.progress.history if "val" in e]
        return bool(scores) and len(scores) - 1 - int(np.argmax(scores)) >= self.settings.patience

    def finish(self) -> None:
        """Put the weights to keep into the model."""
        if self.best.weights:
            self.model.load_state_dict(self.best.weights)
        elif self.average is not None:
            self.model.load_state_dict(self.average.module.state_dict())
        self.model.eval()


def _optimiser(
    model: nn.Module, settings: FinetuneSettings, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    groups: Any = model.parameters()
    peak: float | list[float] = settings.learning_rate
    if settings.layer_decay < 1:
        groups = param_groups_layer_decay(model, settings.weight_decay, layer_decay=settings.layer_decay)
        peak = [settings.learning_rate * group.pop("lr_scale") for group in groups]
    optimiser = torch.optim.AdamW(groups, settings.learning_rate, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, peak, total_steps=steps * settings.epochs, pct_start=settings.warmup
    )
    return optimiser, schedule


def _random_state(generator: torch.Generator, device: torch.device) -> dict[str, torch.Tensor]:
    states = {"variations": generator.get_state(), "cpu": torch.get_rng_state()}
    return {**states, "cuda": torch.cuda.get_rng_state(device)} if device.type == "cuda" else states


def _set_random_state(states: Mapping[str, torch.Tensor], generator: torch.Generator, device: torch.device) -> None:
    generator.set_state(states["variations"])
    torch.set_rng_state(states["cpu"])
    if "cuda" in states and device.type == "cuda":
        torch.cuda.set_rng_state(states["cuda"], device)


def predict(
    model: nn.Module, pixels: Pixels | StreamedPixels, preparation: Preparation, batch: int = 64
) -> torch.Tensor:
    """Scores (N, K) of prepared images, on the CPU."""
    device = next(model.parameters()).device
    parts = batches_of(pixels, in_order(len(pixels), batch))
    with torch.no_grad():
        scores = [model(torch.from_numpy(preparation.normalise(part)).to(device)).float().cpu() for part in parts]
    return torch.cat(scores) if scores else torch.zeros((0, 1))
