"""What a classifier's folder keeps of its training, in `training.json`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from finercam_core.train.quality import Accuracy, DoubtfulLabel, Quality
from finercam_core.train.settings import Settings


@dataclass(frozen=True)
class FinetuneNotes:
    """Of a fine-tuning alone: mean loss of each epoch, and where it was measured the accuracy on "val"."""

    curve: list[dict[str, float]]


@dataclass(frozen=True)
class ProbeNotes:
    """Of a probe alone.

    Attributes
    ----------
    inverse_penalty : float
        The one chosen.
    forward_passes : int
        Batches that went through the backbone; none where all features were cached.
    cache : str
        Name of the features' folder.
    """

    inverse_penalty: float
    forward_passes: int
    cache: str


@dataclass(frozen=True)
class TrainingRecord:
    """How a classifier was trained and how good it is.

    Attributes
    ----------
    mode : str
        "probe" or "finetune".
    collection : str
        Name of the collection.
    settings : FinetuneSettings or ProbeSettings
    seconds : float
    processes : int
        How many trained together.
    notes : FinetuneNotes or ProbeNotes
    accuracy : mapping of str to Accuracy
        By split.
    quality : Quality or None
        On held-out images; None where nothing was held out.
    unreadable, excluded : mapping
        Image id to what is wrong with it, and to why it was left out.
    left_out : sequence of str
        Species without enough training images.
    doubtful : sequence of DoubtfulLabel
    """

    mode: str
    collection: str
    settings: Settings
    seconds: float
    processes: int
    notes: FinetuneNotes | ProbeNotes
    accuracy: Mapping[str, Accuracy]
    quality: Quality | None
    unreadable: Mapping[str, str]
    excluded: Mapping[str, str]
    left_out: Sequence[str]
    doubtful: Sequence[DoubtfulLabel]

    @property
    def curve(self) -> list[dict[str, float]]:
        """Figures of each epoch; empty for a probe."""
        return self.notes.curve if isinstance(self.notes, FinetuneNotes) else []

    @property
    def accuracy_text(self) -> dict[str, str]:
        """Accuracy in words of each split that has images."""
        return {split: str(accuracy) for split, accuracy in self.accuracy.items() if accuracy.n}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "mode": self.mode, "collection": self.collection, "settings": asdict(self.settings),
            "seconds": self.seconds, "processes": self.processes, **asdict(self.notes),
            "accuracy": {split: asdict(accuracy) for split, accuracy in self.accuracy.items()},
            "accuracy_text": self.accuracy_text,
            "images": {split: accuracy.n for split, accuracy in self.accuracy.items()},
            "quality": asdict(self.quality) if self.quality else {},
            "unreadable": self.unreadable, "excluded": self.excluded, "left_out": self.left_out,
            "doubtful": [asdict(label) for label in self.doubtful],
        }  # fmt: skip


@dataclass(frozen=True)
class AdoptionRecord:
    """The checkpoint that a classifier was adopted from: its file's name, and the SHA-256 of the file."""

    name: str
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"mode": "adopted", "source": asdict(self)}
