"""The model card: what was trained on what, how it went, how good it is, and where it goes wrong."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from finercam_core.train.backbone import Construction
from finercam_core.train.quality import DoubtfulLabel, Quality
from finercam_core.train.record import AdoptionRecord, TrainingRecord


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
        f"""trained by finercam ({record.mode}) on {record.accuracy["train"].n} images.

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
