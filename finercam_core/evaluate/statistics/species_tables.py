"""From the figures of specimens to tables by species: means with intervals, accuracy and confusions."""

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from finercam_core.evaluate.maps import MAPS, maps_in
from finercam_core.evaluate.statistics.intervals import resampled_means, spread
from finercam_core.evaluate.statistics.map_figures import FIGURES

OVERALL = "all species"


def localisation_table(specimens: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Mean of each figure of each map, and its paired gains over the random map, the blob and Grad-CAM.

    Parameters
    ----------
    specimens : DataFrame
        From `localisation.judge`.
    seed : int

    Returns
    -------
    DataFrame: species (each, and all together), figure, n, map, empty (specimens whose map shows nothing; `n` counts
    those whose maps all show something), mean, low, high (95 %); gain, gain_low, gain_high (over the random map, 95 %),
    gain_all_low, gain_all_high (these hold together over maps and figures, and over species in the rows by species;
    Bonferroni); the same for over_blob_mean … and over_grad_cam_mean … The units of the overall figures are specimens,
    so that a species counts by its number of specimens.
    """
    wide = {
        figure: specimens.pivot_table(index=["scientificName", "image_id"], columns="map", values=figure)
        for figure in FIGURES
    }
    rows: list[dict[str, object]] = []
    looks = (len(maps_in(specimens["map"])) - 1) * max(1, sum(len(table) > 0 for table in wide.values()))
    for figure, table in wide.items():
        if table.empty:
            continue
        groups = [(OVERALL, table), *table.groupby(level="scientificName")]
        for name, part in groups:
            many = 1 if name == OVERALL else len(groups) - 1
            rows += _rows(str(name), figure, part, looks * many, seed)
    return pd.DataFrame(rows)


_AGAINST = (("gain", "gain", "random"), ("over_blob_mean", "over_blob", "blob"),
            ("over_grad_cam_mean", "over_grad_cam", "grad_cam"))  # fmt: skip


def _rows(species: str, figure: str, part: pd.DataFrame, looks: int, seed: int) -> list[dict[str, object]]:
    """All maps of one group; the same bootstrap samples for each, so that gains are paired."""
    names = maps_in(part.columns)
    every_map = part.reindex(columns=list(names))
    known = every_map.dropna()
    if known.empty:
        return []
    empty = every_map[every_map["random"].notna()].isna().sum()  # a random map is never empty: there a region is known
    means, samples = known.mean().to_numpy(), resampled_means(known, seed=seed)
    own = spread(means, samples)
    columns = {"mean": own.value, "low": own.low, "high": own.high}
    for mean, prefix, other in _AGAINST:
        base = names.index(other)
        gain, drawn = means - means[base], samples - samples[:, [base]]
        each, every = spread(gain, drawn), spread(gain, drawn, looks=looks, n=len(known))
        columns |= {mean: gain, f"{prefix}_low": each.low, f"{prefix}_high": each.high,
                  f"{prefix}_all_low": every.low, f"{prefix}_all_high": every.high}  # fmt: skip
    head = {"species": species, "figure": figure, "n": len(known)}
    return [
        {**head, "map": name, "empty": int(empty[name]), **{key: float(values[i]) for key, values in columns.items()}}
        for i, name in enumerate(names)
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
