"""The images of a collection as arrays, in honest splits; what cannot be read is said, not dropped in silence."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from finercam_core.catalog import Catalog
from finercam_core.errors import TrainingError
from finercam_core.images import ImageError, load_pixels
from finercam_core.preparation import Preparation

Progress = Callable[[int, int, str], None]
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class TrainingData:
    """Prepared images with their classes.

    Attributes
    ----------
    pixels : uint8 array (N, H, W, 3)
    labels : int64 array (N,)
        Index into `species`.
    split : str array (N,)
        "train", "val" or "test".
    species : tuple of str
        Scientific names, sorted.
    unreadable : dict
        Image id to what is wrong with it.
    left_out : tuple of str
        Species without a training image.
    """

    pixels: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    split: npt.NDArray[np.str_]
    species: tuple[str, ...]
    unreadable: dict[str, str]
    left_out: tuple[str, ...]

    def part(self, name: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
        """Pixels and labels of one split."""
        chosen = self.split == name
        return self.pixels[chosen], self.labels[chosen]


def load_data(
    catalog: Catalog, preparation: Preparation, *, minimum: int = 1, progress: Progress | None = None
) -> TrainingData:
    """Read all images of a collection.

    Parameters
    ----------
    catalog : Catalog
        Its splits are taken where it has them, else made by `split_by_group`.
    preparation : Preparation
    minimum : int
        Training images that a species needs; species with fewer are left out by name.
    progress : callable, optional
        Called with images read, of all, and a note.

    Raises
    ------
    TrainingError
        If fewer than two species have enough images.
    """
    table = catalog.specimens[catalog.specimens["fault"] == ""].reset_index(drop=True)
    split = table["split"] if (table["split"] == "train").any() else split_by_group(table)
    places = table["path"].where(table["path"] != "", table["accessURI"])
    pixels, unreadable, good = [], {}, []
    with ThreadPoolExecutor(2) as pool:
        for i, result in enumerate(pool.map(lambda place: _read(place, preparation, catalog.root), places)):
            if isinstance(result, str):
                unreadable[str(table["image_id"].iloc[i])] = result
            else:
                pixels.append(result)
                good.append(i)
            if progress is not None and (i % 50 == 0 or i + 1 == len(table)):
                progress(i + 1, len(table), "reading images")
    kept, split = table.iloc[good], split.iloc[good].to_numpy(str)
    counts = kept.loc[split == "train", "scientificName"].value_counts()
    species = tuple(sorted(counts[counts >= minimum].index))
    if len(species) < 2:
        raise TrainingError(f"{len(species)} species have {minimum} readable training images", "give two or more")
    use = kept["scientificName"].isin(species).to_numpy(bool)
    labels = kept["scientificName"][use].map({name: i for i, name in enumerate(species)}).to_numpy(np.int64)
    left_out = tuple(sorted(set(table["scientificName"]) - set(species)))
    return TrainingData(np.stack(pixels)[use], labels, split[use], species, unreadable, left_out)


def _read(place: str, preparation: Preparation, root: str) -> npt.NDArray[np.uint8] | str:
    try:
        return load_pixels(place, preparation, root=root)
    except ImageError as error:
        return str(error)


def split_by_group(table: pd.DataFrame, *, val: float = 0.1, test: float = 0.2) -> pd.Series:
    """Give every group (specimen, source image) a split by the hash of its name: the same when rows are added.

    Parameters
    ----------
    table : DataFrame
        With `group_id` and `image_id`; a row without a group is its own.
    val, test : float
        Shares.

    Returns
    -------
    Series of "train", "val" and "test".
    """
    groups = table["group_id"].where(table["group_id"] != "", table["image_id"])
    share = groups.map(lambda name: int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big") / 2**48)
    chosen = np.select([share < test, share < test + val], ["test", "val"], "train")
    return pd.Series(chosen, index=table.index)
