"""Whether what a command writes may be written there, before anything is computed for it."""

import os
from pathlib import Path

from finercam_core.errors import FinercamError, RunError, StoreError, TrainingError


def store(location: str) -> None:
    """Raise `StoreError` where a store cannot be written: into other people's files, or where nobody may write."""
    if "://" in location:
        return
    path = Path(location)
    if path.is_file():
        raise StoreError(f"{location} is a file", "give a folder for the store, such as maps.zarr")
    if path.is_dir():
        _refuse_other_content(path)
    _refuse_locked(path, StoreError)


def _refuse_other_content(path: Path) -> None:
    from finercam_core.store.planning.planner import refuse_other_content

    refuse_other_content(path)


def new_classifier(place: str) -> None:
    """Raise `TrainingError` if the folder for a new classifier exists or cannot be made."""
    path = Path(place)
    if path.exists():
        raise TrainingError(f"{place} exists already", "choose another folder, or delete it")
    _refuse_locked(path, TrainingError)


def folder(place: str) -> None:
    """Raise `RunError` if results cannot be written to a folder; only stores are written to object stores."""
    if "://" in place:
        raise RunError(f"{place} is no folder of this machine", "give a folder, and copy it there")
    if Path(place).is_file():
        raise RunError(f"{place} is a file", "give a folder for the results; it may exist")
    if (Path(place) / "zarr.json").is_file():
        raise RunError(f"{place} is a store of evidence maps", "give another folder for the results")
    _refuse_locked(Path(place), RunError)


def outside(place: str, collection: str) -> None:
    """Raise `RunError` if results would lie among the photographs, where a later run would take them for some."""
    if _lies_in(place, collection):
        raise RunError(f"{place} lies among the photographs in {collection}", "choose a folder outside them with --out")


def beside(name: str, collection: str) -> str:
    """A folder for results: in the current folder or, where that is among the photographs, beside their folder."""
    return str(Path(collection).resolve().parent / name) if _lies_in(name, collection) else name


def _lies_in(place: str, collection: str) -> bool:
    if "://" in collection or not Path(collection).is_dir():
        return False
    whole = Path(place).resolve()
    return Path(collection).resolve() in (whole, *whole.parents)


def cache(place: str) -> None:
    """Raise `RunError` if features cannot be kept at a place; it may hold some already."""
    if Path(place).is_file():
        raise RunError(f"{place} is a file", "give a folder for the features; it may exist")
    _refuse_locked(Path(place), RunError)


def file(place: str) -> None:
    """Raise `RunError` if a file cannot be written."""
    path = Path(place)
    if path.is_dir():
        raise RunError(f"{place} is a folder", "give the name of a file")
    if not path.absolute().parent.is_dir():
        raise RunError(f"{place} cannot be written: there is no folder {path.parent}", "make it, or give another")
    _refuse_locked(path.absolute().parent, RunError)


def _refuse_locked(path: Path, kind: type[FinercamError]) -> None:
    """Refuse a path whose nearest existing folder is a file, or may not be written to."""
    there = next((one for one in (path, *path.absolute().parents) if one.exists()), Path())
    if not there.is_dir():
        raise kind(f"{path} cannot be made, since {there} is a file", "choose another folder")
    if not os.access(there, os.W_OK):
        raise kind(f"{path} cannot be written: {there} may not be changed by you", "choose a folder of your own")
