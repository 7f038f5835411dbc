"""Whether a classifier, or the function that builds a model, is there and may be used; nothing is loaded for that."""

import re
from importlib.util import find_spec
from pathlib import Path

from finercam_core.errors import ClassifierError
from finercam_core.permissions import AllowedFactories, is_factory, named_factory
from finercam_flows.places.inputs import missing
from finercam_flows.places.timm_names import timm_name

_WRITTEN = "model.safetensors"


def classifier(spec: str) -> None:
    """Raise `ClassifierError` if a classifier's folder, file or factory does not exist, or nobody has allowed it."""
    name = spec.removeprefix("local-dir:")
    if spec.startswith("hf-hub:"):
        return
    if Path(name).is_dir():
        folder(name)
    elif name.endswith(".toml"):
        if not Path(name).is_file():
            raise missing(ClassifierError, name, "give the TOML file of CLIP prompts")
    elif name == spec and is_factory(name):  # C:\classifier is a path of Windows
        factory(spec)
    else:
        remedy = "give the folder that `finercam train` wrote, hf-hub:owner/name, or file.py:function"
        raise missing(ClassifierError, name, remedy, what="there is no classifier at")


def folder(place: str) -> None:
    """Raise `ClassifierError` if a folder holds no classifier, or names a function that nobody has allowed."""
    path = Path(place)
    if not (path / _WRITTEN).is_file():
        inside = sorted(each.parent.name for each in path.glob(f"*/{_WRITTEN}"))
        remedy = f"did you mean {path / inside[0]}?" if inside else "give the folder that `finercam train` wrote"
        raise ClassifierError(f"{place} is a folder, but no classifier: it has no {_WRITTEN}", remedy)
    if (named := named_factory(path)) is not None:
        AllowedFactories.from_environment().check(named, path)


def allowed(entry: str) -> None:
    """Raise `ClassifierError` if what is to be allowed, a function or a classifier's folder, does not exist."""
    if is_factory(entry):
        factory(entry)
    elif not Path(entry).is_dir():
        raise missing(ClassifierError, entry, "give file.py:function, or a classifier's folder")


def factory(spec: str) -> None:
    """Raise `ClassifierError` if the file or the module of ``file.py:function`` or ``module:function`` is not there."""
    place, _, function = spec.rpartition(":")
    if place.endswith(".py"):
        if not Path(place).is_file():
            raise missing(ClassifierError, place, "give the path of the Python file, a colon, and the function")
        if not re.search(rf"^(?:async )?(?:def|class) {re.escape(function)}\b|^{re.escape(function)}\s*[:=]",
                         Path(place).read_text(encoding="utf-8", errors="replace"), re.MULTILINE):  # fmt: skip
            raise ClassifierError(f"{place} defines no {function!r}", "give the name of a function in it")
    elif not _importable(place.partition(".")[0]):
        file = Path(place.replace(".", "/") + ".py")
        remedy = f"write {file}:{function}" if file.is_file() else "give file.py:function, or add it to PYTHONPATH"
        raise ClassifierError(f"there is no module {place} on Python's path", remedy)


def _importable(name: str) -> bool:
    try:
        return bool(name) and find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def model(spec: str) -> None:
    """Raise `ClassifierError` if a model to train does not exist: a factory, or a name of timm's."""
    if is_factory(spec):
        factory(spec)
    else:
        timm_name(spec)
