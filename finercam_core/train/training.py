"""`train`: a classifier for a collection, from the catalog to its folder."""

import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from finercam_core.catalog import Catalog
from finercam_core.errors import TrainingError
from finercam_core.preparation import Preparation
from finercam_core.train.accuracy import Accuracy
from finercam_core.train.building import build, own_preparation
from finercam_core.train.data import Progress, load_data
from finercam_core.train.fitting import Fit, workspace
from finercam_core.train.folder import write_folder
from finercam_core.train.judging import accuracies, doubts, judge
from finercam_core.train.settings import FinetuneSettings, ProbeSettings


@dataclass(frozen=True)
class TrainingReport:
    """What training gave.

    Attributes
    ----------
    folder : Path
    accuracy : dict of str to Accuracy
        By split.
    seconds : float
    unreadable : dict
        Image id to what is wrong with it.
    left_out : tuple of str
        Species without enough training images.
    excluded : dict
        Image id to why it was left out: one image under two names, or a leak between splits.
    doubtful : list of dict
        Labels that the classifier contradicts with certainty: image_id, label, predicted, probability.
    quality : dict
        On held-out images: accuracy of head, medium and tail species, calibration, confusions by relation.
    """

    folder: Path
    accuracy: dict[str, Accuracy]
    seconds: float
    unreadable: dict[str, str]
    left_out: tuple[str, ...]
    excluded: dict[str, str] = field(default_factory=dict)
    doubtful: list[dict[str, Any]] = field(default_factory=list)
    quality: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"{self.folder}: {self.seconds:.0f} s"]
        lines += [f"  {split:5} {found}" for split, found in self.accuracy.items() if found.n]
        lines += [f"  left out, too few images: {', '.join(self.left_out)}"] if self.left_out else []
        lines += [f"  not readable: {image_id}: {why}" for image_id, why in self.unreadable.items()]
        lines += [f"  left out: {image_id}: {why}" for image_id, why in self.excluded.items()]
        lines += [f"  label worth a look: {d['image_id']}: {d['label']}, or {d['predicted']}?" for d in self.doubtful]
        return "\n".join(lines)


def train(
    catalog: Catalog,
    folder: str | Path,
    *,
    model: str,
    mode: str = "probe",
    pretrained: bool = True,
    model_args: Mapping[str, Any] | None = None,
    preparation: Preparation | None = None,
    settings: FinetuneSettings | ProbeSettings | None = None,
    minimum_images: int = 1,
    device: str = "auto",
    cache: str | Path | None = None,
    progress: Progress | None = None,
) -> TrainingReport:
    """Train a classifier on a collection.

    Parameters
    ----------
    catalog : Catalog
    folder : str or Path
        For the classifier; must not exist yet. A run that was stopped goes on.
    model : str
        timm name, or ``package.module:function`` that returns a model with a linear head.
    mode : {"probe", "finetune"}
        Train a linear head on the frozen model, or the whole model.
    pretrained : bool
        Start a timm model from its published weights.
    model_args : mapping, optional
        Arguments for building the model.
    preparation : Preparation, optional
        The model's own by default.
    settings : FinetuneSettings or ProbeSettings, optional
    minimum_images : int
        Training images a species needs.
    device : str
    cache : str or Path, optional
        Where the features of frozen backbones are kept, for every head trained on the same images;
        ``features.zarr`` beside the folder by default.
    progress : callable, optional
        Called with a step, the number of steps and a note.

    Returns
    -------
    TrainingReport

    Raises
    ------
    TrainingError
        If the folder exists, the mode is unknown, too few species have images, or the loss is not finite.
    """
    start, target = time.monotonic(), Path(folder)
    if target.exists():
        raise TrainingError(f"{target} exists already", "choose another folder, or delete it")
    if mode not in ("probe", "finetune"):
        raise TrainingError(f"unknown mode {mode!r}", "use probe or finetune")
    if settings is not None and isinstance(settings, FinetuneSettings) != (mode == "finetune"):
        raise TrainingError(f"{type(settings).__name__} are no settings for {mode}", "give those of the mode")
    place = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    seed = settings.seed if settings is not None else 0
    torch.manual_seed(seed)
    if preparation is None:
        preparation = own_preparation(model, dict(model_args or {}))
    data = load_data(catalog, preparation, minimum=minimum_images, progress=progress)
    torch.manual_seed(seed)
    network, made = build(model, len(data.species), pretrained=pretrained, model_args=dict(model_args or {}))
    network.to(place)
    chosen = settings or (FinetuneSettings() if mode == "finetune" else ProbeSettings())
    fit = Fit(network, made, data, preparation, target, Path(cache or target.parent / "features.zarr"), progress)
    scores, notes = fit.finetune(chosen) if isinstance(chosen, FinetuneSettings) else fit.probe(chosen)
    found = accuracies(data, scores)
    seconds = time.monotonic() - start
    training = {
        "mode": mode, "collection": catalog.name, "settings": asdict(chosen), "seconds": seconds, **notes,
        "accuracy": {split: asdict(value) for split, value in found.items()},
        "accuracy_text": {split: str(value) for split, value in found.items() if value.n},
        "images": {split: value.n for split, value in found.items()}, "quality": judge(data, scores, catalog),
        "unreadable": data.unreadable, "excluded": data.excluded, "left_out": data.left_out,
        "doubtful": doubts(data, scores),
    }  # fmt: skip
    write_folder(target, network, made, data.species, preparation, training, catalog)
    shutil.rmtree(workspace(target), ignore_errors=True)
    return TrainingReport(
        target, found, seconds, data.unreadable, data.left_out, data.excluded, training["doubtful"], training["quality"]
    )
