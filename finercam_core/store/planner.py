"""Create a store or extend it: the planner, the only one who makes groups and slots."""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import zarr
from zarr.core.group import GroupMetadata

from finercam_core.catalog import Catalog
from finercam_core.errors import StoreError
from finercam_core.io.faults import store_errors
from finercam_core.io.files import Files
from finercam_core.references.plan import ComparisonPlan
from finercam_core.store import runs
from finercam_core.store.layout import (
    ATTRIBUTE,
    CHUNK,
    REJECTED,
    SCHEMA_VERSION,
    SPECIMENS,
    array_nodes,
    run_id,
    value_names,
)
from finercam_core.store.reader import Store, open_store
from finercam_core.store.slots import plan_slots


def create_store(
    location: str | Path,
    catalog: Catalog,
    plan: ComparisonPlan,
    grid: tuple[int, int],
    settings: Mapping[str, Any],
    *,
    beside: bool = False,
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
    beside : bool
        If the location holds a store that was made with other settings, take the place beside it that carries the
        run's id (`finercam_core.store.runs.beside`) instead of refusing.

    Returns
    -------
    Store, whose `location` says where it is.

    Raises
    ------
    StoreError
        If the location holds a store that was made with other settings: two runs are never mixed. Also if the disk is
        full or may not be written.
    """
    files = Files(location)
    provenance = _provenance(catalog, plan, grid, settings, files)
    if beside and _held_run(files) not in (None, provenance["run"]):
        files = Files(runs.beside(files.location, provenance["run"]))
        provenance = _provenance(catalog, plan, grid, settings, files)
    with store_errors(files.location):
        _create(files, catalog, plan, provenance)
    return open_store(files.location)


def _create(files: Files, catalog: Catalog, plan: ComparisonPlan, provenance: dict[str, Any]) -> None:
    existing = _existing(files, provenance)
    table = plan_slots(catalog.specimens, catalog.root, existing)
    root = files.group("a")
    _note(root, provenance, new=existing is None)
    _create_groups(root, table, plan, provenance, set() if existing is None else _present(files, existing))
    if existing is not None:
        _extend_groups(root, table, existing)
    files.write_table(REJECTED, catalog.rejected)
    files.write_table(SPECIMENS, table)


def _note(root: zarr.Group, provenance: dict[str, Any], *, new: bool) -> None:
    """Write down how the maps are made; of a store that goes on only where its collection lies now."""
    held = root.attrs.get(ATTRIBUTE)
    places = {key: provenance[key] for key in ("catalog", "images_root", "images_root_relative")}
    wanted = provenance if new or not isinstance(held, dict) else {**held, **places}
    if wanted != held:
        root.attrs[ATTRIBUTE] = wanted


def _present(files: Files, existing: pd.DataFrame) -> set[str]:
    """Groups of the plan that are on the disk: one that somebody deleted is made again, and computed again."""
    groups = [str(group) for group in existing["group"].unique()]
    gone = files.missing([f"{group}/zarr.json" for group in groups])
    return set(groups) - {name.removesuffix("/zarr.json") for name in gone}


def _held_run(files: Files) -> str | None:
    return str(open_store(files.location).provenance["run"]) if files.exists(SPECIMENS) else None


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
    traits: dict[str, Any] | None = None
    if labels is not None:
        whole = {"whole": True} if labels.whole else {}
        traits = {"names": dict(labels.names), "uberon": dict(labels.uberon), **whole}
    return {
        **fixed,
        "schema_version": SCHEMA_VERSION,
        "run": run,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "catalog": catalog.source,
        "images_root": root,
        "images_root_relative": relative,
        "traits": traits,
        "without_relatives": list(plan.alone),
    }


def _existing(files: Files, provenance: Mapping[str, Any]) -> pd.DataFrame | None:
    """Plan of the store that is already there, after checking that it belongs to the same run."""
    if not files.exists(SPECIMENS):
        return None
    old = open_store(files.location).provenance
    if old["run"] != provenance["run"]:
        parts = ("classifier", "method", "kind", "gamma", "preparation", "references", "grid", "collection")
        changed = [key for key in parts if old.get(key) != provenance.get(key)]
        raise StoreError(
            f"{files.location} holds run {old['run']}, made with another {' and '.join(changed) or 'setting'}",
            f"write run {provenance['run']} to a store of its own",
        )
    return files.read_table(SPECIMENS)


def _create_groups(
    root: zarr.Group, table: pd.DataFrame, plan: ComparisonPlan, provenance: Mapping[str, Any], present: set[str]
) -> None:
    new = table[~table["group"].isin(present)]
    nodes: dict[str, Any] = {}
    grid = (provenance["grid"][0], provenance["grid"][1])
    values = value_names(provenance)
    maps = {key: provenance[key] for key in ("method", "kind", "gamma") if key in provenance}
    members = {str(group): rows for group, rows in new.groupby("group", sort=True)}
    for group, rows in members.items():
        name = str(rows["scientificName"].iloc[0])
        references = plan.references(name) if name in plan.chosen else ()
        classes = 1 + len(references) if name in plan.chosen else 0
        nodes[group] = GroupMetadata(attributes={**_attributes(rows, references), **maps})
        nodes |= {f"{group}/{key}": node for key, node in array_nodes(len(rows), classes, grid, values).items()}
    for _ in zarr.create_hierarchy(store=root.store, nodes=nodes, overwrite=True):
        pass
    _at_once(lambda group: _name_axes(root, group, members[group], plan), members)


def _at_once(work: Callable[[str], None], groups: Iterable[str]) -> None:
    """Do the same for many groups, several at a time: an object store answers slowly, but to many at once."""
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(work, groups):
            pass


def _attributes(rows: pd.DataFrame, references: tuple[Any, ...]) -> dict[str, Any]:
    """What a reader of one species' group wants to know, in Darwin Core's terms."""
    first = rows.iloc[0]
    names = {key: str(first[key]) for key in ("scientificName", "family", "genus", "vernacularName")}
    tiers = ["target", *(reference.tier for reference in references)]
    reasons = ["target", *(reference.reason for reference in references)]
    similarity = [1.0, *(_number(reference.similarity) for reference in references)]
    return {**names, "tiers": tiers, "reasons": reasons, "similarity": similarity}


def _number(value: float) -> float | None:
    """A number that JSON has: NaN becomes null."""
    return None if np.isnan(value) else float(value)


def _name_axes(root: zarr.Group, group: str, rows: pd.DataFrame, plan: ComparisonPlan) -> None:
    """Write the coordinates: image ids along `specimen`, scientific names along `class`."""
    _array(root, f"{group}/specimen")[:] = rows.sort_values("slot")["image_id"].to_numpy(object)
    name = str(rows["scientificName"].iloc[0])
    if name in plan.chosen:
        names = [name, *(reference.scientificName for reference in plan.references(name))]
        _array(root, f"{group}/class")[:] = np.array(names, object)


def _extend_groups(root: zarr.Group, table: pd.DataFrame, existing: pd.DataFrame) -> None:
    before = existing["group"].value_counts()
    after = table["group"].value_counts()
    grown = after.index[after > before.reindex(after.index).fillna(np.inf)]
    members = {str(group): rows for group, rows in table[table["group"].isin(grown)].groupby("group")}
    _at_once(lambda group: _extend(root, group, members[group], int(before[group])), members)


def _extend(root: zarr.Group, group: str, rows: pd.DataFrame, before: int) -> None:
    provenance: Any = root.attrs[ATTRIBUTE]
    for name in (*value_names(provenance), "state", "specimen"):
        array = _array(root, f"{group}/{name}")
        array.resize((len(rows), *array.shape[1:]))
    start = before // CHUNK * CHUNK
    _array(root, f"{group}/specimen")[start:] = rows.sort_values("slot")["image_id"].to_numpy(object)[start:]


def _array(root: zarr.Group, path: str) -> zarr.Array[Any]:
    array = root[path]
    if not isinstance(array, zarr.Array):
        raise StoreError(f"{path} is not an array", "the store is damaged; write to a new one")
    return array
