"""References of each image by itself: only the classifier's scores of the image tell which they are."""

from typing import Any

import numpy as np

from finercam_core.policies.base import Classes, Floats, Places


class ByLogits:
    """The classes whose scores for the image are nearest to its species', the paper's own rule for an image.

    They are chosen while an image is explained (`finercam_core.explain.nearest`); a plan holds their ranks alone, and
    the store which class stood at each rank.
    """

    settings: dict[str, Any] = {"order": "nearest logits of each image", "per_image": True}  # noqa: RUF012
    exclusive = False

    def start(self, classes: Classes) -> None:
        """Nothing to prepare."""

    def rank(self, rows: Places, candidates: Places) -> Floats:
        """Nothing is known before the image is."""
        return np.full((len(rows), len(candidates)), np.inf)

    def reason(self, value: float) -> str:
        """The same for every rank."""
        return "nearest logit"
