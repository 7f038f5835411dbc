"""Splits as a file to keep and to cite: which images are for training, validation and testing."""

from pathlib import Path

import pandas as pd

from finercam_core.catalog.catalog import Catalog
from finercam_core.catalog.columns import split_name
from finercam_core.catalog.splits import deal_splits
from finercam_core.errors import CatalogError
from finercam_core.io.atomic import replacing
from finercam_core.io.tables import read_certain_table

COLUMNS = ("image_id", "split", "group_id", "scientificName")


def read_splits(location: str) -> pd.Series:
    """Splits of images from a table with the columns `image_id` and `split`, as `finercam catalog split` writes it.

    Returns
    -------
    Series of "train", "val", "test" or "", by image id.

    Raises
    ------
    CatalogError
        It cannot be read, lacks a column, has an image twice, or has a word other than train, val and test.
    """
    frame = read_certain_table(location, columns=["image_id", "split"]).frame
    splits = frame.set_index("image_id")["split"].map(split_name)
    unknown = frame.loc[splits.isna().to_numpy(bool), "split"].unique()
    if len(unknown):
        raise CatalogError(f"{location} has the split {unknown[0]!r}", "use train, val and test")
    if not splits.index.is_unique:
        repeated = splits.index[splits.index.duplicated()][0]
        raise CatalogError(f"{location} has the image {repeated!r} twice", "keep one of its rows")
    return splits.astype("str")


def with_splits(specimens: pd.DataFrame, splits: pd.Series) -> pd.DataFrame:
    """Specimens with the splits that a table gives them; images that are not in it keep their own."""
    listed = specimens["image_id"].map(splits)
    return specimens.assign(split=listed.where(listed.notna(), specimens["split"]).astype("str"))


def write_splits(
    catalog: Catalog, location: str | Path, *, val: float = 0.1, test: float = 0.2, anew: bool = False
) -> pd.DataFrame:
    """Write a table of splits for a catalog, made by `deal_splits`; images that the file already has keep theirs.

    Parameters
    ----------
    catalog : Catalog
        Opened with ``splits=""``. Its own splits are kept as well.
    location : str or Path
        CSV file, replaced as a whole.
    val, test : float
        Shares, in [0, 1].
    anew : bool
        Do not keep the catalog's own splits (those of the file are).

    Returns
    -------
    DataFrame with image_id, split, group_id, scientificName, and the boolean `new`.

    Raises
    ------
    CatalogError
        The file cannot be used or written, or the shares are invalid.
    """
    path, table = Path(location), catalog.specimens
    if path.suffix.lower() != ".csv":
        raise CatalogError(f"splits are written as CSV, not as {path.name}", "give a file that ends in .csv")
    table = table.assign(split="") if anew else table
    before = read_splits(str(path)) if path.exists() else pd.Series(dtype="str")
    table = with_splits(table, before)
    table = table.assign(split=deal_splits(table, val=val, test=test), new=~table["image_id"].isin(before.index))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as partial:
            table[list(COLUMNS)].to_csv(partial, index=False, lineterminator="\n")
    except OSError as error:
        raise CatalogError(f"{path} cannot be written: {error.strerror or error}", "correct the path") from error
    return table[[*COLUMNS, "new"]]
