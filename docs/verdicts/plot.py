"""Reads the table that `finercam review table maps.zarr --to verdicts` writes, and plots it, with pandas."""

import sys
from pathlib import Path

import matplotlib as mpl
import pandas as pd

mpl.use("Agg")
verdicts = pd.read_parquet(Path(sys.argv[1]) / "verdicts.parquet")

# One row is a region; a verdict with three regions has three. Count verdicts, not rows.
each = verdicts[verdicts["kind"] == "verdict"].drop_duplicates("verdict_id")
said = each.groupby("reviewer")["decision"].value_counts(normalize=True).unstack(fill_value=0)
print(said.round(2))

accepted = verdicts[(verdicts["decision"] == "accept") & (verdicts["region_id"] != "")]
print(accepted.groupby("trait")[["area_share", "evidence_share", "length_mm"]].median().round(3))

axes = said.plot.bar(stacked=True, rot=0, ylabel="share of verdicts", color=["#1b7f5c", "#b8442c", "#8a8a8a"])
axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, frameon=False)
axes.figure.savefig(sys.argv[2], dpi=150)
