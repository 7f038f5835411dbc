"""Check every chunk of a store against its checksum and its state, and give up what is damaged."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr

from finercam_core.status import Status
from finercam_core.store.files import Files
from finercam_core.store.layout import CHUNK, SPECIMENS, status_of

VALUES = ("evidence", "logit", "log_sum_exp", "predicted")


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


def verify(location: str | Path, *, progress: Callable[[int, int], None] | None = None) -> list[Damage]:
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
    root = zarr.open_group(files.location, mode="r")
    groups = files.read_table(SPECIMENS, ["group"])["group"].unique()
    found: list[Damage] = []
    for number, group in enumerate(groups, 1):
        found.extend(_verify_species(root, str(group)))
        if progress is not None:
            progress(number, len(groups))
    return found


def _verify_species(root: zarr.Group, group: str) -> Iterator[Damage]:
    arrays: dict[str, Any] = {name: root[f"{group}/{name}"] for name in ("state", *VALUES)}
    length = arrays["state"].shape[0]
    for index in range(-(-length // CHUNK)):
        span = slice(index * CHUNK, min((index + 1) * CHUNK, length))
        blocks: dict[str, npt.NDArray[Any]] = {}
        for name, array in arrays.items():
            try:
                blocks[name] = np.asarray(array[span])
            except (ValueError, RuntimeError, OSError) as error:
                yield Damage(group, index, name, str(error))
        if len(blocks) == len(arrays):
            yield from _missing_values(group, index, blocks)


def _missing_values(group: str, index: int, blocks: dict[str, npt.NDArray[Any]]) -> Iterator[Damage]:
    """A chunk file that is gone reads as fill values: a done specimen without numbers gives it away."""
    done = status_of(blocks["state"]) == Status.DONE
    for name in VALUES[:3]:
        if not np.isfinite(blocks[name][done].astype(np.float32)).all():
            yield Damage(group, index, name, "values of a finished specimen are missing")
            return


def give_up(location: str | Path, damaged: list[Damage]) -> int:
    """Mark all specimens of damaged chunks as not computed, so that the next run computes them again.

    Call it under `exclusive`.

    Returns
    -------
    int, the number of chunks given up.
    """
    root = zarr.open_group(str(location), mode="r+")
    chunks = {(damage.group, damage.index) for damage in damaged}
    for group, index in sorted(chunks):
        # The state goes first: a reader must never see a finished specimen without its values.
        for name in ("state", *VALUES):
            array: Any = root[f"{group}/{name}"]
            span = slice(index * CHUNK, min((index + 1) * CHUNK, array.shape[0]))
            array[span] = np.full((span.stop - span.start, *array.shape[1:]), array.fill_value, array.dtype)
    return len(chunks)
