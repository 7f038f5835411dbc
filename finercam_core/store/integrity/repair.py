"""Rebuild the plan of a store from what its arrays hold: names from `specimen` and `class`, progress from `state`."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from finercam_core.errors import StoreError, counted
from finercam_core.io.disk.seals import is_sealed
from finercam_core.io.faults import first_line, store_errors
from finercam_core.io.files import Files
from finercam_core.status import Status
from finercam_core.store.integrity.checksums import DAMAGE
from finercam_core.store.integrity.descriptions import DESCRIPTION, root_record
from finercam_core.store.integrity.digests import DIGEST, contradiction, with_digest
from finercam_core.store.integrity.plan_table import read_plan
from finercam_core.store.layout import CHUNK, PROVENANCE, SPECIMENS, known_word, status_of
from finercam_core.store.lock import exclusive
from finercam_core.store.planning.slots import COLUMNS, with_parts
from finercam_core.store.provenance import ATTRIBUTE
from finercam_core.store.states import class_names, decode_state

KEPT = f"{SPECIMENS}.damaged"  # what a repair puts aside
_STATE = "state/zarr.json"


@dataclass(frozen=True)
class Repair:
    """What a repair found and did.

    Attributes
    ----------
    specimens, species, finished : int
        Of the plan as it is now; finished ones have their maps.
    rebuilt : bool
        False if everything was sound.
    lost : tuple of str
        A sentence for everything that could not be saved.
    """

    specimens: int
    species: int
    finished: int
    rebuilt: bool
    lost: tuple[str, ...] = ()


def repair(location: str | Path) -> Repair:
    """Rebuild a store's plan if it is damaged or gone; a sound one of an earlier version gets its digest.

    The next `finercam annotate` of the same catalog fills in what only the catalog knows, and computes nothing again
    that is finished and whose image is the same.

    Raises
    ------
    StoreError
        If nothing is there to rebuild it from, or another run is writing to the store.
    """
    files = Files(location)
    if not files.exists("zarr.json") and not files.exists(SPECIMENS):
        raise StoreError(f"there is no store at {location}", "give the folder that `finercam annotate` wrote")
    with exclusive(location), store_errors(files.location):
        lost = _restore_root(files)
        table = _sound_plan(files)
        if table is None:
            return _rebuild(files, lost)
        finished = _finished(files, _groups(files))
        return Repair(len(table), table["group"].nunique(), finished, rebuilt=bool(lost), lost=tuple(lost))


def finished_specimens(files: Files) -> int:
    """How many specimens are done by the states of all groups, whatever the plan says."""
    return _finished(files, _groups(files))


def _restore_root(files: Files) -> list[str]:
    """Restore a damaged description of the root from its copy; what that could not save."""
    try:
        root_record(files)
    except StoreError as error:
        try:
            record = json.loads(files.read(PROVENANCE))
        except (FileNotFoundError, ValueError) as gone:
            raise StoreError(f"{error.problem}, and so is {PROVENANCE}", "restore either from a backup") from gone
        if contradiction(record):
            raise StoreError(f"{error.problem}, and so is {PROVENANCE}", "restore either from a backup") from error
        now = datetime.now(UTC).isoformat(timespec="seconds")
        record = {key: value for key, value in record.items() if key != DIGEST}
        files.remove(DESCRIPTION)
        files.group("a").update_attributes(with_digest({ATTRIBUTE: {**record, "created": now}}))
        return ["the time at which the store was made"]
    return []


def _sound_plan(files: Files) -> pd.DataFrame | None:
    try:
        table = read_plan(files)
    except (StoreError, FileNotFoundError):
        return None
    if not is_sealed(files.read(SPECIMENS)):
        files.write_table(SPECIMENS, table)
    return table


def _rebuild(files: Files, lost: list[str]) -> Repair:
    parts = [rows for group in _groups(files) if (rows := _species(files, group, lost)) is not None]
    if not parts:
        raise StoreError(f"no species of {files.location} can be read", "restore it from a backup, or write it anew")
    table = pd.concat(parts, ignore_index=True).sort_values(["group", "slot"], ignore_index=True)
    if files.exists(SPECIMENS):
        files.write(KEPT, files.read(SPECIMENS))
    _forget_parts(files)
    files.write_table(SPECIMENS, with_parts(table))
    known = table[table["listed"].to_numpy(bool)]
    lost.append(
        f"places, splits, parts and licences of {counted(len(known), 'specimen')}: run `finercam annotate` with the "
        "same catalog, which fills them in and computes no finished specimen again"
    )
    finished = _finished(files, table["group"].unique().tolist())
    return Repair(len(known), table["group"].nunique(), finished, rebuilt=True, lost=tuple(lost))


def _forget_parts(files: Files) -> None:
    """What the classifier was trained on is not in the maps: until the next `annotate` nothing is known about it."""
    root = files.group("a")
    record: Any = root.attrs.get(ATTRIBUTE)
    if isinstance(record, dict) and record.get("parts") is not None:
        root.update_attributes(with_digest({ATTRIBUTE: {**record, "parts": None}}))


def _groups(files: Files) -> list[str]:
    """Paths of all groups with states: ``family/genus/species``."""
    if files.local is not None:
        names = [path.relative_to(files.local).as_posix() for path in files.local.glob(f"*/*/*/{_STATE}")]
    else:
        names = [name for name in files.names("") if name.endswith(f"/{_STATE}") and name.count("/") == 4]
    return sorted(name.removesuffix(f"/{_STATE}") for name in names)


def _finished(files: Files, groups: Sequence[str]) -> int:
    return sum(int((status_of(words) == Status.DONE).sum()) for group in groups for _, words in _states(files, group))


def _states(files: Files, group: str) -> Iterator[tuple[int, npt.NDArray[np.uint64]]]:
    """State words by number of the chunk; damaged chunks count as not computed."""
    names = [name for name in files.names(f"{group}/state/c") if name.rpartition("/")[2].isdigit()]
    for name, content in zip(names, files.read_many(names), strict=True):
        words = decode_state(content)
        yield int(name.rpartition("/")[2]), np.zeros(CHUNK, np.uint64) if words is None else words


def _species(files: Files, group: str, lost: list[str]) -> pd.DataFrame | None:
    """Rows of one species; None if neither its ids nor its name can be read."""
    try:
        opened = files.group(path=group)
        array: Any = opened["specimen"]
        name, attributes = _name(opened, group), dict(opened.attrs)
    except (*DAMAGE, KeyError, TypeError, OSError, StoreError) as error:
        lost.append(f"{group}: its description is damaged ({first_line(error)}); `finercam annotate` makes it again")
        return None
    words = np.zeros(-(-array.shape[0] // CHUNK) * CHUNK, np.uint64)
    for index, block in _states(files, group):
        words[index * CHUNK : (index + 1) * CHUNK] = block[: max(0, len(words) - index * CHUNK)]
    ids = _ids(array, group, lost)
    rows = pd.DataFrame("", index=range(len(ids)), columns=list(COLUMNS))
    family, genus, _ = group.split("/")
    return rows.assign(
        image_id=[image_id or f"lost:{group}:{slot}" for slot, image_id in enumerate(ids)],
        scientificName=name,
        family=str(attributes.get("family", family)),
        genus=str(attributes.get("genus", genus)),
        vernacularName=str(attributes.get("vernacularName", "")),
        group=group,
        slot=np.arange(len(ids), dtype=np.int64),
        fingerprint=[known_word(word) for word in words[: len(ids)]],
        listed=[bool(image_id) for image_id in ids],
    )


def _name(opened: Any, group: str) -> str:
    """Scientific name of a species: its first class; of one that the classifier does not know, as it is described."""
    classes = class_names(opened, group)
    return classes[0] if classes else str(opened.attrs["scientificName"])


def _ids(array: Any, group: str, lost: list[str]) -> list[str]:
    """Image ids by slot, "" where their chunk is damaged."""
    ids: list[str] = []
    for start in range(0, array.shape[0], CHUNK):
        stop = min(start + CHUNK, array.shape[0])
        try:
            block = [str(image_id) for image_id in array[start:stop]]
        except (*DAMAGE, OSError):
            block = [""] * (stop - start)
        if gone := block.count(""):
            lost.append(f"ids of {counted(gone, 'specimen')} of {group}: `finercam annotate` computes them again")
        ids.extend(block)
    return ids
