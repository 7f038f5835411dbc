"""The state of a fine-tuning after each epoch, in a file, so that a stopped run continues to the same weights."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import torch

from finercam_core.io.atomic import replacing
from finercam_core.train.data import TrainingData
from finercam_core.train.settings import FinetuneSettings


class Stateful(Protocol):
    """What torch can save and load: a model, an optimiser, a schedule."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that has to be kept."""

    def load_state_dict(self, state_dict: dict[str, Any], /) -> object:
        """Restore what was kept."""


class Checkpoint:
    """A file with the state of everything that changes while training.

    Parameters
    ----------
    path : Path
    parts : mapping of str to Stateful
        What changes while training, by name.
    run : str
        Fingerprint of settings and data; the state of another run is ignored.
    """

    def __init__(self, path: Path, parts: Mapping[str, Stateful], run: str) -> None:
        self.path, self.parts, self.run = path, parts, run

    def save(self, epoch: int, history: list[dict[str, float]]) -> None:
        """Replace the file by the state after an epoch, all at once."""
        state = {name: part.state_dict() for name, part in self.parts.items()}
        with replacing(self.path) as partial, partial.open("wb") as file:
            torch.save({"run": self.run, "epoch": epoch, "notes": {"history": history}, **state}, file)
            file.flush()
            os.fsync(file.fileno())

    def resume(self) -> tuple[int, list[dict[str, float]]]:
        """Load the state if it is of this run, and return the number of finished epochs and their history."""
        if not self.path.exists():
            return 0, []
        state = torch.load(self.path, weights_only=True, map_location="cpu")
        if state["run"] != self.run:
            return 0, []
        for name, part in self.parts.items():
            part.load_state_dict(state[name])
        return int(state["epoch"]), state["notes"].get("history", [])


def fingerprint(settings: FinetuneSettings, data: TrainingData, model: torch.nn.Module) -> str:
    """Hash of what decides the result: settings, training images, labels and the weights to start from."""
    digest = hashlib.sha256(json.dumps([asdict(settings), data.species]).encode())
    for array in (*data.part("train"), *data.part("val")):
        digest.update(array.tobytes())
    for name, tensor in model.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
