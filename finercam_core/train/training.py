"""`train`: a classifier for a collection, from the catalog to its folder."""

import importlib
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import timm
import torch
from torch import nn

from finercam_core.catalog import Catalog
from finercam_core.errors import TrainingError
from finercam_core.explain.classifier import Classifier, preparation_of
from finercam_core.explain.layers import linear_head
from finercam_core.preparation import Preparation
from finercam_core.train.accuracy import Accuracy, accuracy
from finercam_core.train.data import SPLITS, Progress, TrainingData, load_data
from finercam_core.train.finetune import finetune, predict
from finercam_core.train.folder import write_folder
from finercam_core.train.probe import probe
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
    """

    folder: Path
    accuracy: dict[str, Accuracy]
    seconds: float
    unreadable: dict[str, str]
    left_out: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{self.folder}: {self.seconds:.0f} s"]
        lines += [f"  {split:5} {found}" for split, found in self.accuracy.items() if found.n]
        lines += [f"  left out, too few images: {', '.join(self.left_out)}"] if self.left_out else []
        lines += [f"  not readable: {image_id}: {why}" for image_id, why in self.unreadable.items()]
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
    place = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    seed = settings.seed if settings is not None else 0
    torch.manual_seed(seed)
    if preparation is None:
        preparation = _own_preparation(model, pretrained, dict(model_args or {}))
    data = load_data(catalog, preparation, minimum=minimum_images, progress=progress)
    torch.manual_seed(seed)
    network, made = build(model, len(data.species), pretrained=pretrained, model_args=dict(model_args or {}))
    network.to(place)
    chosen = settings or (FinetuneSettings() if mode == "finetune" else ProbeSettings())
    notes = _fit(network, data, preparation, chosen, target, progress)
    found = {split: accuracy(_guess(network, data, split, preparation), data.part(split)[1]) for split in SPLITS}
    seconds = time.monotonic() - start
    training = {
        "mode": mode, "collection": catalog.name, "settings": asdict(chosen), "seconds": seconds, **notes,
        "accuracy": {split: asdict(value) for split, value in found.items()},
        "accuracy_text": {split: str(value) for split, value in found.items() if value.n},
        "images": {split: value.n for split, value in found.items()},
        "unreadable": data.unreadable, "left_out": data.left_out,
    }  # fmt: skip
    write_folder(target, network, made, data.species, preparation, training, catalog)
    shutil.rmtree(_workspace(target), ignore_errors=True)
    return TrainingReport(target, found, seconds, data.unreadable, data.left_out)


def build(spec: str, classes: int, *, pretrained: bool, model_args: dict[str, Any]) -> tuple[nn.Module, dict[str, Any]]:
    """Build a model with as many scores as classes, and say how it was built.

    Raises
    ------
    TrainingError
        If it cannot be built.
    """
    try:
        if ":" in spec and not spec.startswith(("hf-hub:", "local-dir:")):
            module, _, function = spec.partition(":")
            kwargs = {**model_args, "num_classes": classes}
            built = getattr(importlib.import_module(module), function)(**kwargs)
            layer = built.target_layer if isinstance(built, Classifier) else getattr(built, "target_layer", None)
            network = built.model if isinstance(built, Classifier) else built
            return network, {"factory": spec, "kwargs": kwargs, "target_layer": layer}
        network = timm.create_model(spec, pretrained=pretrained, num_classes=classes, **model_args)
    except (RuntimeError, OSError, ValueError, ImportError, AttributeError, TypeError) as error:
        raise TrainingError(f"the model {spec} cannot be built: {error}", "check its name and arguments") from error
    return network, {"architecture": spec, "model_args": model_args}


def _own_preparation(spec: str, pretrained: bool, model_args: dict[str, Any]) -> Preparation:
    network, _ = build(spec, 2, pretrained=False, model_args=model_args)
    own = getattr(network, "preparation", None)
    return own if isinstance(own, Preparation) else preparation_of(network)


def _fit(
    network: nn.Module, data: TrainingData, preparation: Preparation,
    settings: FinetuneSettings | ProbeSettings, folder: Path, progress: Progress | None,
) -> dict[str, Any]:  # fmt: skip
    if isinstance(settings, FinetuneSettings):
        workspace = _workspace(folder)
        workspace.mkdir(parents=True, exist_ok=True)
        finetune(network, data, preparation, settings, workspace / "checkpoint.pt", progress)
        return {}
    head = linear_head(network)
    if head is None:
        raise TrainingError("the model has no linear head to probe", "use --mode finetune")
    return {"inverse_penalty": probe(network, head, data, preparation, settings, progress)}


def _workspace(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.training")


def _guess(network: nn.Module, data: TrainingData, split: str, preparation: Preparation) -> Any:
    return predict(network, data.part(split)[0], preparation).argmax(1).numpy()
