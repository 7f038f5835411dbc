"""What a policy is, and those that need no table: by relationship, by cosine, by logits, by a phylogeny."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from finercam_core.errors import ComparisonError
from finercam_core.taxonomy.names import parse_names
from finercam_core.taxonomy.trees import Tree

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]


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
    """Ranks candidates by one number; where it says nothing (infinite) or ties, tier, weight cosine and name decide."""

    @property
    def settings(self) -> dict[str, Any]:
        """What determines the choice, plain JSON values for the provenance."""

    def start(self, classes: Classes) -> None:
        """Prepare for these classes; raises `ComparisonError` where the policy cannot rank them."""

    def rank(self, rows: Places, candidates: Places) -> Floats:
        """Numbers (rows, candidates), lower is closer, ``inf`` where the policy says nothing."""

    def reason(self, value: float) -> str:
        """What a number of `rank` means, in words; "" where the policy says nothing."""

    @property
    def exclusive(self) -> bool:
        """Whether a species that the policy ranks anything for gets no other references."""


class ByTier:
    """Congeners first, then species of the family, of the order, then any; within a tier by weight cosine, by name."""

    settings: dict[str, Any] = {"order": "tier, weight cosine, name"}  # noqa: RUF012 - a protocol's property
    exclusive = False

    def start(self, classes: Classes) -> None:
        """Take note of what breaks the ties."""
        if classes.units is None:
            self.settings = {"order": "tier, name"}

    def rank(self, rows: Places, candidates: Places) -> Floats:
        """All equal: the ties are the policy."""
        return np.zeros((len(rows), len(candidates)))

    def reason(self, value: float) -> str:
        """Nothing beyond the tier."""
        return ""


class ByCosine:
    """The most similar classes in the eyes of the classifier's head, related or not: the rule of the paper."""

    settings: dict[str, Any] = {"order": "weight cosine, name"}  # noqa: RUF012 - a protocol's property
    exclusive = False

    def start(self, classes: Classes) -> None:
        """Refuse a classifier without a linear head."""
        if classes.units is None:
            raise ComparisonError("the classifier has no linear head to compare", 'choose references by "tier"')
        self._units = classes.units

    def rank(self, rows: Places, candidates: Places) -> Floats:
        """``1 - cosine`` of the two classes' weights."""
        return np.asarray(1.0 - self._units[rows] @ self._units[candidates].T, np.float64)

    def reason(self, value: float) -> str:
        """Nothing beyond the cosine, which every reference names."""
        return ""


class ByLogits:
    """The classes whose scores for the image are nearest to its species', the paper's own rule for an image.

    They are chosen while an image is explained (`finercam_core.explain.engine.request`); a plan holds their ranks
    alone, and the store which class stood at each rank.
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
    def settings(self) -> dict[str, Any]:
        """Name and hash of the tree."""
        return {"order": "patristic distance, tier, weight cosine, name", "tree_sha256": self.tree.sha256}

    def start(self, classes: Classes) -> None:
        """Reduce the tree to the classes."""
        import pandas as pd

        places = {name: i for i, name in enumerate(self.tree.tips)}
        parts = parse_names(pd.Series(classes.names, dtype="str"))
        whole = parts["genus"] + " " + parts["specificEpithet"]
        tips = np.array([places.get(n, places.get(w, -1)) for n, w in zip(classes.names, whole, strict=True)], np.intp)
        used = np.unique(tips[tips >= 0])
        self._tree = self.tree.only(used)
        self._tip = np.where(tips >= 0, np.searchsorted(used, tips), -1)
        # Distances that differ by less than rounding tie: in a dated tree all of a sister clade are equally far.
        self._step = float(self.tree.depth.max()) * 1e-8 or 1e-8

    def rank(self, rows: Places, candidates: Places) -> Floats:
        """Patristic distance in the tree's unit, rounded to 1e-8 of the tree's depth."""
        found = np.full((len(rows), len(candidates)), np.inf)
        there = self._tip[candidates] >= 0
        for i, row in enumerate(rows):
            if self._tip[row] >= 0:
                found[i, there] = self._tree.distances(self._tip[row])[self._tip[candidates[there]]]
        finite = np.isfinite(found)
        found[finite] = np.round(found[finite] / self._step) * self._step
        return found

    def reason(self, value: float) -> str:
        """The distance."""
        return f"patristic distance {value:.4g}" if np.isfinite(value) else "not in the tree"
