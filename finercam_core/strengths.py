"""Strengths γ, weightings and baselines of a comparison by name: what every command's options read, without numpy."""

from typing import Literal, get_args

Weighting = Literal["mean", "softmax", "released"]
WEIGHTINGS: tuple[Weighting, ...] = get_args(Weighting)
Baseline = Literal["none", "mean", "look-alike", "both", "quantile", "sharp"]
"""What a comparison is looked at above, see `finercam_core.baselines`."""
GAMMA = 0.6
"""The paper's strength of the comparison, used wherever none is given."""
GAMMAS = (0.3, 0.6, 1.0)
"""Strengths of the comparison at which faithfulness is measured."""
