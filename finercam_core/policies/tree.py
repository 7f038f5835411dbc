"""References by a phylogeny."""

from typing import Any

import numpy as np

from finercam_core.names import parse_names
from finercam_core.policies.base import Classes, Floats, Places
from finercam_core.trees import Tree


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
