"""Runs beside each other: ``maps.zarr`` and, after a change of classifier or method, ``maps.run-3fa1b2c4d5e6.zarr``."""

import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path

import fsspec

from finercam_core.errors import StoreError
from finercam_core.io.files import Files
from finercam_core.redaction import without_secrets
from finercam_core.store.layout import SPECIMENS

log = logging.getLogger(__name__)
_BESIDE = re.compile(r"^(?P<stem>.*)\.run-(?P<run>[0-9a-f]{12})(?P<ending>\.[^./]+)?$")


@dataclass(frozen=True)
class RunPlace:
    """A run and where it is.

    Attributes
    ----------
    location : str
    run : str
        12 hexadecimal digits, from everything that determines the stored numbers.
    created : str
        ISO 8601, UTC.
    """

    location: str
    run: str
    created: str


def beside(location: str, run: str) -> str:
    """Location of a run beside a store: the run's id is inserted before the ending of the store's name."""
    folder, name = _split(base_of(location))
    stem, dot, ending = name.rpartition(".")
    return f"{folder}{stem}.run-{run}.{ending}" if dot and stem else f"{folder}{name}.run-{run}"


def base_of(location: str) -> str:
    """Location of the store that a run lies beside; for any other store its own location."""
    folder, name = _split(location)
    match = _BESIDE.match(name)
    return folder + match["stem"] + (match["ending"] or "") if match else location.rstrip("/")


def _split(location: str) -> tuple[str, str]:
    folder, slash, name = location.rstrip("/").rpartition("/")
    return folder + slash, name


def runs_beside(location: str | Path) -> list[RunPlace]:
    """The run at a location and all those beside it, oldest first; one that is damaged is passed over with a warning.

    Parameters
    ----------
    location : str or Path
        The store that was named to `finercam annotate`, or one of the runs beside it.
    """
    from finercam_core.store.reader import open_store

    base = base_of(str(location))
    folder, _ = _split(base)
    fs, root = fsspec.url_to_fs(folder or ".", **({"use_listings_cache": False} if "://" in base else {}))
    names = {str(path).rstrip("/").rpartition("/")[2] for path in fs.ls(root, detail=False)}
    locations = [f"{folder}{name}" for name in names if base_of(f"{folder}{name}") == base]
    runs = []
    for path in locations:
        try:
            if Files(path).exists(SPECIMENS):
                store = open_store(path)
                runs.append(RunPlace(store.location, store.provenance.run, store.provenance.created))
        except StoreError as error:
            log.warning("a run beside %s is passed over: %s", location, error)
    return sorted(runs, key=lambda run: (run.created, run.location))


def newest_run(location: str | Path) -> str:
    """Location of the newest run at or beside a location; the location itself if there is none."""
    runs = runs_beside(location)
    return runs[-1].location if runs else str(location)


def catalog_place(source: str, files: Files) -> str:
    """Where a catalog is, as a store notes it: as it was given, but without secrets and without folders of a machine.

    A whole path becomes one relative to a local store, else its last part.
    """
    if "://" in source or not Path(source).is_absolute():
        return without_secrets(source)
    return relative_place(str(Path(source).resolve()), files) or Path(source).name


def relative_place(root: str, files: Files) -> str:
    """A local place relative to a local store, else "", also where it lies on another drive of Windows."""
    if files.local is None or "://" in root:
        return ""
    try:
        return os.path.relpath(root, files.local.resolve())
    except ValueError:
        return ""
