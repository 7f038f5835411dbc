"""Load a classifier from a folder, the Hugging Face hub, a factory function, or timm."""

import csv
import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import timm
import torch
from huggingface_hub import snapshot_download
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from finercam_core.errors import ClassifierError
from finercam_core.explain.model.classifier import Classifier
from finercam_core.explain.model.clip import load_clip
from finercam_core.explain.model.execution import Execution
from finercam_core.images.preparation import Preparation

# No finercam.json: a stranger's repository must not name a function that is called here.
_OF_THE_HUB = ("config.json", "model.safetensors", "preparation.json", "classes.csv")


def load_classifier(
    spec: str | Path,
    *,
    species: Sequence[str] | None = None,
    target_layer: str | None = None,
    device: str = "auto",
    execution: Execution | None = None,
) -> Classifier:
    """Load a classifier.

    Parameters
    ----------
    spec : str or Path
        - A folder in timm's form or one that `finercam train` wrote, also as ``local-dir:folder``.
        - ``hf-hub:owner/name``, with ``@revision`` for a branch, tag or commit: the same from the Hugging Face hub.
          Only safetensors and texts are taken.
        - ``package.module:function`` that returns a `Classifier` or a model.
        - A TOML file with a CLIP-like model and its prompts, see `finercam_core.explain.model.prompts`.
        - The name of a timm model with weights, such as "resnet50.a1_in1k".
    species : sequence of str, optional
        Names of the classes in the order of the scores, where the source has none or others. Of a folder or the hub:
        by default the column scientificName of classes.csv, else ``label_names`` in config.json.
    target_layer : str, optional
        Layer to explain instead of the default.
    device : str
        "auto" takes a GPU if there is one.
    execution : Execution, optional
        Precision, memory format and compilation, instead of what a factory sets.

    Raises
    ------
    ClassifierError
        If it cannot be loaded, has no names, or the number of names is not the number of scores.
    """
    text = str(spec).removeprefix("local-dir:")
    if Path(text).is_dir():
        made = _json(Path(text) / "finercam.json") if (Path(text) / "finercam.json").exists() else {}
        found = _from_folder(Path(text), species, target_layer, made)
    elif text != str(spec):
        raise ClassifierError(f"there is no folder {text}", "give the folder of a classifier after local-dir:")
    elif text.startswith("hf-hub:"):
        found = _from_folder(_from_hub(text), species, target_layer, {})
    elif text.endswith(".toml"):
        found = load_clip(text, target_layer=target_layer)
    elif ":" in text:
        found = _from_factory(text, species, target_layer)
    else:
        found = _from_timm(text, species, target_layer)
    place = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    found.model.to(place)
    if execution is not None:
        found.execution = execution
    return found


def _from_folder(
    folder: Path, species: Sequence[str] | None, target_layer: str | None, made: dict[str, Any]
) -> Classifier:
    """`made` says by which factory, if it is no timm model."""
    names = list(species or _class_names(folder))
    preparation = _preparation(folder)
    layer = target_layer or made.get("target_layer")
    if "factory" in made:
        built = _call(made["factory"], made.get("kwargs", {}))
        model: Any = built.model if isinstance(built, Classifier) else built
        layer = layer or (built.target_layer if isinstance(built, Classifier) else None)
        name = str(made["factory"])
    else:
        model, name = _of_config(folder / "config.json", len(names))
    _load_weights(model, folder)
    return Classifier(model.eval(), names, layer, preparation, name=name)


def _of_config(path: Path, names: int) -> tuple[nn.Module, str]:
    """A timm model without its weights, and what it is called."""
    config = _json(path)
    own = config.get("pretrained_cfg", {})
    count = config.get("num_classes") or own.get("num_classes")
    if "architecture" not in config or not count:
        raise ClassifierError(f"{path} names no architecture or no num_classes", "give a classifier in timm's form")
    if count != names:
        raise ClassifierError(f"{path} has {count} classes and {names} names are given", "name each class once")
    model: Any = timm.create_model(config["architecture"], num_classes=count, **config.get("model_args", {}))
    model.pretrained_cfg = {**model.pretrained_cfg, **own}
    return model, str(config["architecture"])


