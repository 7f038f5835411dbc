"""What is measured of a region: size, shape, position on the body, colour, and the traits below it."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from finercam_core.regions.shape import region_shape
from finercam_core.regions.traits import Trait

Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Measurements:
    """Measurements of a region, as columns of a table; None where something is not known.

    Attributes
    ----------
    area_px : int
    area_share : float
        Of the image.
    length_px, breadth_px : float
        Axes of the ellipse of equal second moments, in pixels of the image.
    centroid_x_px, centroid_y_px : float
    body_x, body_y : float
        Where the centroid lies in the box around the body, from 0 (left, top) to 1 (right, bottom).
    body_share : float
        Part of the body that the region covers.
    mean_red, mean_green, mean_blue : float
        From 0 to 255.
    main_trait : str
        The trait that holds most of the region.
    main_trait_share : float
        Share of the region that lies on it.
    """

    area_px: int
    area_share: float
    length_px: float | None = None
    breadth_px: float | None = None
    centroid_x_px: float | None = None
    centroid_y_px: float | None = None
    body_x: float | None = None
    body_y: float | None = None
    body_share: float | None = None
    mean_red: float | None = None
    mean_green: float | None = None
    mean_blue: float | None = None
    main_trait: str | None = None
    main_trait_share: float | None = None


COLUMNS = tuple(field.name for field in fields(Measurements))


def measurements(
    mask: Bools,
    image: npt.NDArray[np.uint8] | None,
    traits: Integers | None,
    names: tuple[Trait, ...],
    body: Bools | None,
) -> Measurements:
    """Measure one region.

    Parameters
    ----------
    mask : bool array (height, width)
    image : uint8 array (height, width, 3) or None
        The photograph; None where it is away, and colours are not known.
    traits : int array (height, width) or None
        The collection's own trait mask, where it has one.
    names : tuple of Trait
        What its values mean.
    body : bool array (height, width) or None
        Where the specimen lies, see `finercam_core.regions.masks.specimen_of`.
    """
    shape = region_shape(mask)
    measured = Measurements(shape.area, round(shape.area / mask.size, 6))
    if not shape.area:
        return measured
    red, green, blue = (None,) * 3 if image is None else (round(float(value), 2) for value in image[mask].mean(0))
    measured = replace(
        measured,
        length_px=round(shape.major_axis, 2),
        breadth_px=round(shape.minor_axis, 2),
        centroid_x_px=round(shape.centroid[0], 2),
        centroid_y_px=round(shape.centroid[1], 2),
        mean_red=red,
        mean_green=green,
        mean_blue=blue,
    )
    if body is not None:
        measured = _on_body(measured, mask, shape.centroid, body)
    return measured if traits is None else _with_main_trait(measured, mask, traits, names)


def _on_body(measured: Measurements, mask: Bools, centroid: tuple[float, float], body: Bools) -> Measurements:
    left, top, width, height = region_shape(body).bbox
    return replace(
        measured,
        body_x=round((centroid[0] + 0.5 - left) / width, 4),
        body_y=round((centroid[1] + 0.5 - top) / height, 4),
        body_share=round(float((mask & body).sum() / body.sum()), 6),
    )


def _with_main_trait(measured: Measurements, mask: Bools, traits: Integers, names: tuple[Trait, ...]) -> Measurements:
    shares = {trait.name: float((traits[mask] == trait.id).mean()) for trait in names}
    best = max(shares, key=lambda name: shares[name], default="")
    if not best or not shares[best]:
        return measured
    return replace(measured, main_trait=best, main_trait_share=round(shares[best], 4))
