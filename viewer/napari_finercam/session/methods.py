"""Other base methods for the same specimens: stores that lie beside the one that is open."""

from dataclasses import dataclass
from pathlib import Path

from finercam_core.errors import FinercamError
from finercam_core.store import Store, open_store
from finercam_core.store.layout import SPECIMENS

MOST = 12


@dataclass(frozen=True)
class Method:
    """A store of one base method."""

    label: str
    location: str
    current: bool


def methods_beside(store: Store) -> list[Method]:
    """The store itself, and stores in the same folder of the same collection, by method and layer."""
    here = Path(store.location).resolve()
    found = [_described(store, current=True)]
    for folder in sorted(here.parent.iterdir()):
        if folder == here or len(found) == MOST or not (folder / SPECIMENS).is_file():
            continue
        try:
            other = open_store(folder)
        except FinercamError:  # a store of a newer version, say: it is not offered
            continue
        if other.provenance.get("collection") == store.provenance.get("collection"):
            found.append(_described(other, current=False))
    return found


def _described(store: Store, *, current: bool) -> Method:
    made = store.provenance
    layer = made["classifier"].get("target_layer", "")
    label = f"{made['method']} at {layer}" if layer else str(made["method"])
    return Method(f"{label} ({Path(store.location).name})", store.location, current)
