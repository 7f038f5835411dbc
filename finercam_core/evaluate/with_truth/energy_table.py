"""Energy in the true region, where the true differences are known: over all, by pair, and by the region's size."""

from itertools import pairwise

import numpy as np
import pandas as pd

from finercam_core.evaluate.maps import maps_in
from finercam_core.evaluate.statistics.intervals import resampled_means, spread

SIZES = (0.0, 0.005, 0.01, 0.02, 0.05, 1.0)  # shares of the image, lower ends excluded
ALL, PAIR, SIZE = "all", "pair", "size"


def true_energy_table(energies: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Mean energy of each map in the true region, and its paired gains over the random map and over Grad-CAM.

    Parameters
    ----------
    energies : DataFrame
        From `true_regions.true_region_energies`.
    seed : int

    Returns
    -------
    DataFrame: by ("all", "pair" or "size"), group ("A from B", or the range of sizes in words), map, n (specimens),
    area (mean share of the image in the true region: what an even map would have), energy, low, high, over_random,
    over_random_low, over_random_high, over_grad_cam, over_grad_cam_low, over_grad_cam_high. A specimen's energies
    against several references are averaged first where they fall into one group. Intervals of the gains hold together
    over the groups of their kind and the maps (Bonferroni); those of the energy are 95 % each.
    """
    if energies.empty:
        return pd.DataFrame()
    kinds = {
        ALL: pd.Series("all pairs", energies.index),
        PAIR: energies["scientificName"] + " from " + energies["reference"],
        SIZE: pd.cut(energies["area"], SIZES, labels=[_range_in_words(*ends) for ends in pairwise(SIZES)]),
    }
    tables = []
    for kind, groups in kinds.items():
        parts = [(str(name), part) for name, part in energies.groupby(groups, sort=True, observed=True)]
        looks = len(parts) * (len(maps_in(energies.columns)) - 1)
        tables += [_rows(part, seed, looks).assign(by=kind, group=name) for name, part in parts]
    table = pd.concat(tables, ignore_index=True)
    return table[["by", "group", *(c for c in table.columns if c not in ("by", "group"))]]


def _range_in_words(low: float, high: float) -> str:
    return f"true difference on {100 * low:g} to {100 * high:g} % of the image"


def _rows(part: pd.DataFrame, seed: int, looks: int) -> pd.DataFrame:
    """One row per map; the same bootstrap samples for all, so that gains are paired."""
    names = maps_in(part.columns)
    units = part.groupby("image_id")[[*names, "area"]].mean().dropna()
    if units.empty:
        return pd.DataFrame()
    values = units[list(names)]
    means, samples = values.mean().to_numpy(), resampled_means(values, seed=seed, looks=looks)
    own = spread(means, samples)
    table = pd.DataFrame({"map": names, "n": len(units), "area": units["area"].mean(), "energy": own.value,
                          "low": own.low, "high": own.high})  # fmt: skip
    for prefix, other in (("over_random", "random"), ("over_grad_cam", "grad_cam")):
        column = names.index(other)
        gain = spread(means - means[column], samples - samples[:, [column]], looks=looks, n=len(units))
        table[prefix], table[f"{prefix}_low"], table[f"{prefix}_high"] = gain.value, gain.low, gain.high
    return table


def overall_in_words(table: pd.DataFrame) -> str:
    """The figures over all pairs, in words; "" without any."""
    if table.empty:
        return ""
    rows = table[table["by"] == ALL].set_index("map")
    energies = [f"{name} {row.energy:.3f} [{row.low:.3f}, {row.high:.3f}]" for name, row in rows.iterrows()]
    return f"energy in the true region ({100 * np.mean(rows['area']):.1f} % of the image): {', '.join(energies)}"
