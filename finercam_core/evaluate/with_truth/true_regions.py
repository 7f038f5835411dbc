"""Stored maps against regions in which the true difference is known."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from finercam_core.errors import ComparisonError, StoreError
from finercam_core.evaluate.maps import centred_blob, grid_of, maps_in, maps_of, pair_map, random_map
from finercam_core.evaluate.statistics.intervals import Interval, mean_interval
from finercam_core.evaluate.statistics.map_figures import energy_share
from finercam_core.images.preparation import to_image
from finercam_core.status import Status
from finercam_core.store import SpecimenRecord, Store
from finercam_core.store.backgrounds import backgrounds_of
from finercam_core.strengths import GAMMA, Baseline

Truth = Callable[[str, str], npt.NDArray[np.bool_]]


@dataclass(frozen=True)
class TrueRegions:
    """Where specimens truly differ from references.

    Attributes
    ----------
    of : callable
        ``of(image_id, reference)`` gives the true region at image resolution, bool (height, width).
    fingerprint : str
        Hash of what the regions come from; figures that were made with other regions are made again.
    """

    of: Truth
    fingerprint: str


def true_region_energies(
    store: Store,
    image_ids: Iterable[str],
    truth: Truth,
    *,
    gamma: float = GAMMA,
    tier: str = "congener",
    seed: int = 0,
    above: Baseline = "none",
    progress: Callable[[], None] | None = None,
) -> pd.DataFrame:
    """Energy of each specimen's maps in the region where it truly differs, one reference at a time.

    Parameters
    ----------
    store : Store
    image_ids : iterable of str
        Specimens to judge; those without maps are left out.
    truth : callable
        ``truth(image_id, reference)`` gives the true region at image resolution, bool (height, width).
    gamma : float
        Of Finer-CAM; Grad-CAM is γ = 0.
    tier : str
        Only references of this tier count.
    seed : int
        Of the random map: uniform values on the model's grid. The centred blob is the other control.
    above : str
        Baseline of one more map, see `finercam_core.baselines`; pairs whose background is not known are left out then.
    progress : callable, optional
        Called after each specimen.

    Returns
    -------
    DataFrame with image_id, scientificName, reference, predicted, one column of energy shares per map of
    `maps.maps_of`, and `area`, the share of the image's pixels in the region.
    """
    rows: list[dict[str, object]] = []
    for image_id in image_ids:
        record = _readable(store, image_id)
        if record is not None and record.status == Status.DONE:
            for index in [i for i, name in enumerate(record.tiers) if name == tier]:
                region = truth(image_id, record.classes[index])
                try:
                    rows.append(_judge(store, record, index, region, gamma, seed, above))
                except ComparisonError:
                    if above == "none":
                        raise
                    # The evaluation lists the specimen as left out, with the reason.
        if progress is not None:
            progress()
    return pd.DataFrame(rows)


def _readable(store: Store, image_id: str) -> SpecimenRecord | None:
    """What the store has of a specimen; None if it is damaged, which `species_figures` lists."""
    try:
        return store.record(image_id)
    except StoreError:
        return None


def _judge(
    store: Store,
    record: SpecimenRecord,
    index: int,
    region: npt.NDArray[np.bool_],
    gamma: float,
    seed: int,
    above: Baseline,
) -> dict[str, object]:
    size = (region.shape[1], region.shape[0])
    grid = grid_of(record)
    controls = (random_map(grid, f"{record.image_id} {record.classes[index]}", seed), centred_blob(grid))
    gammas = (0.0, gamma, 1.0) if record.compared_at is None else (0.0, gamma)
    maps = [pair_map(record, index, each) for each in gammas]
    if above != "none":
        maps.append(pair_map(record, index, gamma, above, backgrounds_of(store)))
    shares = energy_share(to_image(np.stack([*maps, *controls]), store.preparation.window(size), size), region)
    named = {"image_id": record.image_id, "scientificName": record.scientificName}
    named |= {"reference": record.classes[index], "predicted": record.predicted}
    return {**named, **dict(zip(maps_of(record, above), shares.tolist(), strict=True)), "area": float(region.mean())}


def energy_intervals(energies: pd.DataFrame, *, seed: int = 0) -> dict[str, Interval]:
    """Mean energy of each map, and the paired gains of Finer-CAM, with 95 % bootstrap intervals over specimens.

    Returns
    -------
    dict with the names of the maps, "finer_cam - grad_cam" and "finer_cam - random".
    """
    names = list(maps_in(energies.columns))
    by_specimen = energies.groupby("image_id")[names].mean()
    values = {name: by_specimen[name] for name in names}
    values["finer_cam - grad_cam"] = by_specimen["finer_cam"] - by_specimen["grad_cam"]
    values["finer_cam - random"] = by_specimen["finer_cam"] - by_specimen["random"]
    return {name: mean_interval(series.to_numpy(), seed=seed) for name, series in values.items()}
