"""The model card: what was trained on what, how it went, how good it is, and where it goes wrong."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure


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
    made: dict[str, Any], species: tuple[str, ...], training: dict[str, Any], data: str, licences: Sequence[str]
) -> str:
    """Text of the model card, in the form that model hubs read.

    Parameters
    ----------
    made : dict
        How the model is built.
    species : tuple of str
    training : dict
        As in `training.json`; of an adopted checkpoint it has `source` and no figures.
    data : str
        Name of the collection that it was trained on.
    licences : sequence of str
        Of the collection's images.
    """
    name = made.get("architecture") or made.get("factory")
    figures = _adopted(training["source"]) if "source" in training else _figures(training, licences)
    return f"""---
library_name: timm
tags: [image-classification, biology, finercam]
---
# {name}{f" on {data}" if data else ""}

{len(species)} species, {figures}- Preparation: see `preparation.json`; classes: see `classes.csv`
"""


def _adopted(source: dict[str, str]) -> str:
    return f"""brought in from the checkpoint `{source["name"]}`.

Nothing is known here about its training or accuracy.

- sha256 of the checkpoint: `{source["sha256"]}`
"""


def _figures(training: dict[str, Any], licences: Sequence[str]) -> str:
    parts = [
        f"""trained by finercam ({training["mode"]}) on {training["images"]["train"]} images.

| split | accuracy, 95 % Wilson interval |
| --- | --- |
""",
        *(f"| {split} | {text} |\n" for split, text in training["accuracy_text"].items()),
        _quality(training["quality"]),
        f"\n- Licences of the images: {'; '.join(licences) or 'not stated'}\n",
        f"- Species with too few training images, left out: {', '.join(training['left_out']) or 'none'}\n",
        _listed("Images that could not be read", training["unreadable"]),
        _listed("Images left out", training["excluded"]),
        _doubtful(training["doubtful"]),
        "- Settings: see `training.json`\n",
    ]
    return "".join(parts)


def _quality(quality: dict[str, Any]) -> str:
    if not quality:
        return "\nNothing was held out, so nothing more can be said about its quality.\n"
    lines = [
        f"\nOn the {quality['split']} split:\n\n",
        *(f"- {name} species: {text}\n" for name, text in quality["by_frequency"].items()),
        f"- Calibration: expected error {quality['ece']:.3f}; with the scores divided by {quality['temperature']:.2f}, "
        f"chosen on {quality['temperature_split']}, {quality['ece_scaled']:.3f}\n",
        f"- Taken for another species: {', '.join(f'{n} {kind}' for kind, n in quality['confusions'].items())}\n",
    ]
    return "".join(lines)


def _listed(title: str, reasons: dict[str, str]) -> str:
    lines = [f"- {title}: {len(reasons)}\n"]
    lines += [f"  - {image_id}: {why}\n" for image_id, why in list(reasons.items())[:LISTED]]
    return "".join(lines) + (f"  - and {len(reasons) - LISTED} more\n" if len(reasons) > LISTED else "")


def _doubtful(found: list[dict[str, Any]]) -> str:
    reasons = {d["image_id"]: f"{d['label']}, or {d['predicted']} ({d['probability']:.2f})?" for d in found}
    return _listed("Labels worth a look, since the classifier is sure of another species", reasons)
