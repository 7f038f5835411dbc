"""What a policy is, and the two that need nothing but the classifier and the catalog."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from finercam_core.errors import ComparisonError

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
