"""From the figures of specimens to those of species: means with intervals, accuracy and confusions."""

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from finercam_core.evaluate.intervals import mean_interval
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
        rows += [_row(str(name), figure, part, one, seed) for name, part in groups for one in MAPS if one in part]
    return pd.DataFrame(rows)


def _row(name: str, figure: str, part: pd.DataFrame, one: str, seed: int) -> dict[str, object]:
    found = mean_interval(part[one].to_numpy(), seed=seed, resamples=2000)
    gain = mean_interval((part[one] - part["random"]).to_numpy(), seed=seed, resamples=2000)
    return {
        "species": name, "map": one, "figure": figure, "mean": found.mean, "low": found.low, "high": found.high,
        "gain": gain.mean, "gain_low": gain.low, "gain_high": gain.high, "n": found.n,
    }  # fmt: skip


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

