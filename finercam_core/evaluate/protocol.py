"""How an evaluation is done: everything that its figures depend on, written beside them."""

import json
from dataclasses import asdict, dataclass
from typing import Literal

import pandas as pd

from finercam_core.errors import FinercamError
from finercam_core.evaluate.kept_tables import short_hash
from finercam_core.finer import GAMMA, WEIGHTINGS, Weighting
from finercam_core.store import Store

VERSION = 3  # to be raised when the same input gives other figures


class EvaluationError(FinercamError):
    """A store cannot be evaluated."""


@dataclass(frozen=True)
class Protocol:
    """Settings of an evaluation.

    Parameters
    ----------
    gamma : float
        Strength of the comparison of the Finer-CAM maps. Traits are attributed with the whole difference, γ = 1.
    weighting : str
        Weighting of the references, see `finercam_core.finer.coefficients`.
    split : {"auto", "all"} or str
        Specimens that are judged: a split of the catalog, all, or with `auto` the test split where there is one.
    top : float
        Share of the pixels that form the top region, whose IoU is measured; in (0, 1].
    seed : int
        Of the random maps and the bootstrap samples.
    """

    gamma: float = GAMMA
    weighting: Weighting = "mean"
    split: Literal["auto", "all"] | str = "auto"
    top: float = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse impossible settings."""
        if self.weighting not in WEIGHTINGS:
            raise EvaluationError(f"unknown weighting {self.weighting!r}", f"use one of {', '.join(WEIGHTINGS)}")
        if not 0 < self.top <= 1:
            raise EvaluationError(f"top is {self.top}", "give a share of the pixels in (0, 1]")

    def _wanted(self, rows: pd.DataFrame) -> str:
        """The split that is judged, "all" for every specimen."""
        if self.split != "auto":
            return self.split
        return "test" if (rows["split"] == "test").any() else "all"

    def judged(self, store: Store) -> str:
        """Which specimens are judged, in words, with a warning where training images may be among them."""
        rows = store.rows
        wanted = self._wanted(rows)
        if wanted != "all":
            return f"the {wanted} split"
        if (rows["split"] == "test").any():
            return "all specimens, including those that the classifier may have been trained on"
        return (
            "all specimens: the catalog has no test split, so the figures include images that the classifier may have "
            "been trained on (see `finercam catalog split`)"
        )

    def specimens(self, store: Store) -> pd.DataFrame:
        """Rows of a store's specimens that are judged.

        Raises
        ------
        EvaluationError
            If the store has no specimen in the split.
        """
        rows = store.rows
        wanted = self._wanted(rows)
        chosen = rows if wanted == "all" else rows[rows["split"] == wanted]
        if chosen.empty:
            known = ", ".join(sorted(set(rows["split"]) - {""})) or "none"
            raise EvaluationError(f"no specimen is in the split {wanted!r}", f"use all, or one of: {known}")
        return chosen

    def describe(self) -> dict[str, object]:
        """Settings, and the rules in words, as plain JSON values."""
        return {
            **asdict(self),
            "version": VERSION,
            "maps": {
                "grad_cam": "evidence of the species alone (γ = 0), negative values set to zero",
                "finer_cam": f"difference from all references, γ = {self.gamma}, weighting {self.weighting}",
                "random": "independent uniform values on the model's grid",
                "blob": "Gaussian in the middle of the picture, standard deviation 25 % of each side",
            },
            "interpolation": "negative values cut off, then bilinear from the grid to image pixels",
            "specimen": "the box given, else the mask (of traits: their convex hull), else the catalog's box",
            "outside": "cells that neither touch the hull nor neighbour one that does",
            "ties": "pointing game: share of the tied largest pixels; top region: pixels tied at its edge stay out, "
            "those of the largest value all belong to it",
            "traits": "whole difference (γ = 1); separation of both species' specimens, ranked by density",
            "intervals": "95 % percentile bootstrap over specimens; those of one pair corrected by Bonferroni",
        }

    def fingerprint(self, store: Store) -> str:
        """Hash of the settings and of the store's run, 16 hexadecimal digits."""
        text = json.dumps({**self.describe(), "run": store.provenance.run}, sort_keys=True)
        return short_hash(text.encode())
