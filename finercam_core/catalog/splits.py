"""Honest splits: what belongs together stays together, and nobody moves when rows are added."""

import hashlib
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd

from finercam_core.catalog.model import Catalog
from finercam_core.catalog.table import read_table
from finercam_core.catalog.terms import split_name
from finercam_core.errors import CatalogError

COLUMNS = ("image_id", "split", "group_id", "scientificName")


def groups_of(table: pd.DataFrame) -> pd.Series:
    """Group of each row; a row without one is its own."""
    named: pd.Series = table["group_id"].where(table["group_id"] != "", table["image_id"])
    return named


def split_by_group(table: pd.DataFrame, *, val: float = 0.1, test: float = 0.2) -> pd.Series:
    """Give every group (specimen, source image) a split by the hash of its name alone.

    So the split of a group is the same in every table that has it, whatever else is added, removed or sorted. The
    shares hold in each species as those of a random draw do: a species with few groups may lack one of the splits.
    `deal_splits` keeps the shares, and needs to be told the earlier splits.

    Parameters
    ----------
    table : DataFrame
        With `group_id` and `image_id`; a row without a group is its own.
    val, test : float
        Shares, in [0, 1].

    Returns
    -------
    Series of "train", "val" and "test".

    Raises
    ------
    CatalogError
        The shares are none.
    """
    _check(val, test)
    share = _shares(groups_of(table))
    chosen = np.select([share < test, share < test + val], ["test", "val"], "train")
    return pd.Series(chosen, index=table.index)


def deal_splits(table: pd.DataFrame, *, val: float = 0.1, test: float = 0.2) -> pd.Series:
    """Deal the groups of each species out to the splits, so that every species has its shares.

    Groups that have a split keep it. The others are taken in the order of the hash of their names, and each goes to the
    split that lacks most of its share in this species: the first to train, so that no species is only tested on.

    Parameters
    ----------
    table : DataFrame
        With `group_id`, `image_id`, `scientificName` and `split`, "" where a row has none yet. A group whose rows stand
        in several splits goes to train as a whole: the classifier may have seen it. A group of several species counts
        for the one with most rows in it.
    val, test : float
        Shares, in [0, 1].

    Returns
    -------
    Series of "train", "val" and "test".

    Raises
    ------
    CatalogError
        The shares are none.
    """
    _check(val, test)
    wanted = {"train": 1 - val - test, "test": test, "val": val}
    groups = groups_of(table)
    chosen = _kept(groups, table["split"])
    species = _species(groups, table["scientificName"])
    order = pd.DataFrame({"species": species, "share": _shares(pd.Series(species.index, species.index))})
    rows = order.sort_values(["species", "share"], kind="stable")["species"].items()
    for _, members in groupby(rows, key=lambda pair: pair[1]):
        names = [str(name) for name, _ in members]
        chosen |= dict(_deal([n for n in names if n not in chosen], [chosen[n] for n in names if n in chosen], wanted))
    return groups.map(chosen).astype("str")


def _check(val: float, test: float) -> None:
    if not (0 <= val <= 1 and 0 <= test <= 1 and val + test < 1):
        raise CatalogError(
            f"{val:g} for val and {test:g} for test leave nothing to train on", "give less than 1 together"
        )


def _shares(names: pd.Series) -> pd.Series:
    """A number in [0, 1) for each name, the same for ever."""
    numbers = {name: int.from_bytes(hashlib.sha256(str(name).encode()).digest()[:6], "big") for name in names.unique()}
    return names.map(numbers).astype("float64") / 2**48


def _kept(groups: pd.Series, split: pd.Series) -> dict[str, str]:
    """Splits of the groups that have one."""
    given = pd.DataFrame({"group": groups, "split": split})[split != ""].drop_duplicates()
    several = given["group"].duplicated(keep=False)
    return {
        **dict(zip(given["group"], given["split"], strict=True)),
        **dict.fromkeys(given.loc[several, "group"], "train"),
    }


def _species(groups: pd.Series, names: pd.Series) -> pd.Series:
    """Species of each group: that of most of its rows, then the first by name."""
    counted = pd.DataFrame({"group": groups, "species": names}).value_counts().rename("rows").reset_index()
    first = counted.sort_values(["rows", "species"], ascending=[False, True]).drop_duplicates("group")
    species: pd.Series = first.set_index("group")["species"]
    return species


def _deal(new: list[str], before: list[str], wanted: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """A split for each new group of one species."""
    have = {name: before.count(name) for name in wanted}
    for number, group in enumerate(new, len(before) + 1):
        split = max(wanted, key=lambda name: round(wanted[name] * number - have[name], 9))
        have[split] += 1
        yield group, split


def read_splits(location: str) -> pd.Series:
    """Splits of images from a table with the columns `image_id` and `split`, as `finercam catalog split` writes it.

    Returns
    -------
    Series of "train", "val", "test" or "", by image id.

    Raises
    ------
    CatalogError
        It cannot be read, lacks a column, has an image twice, or another word than train, val and test.
    """
    frame = read_table(location, columns=["image_id", "split"]).frame
    splits = frame.set_index("image_id")["split"].map(split_name)
    unknown = frame.loc[splits.isna().to_numpy(bool), "split"].unique()
    if len(unknown):
        raise CatalogError(f"{location} has the split {unknown[0]!r}", "use train, val and test")
    if not splits.index.is_unique:
        twice = splits.index[splits.index.duplicated()][0]
        raise CatalogError(f"{location} has the image {twice!r} twice", "leave one of its rows")
    return splits.astype("str")


def with_splits(specimens: pd.DataFrame, splits: pd.Series) -> pd.DataFrame:
    """Specimens with the splits that a table gives them; images that it lacks keep their own."""
    found = specimens["image_id"].map(splits)
    return specimens.assign(split=found.where(found.notna(), specimens["split"]).astype("str"))


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
        The file cannot be used or written, or the shares are none.
    """
    path, table = Path(location), catalog.specimens
    if path.suffix.lower() != ".csv":
        raise CatalogError(f"splits are written as CSV, not as {path.name}", "give a file that ends in .csv")
    table = table.assign(split="") if anew else table
    before = read_splits(str(path)) if path.exists() else pd.Series(dtype="str")
    table = with_splits(table, before)
    table = table.assign(split=deal_splits(table, val=val, test=test), new=~table["image_id"].isin(before.index))
    beside = path.with_name(f"{path.name}.partial")
    try:
        table[list(COLUMNS)].to_csv(beside, index=False, lineterminator="\n")
        beside.replace(path)
    except OSError as error:
        raise CatalogError(f"{path} cannot be written: {error.strerror}", "correct the path") from error
    return table[[*COLUMNS, "new"]]
