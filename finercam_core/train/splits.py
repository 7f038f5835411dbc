"""Honest splits: what belongs together stays together, and nothing that is tested on was trained on."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd


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
    share = groups_of(table).map(lambda name: int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big") / 2**48)
    chosen = np.select([share < test, share < test + val], ["test", "val"], "train")
    return pd.Series(chosen, index=table.index)


def groups_of(table: pd.DataFrame) -> pd.Series:
    """Group of each row; a row without one is its own."""
    named: pd.Series = table["group_id"].where(table["group_id"] != "", table["image_id"])
    return named


def find_leaks(table: pd.DataFrame, split: Sequence[str], digests: Sequence[str]) -> dict[str, str]:
    """Rows that make an accuracy dishonest or a label meaningless.

    Parameters
    ----------
    table : DataFrame
        With `image_id`, `scientificName` and `group_id`.
    split : sequence of str (N,)
    digests : sequence of str (N,)
        Hash of each image's pixels.

    Returns
    -------
    dict of image id to the reason why the row has to be left out: an image that stands under two names (all its
    rows), or a training image whose group or whose very pixels are validated or tested on too.
    """
    rows = table.assign(split=np.asarray(split), digest=np.asarray(digests), group=groups_of(table))
    left: dict[str, str] = {}
    names = rows.groupby("digest")["scientificName"].unique()
    for image_id, digest in zip(rows["image_id"], rows["digest"], strict=True):
        if len(names[digest]) > 1:
            left[image_id] = f"the same image stands under {' and '.join(sorted(names[digest]))}"
    rows = rows[~rows["image_id"].isin(list(left))]
    held = rows[rows["split"].isin(["val", "test"])]
    for key, what in (("digest", "the same image"), ("group", "another image of its group")):
        where = dict(zip(held[key], held["split"], strict=True))
        for image_id, value in rows.loc[rows["split"] == "train", ["image_id", key]].itertuples(index=False):
            if value in where:
                left.setdefault(image_id, f"{what} is in the {where[value]} split")
    return left
