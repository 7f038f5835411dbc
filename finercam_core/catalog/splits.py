"""Honest splits: what belongs together stays together, who has a split keeps it, and leaks are found."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import numpy as np
import pandas as pd

from finercam_core.errors import CatalogError


def groups_of(table: pd.DataFrame) -> pd.Series:
    """Group of each row; a row without one is its own."""
    named: pd.Series = table["group_id"].where(table["group_id"] != "", table["image_id"])
    return named


def deal_splits(table: pd.DataFrame, *, val: float = 0.1, test: float = 0.2) -> pd.Series:
    """Deal the groups of each species out to the splits, so that every species has its shares.

    Groups that have a split keep it. The others are taken in the order of the hash of their names, and each goes to the
    split that lacks most of its share in this species; the first goes to train, so that no species is only tested on.

    Parameters
    ----------
    table : DataFrame
        With `group_id`, `image_id`, `scientificName` and `split`, "" where a row has none yet. A group whose rows are
        in several splits goes to train as a whole: the classifier may have seen it. A group of several species counts
        for the one with the most rows in it.
    val, test : float
        Shares, in [0, 1].

    Returns
    -------
    Series of "train", "val" and "test".

    Raises
    ------
    CatalogError
        The shares are invalid: negative, or 1 or more together.
    """
    check_shares(val, test)
    wanted = {"train": 1 - val - test, "test": test, "val": val}
    groups = groups_of(table)
    chosen = _kept(groups, table["split"])
    species = _species_of(groups, table["scientificName"])
    order = pd.DataFrame({"species": species, "share": _shares(pd.Series(species.index, species.index))})
    rows = order.sort_values(["species", "share"], kind="stable")["species"].items()
    for _, members in groupby(rows, key=lambda pair: pair[1]):
        names = [str(name) for name, _ in members]
        chosen |= dict(_deal([n for n in names if n not in chosen], [chosen[n] for n in names if n in chosen], wanted))
    return groups.map(chosen).astype("str")


def keys_in_several(keys: pd.Series, values: pd.Series) -> pd.Series:
    """Keys (groups, images) whose rows have more than one value (split, name); unknown values "" do not count."""
    pairs = pd.DataFrame({"key": keys, "value": values})[values != ""].drop_duplicates()
    return pairs.loc[pairs["key"].duplicated(), "key"].drop_duplicates()


def find_leaks(specimens: pd.DataFrame, digests: Sequence[str]) -> dict[str, str]:
    """Rows that make an accuracy dishonest or a label meaningless.

    Parameters
    ----------
    specimens : DataFrame (N rows)
        With `image_id`, `scientificName`, `group_id` and `split`.
    digests : sequence of str (N,)
        Hash of each image's pixels.

    Returns
    -------
    dict of image id to the reason why the row has to be left out: an image that stands under two names (all its
    rows), or a training image whose group or whose very pixels are validated or tested on too.
    """
    rows = specimens.assign(digest=np.asarray(digests), group=groups_of(specimens))
    disputed = rows[rows["digest"].isin(keys_in_several(rows["digest"], rows["scientificName"]))]
    names = disputed.groupby("digest")["scientificName"].unique()
    reasons = {
        image_id: f"the same image stands under {' and '.join(sorted(names[digest]))}"
        for image_id, digest in zip(disputed["image_id"], disputed["digest"], strict=True)
    }
    rows = rows[~rows["image_id"].isin(list(reasons))]
    held_out = rows[rows["split"].isin(["val", "test"])]
    for key, what in (("digest", "the same image"), ("group", "another image of its group")):
        split_of = dict(zip(held_out[key], held_out["split"], strict=True))
        for image_id, value in rows.loc[rows["split"] == "train", ["image_id", key]].itertuples(index=False):
            if value in split_of:
                reasons.setdefault(image_id, f"{what} is in the {split_of[value]} split")
    return reasons


def check_shares(val: float, test: float) -> None:
    """Raise `CatalogError` if these shares leave nothing to train on."""
    if not (0 <= val <= 1 and 0 <= test <= 1 and val + test < 1):
        raise CatalogError(
            f"{val:g} for val and {test:g} for test leave nothing to train on", "give less than 1 together"
        )


def _shares(names: pd.Series) -> pd.Series:
    """A number in [0, 1) for each name, always the same one."""
    numbers = {name: int.from_bytes(hashlib.sha256(str(name).encode()).digest()[:6], "big") for name in names.unique()}
    return names.map(numbers).astype("float64") / 2**48


def _kept(groups: pd.Series, split: pd.Series) -> dict[str, str]:
    """Splits of the groups that have one."""
    known = pd.DataFrame({"group": groups, "split": split})[split != ""].drop_duplicates()
    several = keys_in_several(groups, split)
    return dict(zip(known["group"], known["split"], strict=True)) | dict.fromkeys(several, "train")


def _species_of(groups: pd.Series, names: pd.Series) -> pd.Series:
    """Species of each group: the one with most of its rows; of several such the first by name."""
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
