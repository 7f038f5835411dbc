"""Fine-tune a whole model; after a kill it continues from the last epoch's checkpoint to the same weights."""

import copy
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
from finercam_core.train.checkpoint import Checkpoint, Stateful, fingerprint
from finercam_core.train.data import TrainingData, augment, class_weights, draw_order, score_shift
from finercam_core.train.distributed import World
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
        File for the state after each epoch; if it exists, training continues from it.
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
    start = fingerprint(settings, data, model)
    world = world or World(next(model.parameters()).device)
    run = _Run(model.to(memory_format=torch.channels_last), data, preparation, settings, world)
    state = Checkpoint(checkpoint, run.parts, start)
    finished, run.history = state.resume()
    for epoch in range(finished, settings.epochs):
        if run.finished():
            break
        run.epoch(epoch, progress)
        if world.rank == 0:
            state.save(epoch + 1, run.history)
    run.finish()
    return run.history


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
        self.pixels, labels = data.part("train")
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
        self.history: list[dict[str, float]] = []
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

    def epoch(self, epoch: int, progress: StepProgress | None) -> None:
        """Train on all images once, in batches of nearly equal size, since a small last one harms batch norms."""
        # Each epoch has its own seed, so that a resumed run draws what an undisturbed one draws.
        seed = self.settings.seed * 100_003 + epoch
        generator = torch.Generator().manual_seed(seed)
        order = draw_order(self.labels, self.counts, self.settings.balance, generator)
        if self.world.rank:  # all processes draw one order, and each its own variations
            generator.manual_seed(seed + 7919 * self.world.rank)
        torch.manual_seed(seed + 7919 * self.world.rank)
        self.model.train()
        losses = []
        for step, batch in enumerate(torch.tensor_split(order, self.steps)):
            losses.append(self._step(batch, generator))
            if not np.isfinite(losses[-1]):
                raise TrainingError(f"the loss became {losses[-1]} in epoch {epoch + 1}", "lower the learning rate")
            if progress is not None:
                done = epoch * self.steps + step + 1
                progress(done, self.settings.epochs * self.steps, f"loss {losses[-1]:.2f}")
        self.model.eval()
        self._judge(epoch, float(np.mean(losses)))

    def _step(self, batch: torch.Tensor, generator: torch.Generator) -> float:
        """One step of the optimiser; returns the loss, and leaves the weights alone where it is not finite."""
        share = self.world.share(batch)
        images = torch.from_numpy(self.preparation.normalise(self.pixels[share.numpy()]))
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

    def _judge(self, epoch: int, loss: float) -> None:
        """Note the epoch, and keep its weights if they are the best on "val"."""
        entry = {"epoch": epoch + 1.0, "loss": loss}
        pixels, labels = self.data.part("val")
        if self.settings.patience and len(labels):
            predicted = predict(self.result.eval(), pixels, self.preparation).argmax(1).numpy()
            entry["val"] = float((predicted == labels).mean())
            if entry["val"] > max((e["val"] for e in self.history), default=-1.0):
                self.best.weights = copy.deepcopy(self.result.state_dict())
        self.history.append(entry)

    def finished(self) -> bool:
        """Whether `patience` epochs have brought nothing better."""
        scores = [e["val"] for e in self.history if "val" in e]
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


def predict(model: nn.Module, pixels: np.ndarray[Any, Any], preparation: Preparation, batch: int = 64) -> torch.Tensor:
    """Scores (N, K) of prepared pixels (N, H, W, 3), on the CPU."""
    device = next(model.parameters()).device
    parts = [pixels[i : i + batch] for i in range(0, len(pixels), batch)]
    with torch.no_grad():
        scores = [model(torch.from_numpy(preparation.normalise(part)).to(device)).float().cpu() for part in parts]
    return torch.cat(scores) if scores else torch.zeros((0, 1))
