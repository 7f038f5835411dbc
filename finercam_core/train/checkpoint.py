"""The state of a fine-tuning in a file, so that a run that was stopped anywhere continues to the same weights."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch

from finercam_core.io.atomic import replacing
from finercam_core.train.data import TrainingData
from finercam_core.train.pixels import digests_of
from finercam_core.train.settings import FinetuneSettings


class Stateful(Protocol):
    """What torch can save and load: a model, an optimiser, a schedule."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that has to be kept."""

    def load_state_dict(self, state_dict: dict[str, Any], /) -> object:
        """Restore what was kept."""


@dataclass
class Progress:
    """How far a fine-tuning is.

    Attributes
    ----------
    epoch : int
        Finished epochs.
    history : list of dict
        An entry for each of them.
    losses : list of float
        Of the steps that were made of the epoch after those. Its order is drawn again from its seed.
    random : list of dict
        By process, the states of its random numbers after these steps; empty at the beginning of an epoch.
    """

    epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    random: list[dict[str, torch.Tensor]] = field(default_factory=list)


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

    def save(self, progress: Progress) -> None:
        """Replace the file by the state now, all at once."""
        state = {name: part.state_dict() for name, part in self.parts.items()}
        with replacing(self.path) as partial, partial.open("wb") as file:
            torch.save({"run": self.run, **vars(progress), **state}, file)
            file.flush()
            os.fsync(file.fileno())

    def resume(self) -> Progress:
        """Load the state if it is of this run; how far it was."""
        if not self.path.exists():
            return Progress()
        state = torch.load(self.path, weights_only=True, map_location="cpu")
        if state["run"] != self.run:
            return Progress()
        for name, part in self.parts.items():
            part.load_state_dict(state[name])
        return Progress(*(state[name] for name in ("epoch", "history", "losses", "random")))


def fingerprint(settings: FinetuneSettings, data: TrainingData, model: torch.nn.Module, processes: int = 1) -> str:
    """Hash of what decides the result: settings, training images, labels, the weights to start from, processes."""
    deciding = {name: value for name, value in asdict(settings).items() if name not in ("held", "save_every")}
    digest, digests = hashlib.sha256(json.dumps([deciding, data.species, processes]).encode()), digests_of(data.pixels)
    for row in (*data.rows("train"), *data.rows("val")):
        digest.update(digests[row])
        digest.update(f"{data.labels[row]} {data.split[row]}".encode())
    for name, tensor in model.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
