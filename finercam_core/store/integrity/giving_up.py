"""Discard what is damaged, so that the next run makes it again: chunks, ids, whole species."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from finercam_core.io.disk.zarr_store import sync
from finercam_core.io.faults import store_errors
from finercam_core.io.files import Files
from finercam_core.store.integrity.plan_table import read_plan
from finercam_core.store.integrity.verify import Damage
from finercam_core.store.layout import CHUNK, value_names
from finercam_core.store.provenance import has_own_references


def give_up(location: str | Path, damaged: Sequence[Damage]) -> int:
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
            if group.count("/") < 2:  # a family or a genus
                files.group("a", group)
        root = files.group("r+")
        for group, index in sorted(chunk for chunk in chunks if chunk[0] not in broken):
            _clear(root, group, index)
        for group in unnamed:
            _name_specimens(root, group, files)
        sync(root)
    return len(chunks)


def _name_specimens(root: zarr.Group, group: str, files: Files) -> None:
    table = read_plan(files, ["group", "slot", "image_id"])
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
        if name == "state":
            sync(root)
