"""The planner: creates a store or extends it; nothing else makes groups and slots."""

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import zarr
from pydantic import JsonValue
from zarr.core.group import GroupMetadata
from zarr.core.metadata.v2 import ArrayV2Metadata
from zarr.core.metadata.v3 import ArrayV3Metadata

from finercam_core.catalog import Catalog
from finercam_core.errors import StoreError, counted
from finercam_core.io.disk.zarr_store import synced
from finercam_core.io.faults import store_errors
from finercam_core.io.files import Files
from finercam_core.io.web.logins import remember_login
from finercam_core.parts import ImageLists
from finercam_core.redaction import without_secrets
from finercam_core.references.plan import ComparisonPlan, Reference
from finercam_core.store import runs
from finercam_core.store.integrity.digests import with_digest
from finercam_core.store.integrity.plan_table import read_plan, remedy
from finercam_core.store.integrity.repair import finished_specimens
from finercam_core.store.layout import (
    CHUNK,
    LEASE,
    LOCK,
    PROVENANCE,
    REJECTED,
    SCHEMA_VERSION,
    SPECIMENS,
    array_nodes,
    value_names,
)
from finercam_core.store.leases.claims import FOLDER as CLAIMS
from finercam_core.store.leases.members import FOLDER as WRITERS
from finercam_core.store.lock import refuse_change_of_plan
from finercam_core.store.provenance import ATTRIBUTE, PartsRecord, Provenance, RunSettings, TraitRecord, run_id
from finercam_core.store.reader import Store, open_store
from finercam_core.store.slots import plan_slots


def create_store(
    location: str | Path,
    catalog: Catalog,
    plan: ComparisonPlan,
    grid: tuple[int, int],
    settings: RunSettings,
    *,
    beside: bool = False,
    lists: ImageLists | None = None,
) -> Store:
    """Make the groups, arrays and slots that a catalog needs, in a new store or beside what a store holds.

    Parameters
    ----------
    location : str or Path
        Local folder or fsspec URL.
    catalog : Catalog
        Its specimens get slots; its rejected rows are kept in a table of their own.
    plan : ComparisonPlan
        The references of each species. A species that the classifier does not know gets a group without classes.
    grid : (int, int)
        Height and width of the evidence maps, in cells.
    settings : RunSettings
        Everything that determines the numbers: classifier, layer, method, preparation …
    beside : bool
        If the location holds a store that was made with other settings, write beside it, under a name with the
        run's id (`finercam_core.store.runs.beside`), instead of refusing.
    lists : ImageLists, optional
        Of the classifier: every specimen gets the part that it had in training. None where it came without.

    Returns
    -------
    Store, whose `location` says where it is.

    Raises
    ------
    StoreError
        If the location holds a store that was made with other settings (two runs are never mixed), or other files.
        Also if the disk is full or may not be written.
    """
    files = Files(location)
    if files.local is not None:
        refuse_other_content(files.local)
    provenance = _provenance(catalog, plan, grid, settings, files, lists)
    if beside and _held_run(files) not in (None, provenance.run):
        files = Files(runs.beside(files.location, provenance.run))
        provenance = _provenance(catalog, plan, grid, settings, files, lists)
    with store_errors(files.location):
        _create(files, catalog, plan, provenance, lists)
    return open_store(files.location)


def refuse_other_content(folder: Path) -> None:
    """Raise `StoreError` if a folder holds anything and is no store, such as somebody's photographs."""
    if not folder.is_dir() or _is_store(folder):
        return
    ours = (LOCK, LEASE, CLAIMS, WRITERS, "zarr.json")  # of a run that was stopped at its very start
    found = min((path.name for path in folder.iterdir() if path.name not in ours), default="")
    if found:
        problem = f"{folder} holds other files, such as {found}, and no store is written among them"
        raise StoreError(problem, f"give a folder of its own, such as {folder / 'maps.zarr'}")


def _is_store(folder: Path) -> bool:
    """Whether a folder has what only stores have, be it a damaged one, which says itself what is wrong with it."""
    if any((folder / name).is_file() for name in (SPECIMENS, PROVENANCE)):
        return True
    try:
        return ATTRIBUTE in json.loads((folder / "zarr.json").read_text(encoding="utf-8")).get("attributes", {})
    except (OSError, ValueError, AttributeError):
        return False


