"""The slow half of an evaluation: how the maps of each specimen lie, species by species, kept on disk."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from finercam_core.errors import ComparisonError, FinercamError, StoreError
from finercam_core.evaluate.kept_tables import fingerprint, forget, kept, species_folder, state_fingerprint
from finercam_core.evaluate.maps import grid_of, maps_of, specimen_maps
from finercam_core.evaluate.protocol import Protocol
from finercam_core.evaluate.specimen_regions import SpecimenLocator
from finercam_core.evaluate.statistics.map_figures import (
    FIGURES,
    energy_share,
    intersection_over_union,
    map_overlap,
    pointing_game,
)
from finercam_core.evaluate.tables import joined
from finercam_core.evaluate.traits.attribution import attribute
from finercam_core.evaluate.traits.cover import cover
from finercam_core.evaluate.with_truth.true_regions import TrueRegions, true_region_energies
from finercam_core.images.preparation import to_image
from finercam_core.regions.masks import read_mask
from finercam_core.regions.threshold import region
from finercam_core.regions.traits import traits_of
from finercam_core.status import Status
from finercam_core.store import SpecimenRecord, Store
from finercam_core.store.backgrounds import backgrounds_of
from finercam_core.store.integrity.checksums import DAMAGE


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
    DataFrame, one row per map of `maps.maps_of`: image_id, scientificName, predicted, probability, runner_up (highest
    scoring reference), map, energy, pointing, iou, area, overlap. `energy`, `pointing` and `iou` (of the top pixels)
    are NaN without a region; `overlap` is that of the maps of species and runner-up, for Grad-CAM alone (NaN for
    finished comparisons).
    """
    maps = specimen_maps(record, protocol, backgrounds_of(store))
    rival = 1 + int(np.argmax(record.logit[1:])) if len(record.classes) > 1 else 0
    table = pd.DataFrame(
        {
            "image_id": record.image_id,
            "scientificName": record.scientificName,
            "predicted": record.predicted,
            "probability": float(record.probability[0]),
            "runner_up": record.classes[rival] if rival else "",
            "map": maps_of(record, protocol.above),
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


DAMAGED = "its maps are damaged"  # how the reason of a specimen begins that the store calls done


@dataclass(frozen=True)
class SpeciesFigures:
    """Figures of one species' specimens.

    Attributes
    ----------
    specimens : DataFrame
        From `localisation.judge`.
    traits : DataFrame
        From `attribution.attribute`; empty without trait masks.
    energies : DataFrame
        From `true_regions.true_region_energies`; empty where the truth is not known.
    left_out : DataFrame
        Specimens without figures: image_id, scientificName, reason.
    """

    specimens: pd.DataFrame
    traits: pd.DataFrame
    energies: pd.DataFrame
    left_out: pd.DataFrame


def species_figures(
    store: Store,
    name: str,
    image_ids: Sequence[str],
    protocol: Protocol,
    regions: SpecimenLocator,
    truth: TrueRegions | None,
) -> SpeciesFigures:
    """Judge the specimens of one species; one that cannot be judged is listed with its reason."""
    traits = traits_of(store)
    judged, attributed, left_out = [], [], []
    for image_id in image_ids:
        try:
            record = store.record(image_id)
        except StoreError as error:
            left_out.append((image_id, name, f"{DAMAGED}: {error}"))
            continue
        if record.status != Status.DONE:
            left_out.append((image_id, name, f"no maps: {record.status.sentence}"))
            continue
        try:
            mask = read_mask(store, image_id)
            judged.append(judge(store, record, protocol, regions.of(store, image_id, mask)))
        except ComparisonError as error:
            left_out.append((image_id, name, f"no map above its baseline {protocol.above!r}: {error.problem}"))
            continue
        except (FinercamError, OSError, ValueError) as error:
            left_out.append((image_id, name, f"its mask cannot be read: {error}"))
            continue
        if traits and mask is not None and (mask > 0).any() and len(record.classes) > 1:
            parts = cover(mask, [trait.id for trait in traits], store.preparation, grid_of(record))
            attributed.append(attribute(record, parts, mask, store.preparation))
        elif traits:
            left_out.append((image_id, name, "no trait mask, or no reference: no traits"))
    listed = pd.DataFrame(left_out, columns=["image_id", "scientificName", "reason"])
    energies = pd.DataFrame()
    if truth is not None:
        energies = true_region_energies(
            store, image_ids, truth.of, gamma=protocol.gamma, seed=protocol.seed, above=protocol.above
        )
    return SpeciesFigures(joined(judged), joined(attributed), energies, listed)


def kept_figures(
    store: Store, name: str, image_ids: Sequence[str], protocol: Protocol, folder: Path, regions: SpecimenLocator,
    truth: TrueRegions | None = None,
) -> tuple[SpeciesFigures, bool]:  # fmt: skip
    """Figures of a species from the folder if they are still valid, else computed and put there; and which it was.

    They are valid while the protocol, the store's run, the chosen specimens, their states, their regions and the truth
    are the same.
    """
    try:
        states = state_fingerprint(store, name)
    except (*DAMAGE, KeyError, OSError):  # its specimens are left out one by one, each with its reason
        return species_figures(store, name, image_ids, protocol, regions, truth), False
    chosen = fingerprint(list(image_ids), [trait.id for trait in traits_of(store)], regions.fingerprint)
    key = {
        "species": name, "protocol": protocol.fingerprint(store), "specimens": chosen,
        "states": states, "truth": truth.fingerprint if truth is not None else "",
    }  # fmt: skip
    tables, known = kept(
        species_folder(folder, name),
        key,
        lambda: vars(species_figures(store, name, image_ids, protocol, regions, truth)),
    )
    figures = SpeciesFigures(**tables)
    if figures.left_out["reason"].astype(str).str.startswith(DAMAGED).any():
        forget(species_folder(folder, name))  # once the maps are computed again, the states are the same
    return figures, known
