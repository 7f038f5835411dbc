"""Create a store or extend it: the planner, the only one who makes groups and slots."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import zarr
from zarr.core.group import GroupMetadata

from finercam_core.catalog import Catalog
from finercam_core.comparison import ComparisonPlan
from finercam_core.errors import StoreError
from finercam_core.store.files import Files
from finercam_core.store.layout import ATTRIBUTE, CHUNK, REJECTED, SCHEMA_VERSION, SPECIMENS, array_nodes, run_id
from finercam_core.store.plan import plan_slots
from finercam_core.store.read import Store, open_store


def create_store(
    location: str | Path, catalog: Catalog, plan: ComparisonPlan, grid: tuple[int, int], settings: Mapping[str, Any]
) -> Store:
    """Make the groups, arrays and slots that a catalog needs, in a new store or beside what a store holds.

    Parameters
    ----------
    location : str or Path
        Local folder or fsspec URL.
    catalog : Catalog
        Specimens to have a slot; rejected rows are kept in a table of their own.
    plan : ComparisonPlan
        The references of each species. A species that the classifier does not know gets a group without classes.
    grid : (int, int)
        Height and width of the evidence maps, in cells.
    settings : mapping
        Everything that determines the numbers (classifier, layer, method, preparation …), plain JSON values.

    Returns
    -------
    Store

    Raises
    ------
    StoreError
        If the location holds a store that was made with other settings: two runs are never mixed.
    """
    files = Files(location)
    provenance = _provenance(catalog, plan, grid, settings, files)
    existing = _existing(location, files, provenance)
    table = plan_slots(catalog.specimens, catalog.root, existing)
    root = zarr.open_group(files.location, mode="a")
    if existing is None:
        root.attrs[ATTRIBUTE] = provenance
    _create_groups(root, table, plan, provenance, set() if existing is None else set(existing["group"]))
    if existing is not None:
        _extend_groups(root, table, existing)
    files.write_table(REJECTED, catalog.rejected)
    files.write_table(SPECIMENS, table)
    return open_store(location)


def _provenance(
    catalog: Catalog, plan: ComparisonPlan, grid: tuple[int, int], settings: Mapping[str, Any], files: Files
) -> dict[str, Any]:
    # Through JSON and back, so that it compares equal to what was read from a store.
    plain: dict[str, Any] = json.loads(json.dumps(dict(settings)))
    fixed = {**plain, "references": dict(plan.policy), "grid": list(grid), "collection": catalog.name}
    run = run_id({key: value for key, value in fixed.items() if key != "versions"})
    root = catalog.root if "://" in catalog.root else str(Path(catalog.root).resolve())
    relative = "" if files.local is None or "://" in root else os.path.relpath(root, files.local.resolve())
    labels = catalog.traits
    traits = None if labels is None else {"names": dict(labels.names), "uberon": dict(labels.uberon)}
    return {
        **fixed,
        "schema_version": SCHEMA_VERSION,
        "run": run,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "catalog": catalog.source,
        "images_root": root,
        "images_root_relative": relative,
        "traits": traits,
    }


def _existing(location: str | Path, files: Files, provenance: Mapping[str, Any]) -> pd.DataFrame | None:
    """Plan of the store that is already there, after checking that it belongs to the same run."""
    if not files.exists(SPECIMENS):
        return None
    old = open_store(location).provenance
    if old["run"] != provenance["run"]:
        parts = ("classifier", "method", "kind", "gamma", "preparation", "references", "grid", "collection")
        changed = [key for key in parts if old.get(key) != provenance.get(key)]
        raise StoreError(
            f"{location} holds run {old['run']}, made with another {' and '.join(changed) or 'setting'}",
            f"write run {provenance['run']} to a store of its own",
        )
    return files.read_table(SPECIMENS)


def _create_groups(
    root: zarr.Group, table: pd.DataFrame, plan: ComparisonPlan, provenance: Mapping[str, Any], present: set[str]
) -> None:
    new = table[~table["group"].isin(present)]
    nodes: dict[str, Any] = {}
    grid = (provenance["grid"][0], provenance["grid"][1])
    maps = {key: provenance[key] for key in ("method", "kind", "gamma") if key in provenance}
    members = {str(group): rows for group, rows in new.groupby("group", sort=True)}
    for group, rows in members.items():
        name = str(rows["scientificName"].iloc[0])
        references = () if name in plan.unknown else plan.references(name)
        classes = 0 if name in plan.unknown else 1 + len(references)
        nodes[group] = GroupMetadata(attributes={**_attributes(rows, references), **maps})
        nodes |= {f"{group}/{key}": node for key, node in array_nodes(len(rows), classes, grid).items()}
    for _ in zarr.create_hierarchy(store=root.store, nodes=nodes, overwrite=True):
        pass
    for group, rows in members.items():
        _name_axes(root, group, rows, () if str(rows["scientificName"].iloc[0]) in plan.unknown else plan)


def _attributes(rows: pd.DataFrame, references: tuple[Any, ...]) -> dict[str, Any]:
    """What a reader of one species' group wants to know, in Darwin Core's terms."""
    first = rows.iloc[0]
    names = {key: str(first[key]) for key in ("scientificName", "family", "genus", "vernacularName")}
    tiers = ["target", *(reference.tier for reference in references)]
    return {**names, "tiers": tiers, "similarity": [1.0, *(_number(r.similarity) for r in references)]}


def _number(value: float) -> float | None:
    """A number that JSON has: NaN becomes null."""
    return None if np.isnan(value) else float(value)


def _name_axes(root: zarr.Group, group: str, rows: pd.DataFrame, plan: Any) -> None:
    """Write the coordinates: image ids along `specimen`, scientific names along `class`."""
    _array(root, f"{group}/specimen")[:] = rows.sort_values("slot")["image_id"].to_numpy(object)
    if plan:
        name = str(rows["scientificName"].iloc[0])
        names = [name, *(reference.scientificName for reference in plan.references(name))]
        _array(root, f"{group}/class")[:] = np.array(names, object)


def _extend_groups(root: zarr.Group, table: pd.DataFrame, existing: pd.DataFrame) -> None:
    before = existing.groupby("group")["slot"].size()
    after = table.groupby("group")["slot"].size()
    for group, length in after[after > before.reindex(after.index)].items():
        rows = table[table["group"] == group].sort_values("slot")
        for name in ("evidence", "logit", "log_sum_exp", "predicted", "state", "specimen"):
            array = _array(root, f"{group}/{name}")
            array.resize((int(length), *array.shape[1:]))
        start = int(before[group]) // CHUNK * CHUNK
        _array(root, f"{group}/specimen")[start:] = rows["image_id"].to_numpy(object)[start:]


def _array(root: zarr.Group, path: str) -> zarr.Array[Any]:
    array = root[path]
    if not isinstance(array, zarr.Array):
        raise StoreError(f"{path} is not an array", "the store is damaged; write to a new one")
    return array
