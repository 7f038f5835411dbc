"""What is measured of a region: size, shape, where on the body it lies, its colour, and the traits below it."""

from typing import Any

import numpy as np
import numpy.typing as npt

from finercam_core.regions.threshold import measure
from finercam_core.regions.traits import Trait

Bools = npt.NDArray[np.bool_]

COLUMNS = (
    "area_px", "area_share", "length_px", "breadth_px", "centroid_x_px", "centroid_y_px",
    "body_x", "body_y", "body_share", "mean_red", "mean_green", "mean_blue", "main_trait", "main_trait_share",
)  # fmt: skip


def measurements(
    mask: Bools,
    image: npt.NDArray[np.uint8],
    traits: npt.NDArray[np.integer[Any]] | None,
    names: tuple[Trait, ...],
    body: Bools | None,
) -> dict[str, Any]:
    """Measure one region.

    Parameters
    ----------
    mask : bool array (height, width)
    image : uint8 array (height, width, 3)
        The photograph.
    traits : int array (height, width) or None
        The collection's own trait mask, where it has one.
    names : tuple of Trait
        What its values mean.
    body : bool array (height, width) or None
        Where the specimen lies, see `finercam_core.regions.masks.specimen_of`.

    Returns
    -------
    dict with `COLUMNS`: lengths in pixels of the image; `area_share` of the image; `length` and `breadth` are the axes
    of the ellipse of equal second moments; `body_x` and `body_y` say where the centroid lies in the box around the
    body, from 0 (left, top) to 1 (right, bottom); `body_share` is the part of the body that the region covers; mean
    colours from 0 to 255; `main_trait` is the trait that holds most of the region. "" where something is not known.
    """
    found = measure(mask)
    row: dict[str, Any] = dict.fromkeys(COLUMNS, "") | {"area_px": found["area"]}
    row["area_share"] = round(found["area"] / mask.size, 6)
    if not found["area"]:
        return row
    x, y = found["centroid"]
    row |= {"length_px": round(found["major_axis"], 2), "breadth_px": round(found["minor_axis"], 2)}
    row |= {"centroid_x_px": round(x, 2), "centroid_y_px": round(y, 2)}
    colours = image[mask].mean(0)
    row |= dict(zip(("mean_red", "mean_green", "mean_blue"), (round(float(c), 2) for c in colours), strict=True))
    if body is not None:
        row |= _on_the_body(mask, (x, y), body)
    return row if traits is None else row | _main_trait(mask, traits, names)


def _on_the_body(mask: Bools, centroid: tuple[float, float], body: Bools) -> dict[str, Any]:
    left, top, width, height = measure(body)["bbox"]
    return {
        "body_x": round((centroid[0] + 0.5 - left) / width, 4),
        "body_y": round((centroid[1] + 0.5 - top) / height, 4),
        "body_share": round(float((mask & body).sum() / body.sum()), 6),
    }


def _main_trait(mask: Bools, traits: npt.NDArray[np.integer[Any]], names: tuple[Trait, ...]) -> dict[str, Any]:
    shares = {trait.name: float((traits[mask] == trait.id).mean()) for trait in names}
    best = max(shares, key=lambda name: shares[name], default="")
    if not best or not shares[best]:
        return {}
    return {"main_trait": best, "main_trait_share": round(shares[best], 4)}
