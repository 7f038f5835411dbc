"""The planner: creates a store or extends it; nothing else makes groups and slots."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import zarr
from pydantic import JsonValue

from finercam_core.catalog import Catalog
from finercam_core.errors import StoreError, counted
from finercam_core.io.disk.sealed_pieces import read_groups, write_pieces
from finercam_core.io.disk.zarr_store import synced
from finercam_core.io.faults import store_errors
from finercam_core.io.files import Files
from finercam_core.io.web.logins import remember_login
from finercam_core.parts import ImageLists
from finercam_core.redaction import without_secrets
from finercam_core.references.plan import ComparisonPlan
from finercam_core.store import runs
from finercam_core.store.integrity.digests import with_digest
from finercam_core.store.integrity.plan_table import PlanPieces, remedy, same_plan
from finercam_core.store.integrity.repair import finished_specimens
from finercam_core.store.layout import LEASE, LOCK, PROVENANCE, REJECTED, SCHEMA_VERSION, SPECIMENS
from finercam_core.store.leases.claims import FOLDER as CLAIMS
from finercam_core.store.leases.members import FOLDER as WRITERS
from finercam_core.store.lock import refuse_change_of_plan
from finercam_core.store.planning.groups import create_groups, extend_groups
from finercam_core.store.planning.slots import held_species, plan_pieces
from finercam_core.store.provenance import ATTRIBUTE, PartsRecord, Provenance, RunSettings, TraitRecord, run_id
from finercam_core.store.reader import Store, open_store


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
    with TemporaryDirectory(prefix="finercam-plan-") as folder:
        staged, known = Path(folder) / SPECIMENS, existing or ()
        table = plan_pieces(catalog.specimens, catalog.root, known, lists=lists, collection=catalog.name)
        write_pieces(staged, table)
        same = existing is not None and same_plan(_staged(staged), existing)
        if existing is not None and not same:
            refuse_change_of_plan(files.location)
        root = files.group("a", together=True)
        with synced(root):
            _record(files, root, provenance, new=existing is None)
            held = held_species(known).set_index("group")["count"]
            present = _present(files, held.index)
            for piece in _staged(staged):
                create_groups(root, piece[~piece["group"].isin(present)], plan, provenance)
                extend_groups(root, piece, held, provenance)
        files.write_table(REJECTED, catalog.rejected)
        if existing is None or not same or not existing.sealed:
            files.write(SPECIMENS, staged)


def _staged(path: Path) -> Iterator[pd.DataFrame]:
    """Pieces of a plan that is not in the store yet, each of whole species."""
    with path.open("rb") as file:
        yield from read_groups(file)


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


def _present(files: Files, groups: Iterable[str]) -> set[str]:
    """Groups of the plan that exist; a group that somebody deleted is created and computed again."""
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


def _existing(files: Files, provenance: Provenance) -> PlanPieces | None:
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
    return PlanPieces(files)


def _refuse_to_plan_again(files: Files) -> None:
    """A plan that is gone is not made anew over finished maps: they would all be computed again."""
    if finished := finished_specimens(files):
        problem = f"{SPECIMENS} of {files.location} is gone, but {counted(finished, 'specimen')} of it are finished"
        raise StoreError(problem, remedy(files.location))
