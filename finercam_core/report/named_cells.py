"""Which part of a specimen each cell of its map lies on, so that a page can say "strongest at the caudal fin"."""

import numpy as np

from finercam_core.images.faults import ImageError
from finercam_core.images.preparation import cell_weights
from finercam_core.regions.masks import read_mask
from finercam_core.regions.rle import nearest
from finercam_core.regions.traits import traits_of
from finercam_core.store import Store

_SIDE = 400  # pixels of the longer side at which masks are looked at: a cell is as large as many of them
_LEAST = 0.1  # share of a cell that a part must cover to name it


def part_names(store: Store) -> dict[str, str]:
    """Names of a collection's parts by their value in `named_cells`; {} where its masks name none."""
    return {str(trait.id): trait.name.lower() for trait in traits_of(store)}


def named_cells(store: Store, image_id: str, size: tuple[int, int]) -> tuple[int, ...]:
    """The part that covers most of each cell of a specimen's map, row by row; 0 for none.

    Parameters
    ----------
    store : Store
    image_id : str
    size : (int, int)
        Width and height of its photograph.

    Returns
    -------
    tuple of int
        () where the collection has no named parts, or the specimen no mask that fits its photograph.
    """
    traits, (width, height) = traits_of(store), size
    if not traits:
        return ()
    try:
        mask = read_mask(store, image_id)
    except (ImageError, OSError):
        return ()
    if mask is None or mask.shape != (height, width):
        return ()
    scale = min(1.0, _SIDE / max(size))
    small = max(1, round(width * scale)), max(1, round(height * scale))
    labels = nearest(mask, small[::-1])
    rows, columns = cell_weights(store.provenance.grid, store.preparation.window(small), small)
    whole = rows.sum(0)[:, None] * columns.sum(0)
    covered = np.stack([rows.T @ (labels == trait.id) @ columns for trait in traits])
    best = covered.argmax(0)
    named = covered.max(0) > _LEAST * np.maximum(whole, 1e-12)
    ids = np.array([trait.id for trait in traits])
    return tuple(int(one) for one in np.where(named, ids[best], 0).ravel())
