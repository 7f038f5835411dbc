"""From the faithfulness of specimens to means and paired gains with intervals, and to "is finer better?"."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from finercam_core.evaluate.bootstrap import resampled_means, spread
from finercam_core.evaluate.compared import BLOB, GRAD_CAM, RANDOM, Compared
from finercam_core.evaluate.summary import OVERALL

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
    DataFrame: species ("all species" first), map, figure, n, mean, low, high (95 % each), and for each of grad_cam,
    random and blob over_…_mean, over_…_low, over_…_high: gains whose intervals hold together (Bonferroni over the
    maps and figures of a row's group, and over the species where they are by species; `looks` says how many).
    """
    groups, figures = _groups(table), figures_in(table)
    looks = max(1, table["map"].nunique() - 1) * len(figures)
    rows: list[dict[str, object]] = []
    for name, part in groups:
        many = looks if name == OVERALL else looks * (len(groups) - 1)
        for figure in figures:
            rows += _rows(name, figure, _wide(part, figure), many, seed)
    return pd.DataFrame(rows)


def _rows(name: str, figure: str, wide: pd.DataFrame, looks: int, seed: int) -> list[dict[str, object]]:
    if wide.empty:
        return []
    means = resampled_means(wide, seed=seed, looks=looks)
    own = spread(wide.mean(), means)
    against = {}
    for prefix, other in AGAINST.items():
        gain = means - means[:, [list(wide.columns).index(other)]]
        against[prefix] = spread(wide.mean() - wide[other].mean(), gain, looks=looks, n=len(wide))
    return [
        {"species": name, "map": str(one), "figure": figure, "n": len(wide), "looks": looks}
        | {"mean": own.value[i], "low": own.low[i], "high": own.high[i]}
        | {f"{prefix}{end}": float(getattr(found, key)[i]) for prefix, found in against.items()
           for end, key in (("mean", "value"), ("low", "low"), ("high", "high"))}
        for i, one in enumerate(wide.columns)
    ]  # fmt: skip


def finer_table(table: pd.DataFrame, maps: Sequence[Compared], *, seed: int = 0) -> pd.DataFrame:
    """Is the difference better than the species alone? Paired, explainer by explainer, on the same specimens.

    Returns
    -------
    DataFrame: explainer, gamma, weighting, figure, n, gain (difference less species), low, high (95 % each), all_low,
    all_high (together, Bonferroni over the rows), verdict ("finer", "species" or "undecided" by the latter; deletion
    is better when it is lower).
    """
    alone = {one.explainer: one.name for one in maps if one.objective == "species"}
    pairs = [(one, alone[one.explainer]) for one in maps if one.objective == "difference" and one.explainer in alone]
    figures = figures_in(table)
    looks = max(1, len(pairs) * len(figures))
    rows: list[dict[str, object]] = []
    for figure in figures:
        wide = _wide(table, figure)
        for one, other in pairs:
            gain = (wide[one.name] - wide[other]).to_numpy()[:, None]
            samples = resampled_means(gain, seed=seed, looks=looks)
            each, every = spread(gain.mean(0), samples), spread(gain.mean(0), samples, looks=looks, n=len(gain))
            rows.append(
                {
                    "explainer": one.explainer, "gamma": one.gamma, "weighting": one.weighting, "figure": figure,
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


def unproven(summary: pd.DataFrame, map_name: str = "finer_cam") -> list[str]:
    """Figures in which a map is not shown to be better than the random one, over all species."""
    chosen = summary[(summary["species"] == OVERALL) & (summary["map"] == map_name)]
    better = np.where(
        chosen["figure"] == LOWER_IS_BETTER, -chosen["over_random_high"], chosen["over_random_low"]
    ).astype(float)
    return [str(name) for name in chosen["figure"][~(better > 0)]]
