"""Check every chunk of a store against its checksum and its state, and discard what is damaged."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr

from finercam_core.io.faults import store_errors
from finercam_core.io.files import Files
from finercam_core.io.progress import Progress
from finercam_core.status import Status
from finercam_core.store.checksums import DAMAGE
from finercam_core.store.layout import CHUNK, REFERENCE, SPECIMENS, status_of, value_names
from finercam_core.store.provenance import has_own_references

_READERS = 8


@dataclass(frozen=True)
class Damage:
    """A chunk whose values cannot be trusted.

    Attributes
    ----------
    group : str
        Path of the species' group.
    index : int
        Number of the chunk along `specimen`.
    array : str
        The array in which it was found.
    reason : str
    """

    group: str
    index: int
    array: str
    reason: str


def verify(location: str | Path, *, progress: Progress | None = None) -> list[Damage]:
    """Read every chunk of every species: checksums must hold, and a specimen that is done must have its values.

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
    table = files.read_table(SPECIMENS, ["group", "slot"])
    lengths = table["group"].value_counts(sort=False)
    root = files.group()
    damaged: list[Damage] = []
    with ThreadPoolExecutor(_READERS) as pool:
        checks = pool.map(lambda group: _verify_species(root, group, int(lengths[group])), map(str, lengths.index))
        for number, damage in enumerate(checks, 1):
            damaged.extend(damage)
            if progress is not None:
                progress(number, len(lengths))
    return damaged


def _verify_species(root: zarr.Group, group: str, length: int) -> list[Damage]:
    try:
        names = ("state", *value_names(per_image=has_own_references(root)))
        arrays: dict[str, Any] = {name: root[f"{group}/{name}"] for name in names}
    except (KeyError, ValueError) as error:
        reason = f"the array is gone or its description is damaged: {error}"
        return [Damage(group, index, "zarr.json", reason) for index in range(-(-length // CHUNK))]
    return [damage for index in range(-(-length // CHUNK)) for damage in _verify_chunk(arrays, group, index)]


def _verify_chunk(arrays: dict[str, Any], group: str, index: int) -> Iterator[Damage]:
    span = slice(index * CHUNK, min((index + 1) * CHUNK, arrays["state"].shape[0]))
    blocks: dict[str, npt.NDArray[Any]] = {}
    for name, array in arrays.items():
        try:
            blocks[name] = np.asarray(array[span])
        except (*DAMAGE, OSError) as error:
            yield Damage(group, index, name, str(error))
    if len(blocks) == len(arrays):
        yield from _missing_values(group, index, blocks)


def _missing_values(group: str, index: int, blocks: dict[str, npt.NDArray[Any]]) -> Iterator[Damage]:
    """A chunk file that is gone reads as fill values: a finished specimen without values reveals it."""
    done = status_of(blocks["state"]) == Status.DONE
    for name, block in ((name, block[done]) for name, block in blocks.items() if name != "state"):
        whole = (block >= 0).all() if name in ("predicted", REFERENCE) else np.isfinite(block.astype(np.float32)).all()
        if not whole:
            yield Damage(group, index, name, "values of a finished specimen are missing")
            return


def give_up(location: str | Path, damaged: list[Damage]) -> int:
    """Mark all specimens of damaged chunks as not computed, so that the next run computes them again.

    A species whose arrays are gone is removed as a whole, and the planner creates it again. Call it under `exclusive`.

    Returns
    -------
    int, the number of chunks given up.
    """
    files = Files(location)
    broken = {damage.group for damage in damaged if damage.array == "zarr.json"}
    chunks = {(damage.group, damage.index) for damage in damaged}
    with store_errors(files.location):
        for group in broken:
            files.remove(f"{group}/zarr.json")
        root = files.group("r+")
        for group, index in sorted(chunk for chunk in chunks if chunk[0] not in broken):
            _clear(root, group, index)
    return len(chunks)


def _clear(root: zarr.Group, group: str, index: int) -> None:
    # The state is cleared first: a reader must never see a finished specimen without its values.
    for name in ("state", *value_names(per_image=has_own_references(root))):
        array: Any = root[f"{group}/{name}"]
        span = slice(index * CHUNK, min((index + 1) * CHUNK, array.shape[0]))
        array[span] = np.full((span.stop - span.start, *array.shape[1:]), array.fill_value, array.dtype)