def _from_hub(spec: str) -> Path:
    """Folder of the hub's cache with a repository's files, downloaded if they are not there or have changed."""
    name, _, revision = spec.removeprefix("hf-hub:").partition("@")
    try:
        return Path(snapshot_download(name, revision=revision or None, allow_patterns=list(_OF_THE_HUB)))
    except (OSError, ValueError, httpx.HTTPError) as error:
        said = str(error).strip().partition("\n")[0]
        raise ClassifierError(f"{spec} cannot be had from the hub: {said}", "check its name and the network") from error


def _from_factory(spec: str, species: Sequence[str] | None, target_layer: str | None) -> Classifier:
    built = _call(spec, {})
    if isinstance(built, Classifier):
        if species is None and target_layer is None:
            return built
        names = species or built.species
        return Classifier(built.model, names, target_layer or built.target_layer, built.preparation, name=built.name)
    if species is None:
        raise ClassifierError(f"{spec} returns a model without names", "have it return a Classifier, or give species")
    return Classifier(built, species, target_layer, name=spec)


def _from_timm(name: str, species: Sequence[str] | None, target_layer: str | None) -> Classifier:
    if species is None:
        raise ClassifierError(f"{name!r} is no folder, and timm's models have no species", "train one, or give species")
    try:
        model = timm.create_model(name, pretrained=True)
    except (RuntimeError, OSError, ValueError) as error:
        raise ClassifierError(f"timm cannot load {name!r}: {error}", "see timm.list_models for names") from error
    if model.num_classes != len(species):
        # timm would give it a head of random weights.
        problem = f"{name} has {model.num_classes} classes and {len(species)} names are given"
        raise ClassifierError(problem, "train it on these species first, see `finercam train --help`")
    return Classifier(model.eval(), species, target_layer, name=name)


def _call(spec: str, kwargs: dict[str, object]) -> Classifier | nn.Module:
    """Run a factory, named as ``package.module:function``."""
    module, _, function = spec.partition(":")
    try:
        built = getattr(importlib.import_module(module), function)(**kwargs)
    except (ImportError, AttributeError) as error:
        raise ClassifierError(
            f"the factory {spec} cannot be called: {error}", "check the name and PYTHONPATH"
        ) from error
    if not isinstance(built, Classifier | nn.Module):
        raise ClassifierError(f"{spec} returns a {type(built).__name__}", "have it return a Classifier or an nn.Module")
    return built


def _load_weights(model: nn.Module, folder: Path) -> None:
    path = folder / "model.safetensors"
    if not path.exists():
        raise ClassifierError(f"{folder} has no model.safetensors", "pickled checkpoints are not loaded; convert them")
    try:
        model.load_state_dict(load_file(path))
    except (SafetensorError, RuntimeError) as error:
        raise ClassifierError(f"{path} does not fit the model: {error}", "train it again") from error


def _class_names(folder: Path) -> list[str]:
    path = folder / "classes.csv"
    if path.exists():
        with path.open(newline="", encoding="utf-8") as file:
            return [row["scientificName"] for row in csv.DictReader(file)]
    config = _json(folder / "config.json")
    names = config.get("label_names") or config.get("pretrained_cfg", {}).get("label_names")
    if not names:
        raise ClassifierError(f"{folder} names no classes", "add classes.csv with a column scientificName")
    return [str(name) for name in names]


def _preparation(folder: Path) -> Preparation | None:
    path = folder / "preparation.json"
    return Preparation.from_dict(_json(path)) if path.exists() else None


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ClassifierError(f"{path} cannot be read: {error}", "give a folder that `finercam train` wrote") from error
    if not isinstance(content, dict):
        raise ClassifierError(f"{path} holds no settings", "give a folder that `finercam train` wrote")
    return content
