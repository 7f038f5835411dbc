"""How far the maps of a species moved from one run to another, specimen by specimen."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.stats import spearmanr

from finercam_core.finer import finer_cam
from finercam_core.status import Status
from finercam_core.store.layout import status_of
from finercam_core.store.reader import Store

Floats = npt.NDArray[np.float64]
COLUMNS = (
    "species", "n", "only_a", "only_b", "references", "cosine", "cosine_low", "rank", "flat", "same_choice",
    "not_measured",
)  # fmt: skip


def moved_maps(a: Store, b: Store, name: str, gamma: float) -> dict[str, object]:
    """How far the maps of a species that both have moved: a row of `RunComparison.maps`."""
    one, other = (store.species_dataset(name) for store in (a, b))
    first, second = _done(one), _done(other)
    both = [image_id for image_id in first if image_id in second]
    row: dict[str, object] = {
        "species": name, "n": len(both), "only_a": len(first) - len(both), "only_b": len(second) - len(both)
    }  # fmt: skip
    if not both:
        return row | {"not_measured": "no specimen has a map in both"}
    slots = [first[image_id] for image_id in both], [second[image_id] for image_id in both]
    row["same_choice"] = float((_choices(a, one, slots[0]) == _choices(b, other, slots[1])).mean())
    if reason := _not_comparable(a, b, one, other):
        return row | {"not_measured": reason}
    common = [name for name in map(str, one["class"].values[1:]) if name in set(map(str, other["class"].values[1:]))]
    row["references"] = len(common)
    if not common and gamma > 0:
        return row | {"not_measured": "they have no reference in common"}
    here, there = (
        _maps(dataset.isel(specimen=chosen), common, gamma) for dataset, chosen in zip((one, other), slots, strict=True)
    )
    return row | _moved(here, there)


def _done(dataset: xr.Dataset) -> dict[str, int]:
    """Slot of each finished specimen, by its id."""
    status = status_of(np.asarray(dataset["state"].values))
    return {str(dataset["specimen"].values[slot]): int(slot) for slot in np.flatnonzero(status == Status.DONE)}


def _choices(store: Store, dataset: xr.Dataset, slots: Sequence[int]) -> npt.NDArray[np.object_]:
    chosen: npt.NDArray[np.intp] = np.asarray(dataset["predicted"].values)[list(slots)]
    return np.array([store.provenance.classifier.species[index] for index in chosen], object)


def _not_comparable(a: Store, b: Store, one: xr.Dataset, other: xr.Dataset) -> str:
    """Why maps cannot be laid over each other cell by cell; "" if they can."""
    grids = [tuple(int(dataset.sizes[side]) for side in ("y", "x")) for dataset in (one, other)]
    if grids[0] != grids[1]:
        return "the maps have {}×{} and {}×{} cells".format(*grids[0], *grids[1])
    if a.preparation != b.preparation:
        return "the images were prepared in another way, so that cells lie elsewhere"
    if a.provenance.per_image or b.provenance.per_image:
        return "each image has references of its own"
    return ""


def _maps(dataset: xr.Dataset, references: Sequence[str], gamma: float) -> Floats:
    """Maps of specimens as rows of cells."""
    maps = finer_cam(dataset.load(), gamma=gamma, references=references or None)
    return np.asarray(maps.values, np.float64).reshape(maps.sizes["specimen"], -1)


def _moved(here: Floats, there: Floats) -> dict[str, object]:
    flat = (np.ptp(here, axis=1) == 0) | (np.ptp(there, axis=1) == 0)
    here, there = here[~flat], there[~flat]
    if not len(here):
        return {"flat": int(flat.sum()), "not_measured": "all maps are the same everywhere in one of the runs"}
    lengths = np.linalg.norm(here, axis=1) * np.linalg.norm(there, axis=1)
    cosine = (here * there).sum(axis=1) / lengths
    rank = [float(spearmanr(x, y).statistic) for x, y in zip(here, there, strict=True)]
    return {
        "cosine": float(np.median(cosine)), "cosine_low": float(np.quantile(cosine, 0.1)),
        "rank": float(np.median(rank)), "flat": int(flat.sum()), "not_measured": "",
    }  # fmt: skip


def unmeasured(name: str, a: Store, b: Store) -> dict[str, object]:
    """The row of a species that one of the runs lacks."""
    only_a = name in a.groups
    store = a if only_a else b
    n = len(_done(store.species_dataset(name)))
    reason = f"the species is in {'A' if only_a else 'B'} alone"
    return {"species": name, "n": 0, "only_a": n * only_a, "only_b": n * (not only_a), "not_measured": reason}
