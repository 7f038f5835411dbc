"""Stores of the same collection in the same folder, such as those of other base methods."""

from dataclasses import dataclass
from pathlib import Path

from finercam_core.errors import FinercamError
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
    current = Path(store.location).resolve()
    siblings = [_describe(store, current=True)]
    for folder in sorted(current.parent.iterdir()):
        if folder == current or len(siblings) == MAX_STORES or not (folder / SPECIMENS).is_file():
            continue
        try:
            other = open_store(folder)
        except FinercamError:  # such as a store of a newer version, which is not offered
            continue
        if other.provenance.collection == store.provenance.collection:
            siblings.append(_describe(other, current=False))
    return siblings


def _describe(store: Store, *, current: bool) -> SiblingStore:
    provenance = store.provenance
    layer = provenance.classifier.target_layer
    method = f"{provenance.method} at {layer}" if layer else provenance.method
    return SiblingStore(f"{method} ({Path(store.location).name})", store.location, current)
