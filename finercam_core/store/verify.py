"""Check every chunk of a store against its checksum and its state, and discard what is damaged."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import zarr

from finercam_core.errors import StoreError
from finercam_core.io.faults import store_errors
from finercam_core.io.files import Files
from finercam_core.io.progress import Progress
from finercam_core.status import Status
from finercam_core.store.checksums import DAMAGE
from finercam_core.store.layout import CHUNK, FAILURES, REJECTED, SPECIMENS, status_of, value_names
from finercam_core.store.provenance import has_own_references, read_provenance
from finercam_core.store.states import class_names, is_whole
from finercam_core.store.summary import LAST_RUN, last_run, read_sentences

_READERS = 8


@dataclass(frozen=True)
class Damage:
    """A chunk, or a file of the whole store, whose values cannot be trusted.

    Attributes
    ----------
    group : str
        Path of the species' group, "" for a file of the whole store.
    index : int
        Number of the chunk along `specimen`.
    array : str
        The array, or the file, in which it was found.
    reason : str
    """

    group: str
    index: int
    array: str
    reason: str

    @property
    def where(self) -> str:
        """The chunk and its array, or the file."""
        return f"{self.group} chunk {self.index}, {self.array}" if self.group else self.array


def verify(location: str | Path, *, progress: Progress | None = None) -> list[Damage]:
    """Read every chunk of every species and the files beside them.

    Checksums must hold, a specimen that is done must have its values, and names must be those of the plan.

    Parameters
    ----------
    location : str or Path
        The store.
    progress : callable, optional
        Called with the number of species read, and of all.

    Returns
    -------
    list of Damage, empty for a sound store.
    """
    files = Files(location)
    table = files.read_table(SPECIMENS, ["group", "slot", "scientificName", "image_id"])
    members = {str(group): rows.sort_values("slot") for group, rows in table.groupby("group", sort=False)}
    root = files.group()
    provenance = read_provenance(root)
    species = 0 if provenance is None else len(provenance.classifier.species)
    damaged = list(_verify_files(files))
    with ThreadPoolExecutor(_READERS) as pool:
        checks = pool.map(lambda group: list(_verify_species(root, group, members[group], species)), members)
        for number, damage in enumerate(checks, 1):
            damaged.extend(damage)
            if progress is not None:
                progress(number, len(members))
    return damaged


def _verify_files(files: Files) -> Iterator[Damage]:
    """Files of the whole store that are there and cannot be read."""
    reads: dict[str, Callable[[], object]] = {
        REJECTED: lambda: files.read_table(REJECTED),
        LAST_RUN: lambda: last_run(files.location),
        FAILURES: lambda: read_sentences(files),
    }
    for name, read in reads.items():
        try:
            read()
        except FileNotFoundError:
            yield Damage("", 0, name, "the file is gone")
        except StoreError as error:
            yield Damage("", 0, name, error.problem)


def _verify_species(root: zarr.Group, group: str, rows: pd.DataFrame, species: int) -> Iterator[Damage]:
    chunks = range(-(-len(rows) // CHUNK))
    try:
        names = ("state", *value_names(per_image=has_own_references(root)), "specimen")
        opened: Any = root[group]
        arrays: dict[str, Any] = {name: opened[name] for name in names}
        problem = _misdescribed(opened, arrays, rows)
    except (KeyError, ValueError, TypeError, OSError) as error:
        problem = f"the array is gone or its description is damaged: {error}"
    if problem:
        yield from (Damage(group, index, "zarr.json", problem) for index in chunks)
        return
    try:
        classes = class_names(opened, group)
        if classes and classes[0] != rows["scientificName"].iloc[0]:
            yield Damage(group, 0, "class", f"the first class is {classes[0]!r}")
    except StoreError as error:
        yield Damage(group, 0, "class", error.problem)
    for index in chunks:
        yield from _verify_chunk(arrays, group, index, rows["image_id"].to_numpy(object), species)


def _misdescribed(opened: zarr.Group, arrays: dict[str, Any], rows: pd.DataFrame) -> str:
    """What the description of a group says otherwise than the plan; "" if they agree."""
    if opened.attrs["scientificName"] != rows["scientificName"].iloc[0]:
        return f"it is described as {opened.attrs['scientificName']!r}"
    short = [name for name, array in arrays.items() if array.shape[0] < len(rows)]
    return f"{' and '.join(short)} has fewer slots than the plan, {len(rows)}" if short else ""


def _verify_chunk(
    arrays: dict[str, Any], group: str, index: int, image_ids: npt.NDArray[Any], species: int
) -> Iterator[Damage]:
    span = slice(index * CHUNK, min((index + 1) * CHUNK, arrays["state"].shape[0]))
    blocks: dict[str, npt.NDArray[Any]] = {}
    for name, array in arrays.items():
        try:
            blocks[name] = np.asarray(array[span])
        except (*DAMAGE, OSError) as error:
            yield Damage(group, index, name, str(error))
    names, planned = blocks.pop("specimen", None), image_ids[span]
    if names is not None and list(names[: len(planned)]) != list(planned):
        yield Damage(group, index, "specimen", "the ids are not those of the plan")
    if len(blocks) == len(arrays) - 1:
        yield from _missing_values(group, index, blocks, species)


def _missing_values(group: str, index: int, blocks: dict[str, npt.NDArray[Any]], species: int) -> Iterator[Damage]:
    """A chunk file that is gone reads as fill values: a finished specimen without values reveals it."""
    done = status_of(blocks["state"]) == Status.DONE
    for name, block in ((name, block[done]) for name, block in blocks.items() if name != "state"):
        if not is_whole(name, block, species):
            yield Damage(group, index, name, "values of a finished specimen are missing")
            return


def give_up(location: str | Path, damaged: list[Damage]) -> int:
    """Mark all specimens of damaged chunks as not computed, so that the next run computes them again.

    A species whose arrays or classes are gone is removed as a whole, and the planner creates it again; ids are written
    again from the plan. Call it under `exclusive`.

    Returns
    -------
    int, the number of chunks given up.
    """
    files = Files(location)
    broken = {damage.group for damage in damaged if damage.array in ("zarr.json", "class")}
    unnamed = {damage.group for damage in damaged if damage.array == "specimen"} - broken
    chunks = {(damage.group, damage.index) for damage in damaged if damage.group and damage.array != "specimen"}
    with store_errors(files.location):
        for group in broken:
            files.remove(f"{group}/zarr.json")
        root = files.group("r+")
        for group, index in sorted(chunk for chunk in chunks if chunk[0] not in broken):
            _clear(root, group, index)
        for group in unnamed:
            _name_specimens(root, group, files)
    return len(chunks)


def _name_specimens(root: zarr.Group, group: str, files: Files) -> None:
    table = files.read_table(SPECIMENS, ["group", "slot", "image_id"])
    rows, array = table[table["group"] == group].sort_values("slot"), root[f"{group}/specimen"]
    assert isinstance(array, zarr.Array)
    ids = np.full(array.shape, "", object)
    ids[: len(rows)] = rows["image_id"].to_numpy(object)
    array[:] = ids


def _clear(root: zarr.Group, group: str, index: int) -> None:
    # The state is cleared first: a reader must never see a finished specimen without its values.
    for name in ("state", *value_names(per_image=has_own_references(root))):
        array: Any = root[f"{group}/{name}"]
        span = slice(index * CHUNK, min((index + 1) * CHUNK, array.shape[0]))
        array[span] = np.full((span.stop - span.start, *array.shape[1:]), array.fill_value, array.dtype)
