"""What makes an accuracy dishonest: images that stand in two splits, or under two names."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from finercam_core.catalog.splits import groups_of


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
