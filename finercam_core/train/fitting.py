"""The two ways of training, each from data to the scores of all images."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from finercam_core.errors import TrainingError
from finercam_core.explain.layers import linear_head
from finercam_core.preparation import Preparation
from finercam_core.train.data import Progress, TrainingData
from finercam_core.train.distributed import World
from finercam_core.train.features import Features, Pixels, backbone_key, cached_features, head_inputs
from finercam_core.train.finetune import finetune, predict
from finercam_core.train.probe import probe, put
from finercam_core.train.quality import Scores
from finercam_core.train.settings import FinetuneSettings, ProbeSettings


@dataclass
class Fit:
    """What both ways need: the model on its device and how it was built, the data, and where to keep things."""

    model: nn.Module
    made: dict[str, Any]
    data: TrainingData
    preparation: Preparation
    folder: Path
    cache: Path
    progress: Progress | None
    world: World

    def finetune(self, settings: FinetuneSettings) -> tuple[Scores, dict[str, Any]]:
        """Train the whole model; scores (N, K) of all images, and notes for `training.json`."""
        place = workspace(self.folder)
        place.mkdir(parents=True, exist_ok=True)
        checkpoint = place / "checkpoint.pt"
        curve = finetune(self.model, self.data, self.preparation, settings, checkpoint, self.progress, world=self.world)
        return predict(self.model, self.data.pixels, self.preparation).numpy(), {"curve": curve}

    def probe(self, settings: ProbeSettings) -> tuple[Scores, dict[str, Any]]:
        """Train the head alone; scores (N, K) of all images, and notes for `training.json`."""
        head = linear_head(self.model)
        if self.world.size > 1:
            raise TrainingError(f"a probe runs in one process, not in {self.world.size}", "run it without torchrun")
        if head is None:
            raise TrainingError("the model has no linear head to probe", "use --mode finetune")
        passes = 0

        def forward(pixels: Pixels) -> Features:
            nonlocal passes
            passes += 1
            return head_inputs(self.model, head, pixels, self.preparation)

        key = backbone_key(self.model, head, self.made, self.preparation)
        features = cached_features(self.cache, key, self.data.pixels, forward, settings.batch_size, self.progress)
        found, strength = probe(features, self.data, settings, self.progress)
        put(head, found)
        scores = found.scores(torch.from_numpy(features)).numpy()
        return scores, {"inverse_penalty": strength, "forward_passes": passes, "cache": self.cache.name}


def workspace(folder: Path) -> Path:
    """Folder for the checkpoint of an unfinished fine-tuning, beside the one that it will write."""
    return folder.with_name(f"{folder.name}.training")
