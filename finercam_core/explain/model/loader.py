"""Load a classifier from a folder, the Hugging Face hub, a factory function, or timm."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import timm
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from finercam_core.errors import ClassifierError, counted
from finercam_core.explain.folds import FOLDS, FoldHeads
from finercam_core.explain.model.classifier import Classifier
from finercam_core.explain.model.clip.classifier import load_clip
from finercam_core.explain.model.execution import Execution, device_of
from finercam_core.explain.model.factories import factory_label, find_factory
from finercam_core.images.preparation import Preparation
from finercam_core.io.faults import first_line
from finercam_core.io.hub import HubError, from_hub, hub_or_cache
from finercam_core.parts import read_lists
from finercam_core.parts.lists import LISTS
from finercam_core.permissions import AllowedFactories, is_factory, named_factory
from finercam_core.suggestions import did_you_mean
from finercam_core.taxonomy.class_names import COLUMN, class_table, label_names

# Arguments of timm that have it open other files or addresses than the folder's.
_NOT_FOR_FOLDERS = {"pretrained", "pretrained_cfg", "pretrained_cfg_overlay", "checkpoint_path", "cache_dir"}
# Not finercam.json: it names a function to call, which a stranger's repository must not do.
_HUB_FILES = ("config.json", "model.safetensors", "preparation.json", "classes.csv", LISTS, FOLDS, "training.json")


def load_classifier(
    spec: str | Path,
    *,
    species: str | Sequence[str] | None = None,
    target_layer: str | None = None,
    device: str = "auto",
    execution: Execution | None = None,
    factories: AllowedFactories | None = None,
) -> Classifier:
    """Load a classifier. Its folder is data: no function that it names is called unless somebody allowed it.

    Parameters
    ----------
    spec : str or Path
        - A folder in timm's form or one that `finercam train` wrote, also as ``local-dir:folder``.
        - ``hf-hub:owner/name``, with ``@revision`` for a branch, tag or commit: the same from the Hugging Face hub.
          Only safetensors and text files are loaded.
        - ``file.py:function`` or ``package.module:function`` that returns a `Classifier` or a model.
        - A TOML file with a CLIP-like model and its prompts, see `finercam_core.explain.model.clip.prompts`.
        - The name of a timm model with weights, such as "resnet50.a1_in1k".
    species : sequence of str, optional
        Names of the classes in the order of the scores, where the source has none or others. Of a folder or the hub:
        by default the column scientificName of classes.csv, else ``label_names`` in config.json.
    target_layer : str, optional
        Layer to explain instead of the default.
    device : str
        "auto" uses a GPU if there is one.
    execution : Execution, optional
        Precision, memory format and compilation, instead of what a factory sets.
    factories : AllowedFactories, optional
        Functions that may be called; by default `spec` itself, where it is one, and those of the environment variable
        ``FINERCAM_ALLOW_FACTORIES``.

    Raises
    ------
    ClassifierError
        If it cannot be loaded, has no names, the number of names is not the number of scores, or it names a function
        that nobody has allowed; or if torch cannot compute on the device.
    """
    allowed = AllowedFactories.from_environment().also(str(spec)) if factories is None else factories
    names = [species] if isinstance(species, str) else species
    classifier = _from_source(str(spec), names, target_layer, allowed)
    classifier.model.to(device_of(device))
    if execution is not None:
        classifier.execution = execution
    return classifier


def _from_source(
    spec: str, species: Sequence[str] | None, target_layer: str | None, allowed: AllowedFactories
) -> Classifier:
    """The classifier on the CPU, from whichever source `spec` names."""
    name = spec.removeprefix("local-dir:")
    if Path(name).is_dir():
        return _from_folder(Path(name), species, target_layer, _factory(Path(name), allowed))
    if name != spec:
        raise ClassifierError(f"there is no folder {name}", "give the folder of a classifier after local-dir:")
    if name.startswith("hf-hub:"):
        return _from_folder(_from_hub(name), species, target_layer, None)
    if name.endswith(".toml"):
        return load_clip(name, target_layer=target_layer)
    if is_factory(name):
        allowed.check(name)
        return _from_factory(name, species, target_layer)
    return _from_timm(name, species, target_layer)


@dataclass(frozen=True)
class _Factory:
    """What finercam.json says: the function that builds the model, its arguments, and the layer to explain."""

    name: str
    kwargs: dict[str, object]
    target_layer: str | None


def _factory(folder: Path, allowed: AllowedFactories) -> _Factory | None:
    """The factory of a folder, which somebody allowed; None for a model in timm's form."""
    path = folder / "finercam.json"
    content = _json(path) if path.exists() else {}
    name = named_factory(folder)
    if name is None:
        return None
    allowed.check(name, folder)
    return _Factory(name, content.get("kwargs", {}), content.get("target_layer"))


def _from_folder(
    folder: Path, species: Sequence[str] | None, target_layer: str | None, factory: _Factory | None
) -> Classifier:
    """A classifier whose weights are in a folder; its model is built by the factory, or by timm if there is none."""
    names = list(species or _class_names(folder))
    preparation = _preparation(folder)
    layer = target_layer
    if factory is not None:
        built = _call_factory(factory.name, factory.kwargs)
        model = built.model if isinstance(built, Classifier) else built
        layer = layer or factory.target_layer or (built.target_layer if isinstance(built, Classifier) else None)
        name = factory_label(factory.name)
    else:
        model, name = _timm_model(folder / "config.json", len(names))
    _load_weights(model, folder)
    lists, heads = read_lists(folder, _collection(folder)), FoldHeads.read(folder)
    return Classifier(model.eval(), names, layer, preparation, name=name, lists=lists, heads=heads)


