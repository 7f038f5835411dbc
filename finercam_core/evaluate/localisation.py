"""All figures of one specimen: how its maps lie, beside controls that know nothing."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from finercam_core.evaluate.protocol import Protocol
from finercam_core.evaluate.statistics.map_figures import (
    centred_blob,
    energy_share,
    intersection_over_union,
    map_overlap,
    pointing_game,
    random_map,
)
from finercam_core.finer import Weighting, coefficients, combine, gamma_for
from finercam_core.images.preparation import to_image
from finercam_core.regions.threshold import region
from finercam_core.store import SpecimenRecord, Store

MAPS = ("grad_cam", "finer_cam", "random", "blob")


def specimen_maps(record: SpecimenRecord, protocol: Protocol) -> npt.NDArray[np.float32]:
    """Grad-CAM, Finer-CAM against all references, a random map and a centred blob; float32 (4, h, w)."""
    grid = (int(record.evidence.shape[-2]), int(record.evidence.shape[-1]))
    cams = [combine(record.evidence, map_weights(record, gamma, protocol.weighting)) for gamma in (0.0, protocol.gamma)]
    return np.stack([*cams, random_map(grid, record.image_id, protocol.seed), centred_blob(grid)])


def map_weights(record: SpecimenRecord, gamma: float, weighting: Weighting) -> npt.NDArray[Any]:
    """Coefficients of a record's maps; finished comparisons keep the γ that they were made with."""
    at = record.compared_at
    return coefficients(
        record.logit, record.log_sum_exp, gamma=gamma_for(at, gamma), weighting=weighting, compared_at=at
    )


def judge(
    store: Store, record: SpecimenRecord, protocol: Protocol, specimen: npt.NDArray[np.bool_] | None
) -> pd.DataFrame:
    """One row a map of `MAPS` with its localisation figures on the specimen's own region.

    Parameters
    ----------
    store, record, protocol
    specimen : bool array (height, width), optional
        Where the specimen lies, from `specimen_regions.SpecimenRegions`.

    Returns
    -------
    DataFrame: image_id, scientificName, predicted, probability, runner_up (highest scoring reference), map,
    energy, pointing, iou, area, overlap. `energy`, `pointing` and `iou` (of the top pixels) are NaN without a region;
    `overlap` is that of the maps of species and runner-up, for Grad-CAM alone (NaN for finished comparisons).
    """
    maps = specimen_maps(record, protocol)
    rival = 1 + int(np.argmax(record.logit[1:])) if len(record.classes) > 1 else 0
    table = pd.DataFrame(
        {
            "image_id": record.image_id,
            "scientificName": record.scientificName,
            "predicted": record.predicted,
            "probability": float(record.probability[0]),
            "runner_up": record.classes[rival] if rival else "",
            "map": MAPS,
            **_localised(store, maps, protocol, specimen),
        }
    )
    classwise = rival and record.compared_at is None  # finished comparisons hold no map of another class
    overlap = map_overlap(record.evidence[0], record.evidence[rival]) if classwise else np.nan
    return table.assign(overlap=np.where(table["map"] == "grad_cam", overlap, np.nan))


def _localised(
    store: Store, maps: npt.NDArray[np.float32], protocol: Protocol, specimen: npt.NDArray[np.bool_] | None
) -> dict[str, list[float]]:
    if specimen is None:
        return {name: [float("nan")] * len(maps) for name in ("energy", "pointing", "iou", "area")}
    size = (specimen.shape[1], specimen.shape[0])
    large = to_image(maps, store.preparation.window(size), size)
    return {
        "energy": [float(share) for share in energy_share(large, specimen)],
        "pointing": [pointing_game(values, specimen) for values in large],
        "iou": [intersection_over_union(region(values, top=protocol.top), specimen) for values in large],
        "area": [float(specimen.mean())] * len(large),
    }
