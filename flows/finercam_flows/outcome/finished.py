"""Whether an annotation has anything to do: found out without torch, from what the last run left in its store."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from finercam_core.errors import StoreError
from finercam_flows.options.annotate import AnnotateOptions

if TYPE_CHECKING:
    import pandas as pd

    from finercam_core.store import StoreSummary

REQUESTS = "requests.json"
"""In a store: the requests that it answers."""
_INDIFFERENT = {"catalog", "store", "device", "batch_size", "shard_size", "retry_failed", "max_failed", "verify",
                "share", "runner", "workers", "allow_factory", "allow_private"}  # fmt: skip
_PACKAGES = ("finercam", "torch", "torchvision", "timm")


def remember(options: AnnotateOptions, store: str) -> None:
    """Note in the store which request it answers, once all of it is done; of some classifiers that cannot be known."""
    from finercam_core.io.files import Files

    asked = _request(options)
    if asked:
        known = _known(store)
        if asked not in known:
            Files(store).write_json(REQUESTS, [*known, asked])


def nothing_to_do(options: AnnotateOptions) -> "tuple[str, StoreSummary] | None":
    """The store and what it holds, if a run with these options would compute nothing; None if that is not certain.

    The same request was answered before with the same classifier, the catalog's table gives the plan that the store
    has, image for image with its size and time, and no specimen is pending.
    """
    asked = "" if options.verify else _request(options)
    store = _answering(options.store, asked) if asked else ""
    if not store:
        return None
    from finercam_core.catalog import open_catalog
    from finercam_core.store import open_store, pending_chunks, summarise
    from finercam_core.store.integrity.plan_table import PlanPieces, same_plan
    from finercam_core.store.planning.slots import plan_pieces
    from finercam_core.store.runs import catalog_place

    catalog, held = open_catalog(options.catalog), open_store(store)
    plan = PlanPieces(held.files)
    same = (
        held.provenance.catalog == catalog_place(catalog.source, held.files)
        and held.rejected.equals(catalog.rejected.reset_index(drop=True))
        and same_plan(_of_catalog(plan_pieces(catalog.specimens, catalog.root, plan)), _of_catalog(plan))
    )
    if not same or pending_chunks(store, retry_failed=options.retry_failed).specimens:
        return None
    return store, summarise(held)


def _of_catalog(plan: "Iterable[pd.DataFrame]") -> "Iterator[pd.DataFrame]":
    """What a catalog alone determines of a plan; the parts of the training are in the classifier, which is the same."""
    return (piece.drop(columns=["part", "fold"], errors="ignore") for piece in plan)


def _answering(location: str, asked: str) -> str:
    """The store at a location, or the run beside it, that answers a request; "" if none does."""
    from finercam_core.store import runs_beside

    try:
        if asked in _known(location):
            return location.rstrip("/")
        beside = [run.location for run in runs_beside(location)]
        return next((place for place in beside if asked in _known(place)), "")
    except (FileNotFoundError, StoreError):  # nothing is there yet, or a run beside it is damaged
        return ""


def _known(location: str) -> list[str]:
    """Requests that a store answers."""
    from finercam_core.io.files import Files

    files = Files(location)
    if not files.exists(REQUESTS):
        return []
    try:
        return [str(each) for each in json.loads(files.read(REQUESTS))]
    except (ValueError, TypeError):  # it spares time and holds nothing else
        return []


def _request(options: AnnotateOptions) -> str:
    """Hash of everything that determines the numbers; "" where files do not say which classifier it is."""
    classifier, references = _state(options.classifier), _state(options.references_by)
    if not classifier:
        return ""
    settings = options.model_dump(exclude=_INDIFFERENT)
    content = [settings, str(Path(options.classifier).resolve()), classifier, references, [*map(_version, _PACKAGES)]]
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:24]


def _state(place: str) -> list[tuple[str, int, int]]:
    """Names, sizes and times of a folder's files, or of a file; [] where there is neither, as for a function."""
    path = Path(place)
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    return [
        (str(each.relative_to(path)), status.st_size, status.st_mtime_ns)
        for each in files
        if each.is_file() and (status := each.stat())
    ]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