def _collection(folder: Path) -> str:
    """Name of the collection that a classifier was trained on, "" where its folder does not say."""
    path = folder / "training.json"
    return str(_json(path).get("collection", "")) if path.exists() else ""


def _timm_model(path: Path, names: int) -> tuple[nn.Module, str]:
    """A timm model, described by a config.json, without its weights, and what it is called."""
    config = _json(path)
    pretrained = config.get("pretrained_cfg", {})
    count = config.get("num_classes") or pretrained.get("num_classes")
    if "architecture" not in config or not count:
        raise ClassifierError(f"{path} lacks architecture or num_classes", "give a classifier in timm's form")
    arguments = config.get("model_args") or {}
    if not isinstance(arguments, dict) or arguments.keys() & _NOT_FOR_FOLDERS:
        raise ClassifierError(f"model_args in {path} may not be {arguments!r}", "describe the architecture alone")
    if count != names:
        raise ClassifierError(f"{path} has {count} classes, but {names} names are given", "name each class once")
    model = _timm_build(str(config["architecture"]), int(count), arguments, path)
    model.pretrained_cfg = {**model.pretrained_cfg, **pretrained}
    return model, str(config["architecture"])


def _timm_build(architecture: str, classes: int, arguments: dict[str, Any], path: Path) -> Any:
    """A timm model without weights; an unknown architecture or argument is the file's fault."""
    if not timm.is_model(architecture):
        advice = did_you_mean(architecture, timm.list_models()) or "see timm.list_models for names"
        raise ClassifierError(f"timm has no architecture {architecture!r}, which {path} names", advice)
    try:
        return timm.create_model(architecture, num_classes=classes, **arguments)
    except Exception as error:  # an argument that a model does not take may fail anywhere in it
        reason = f"{type(error).__name__}, {first_line(error)}"
        given = ", ".join(map(str, arguments)) or "none"
        problem = f"timm cannot build {architecture} as {path} says ({reason}); its model_args are {given}"
        raise ClassifierError(problem, "correct model_args") from error


def _from_hub(spec: str) -> Path:
    """Folder of the hub's cache with a repository's files, downloaded if they are missing or have changed."""
    name, _, revision = spec.removeprefix("hf-hub:").partition("@")
    try:
        return from_hub(name, _HUB_FILES, revision=revision or None)
    except HubError as error:
        raise ClassifierError(f"hf-hub:{error.problem}", error.remedy) from error


def _from_factory(spec: str, species: Sequence[str] | None, target_layer: str | None) -> Classifier:
    built = _call_factory(spec, {})
    if isinstance(built, Classifier):
        if species is None and target_layer is None:
            return built
        names = species or built.species
        return Classifier(
            built.model, names, target_layer or built.target_layer, built.preparation, name=built.name,
            execution=built.execution, prompts=built.prompts, lists=built.lists, heads=built.heads,
        )  # fmt: skip
    if species is None:
        raise ClassifierError(f"{spec} returns a model without names", "have it return a Classifier, or give species")
    return Classifier(built, species, target_layer, name=factory_label(spec))


def _from_timm(name: str, species: Sequence[str] | None, target_layer: str | None) -> Classifier:
    if species is None:
        raise ClassifierError(
            f"{name!r} is not a folder, and timm's models have no species", "train one, or give species"
        )
    try:
        with hub_or_cache():
            model = timm.create_model(name, pretrained=True)
    except (RuntimeError, OSError, ValueError) as error:
        raise ClassifierError(f"timm cannot load {name!r}: {error}", "see timm.list_models for names") from error
    if model.num_classes != len(species):
        # Asked for another number of classes, timm would give the model a head of random weights.
        names = counted(len(species), "name is", "names are")
        problem = f"{name} has {model.num_classes} classes, but {names} given"
        raise ClassifierError(problem, "train it on these species first, see `finercam train --help`")
    return Classifier(model.eval(), species, target_layer, name=name)


def _call_factory(spec: str, kwargs: dict[str, object]) -> Classifier | nn.Module:
    """Run a factory, named as ``file.py:function`` or ``package.module:function``."""
    try:
        built = find_factory(spec)(**kwargs)
    except (ImportError, AttributeError, TypeError) as error:
        problem = f"the factory {spec} cannot be called: {first_line(error)}"
        raise ClassifierError(problem, "check its arguments and what it imports") from error
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
        reason = " ".join(str(error).split())[:300]
        raise ClassifierError(f"{path} does not fit the model: {reason}", "train it again") from error


def _class_names(folder: Path) -> list[str]:
    path = folder / "classes.csv"
    if path.exists():
        return list(class_table(path)[COLUMN])
    path = folder / "config.json"
    config = _json(path)
    names = config.get("label_names") or config.get("pretrained_cfg", {}).get("label_names")
    if not names:
        raise ClassifierError(f"{folder} does not name its classes", "add classes.csv with a column scientificName")
    return label_names(names, str(path))


def _preparation(folder: Path) -> Preparation | None:
    path = folder / "preparation.json"
    if not path.exists():
        return None
    try:
        return Preparation.from_dict(_json(path))
    except (TypeError, ClassifierError) as error:
        raise ClassifierError(f"{path} describes no preparation: {first_line(error)}", "correct it") from error


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ClassifierError(f"{path} cannot be read: {error}", "give a folder that `finercam train` wrote") from error
    if not isinstance(content, dict):
        raise ClassifierError(f"{path} does not hold settings", "give a folder that `finercam train` wrote")
    return content
