"""From the figures of specimens to those of species: means with intervals, accuracy and confusions."""

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from finercam_core.evaluate.bootstrap import resampled_means, spread
from finercam_core.evaluate.specimen import MAPS

FIGURES = ("energy", "pointing", "iou")
OVERALL = "all species"


def localisation_table(specimens: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Mean of each figure of each map, and its paired gain over the random map, with 95 % intervals.

    Parameters
    ----------
    specimens : DataFrame
        From `specimen.judge`.
    seed : int

    Returns
    -------
    DataFrame: species (each, and all together), map, figure, mean, low, high, gain, gain_low, gain_high, n. Overall
    figures take specimens as the units, so that a species counts by its number of specimens.
    """
    wide = {
        figure: specimens.pivot_table(index=["scientificName", "image_id"], columns="map", values=figure)
        for figure in FIGURES
    }
    rows: list[dict[str, object]] = []
    for figure, table in wide.items():
        if table.empty:
            continue
        groups = [(OVERALL, table), *table.groupby(level="scientificName")]
        for name, part in groups:
            rows += _rows(str(name), figure, part, seed)
    return pd.DataFrame(rows)


def _rows(name: str, figure: str, part: pd.DataFrame, seed: int) -> list[dict[str, object]]:
    """All maps of one group; the same bootstrap samples for each, so that gains are paired."""
    known = part.reindex(columns=list(MAPS)).dropna()
    if known.empty:
        return []
    both = np.hstack([known, known.sub(known["random"], axis=0)])
    found = spread(both.mean(0), resampled_means(both, seed=seed))
    values = np.stack([found.value, found.low, found.high], axis=1).reshape(2, len(MAPS), 3)
    names = [("mean", "low", "high"), ("gain", "gain_low", "gain_high")]
    return [
        {"species": name, "map": one, "figure": figure, "n": len(known)}
        | {
            key: float(v)
            for keys, row in zip(names, values[:, i], strict=True)
            for key, v in zip(keys, row, strict=True)
        }
        for i, one in enumerate(MAPS)
    ]


def accuracy_table(specimens: pd.DataFrame) -> pd.DataFrame:
    """Accuracy of the classifier on the judged specimens of each species, with the Wilson interval and confusions.

    Returns
    -------
    DataFrame: species, n, correct, accuracy, low, high, confusions ("A. two (3), A. three (1)"), overlap (mean
    overlap of the maps of the species and of its runner-up).
    """
    rows: list[dict[str, object]] = []
    for name, part in specimens[specimens["map"] == MAPS[0]].groupby("scientificName", sort=True):
        wrong = part.loc[part["predicted"] != name, "predicted"].value_counts()
        right, n = len(part) - int(wrong.sum()), len(part)
        interval = binomtest(right, n).proportion_ci(method="wilson")
        rows.append(
            {
                "species": name, "n": n, "correct": right, "accuracy": right / n,
                "low": float(interval.low), "high": float(interval.high),
                "confusions": ", ".join(f"{other} ({count})" for other, count in wrong.items()),
                "overlap": float(np.nanmean(part["overlap"])) if part["overlap"].notna().any() else np.nan,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)
