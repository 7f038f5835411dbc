"""Whether what a command reads is there, and what was probably meant where it is not."""

import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from finercam_core.errors import (
    CatalogError,
    ClassifierError,
    ComparisonError,
    FinercamError,
    RunError,
    ServeError,
    StoreError,
)
from finercam_core.suggestions import closest, did_you_mean

_KINDS = "a manifest, a table, a Darwin Core Archive or a folder of images"
_STORES = ("zarr.json", "specimens.parquet", "provenance.json")  # any of them: a damaged store says so itself
_WORDS = ("", "tier", "cosine", "logits", "confusions")


def catalog(source: str) -> None:
    """Raise `CatalogError` if a catalog's file or folder does not exist."""
    if "://" not in source and not Path(source).exists():
        raise _missing(CatalogError, source, f"give {_KINDS}")


def store(location: str) -> None:
    """Raise `StoreError` if there is nothing at a store's place, or a folder that is no store."""
    path = Path(location)
    if "://" in location or any((path / name).is_file() for name in _STORES):
        return
    if path.is_dir():
        inside = sorted(each.name for each in path.glob("*.zarr"))
        remedy = f"did you mean {path / inside[0]}?" if inside else "give the folder that `finercam annotate` wrote"
        raise StoreError(f"{location} is a folder, but no store of evidence maps", remedy)
    if path.exists():
        raise StoreError(f"{location} is a file, but no store", "give the folder that `finercam annotate` wrote")
    near = _near(path)
    raise StoreError(f"there is no store at {location}", near or "write one with `finercam annotate`")


def classifier(spec: str) -> None:
    """Raise `ClassifierError` if a classifier's folder, file or factory does not exist."""
    name = spec.removeprefix("local-dir:")
    if spec.startswith("hf-hub:") or Path(name).is_dir():
        return
    if name.endswith(".toml"):
        if not Path(name).is_file():
            raise _missing(ClassifierError, name, "give the TOML file of CLIP prompts")
    elif ":" in name and name == spec:
        factory(spec)
    else:
        remedy = "give the folder that `finercam train` wrote, hf-hub:owner/name, or file.py:function"
        raise _missing(ClassifierError, name, remedy, what="there is no classifier at")


def factory(spec: str) -> None:
    """Raise `ClassifierError` if the file or the module of ``file.py:function`` or ``module:function`` is not there."""
    place, _, function = spec.rpartition(":")
    if place.endswith(".py"):
        if not Path(place).is_file():
            raise _missing(ClassifierError, place, "give the path of the Python file, a colon, and the function")
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
    """Raise `ClassifierError` if the factory of a model to train does not exist; timm's names are judged by timm."""
    if ":" in spec and not spec.startswith(("hf-hub:", "local-dir:")):
        factory(spec)


def choice_of_references(text: str) -> None:
    """Raise `ComparisonError` if references are to be chosen by a word that means nothing, or by a missing file."""
    if text in _WORDS or "://" in text:
        return
    if not Path(text).suffix:
        remedy = did_you_mean(text, _WORDS[1:]) or f"give {', '.join(_WORDS[1:])}, a tree (.nwk, .nex) or a table"
        raise ComparisonError(f"references cannot be chosen by {text!r}", remedy)
    if not Path(text).is_file():
        raise _missing(ComparisonError, text, "give a tree (.nwk, .nex) or a table species,reference")


def config(place: str) -> None:
    """Raise `ServeError` if there is no file with deployments."""
    if not Path(place).is_file():
        raise _missing(ServeError, place, "write an example of it with: finercam serve --init")


def folder(place: str) -> None:
    """Raise `RunError` if a folder that is to be read does not exist."""
    if "://" not in place and not Path(place).is_dir():
        raise _missing(RunError, place, "give an existing folder", what="there is no folder")


def file(place: str) -> None:
    """Raise `RunError` if a file that is to be read does not exist."""
    if "://" not in place and not Path(place).is_file():
        raise _missing(RunError, place, "give an existing file", what="there is no file")


def _missing(
    kind: Callable[[str, str], FinercamError], place: str, remedy: str, what: str = "there is no"
) -> FinercamError:
    """The error about a path that does not exist: where it breaks off, and a name there that is like it."""
    path = Path(place)
    gone = next((one for one in (*reversed(path.parents), path) if not one.exists()), path)
    where = f", since there is no folder {gone}" if gone != path else ""
    return kind(f"{what} {place}{where}", _near(gone) or remedy)


def _near(path: Path) -> str:
    """Question for a name in the same folder that is like the one that does not exist."""
    try:
        beside = [each for each in path.parent.iterdir() if not each.name.startswith(".")]
    except OSError:
        return ""
    stem = closest(path.stem, (each.stem for each in beside))  # endings alone would make all names alike
    near = closest(path.name, (each.name for each in beside if each.stem == stem)) if stem else ""
    return f"did you mean {path.parent / near}?" if near else ""
