"""Plots of an evaluation: which trait tells which pair apart, where maps lie, and how faithful they are."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from finercam_core.evaluate.maps import CONTROLS, MAP_NAMES, maps_in
from finercam_core.evaluate.statistics.map_figures import FIGURES
from finercam_core.evaluate.statistics.species_tables import OVERALL
from finercam_core.evaluate.traits.cover import OUTSIDE
from finercam_core.images.pictures import save_png

MOST_PAIRS = 60
_TITLES = dict(zip(FIGURES, ("energy on the specimen", "pointing game", "IoU, top region"), strict=True))


def _save(figure: Figure, path: Path) -> Path:
    save_png(figure, path)
    return path


def trait_heat_map(pairs: pd.DataFrame, path: Path) -> Path:
    """Share of the separation of each pair of congeners (all pairs, if there are none) on each trait, as a PNG.

    Colours are the density's; a dot marks a dense trait. A cell is empty where neither species has the trait.
    Of more than `MOST_PAIRS` pairs those with the densest traits are shown.
    """
    chosen = pairs[pairs["tier"] == "congener"] if (pairs["tier"] == "congener").any() else pairs
    chosen = chosen[(chosen["trait_id"] > OUTSIDE) & (chosen["area"] > 0)].assign(
        pair=chosen["species"] + " / " + chosen["reference"], trait=chosen["trait"].str.lower()
    )
    chosen, title = _most_telling(chosen)
    order = chosen.sort_values("trait_id")["trait"].drop_duplicates().tolist()
    tables = {name: chosen.pivot_table(index="pair", columns="trait", values=name).reindex(columns=order)
              for name in ("share", "density", "dense")}  # fmt: skip
    shape = tables["share"].shape
    figure = Figure(figsize=(4.6 + 0.62 * shape[1], 1.6 + 0.34 * shape[0]), layout="constrained")
    axes = figure.subplots()
    ceiling = _ceiling(tables["density"])
    colours = axes.imshow(tables["density"], cmap="viridis", aspect="auto", vmin=0, vmax=ceiling)
    axes.set_xticks(range(shape[1]), order, rotation=40, ha="right", fontsize=8)
    axes.set_yticks(range(shape[0]), tables["share"].index, fontsize=8, style="italic")
    for (y, x), share in np.ndenumerate(tables["share"].to_numpy()):
        if np.isfinite(share):
            light = tables["density"].to_numpy()[y, x] > ceiling / 2
            mark = "•" if tables["dense"].to_numpy()[y, x] == 1 else ""
            words, ink = f"{round(100 * share) + 0:d} %{mark}", "k" if light else "w"
            axes.text(x, y, words, ha="center", va="center", fontsize=7, color=ink)
    figure.colorbar(colours, ax=axes, shrink=0.8).set_label("density (1: even spread)", fontsize=8)
    axes.set_title(title, fontsize=10)
    return _save(figure, path)


def _most_telling(chosen: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Rows of at most `MOST_PAIRS` pairs, and the figure's title, which says so."""
    title = "Share of what separates two species, by trait (•: dense, untested)"
    best = chosen["density"].where(chosen["dense"].astype(bool), 0).groupby(chosen["pair"]).max()
    if len(best) <= MOST_PAIRS:
        return chosen, title
    shown = best.sort_values(ascending=False, kind="stable").index[:MOST_PAIRS]
    return chosen[chosen["pair"].isin(shown)], f"{title}\n{MOST_PAIRS} most telling of {len(best)} pairs"


def _ceiling(density: pd.DataFrame) -> float:
    finite = density.to_numpy(float)
    finite = finite[np.isfinite(finite)]
    return max(1.0, float(np.percentile(finite, 98))) if finite.size else 1.0


def localisation_plot(table: pd.DataFrame, path: Path) -> Path:
    """Energy on the specimen, pointing game and IoU of each map over all species, with 95 % intervals, as a PNG."""
    overall = table[table["species"] == OVERALL]
    figures = [name for name in FIGURES if (overall["figure"] == name).any()]
    figure = Figure(figsize=(3.1 * max(len(figures), 1), 2.6), layout="constrained")
    for axes, name in zip(np.ravel(figure.subplots(1, max(len(figures), 1))), figures, strict=False):
        rows = overall[overall["figure"] == name].set_index("map").reindex(maps_in(overall["map"]))
        error = np.abs(rows[["low", "high"]].to_numpy().T - rows["mean"].to_numpy())
        axes.errorbar(rows["mean"], range(len(rows)), xerr=error, fmt="o", capsize=3, color="#1f5f8b")
        axes.set_yticks(range(len(rows)), [MAP_NAMES[name] for name in rows.index])
        axes.invert_yaxis()
        axes.set_title(_TITLES[name])
        axes.grid(axis="x", alpha=0.3)
    return _save(figure, path)


def faithfulness_plot(table: pd.DataFrame, path: Path) -> Path:
    """Drop at 5 %, deletion and insertion of each map over all species, with 95 % intervals, as a PNG."""
    overall = table[table["species"] == OVERALL]
    maps = overall["map"].drop_duplicates().tolist()
    titles = {"drop_5": "relative drop at 5 %\n(higher is better)", "deletion": "deletion\n(lower is better)",
              "insertion": "insertion\n(higher is better)"}  # fmt: skip
    figure = Figure(figsize=(9.6, 1.3 + 0.26 * len(maps)), layout="constrained")
    for axes, (measure, title) in zip(figure.subplots(1, 3, sharey=True), titles.items(), strict=True):
        rows = overall[overall["figure"] == measure].set_index("map").reindex(maps)
        colours = ["#8a8f8c" if name in CONTROLS else "#1f5f8b" for name in maps]
        axes.hlines(range(len(maps)), rows["low"], rows["high"], colors=colours)
        axes.scatter(rows["mean"], range(len(maps)), c=colours, s=22, zorder=3)
        axes.set_yticks(range(len(maps)), [MAP_NAMES.get(name, name) for name in maps], fontsize=8)
        axes.set_title(title, fontsize=10)
        axes.grid(axis="x", alpha=0.3)
    axes.invert_yaxis()
    return _save(figure, path)
