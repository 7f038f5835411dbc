"""Where the cells of a map lie on each photograph: fractions of its sides, and pixels."""

import numpy as np
import numpy.typing as npt
import xarray as xr

from finercam_core.errors import FinercamError
from finercam_core.store import Store

Floats = npt.NDArray[np.float64]


def with_places(maps: xr.DataArray, store: Store) -> xr.DataArray:
    """Maps with the places of their cells.

    Parameters
    ----------
    maps : xarray.DataArray (specimen, y, x)
    store : Store
        Whose photographs are asked for their sizes.

    Returns
    -------
    xarray.DataArray with the coordinates `y_fraction`, `y_pixel` (specimen, y) and `x_fraction`, `x_pixel`
    (specimen, x): centres of the cells, from the top left corner of the photograph; NaN where it cannot be read.
    """
    h, w = maps.sizes["y"], maps.sizes["x"]
    places = [_centres(store, str(image_id), (h, w)) for image_id in maps["specimen"].values]
    return maps.assign_coords(
        y_fraction=(("specimen", "y"), np.stack([y / size[1] for y, _, size in places])),
        x_fraction=(("specimen", "x"), np.stack([x / size[0] for _, x, size in places])),
        y_pixel=(("specimen", "y"), np.stack([y for y, _, _ in places])),
        x_pixel=(("specimen", "x"), np.stack([x for _, x, _ in places])),
    )


def _centres(store: Store, image_id: str, grid: tuple[int, int]) -> tuple[Floats, Floats, tuple[float, float]]:
    """Centres of the rows and of the columns in pixels, and the photograph's width and height."""
    h, w = grid
    try:
        width, height = store.image_size(image_id)
    except FinercamError:
        return np.full(h, np.nan), np.full(w, np.nan), (np.nan, np.nan)
    left, top, right, bottom = store.preparation.window((width, height))
    rows = top + (np.arange(h) + 0.5) * (bottom - top) / h
    columns = left + (np.arange(w) + 0.5) * (right - left) / w
    return rows, columns, (float(width), float(height))
