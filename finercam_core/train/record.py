"""What a classifier's folder keeps of its training: `training.json`, and the model card to read."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from finercam_core.errors import counted
from finercam_core.train.backbone import Construction
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
    fold_penalties : tuple of float
        The inverse penalties of the heads that each leave a fold out; empty without cross-fitting.
    """

    inverse_penalty: float
    forward_passes: int
    cache: str
    fold_penalties: tuple[float, ...] = ()


@dataclass(frozen=True)
class TrainingRecord:
    """How a classifier was trained and how good it is.

    Attributes
    ----------
    mode : str
        "probe" or "finetune".
    collection : str
        Name of the collection.
    model : str
        The model that it started from, as it was named; of a folder its name alone.
    pretrained : bool
        Whether it started from that model's weights.
    settings : FinetuneSettings or ProbeSettings
    seconds : float
    processes : int
        How many trained together.
    notes : FinetuneNotes or ProbeNotes
    accuracy : mapping of str to Accuracy
        By split.
    quality : Quality or None
        On held-out images; None where nothing was held out.
    confused : mapping of (str, str) to int
        Of the same images: how many of a species were taken for another one.
    unreadable, excluded : mapping
        Image id to what is wrong with it, and to why it was left out.
    left_out : sequence of str
        Species without enough training images.
    doubtful : sequence of DoubtfulLabel
    trained_on : int
        Images that the classifier, or the whole head of a cross-fitted one, was fitted on.
    """

    mode: str
    collection: str
    model: str
    pretrained: bool
    settings: Settings
    seconds: float
    processes: int
    notes: FinetuneNotes | ProbeNotes
    accuracy: Mapping[str, Accuracy]
    quality: Quality | None
    confused: Mapping[tuple[str, str], int]
    unreadable: Mapping[str, str]
    excluded: Mapping[str, str]
    left_out: Sequence[str]
    doubtful: Sequence[DoubtfulLabel]
    trained_on: int

    @property
    def folds(self) -> int:
        """Heads that each leave a fold of the images out; 0 without cross-fitting."""
        return len(self.notes.fold_penalties) if isinstance(self.notes, ProbeNotes) else 0

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
            "mode": self.mode, "collection": self.collection,
            "model": self.model, "pretrained": self.pretrained, "settings": asdict(self.settings),
            "seconds": self.seconds, "processes": self.processes, **asdict(self.notes),
            "accuracy": {split: asdict(accuracy) for split, accuracy in self.accuracy.items()},
            "accuracy_text": self.accuracy_text,
            "trained_on": self.trained_on, "folds": self.folds,
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


def draw_curve(history: list[dict[str, float]], path: Path) -> None:
    """Draw the mean loss of each epoch, and where it was measured the accuracy on "val".

    Parameters
    ----------
    history : list of dict
        With `epoch`, `loss` and perhaps `val`.
    path : Path
        PNG to write.
    """
    figure = Figure(figsize=(6, 3.5), layout="constrained")
    axes = figure.add_subplot(xlabel="epoch", ylabel="loss")
    axes.plot([e["epoch"] for e in history], [e["loss"] for e in history], marker=".", color="tab:blue")
    judged = [e for e in history if "val" in e]
    if judged:
        other = axes.twinx()
        other.set(ylabel="accuracy on val", ylim=(0, 1.02))
        other.plot([e["epoch"] for e in judged], [e["val"] for e in judged], marker=".", color="tab:orange")
    figure.savefig(path, dpi=120)


LISTED = 20


def model_card(
    construction: Construction,
    species: tuple[str, ...],
    record: TrainingRecord | AdoptionRecord,
    collection: str,
    licences: Sequence[str],
) -> str:
    """Text of the model card, in the form that model hubs read.

    Parameters
    ----------
    construction : Construction
    species : tuple of str
    record : TrainingRecord or AdoptionRecord
        An adopted checkpoint has no figures.
    collection : str
        Name of the collection that it was trained on; "" where unknown.
    licences : sequence of str
        Of the collection's images.
    """
    figures = _adopted(record) if isinstance(record, AdoptionRecord) else _figures(record, licences)
    return f"""---
library_name: timm
tags: [image-classification, biology, finercam]
---
# {construction.spec}{f" on {collection}" if collection else ""}

{len(species)} species, {figures}- Preparation: see `preparation.json`; classes: see `classes.csv`
"""


def _adopted(record: AdoptionRecord) -> str:
    return f"""brought in from the checkpoint `{record.name}`.

Nothing is known here about its training or accuracy.

- sha256 of the checkpoint: `{record.sha256}`
"""


def _figures(record: TrainingRecord, licences: Sequence[str]) -> str:
    parts = [
        f"""trained by finercam ({record.mode}) on {counted(record.trained_on, "image")}.
{_crossed(record)}
| split | accuracy, 95 % Wilson interval |
| --- | --- |
""",
        *(f"| {split} | {text} |\n" for split, text in record.accuracy_text.items()),
        _quality(record.quality),
        f"\n- Licences of the images: {'; '.join(licences) or 'not stated'}\n",
        f"- Species with too few training images, left out: {', '.join(record.left_out) or 'none'}\n",
        _listed("Images that could not be read", record.unreadable),
        _listed("Images left out", record.excluded),
        _doubtful(record.doubtful),
        "- Settings: see `training.json`\n",
    ]
    return "".join(parts)


def _crossed(record: TrainingRecord) -> str:
    """What the test split of a cross-fitted classifier is."""
    if not record.folds:
        return ""
    return (
        f"\nCross-fitted in {record.folds} folds: beside the head in `model.safetensors`, which speaks about new "
        f"images, `folds.safetensors` has {record.folds} heads that each leave one fold out. Each image was "
        "judged by the head that never saw it nor its group; these figures are those of the test split.\n"
    )


def _quality(quality: Quality | None) -> str:
    if quality is None:
        return "\nNothing was held out, so its quality is unknown.\n"
    lines = [
        f"\nOn the {quality.split} split:\n\n",
        *(f"- {name} species: {text}\n" for name, text in quality.by_frequency.items()),
        f"- Calibration: expected error {quality.ece:.3f}; with the scores divided by {quality.temperature:.2f}, "
        f"chosen on {quality.temperature_split}, {quality.ece_scaled:.3f}\n",
        f"- Taken for another species: {', '.join(f'{n} {kind}' for kind, n in quality.confusions.items())}\n",
    ]
    return "".join(lines)


def _listed(title: str, reasons: Mapping[str, str]) -> str:
    lines = [f"- {title}: {len(reasons)}\n"]
    lines += [f"  - {image_id}: {why}\n" for image_id, why in list(reasons.items())[:LISTED]]
    return "".join(lines) + (f"  - and {len(reasons) - LISTED} more\n" if len(reasons) > LISTED else "")


def _doubtful(labels: Sequence[DoubtfulLabel]) -> str:
    reasons = {label.image_id: f"{label.label}, or {label.predicted} ({label.probability:.2f})?" for label in labels}
    return _listed("Labels worth a look, since the classifier is sure of another species", reasons)
