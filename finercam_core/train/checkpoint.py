"""The state of a fine-tuning between two epochs, on disk whole or not at all."""

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from finercam_core.train.data import TrainingData
from finercam_core.train.settings import FinetuneSettings


class Checkpoint:
    """A file with the state of everything that changes while training.

    Parameters
    ----------
    path : Path
    parts : dict
        Things with `state_dict` and `load_state_dict`.
    run : str
        Fingerprint of settings and data; the state of another run is not taken up.
    """

    def __init__(self, path: Path, parts: dict[str, Any], run: str) -> None:
        self.path, self.parts, self.run = path, parts, run

    def save(self, epoch: int, notes: dict[str, Any]) -> None:
        """Put the state after an epoch in place at once."""
        temporary = self.path.with_suffix(".partial")
        state = {name: part.state_dict() for name, part in self.parts.items()}
        with temporary.open("wb") as file:
            torch.save({"run": self.run, "epoch": epoch, "notes": notes, **state}, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.path)

    def resume(self) -> tuple[int, dict[str, Any]]:
        """Take up the state if there is one of this run: epochs done and the notes kept with it."""
        if not self.path.exists():
            return 0, {}
        state = torch.load(self.path, weights_only=True, map_location="cpu")
        if state["run"] != self.run:
            return 0, {}
        for name, part in self.parts.items():
            part.load_state_dict(state[name])
        return int(state["epoch"]), state["notes"]


def fingerprint(settings: FinetuneSettings, data: TrainingData, model: torch.nn.Module) -> str:
    """Hash of what decides the result: settings, training images, labels and the weights to start from."""
    digest = hashlib.sha256(json.dumps([asdict(settings), data.species]).encode())
    for array in (*data.part("train"), *data.part("val")):
        digest.update(array.tobytes())
    for name, tensor in model.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
