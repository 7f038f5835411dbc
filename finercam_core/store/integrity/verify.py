"""Check every part of a store: chunks by their checksums and states, descriptions, tables and reviews."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from finercam_core.errors import StoreError
from finercam_core.io.faults import first_line
from finercam_core.io.files import Files
from finercam_core.io.progress import Progress
from finercam_core.status import Status
from finercam_core.store.integrity.checksums import DAMAGE
from finercam_core.store.integrity.descriptions import DESCRIPTION, broken_parents, misdescribed, root_record
from finercam_core.store.integrity.lines import read_line
from finercam_core.store.integrity.plan_table import read_plan
from finercam_core.store.layout import CHUNK, FAILURES, REJECTED, REVIEWS, VALUES, status_of, value_names
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
    table = read_plan(files, ["group", "slot", "scientificName", "image_id"])
    members = {str(group): rows.sort_values("slot") for group, rows in table.groupby("group", sort=False)}
    damaged = [*_verify_files(files), *_verify_reviews(files)]
    damaged.extend(Damage(parent, 0, DESCRIPTION, reason) for parent, reason in broken_parents(files, [*members]))
    try:
        provenance = root_record(files)
        names, species = value_names(per_image=provenance.per_image), len(provenance.classifier.species)
    except StoreError as error:
        damaged.append(Damage("", 0, DESCRIPTION, error.problem))
        names, species = VALUES, np.iinfo(np.int32).max
    with ThreadPoolExecutor(_READERS) as pool:
        checks = pool.map(lambda group: list(_verify_species(files, group, members[group], names, species)), members)
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


def _verify_reviews(files: Files) -> Iterator[Damage]:
    """Lines of reviews' logs that are not what was written, and drafts that cannot be read.

    A last line without its end is none: nobody was told that it is kept.
    """
    for name in files.names(REVIEWS):
        content = files.read(name)
        lines = content.split(b"\n")[:-1] if name.endswith(".jsonl") else [content]
        for number, line in enumerate(lines, 1):
            try:
                if line.strip():
                    read_line(line)
            except ValueError as error:
                yield Damage("", 0, name, f"line {number} cannot be used: {first_line(error)}")


def _verify_species(
    files: Files, group: str, rows: pd.DataFrame, values: Sequence[str], species: int
) -> Iterator[Damage]:
    chunks = range(-(-len(rows) // CHUNK))
    try:
        opened = files.group(path=group)
        arrays: dict[str, Any] = {name: opened[name] for name in ("state", *values, "specimen", "class")}
        problem = misdescribed(opened, arrays, rows, arrays["evidence"].shape[1])
    except Exception as error:  # Zarr raises whatever damaged JSON makes it raise
        problem = f"the array is gone or its description is damaged: {first_line(error)}"
    if problem:
        yield from (Damage(group, index, DESCRIPTION, problem) for index in chunks)
        return
    try:
        classes = class_names(opened, group)
        if classes and classes[0] != rows["scientificName"].iloc[0]:
            yield Damage(group, 0, "class", f"the first class is {classes[0]!r}")
    except StoreError as error:
        yield Damage(group, 0, "class", error.problem)
    del arrays["class"]
    for index in chunks:
        yield from _verify_chunk(arrays, group, index, rows["image_id"].to_numpy(object), species)


def _verify_chunk(
    arrays: dict[str, Any], group: str, index: int, image_ids: npt.NDArray[Any], species: int
) -> Iterator[Damage]:
    # A power cut while a species grew may have left its arrays longer than the plan, each by itself.
    span = slice(index * CHUNK, min((index + 1) * CHUNK, len(image_ids)))
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
