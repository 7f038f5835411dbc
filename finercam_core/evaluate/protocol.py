"""How an evaluation is done: everything that its figures depend on, written beside them."""

import json
from dataclasses import asdict, dataclass
from typing import Literal

import pandas as pd

from finercam_core.baselines import BASELINES, IN_WORDS
from finercam_core.errors import FinercamError
from finercam_core.evaluate.kept_tables import short_hash
from finercam_core.parts import ChoiceError, JudgedImages, choose_judged
from finercam_core.store import Store
from finercam_core.strengths import GAMMA, WEIGHTINGS, Baseline, Weighting

VERSION = 4  # to be raised when the same input gives other figures


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
        Specimens that are judged, see `finercam_core.parts.choose_judged`: with `auto` those that the classifier never
        saw.
    above : str
        Baseline, see `finercam_core.baselines`: with one the Finer-CAM map above it is judged beside the plain one.
    i_know : bool
        Judge training images too, where `split` has them; everything written is marked then.
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
    i_know: bool = False
    above: Baseline = "none"

    def __post_init__(self) -> None:
        """Refuse impossible settings."""
        if self.weighting not in WEIGHTINGS:
            raise EvaluationError(f"unknown weighting {self.weighting!r}", f"use one of {', '.join(WEIGHTINGS)}")
        if self.above not in BASELINES:
            raise EvaluationError(f"unknown baseline {self.above!r}", f"use one of {', '.join(BASELINES)}")
        if not 0 < self.top <= 1:
            raise EvaluationError(f"top is {self.top}", "give a share of the pixels in (0, 1]")

    def judged(self, store: Store) -> JudgedImages:
        """Specimens of a store that are judged, with a sentence about them.

        Raises
        ------
        EvaluationError
            If the store has none in the split, or training images would be judged that nobody asked for.
        """
        try:
            return choose_judged(store.rows, self.split, listed=store.provenance.parts is not None, i_know=self.i_know)
        except ChoiceError as error:
            raise EvaluationError(error.problem, error.remedy) from error

    def specimens(self, store: Store) -> pd.DataFrame:
        """Rows of a store's specimens that are judged; errors as in `judged`."""
        return self.judged(store).rows

    def describe(self) -> dict[str, object]:
        """Settings, and the rules in words, as plain JSON values."""
        return {
            **asdict(self),
            "version": VERSION,
            "maps": {
                "grad_cam": "evidence of the species alone (γ = 0), negative values set to zero",
                "finer_cam": f"difference from all references, γ = {self.gamma}, weighting {self.weighting}",
                "finer_cam_1": "the same at γ = 1, the whole difference; finished comparisons have their own γ alone",
                **({} if self.above == "none" else {"finer_cam_above": f"finer_cam {IN_WORDS[self.above]}"}),
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
