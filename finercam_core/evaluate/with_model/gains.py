"""From the faithfulness of specimens to means and paired gains with intervals, and to "is finer better?"."""

from collections.abc import Sequence

import pandas as pd

from finercam_core.evaluate.statistics.intervals import resampled_means, spread
from finercam_core.evaluate.statistics.species_tables import OVERALL
from finercam_core.evaluate.with_model.compared_maps import BLOB, GRAD_CAM, RANDOM, Compared

LOWER_IS_BETTER = "deletion"
AGAINST = {"over_grad_cam_": GRAD_CAM.name, "over_random_": RANDOM.name, "over_blob_": BLOB.name}


def figures_in(table: pd.DataFrame) -> list[str]:
    """Names of the figures among a table's columns: drop_1 …, deletion, insertion."""
    return [str(c) for c in table.columns if str(c).startswith("drop_") or c in ("deletion", "insertion")]


def _groups(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    parts = [(str(name), part) for name, part in table.groupby("scientificName", sort=True)]
    return [(OVERALL, table), *(parts if len(parts) > 1 else [])]


def _wide(part: pd.DataFrame, figure: str) -> pd.DataFrame:
    order = part["map"].drop_duplicates()
    return part.pivot(index="image_id", columns="map", values=figure)[order].dropna()


def summarise(table: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Means of each figure of each map, and paired gains over Grad-CAM and the two controls, overall and by species.

    Parameters
    ----------
    table : DataFrame
        From `faithfulness`: image_id, scientificName, map, and the figures.
    seed : int

    Returns
    -------
    DataFrame: species ("all species" first), map, figure, n, looks, mean, low, high (95 %), and for each of grad_cam,
    random and blob over_…_mean, over_…_low, over_…_high (95 %) and over_…_all_low, over_…_all_high: these hold
    together (Bonferroni over the maps and figures, and over the species where they are by species: `looks` of them).
    """
    groups, figures = _groups(table), figures_in(table)
    looks = max(1, table["map"].nunique() - 1) * len(figures)
    rows = []
    for name, part in groups:
        many = looks if name == OVERALL else looks * (len(groups) - 1)
        rows += [_rows(name, figure, _wide(part, figure), many, seed) for figure in figures]
    return pd.concat(rows, ignore_index=True)


def _rows(name: str, figure: str, wide: pd.DataFrame, looks: int, seed: int) -> pd.DataFrame:
    if wide.empty:
        return pd.DataFrame()
    means = resampled_means(wide, seed=seed, looks=looks)
    own = spread(wide.mean(), means)
    table = pd.DataFrame(
        {
            "species": name, "map": [str(column) for column in wide.columns], "figure": figure, "n": len(wide),
            "looks": looks, "mean": own.value, "low": own.low, "high": own.high,
        }
    )  # fmt: skip
    for prefix, other in AGAINST.items():
        gain, samples = wide.mean() - wide[other].mean(), means - means[:, [list(wide.columns).index(other)]]
        each, every = spread(gain, samples), spread(gain, samples, looks=looks, n=len(wide))
        table[f"{prefix}mean"], table[f"{prefix}low"], table[f"{prefix}high"] = each.value, each.low, each.high
        table[f"{prefix}all_low"], table[f"{prefix}all_high"] = every.low, every.high
    return table


def finer_table(table: pd.DataFrame, maps: Sequence[Compared], *, seed: int = 0) -> pd.DataFrame:
    """Is the difference better than the species alone? Paired, explainer by explainer, on the same specimens.

    Returns
    -------
    DataFrame: explainer, gamma, weighting, figure, n, gain (difference less species), low, high (95 % each), all_low,
    all_high (together, Bonferroni over the rows), verdict ("finer", "species" or "undecided" by the latter; deletion
    is better when it is lower).
    """
    alone = {m.explainer: m.name for m in maps if m.objective == "species"}
    pairs = [(m, alone[m.explainer]) for m in maps if m.objective == "difference" and m.explainer in alone]
    figures = figures_in(table)
    looks = max(1, len(pairs) * len(figures))
    rows: list[dict[str, object]] = []
    for figure in figures:
        wide = _wide(table, figure)
        for finer, base in pairs:
            gain = (wide[finer.name] - wide[base]).to_numpy()[:, None]
            samples = resampled_means(gain, seed=seed, looks=looks)
            each, every = spread(gain.mean(0), samples), spread(gain.mean(0), samples, looks=looks, n=len(gain))
            rows.append(
                {
                    "explainer": finer.explainer, "gamma": finer.gamma, "weighting": finer.weighting, "figure": figure,
                    "n": len(gain), "gain": each.value[0], "low": each.low[0], "high": each.high[0],
                    "all_low": every.low[0], "all_high": every.high[0],
                    "verdict": _verdict(figure, every.low[0], every.high[0]),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def _verdict(figure: str, low: float, high: float) -> str:
    low, high = (-high, -low) if figure == LOWER_IS_BETTER else (low, high)
    if low > 0:
        return "finer"
    return "species" if high < 0 else "undecided"
