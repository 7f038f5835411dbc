"""How each map of one specimen lies on the specimen: energy, pointing game and overlap of its top region."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from finercam_core.evaluate.maps import MAPS, specimen_maps
from finercam_core.evaluate.protocol import Protocol
from finercam_core.evaluate.statistics.map_figures import (
    FIGURES,
    energy_share,
    intersection_over_union,
    map_overlap,
    pointing_game,
)
from finercam_core.images.preparation import to_image
from finercam_core.regions.threshold import region
from finercam_core.store import SpecimenRecord, Store


def judge(
    store: Store, record: SpecimenRecord, protocol: Protocol, specimen: npt.NDArray[np.bool_] | None
) -> pd.DataFrame:
    """Localisation figures of each map of a specimen on the specimen's own region.

    Parameters
    ----------
    store, record, protocol
    specimen : bool array (height, width), optional
        Where the specimen lies, from `specimen_regions.SpecimenLocator`.

    Returns
    -------
    DataFrame, one row per map of `MAPS`: image_id, scientificName, predicted, probability, runner_up (highest scoring
    reference), map, energy, pointing, iou, area, overlap. `energy`, `pointing` and `iou` (of the top pixels) are NaN
    without a region; `overlap` is that of the maps of species and runner-up, for Grad-CAM alone (NaN for finished
    comparisons).
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
        return {name: [float("nan")] * len(maps) for name in (*FIGURES, "area")}
    size = (specimen.shape[1], specimen.shape[0])
    large = to_image(maps, store.preparation.window(size), size)
    return {
        "energy": [float(share) for share in energy_share(large, specimen)],
        "pointing": [pointing_game(values, specimen) for values in large],
        "iou": [intersection_over_union(region(values, top=protocol.top), specimen) for values in large],
        "area": [float(specimen.mean())] * len(large),
    }