def _create(
    files: Files, catalog: Catalog, plan: ComparisonPlan, provenance: Provenance, lists: ImageLists | None
) -> None:
    existing = _existing(files, provenance)
    table = plan_slots(catalog.specimens, catalog.root, existing, lists=lists, collection=catalog.name)
    if existing is not None and not table.equals(existing):
        refuse_change_of_plan(files.location)
    root = files.group("a", together=True)
    with synced(root):
        _record(files, root, provenance, new=existing is None)
        _create_groups(root, table, plan, provenance, set() if existing is None else _present(files, existing))
        if existing is not None:
            _extend_groups(root, table, existing, provenance)
    files.write_table(REJECTED, catalog.rejected)
    files.write_table(SPECIMENS, table)


def _record(files: Files, root: zarr.Group, provenance: Provenance, *, new: bool) -> None:
    """Record how the maps are made; of an extended store only where its collection lies and its parts change."""
    held, wanted = root.attrs.get(ATTRIBUTE), provenance.to_json()
    if not new and isinstance(held, dict):
        moving = ("catalog", "images_root", "images_root_relative", "parts")
        wanted = {**held, **{key: wanted[key] for key in moving}}
    if wanted != held:
        root.update_attributes(with_digest({ATTRIBUTE: wanted}))
    if new or files.exists(PROVENANCE):
        files.write_json(PROVENANCE, with_digest({key: value for key, value in wanted.items() if key != "created"}))


def _present(files: Files, existing: pd.DataFrame) -> set[str]:
    """Groups of the plan that exist; a group that somebody deleted is created and computed again."""
    groups = [str(group) for group in existing["group"].unique()]
    gone = files.missing([f"{group}/zarr.json" for group in groups])
    return set(groups) - {name.removesuffix("/zarr.json") for name in gone}


def _held_run(files: Files) -> str | None:
    planned = files.exists(SPECIMENS) or finished_specimens(files)
    return open_store(files.location).provenance.run if planned else None


def _provenance(
    catalog: Catalog,
    plan: ComparisonPlan,
    grid: tuple[int, int],
    settings: RunSettings,
    files: Files,
    lists: ImageLists | None,
) -> Provenance:
    chosen = {"references": dict(plan.policy), "grid": list(grid), "collection": catalog.name}
    fixed: dict[str, JsonValue] = settings.to_json() | json.loads(json.dumps(chosen))
    local = "://" not in catalog.root
    # A log-in in an address is used by this run, and the store does not know it.
    root = str(Path(catalog.root).resolve()) if local else without_secrets(remember_login(catalog.root))
    relative = runs.relative_place(root, files)
    return Provenance.of({
        **fixed,
        "schema_version": SCHEMA_VERSION,
        "run": run_id(fixed),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "catalog": runs.catalog_place(catalog.source, files),
        # Absolute paths belong to a machine, not to a data set: they stay out where a relative one does.
        "images_root": "" if relative else root,
        "images_root_relative": relative,
        "traits": _traits(catalog),
        "without_relatives": list(plan.alone),
        "parts": None if lists is None else PartsRecord(listed=len(lists.images), folds=lists.folds).to_json(),
    })  # fmt: skip


def _traits(catalog: Catalog) -> dict[str, JsonValue] | None:
    labels = catalog.traits
    if labels is None:
        return None
    names = {str(value): name for value, name in labels.names.items()}
    uberon = {str(value): term for value, term in labels.uberon.items()}
    return TraitRecord(names=names, uberon=uberon, **({"whole": True} if labels.whole else {})).to_json()


def _existing(files: Files, provenance: Provenance) -> pd.DataFrame | None:
    """Plan of the store that is already there, after checking that it belongs to the same run."""
    if not files.exists(SPECIMENS):
        _refuse_to_plan_again(files)
        return None
    old = open_store(files.location).provenance
    if old.run != provenance.run:
        held, wanted = old.to_json(), provenance.to_json()
        parts = ("classifier", "method", "kind", "gamma", "preparation", "references", "grid", "collection")
        changed = [key for key in parts if held.get(key) != wanted.get(key)]
        raise StoreError(
            f"{files.location} holds run {old.run}, made with another {' and '.join(changed) or 'setting'}",
            f"write run {provenance.run} to a store of its own",
        )
    return read_plan(files)


