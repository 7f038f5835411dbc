r"""Part interventions: a specimen is rendered without one of its parts, and the drop of the margin is the truth.

After R. Hesse, S. Schaub-Meyer and S. Roth, FunnyBirds, ICCV 2023: *single deletion* is
:math:`(1 + \rho) / 2` of the rank correlation between what a map says of each part and what the margin loses without
it; *synthetic data check*, *preservation check* and *deletion check* ask whether the parts that a map calls important
are those that truly differ, are enough to keep the decision, and are needed for it; *distractibility* asks whether
parts without any effect are left alone, *target sensitivity* whether a map follows the species that it compares with,
and *background independence* whether the classifier does not need what lies beside the specimen. Theirs is the class
of all; ours is the pair of species that a map compares, so that figures are not those of their table.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr

from finercam_core.images.preparation import Preparation, cell_weights
from finercam_core.synthetic.parts import BodyPart

THRESHOLDS = tuple(float(share) for share in np.arange(1, 81) / 100)
"""Shares of all the importance from which on a part counts as important: those of FunnyBirds."""
NO_EFFECT = 0.05
"""Share of the margin below which a part or an object counts as without effect: that of FunnyBirds."""
Importance = Mapping[BodyPart, float]
Margin = Callable[[frozenset[BodyPart]], float]
"""Margin of the specimen, rendered without some parts."""


def part_importance(
    values: npt.ArrayLike, parts: npt.NDArray[np.uint8], preparation: Preparation, removable: Collection[BodyPart]
) -> dict[BodyPart, float]:
    """Sum of a map over each part that a specimen shows, at the resolution of the picture.

    Parameters
    ----------
    values : array (h, w)
        Map on the model's grid.
    parts : uint8 array (height, width)
        `BodyPart` of each pixel.
    preparation : Preparation
    removable : collection of BodyPart
    """
    grid = np.asarray(values, np.float64)
    size = (parts.shape[1], parts.shape[0])
    rows, columns = cell_weights((grid.shape[0], grid.shape[1]), preparation.window(size), size)
    shown = [part for part in removable if (parts == part).any()]
    return {part: float((grid * (rows.T @ (parts == part).astype(np.float32) @ columns)).sum()) for part in shown}


def single_deletion(importance: Importance, drops: Importance) -> float:
    """(1 + Spearman's rank correlation) / 2 over a specimen's parts; NaN where either is constant."""
    said, true = ([values[part] for part in sorted(importance)] for values in (importance, drops))
    if len(said) < 2 or np.ptp(said) == 0 or np.ptp(true) == 0:
        return float("nan")
    return float((1 + spearmanr(said, true).statistic) / 2)


def important_parts(importance: Importance, threshold: float) -> frozenset[BodyPart]:
    """Parts with more than a share of the positive importance of all."""
    total = sum(max(value, 0.0) for value in importance.values())
    return frozenset(part for part, value in importance.items() if total > 0 and value > threshold * total)


@dataclass(frozen=True)
class Completeness:
    """Whether the important parts are the right ones, at one threshold: each 0 to 1.

    Attributes
    ----------
    synthetic : float
        Share of the parts that truly differ, and that the specimen shows, which are called important.
    preservation : float
        1 if the specimen without all other parts is still taken for its species.
    deletion : float
        1 if the specimen without the important parts is not.
    undistracted : float
        Share of the parts without effect that are not called important; NaN where every part has one.
    """

    synthetic: float
    preservation: float
    deletion: float
    undistracted: float

    @property
    def mean(self) -> float:
        """Mean of the first three and of the last, each half; without parts that have no effect, of the first three."""
        checks = (self.synthetic + self.preservation + self.deletion) / 3
        return checks if np.isnan(self.undistracted) else (checks + self.undistracted) / 2


def completeness(
    importance: Importance, differing: Collection[BodyPart], margin: Margin, threshold: float
) -> Completeness:
    """Check the important parts of a specimen that the classifier gets right.

    Parameters
    ----------
    importance : mapping of BodyPart to float
    differing : collection of BodyPart
        Parts of the specimen in which the two species truly differ, at least one.
    margin : callable
    threshold : float
    """
    chosen = important_parts(importance, threshold)
    true, whole = set(differing), margin(frozenset())
    idle = {part for part in importance if abs(whole - margin(frozenset([part]))) < NO_EFFECT * abs(whole)}
    return Completeness(
        len(chosen & true) / len(true),
        float(margin(frozenset(importance) - chosen) > 0),
        float(margin(chosen) <= 0),
        len(idle - chosen) / len(idle) if idle else float("nan"),
    )


def target_sensitivity(
    first: Importance, second: Importance, only_first: Collection[BodyPart], only_second: Collection[BodyPart]
) -> float:
    """Whether two maps of a specimen, against two species, each say more of what differs from its own one alone.

    Parameters
    ----------
    first, second : mapping of BodyPart to float
        Sums of the map against either species over the parts that the specimen shows.
    only_first, only_second : collection of BodyPart
        Parts in which the specimen's species differs from the one and not from the other.

    Returns
    -------
    float
        Share of the two comparisons that are as they should be, where there are such parts; NaN where there are none.
        Importance is taken as a share of all that is positive in its map.
    """
    checks = []
    for own, other, parts in ((first, second, only_first), (second, first, only_second)):
        shown = set(parts) & set(own)
        if shown:
            checks.append(float(_share(own, shown) > _share(other, shown)))
    return float(np.mean(checks)) if checks else float("nan")


def _share(importance: Importance, parts: Collection[BodyPart]) -> float:
    total = sum(max(value, 0.0) for value in importance.values())
    return sum(max(importance[part], 0.0) for part in parts) / total if total > 0 else 0.0


def is_independent(with_object: float, without: float) -> bool:
    """Whether a margin loses less than a twentieth when an object beside the specimen is taken away."""
    return with_object - without < NO_EFFECT * abs(with_object)
