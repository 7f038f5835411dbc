"""Stores of the same collection in the same folder, such as those of other base methods."""

from dataclasses import dataclass
from pathlib import Path

from finercam_core.errors import FinercamError
from finercam_core.io.files import Files
from finercam_core.store import Store, open_store
from finercam_core.store.layout import SPECIMENS

MAX_STORES = 12


@dataclass(frozen=True)
class SiblingStore:
    """A store that shows the same specimens.

    Attributes
    ----------
    label : str
        Base method, layer and name of the store, to choose it by.
    location : str
    current : bool
        Whether it is the store under review.
    """

    label: str
    location: str
    current: bool


def sibling_stores(store: Store) -> list[SiblingStore]:
    """The store itself first, then up to `MAX_STORES` - 1 stores of the same collection beside it."""
    siblings = [_describe(store, current=True)]
    for place in _beside(store):
        if len(siblings) == MAX_STORES:
            break
        try:
            if not Files(place).exists(SPECIMENS):
                continue
            other = open_store(place)
        except FinercamError:  # such as a store of a newer version, which is not offered
            continue
        if other.provenance.collection == store.provenance.collection:
            siblings.append(_describe(other, current=False))
    return siblings


def _beside(store: Store) -> list[str]:
    """Places beside a store: all folders on a disk, in an object store those whose name ends like its own."""
    fs, root = store.files.fs, str(store.files.root if store.files.local is None else store.files.local.resolve())
    folder, _, name = root.rstrip("/").rpartition("/")
    names = {str(path).rstrip("/").rpartition("/")[2] for path in fs.ls(folder or "/", detail=False)} - {name}
    if store.files.local is not None:
        return [f"{folder}/{other}" for other in sorted(names)]
    ending, parent = Path(name).suffix, store.location.rpartition("/")[0]
    return [f"{parent}/{other}" for other in sorted(names) if Path(other).suffix == ending]


def _describe(store: Store, *, current: bool) -> SiblingStore:
    provenance = store.provenance
    layer = provenance.classifier.target_layer
    method = f"{provenance.method} at {layer}" if layer else provenance.method
    return SiblingStore(f"{method} ({Path(store.location).name})", store.location, current)