def _refuse_to_plan_again(files: Files) -> None:
    """A plan that is gone is not made anew over finished maps: they would all be computed again."""
    if finished := finished_specimens(files):
        problem = f"{SPECIMENS} of {files.location} is gone, but {counted(finished, 'specimen')} of it are finished"
        raise StoreError(problem, remedy(files.location))


def _create_groups(
    root: zarr.Group, table: pd.DataFrame, plan: ComparisonPlan, provenance: Provenance, present: set[str]
) -> None:
    new = table[~table["group"].isin(present)]
    nodes: dict[str, GroupMetadata | ArrayV2Metadata | ArrayV3Metadata] = {}
    values = value_names(per_image=provenance.per_image)
    maps = {key: value for key, value in provenance.to_json().items() if key in ("method", "kind", "gamma")}
    members = {str(group): rows for group, rows in new.groupby("group", sort=True)}
    for group, rows in members.items():
        name = str(rows["scientificName"].iloc[0])
        references = plan.references(name) if name in plan.chosen else ()
        classes = 1 + len(references) if name in plan.chosen else 0
        nodes[group] = GroupMetadata(attributes=with_digest({**_attributes(rows, references), **maps}))
        arrays = array_nodes(len(rows), classes, provenance.grid, values)
        nodes |= {f"{group}/{name}": node for name, node in arrays.items()}
    for _ in zarr.create_hierarchy(store=root.store, nodes=nodes, overwrite=True):
        pass
    _at_once(lambda group: _name_axes(root, group, members[group], plan), members)


def _at_once(work: Callable[[str], None], groups: Iterable[str]) -> None:
    """Do the same for many groups, several at a time: an object store answers slowly, but many requests at once."""
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(work, groups):
            pass


def _attributes(rows: pd.DataFrame, references: tuple[Reference, ...]) -> dict[str, JsonValue]:
    """Attributes of one species' group, in Darwin Core terms."""
    first = rows.iloc[0]
    return {
        **{key: str(first[key]) for key in ("scientificName", "family", "genus", "vernacularName")},
        "tiers": ["target", *(reference.tier for reference in references)],
        "reasons": ["target", *(reference.reason for reference in references)],
        "similarity": [1.0, *(_number(reference.similarity) for reference in references)],
    }


def _number(value: float) -> float | None:
    """A number that JSON can hold: NaN becomes null."""
    return None if np.isnan(value) else float(value)


def _name_axes(root: zarr.Group, group: str, rows: pd.DataFrame, plan: ComparisonPlan) -> None:
    """Write the coordinates: image ids along `specimen`, scientific names along `class`."""
    _array(root, f"{group}/specimen")[:] = rows.sort_values("slot")["image_id"].to_numpy(object)
    name = str(rows["scientificName"].iloc[0])
    if name in plan.chosen:
        names = [name, *(reference.scientificName for reference in plan.references(name))]
        _array(root, f"{group}/class")[:] = np.array(names, object)


def _extend_groups(root: zarr.Group, table: pd.DataFrame, existing: pd.DataFrame, provenance: Provenance) -> None:
    before = existing["group"].value_counts()
    after = table["group"].value_counts()
    grown = after.index[after > before.reindex(after.index).fillna(np.inf)]
    members = {str(group): rows for group, rows in table[table["group"].isin(grown)].groupby("group")}
    names = (*value_names(per_image=provenance.per_image), "state", "specimen")
    _at_once(lambda group: _extend(root, group, members[group], int(before[group]), names), members)


def _extend(root: zarr.Group, group: str, rows: pd.DataFrame, before: int, names: tuple[str, ...]) -> None:
    for name in names:
        array = _array(root, f"{group}/{name}")
        array.resize((len(rows), *array.shape[1:]))
    start = before // CHUNK * CHUNK
    _array(root, f"{group}/specimen")[start:] = rows.sort_values("slot")["image_id"].to_numpy(object)[start:]


def _array(root: zarr.Group, path: str) -> zarr.Array[Any]:
    array = root[path]
    if not isinstance(array, zarr.Array):
        raise StoreError(f"{path} is not an array", "the store is damaged; write to a new one")
    return array
