"""What a policy is, and the policies without a table: by relationship, by cosine, by logits, by a phylogeny."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from finercam_core.errors import ComparisonError
from finercam_core.taxonomy.names import parse_names
from finercam_core.taxonomy.trees import Tree

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
Settings = dict[str, str | bool]


@dataclass(frozen=True)
class Classes:
    """The classes that a policy ranks.

    Parameters
    ----------
    names : tuple of str (K,)
        Scientific names of the classifier's classes.
    units : float32 array (K, D) or None
        Rows of the classifier's head, scaled to length 1.
    """

    names: tuple[str, ...]
    units: npt.NDArray[np.float32] | None


class Policy(Protocol):
    """Ranks candidates by one number; where that is infinite (no opinion) or tied: by tier, weight cosine and name."""

    @property
    def settings(self) -> Settings:
        """What determines the choice, for the provenance; `per_image` is true if each image is compared on its own."""

    def start(self, classes: Classes) -> None:
        """Prepare for these classes; raises `ComparisonError` where the policy cannot rank them."""

    def rank(self, rows: Positions, candidates: Positions) -> Floats:
        """Numbers (rows, candidates), float64: lower is closer, ``inf`` where the policy has no opinion."""

    def reason(self, value: float) -> str:
        """What a number of `rank` means, in words; "" if there is nothing to say."""

    @property
    def exclusive(self) -> bool:
        """Whether a species that the policy ranks anything for gets no other references."""


class ByTier:
    """Congeners first, then species of the family, of the order, then any; within a tier by weight cosine, by name."""

    exclusive = False

    def __init__(self) -> None:
        self._has_weights = True

    @property
    def settings(self) -> Settings:
        """The order, which lacks the cosine where the classifier has no linear head."""
        return {"order": "tier, weight cosine, name" if self._has_weights else "tier, name"}

    def start(self, classes: Classes) -> None:
        """Take note of what breaks the ties."""
        self._has_weights = classes.units is not None

    def rank(self, rows: Positions, candidates: Positions) -> Floats:
        """All equal: the ties are the policy."""
        return np.zeros((len(rows), len(candidates)))

    def reason(self, value: float) -> str:
        """Nothing beyond the tier."""
        return ""


class ByCosine:
    """The classes with the most similar weights in the classifier's head, related or not: the rule of the paper."""

    exclusive = False

    @property
    def settings(self) -> Settings:
        """The order."""
        return {"order": "weight cosine, name"}

    def start(self, classes: Classes) -> None:
        """Refuse a classifier without a linear head."""
        if classes.units is None:
            raise ComparisonError("the classifier has no linear head to compare", 'choose references by "tier"')
        self._units = classes.units

    def rank(self, rows: Positions, candidates: Positions) -> Floats:
        """``1 - cosine`` of the two classes' weights."""
        return np.asarray(1.0 - self._units[rows] @ self._units[candidates].T, np.float64)

    def reason(self, value: float) -> str:
        """Nothing beyond the cosine, which every reference names."""
        return ""


class ByLogits:
    """The classes whose logits for the image are nearest to its species', the paper's own rule for an image.

    They are chosen while an image is explained (`finercam_core.explain.engine.request`); a plan holds only their ranks,
    and the store which class had each rank.
    """

    exclusive = False

    @property
    def settings(self) -> Settings:
        """The order, and that it is one of each image."""
        return {"order": "nearest logits of each image", "per_image": True}

    def start(self, classes: Classes) -> None:
        """Nothing to prepare."""

    def rank(self, rows: Positions, candidates: Positions) -> Floats:
        """Nothing is known before the image is."""
        return np.full((len(rows), len(candidates)), np.inf)

    def reason(self, value: float) -> str:
        """The same for every rank."""
        return "nearest logit"


class ByTree:
    """The nearest in a tree, by patristic distance; species that the tree lacks follow by tier.

    A subspecies stands at its species' tip when it has none of its own.

    Parameters
    ----------
    tree : Tree
    """

    exclusive = False

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    @property
    def settings(self) -> Settings:
        """Name and hash of the tree."""
        return {"order": "patristic distance, tier, weight cosine, name", "tree_sha256": self.tree.sha256}

    def start(self, classes: Classes) -> None:
        """Reduce the tree to the classes."""
        positions = {name: i for i, name in enumerate(self.tree.tips)}
        parts = parse_names(pd.Series(classes.names, dtype="str"))
        whole = parts["genus"] + " " + parts["specificEpithet"]
        pairs = zip(classes.names, whole, strict=True)
        tips = np.array([positions.get(name, positions.get(species, -1)) for name, species in pairs], np.intp)
        used = np.unique(tips[tips >= 0])
        self._tree = self.tree.only(used)
        self._tip = np.where(tips >= 0, np.searchsorted(used, tips), -1)
        # Distances that differ by no more than rounding are ties: in a dated tree a whole sister clade is equally far.
        self._step = float(self.tree.depth.max()) * 1e-8 or 1e-8

    def rank(self, rows: Positions, candidates: Positions) -> Floats:
        """Patristic distance in the tree's unit, rounded to 1e-8 of the tree's depth."""
        distances = np.full((len(rows), len(candidates)), np.inf)
        in_tree = self._tip[candidates] >= 0
        for i, row in enumerate(rows):
            if self._tip[row] >= 0:
                distances[i, in_tree] = self._tree.distances(self._tip[row])[self._tip[candidates[in_tree]]]
        finite = np.isfinite(distances)
        distances[finite] = np.round(distances[finite] / self._step) * self._step
        return distances

    def reason(self, value: float) -> str:
        """The distance."""
        return f"patristic distance {value:.4g}" if np.isfinite(value) else "not in the tree"
