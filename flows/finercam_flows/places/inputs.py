"""Whether what a command reads is there, and what was probably meant where it is not."""

import re
from collections.abc import Callable
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
from finercam_core.parts.part import ALL, AUTO, Part
from finercam_core.suggestions import closest, did_you_mean

_KINDS = "a manifest, a table, a Darwin Core Archive or a folder of images"
_STORES = ("zarr.json", "specimens.parquet", "provenance.json")  # any of them: a damaged store says so itself
_BROUGHT = Path(__file__).parents[1] / "catalogs"  # of an installed package
PLAIN_CHOICES = ("", "tier", "cosine", "logits")
"""Of references: those that need no table."""
_WORDS = (*PLAIN_CHOICES, "confusions")


def catalog(source: str) -> None:
    """Raise `CatalogError` if a catalog's file or folder does not exist."""
    if "://" not in source and not Path(source).exists():
        brought = _BROUGHT / Path(source).name
        remedy = f"finercam brings one to copy: {brought}" if brought.is_file() else f"give {_KINDS}"
        raise missing(CatalogError, source, remedy)


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


def choice_of_references(text: str) -> None:
    """Raise `ComparisonError` if references are to be chosen by a word that means nothing, or by a missing file."""
    if text in _WORDS or "://" in text:
        return
    if not Path(text).suffix:
        remedy = did_you_mean(text, _WORDS[1:]) or f"give {', '.join(_WORDS[1:])}, a tree (.nwk, .nex) or a table"
        raise ComparisonError(f"references cannot be chosen by {text!r}", remedy)
    if not Path(text).is_file():
        raise missing(ComparisonError, text, "give a tree (.nwk, .nex) or a table species,reference")


def judged_part(name: str) -> None:
    """Raise `RunError` if there is no part of a collection of this name."""
    known = (AUTO, *Part, ALL)
    if name not in known:
        remedy = did_you_mean(name, known) or f"give {', '.join(known[:-1])} or {ALL}"
        raise RunError(f"there is no split {name!r}", remedy)


def config(place: str) -> None:
    """Raise `ServeError` if there is no file with deployments."""
    if not Path(place).is_file():
        raise missing(ServeError, place, "write an example of it with: finercam serve --init")


def folder(place: str) -> None:
    """Raise `RunError` if a folder that is to be read does not exist."""
    if "://" not in place and not Path(place).is_dir():
        raise missing(RunError, place, "give an existing folder", what="there is no folder")


def published(place: str) -> None:
    """Raise `RunError` if published figures are neither those of the paper nor a file."""
    if place != "paper":
        file(place)


def repository(name: str) -> None:
    """Raise `ClassifierError` if a name is not one of the hub's repositories."""
    parts = name.removeprefix("hf-hub:").split("/")
    if len(parts) != 2 or not all(re.fullmatch(r"[\w.-]+", part, re.ASCII) for part in parts):
        raise ClassifierError(f"{name!r} is no repository of the hub", "give it as owner/name")


def file(place: str) -> None:
    """Raise `RunError` if a file that is to be read does not exist."""
    if "://" not in place and not Path(place).is_file():
        raise missing(RunError, place, "give an existing file", what="there is no file")


def missing(
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
