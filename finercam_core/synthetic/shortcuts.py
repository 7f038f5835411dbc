"""Objects planted beside specimens: shortcuts that a classifier may, or must, take instead of looking at the fish."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from finercam_core.errors import CatalogError
from finercam_core.synthetic.background import object_region
from finercam_core.synthetic.pose import draw_pose
from finercam_core.synthetic.species import species_number, species_plan

SHORTCUTS = ("scale bar", "colour card")


@dataclass(frozen=True)
class Planting:
    """What gives species away beside their specimens.

    Attributes
    ----------
    shortcut : mapping of species to "scale bar" or "colour card"
        The object lies in every picture of that species. Scale bars that lie by chance beside other specimens are
        then left out of the whole collection, so that the planted one means something.
    disguise : mapping of species to species
        The first is drawn as the second: nothing on the specimens tells the two apart, and a classifier that does
        so uses the object.
    """

    shortcut: Mapping[str, str] = field(default_factory=dict)
    disguise: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def checked(cls, shortcut: Mapping[str, str] | None, disguise: Mapping[str, str] | None) -> "Planting":
        """With the species' proper names.

        Raises
        ------
        CatalogError
            If a species or an object is unknown, or a species is disguised without an object that gives it away.
        """
        for planted in (shortcut or {}).values():
            if planted not in SHORTCUTS:
                raise CatalogError(f"unknown shortcut {planted!r}", f"use one of {', '.join(SHORTCUTS)}")
        objects = {species_plan(name).name: planted for name, planted in (shortcut or {}).items()}
        drawn = {species_plan(name).name: species_plan(other).name for name, other in (disguise or {}).items()}
        if lost := sorted(set(drawn) - set(objects)):
            raise CatalogError(f"nothing tells {lost[0]} from {drawn[lost[0]]}", "plant a shortcut beside it as well")
        return cls(objects, drawn)

    @classmethod
    def from_truth(cls, truth: Mapping[str, Any]) -> "Planting":
        """As noted in a collection's `truth.json`."""
        return cls(truth.get("shortcut", {}), truth.get("disguise", {}))

    def to_truth(self) -> dict[str, Any]:
        """For `truth.json`."""
        noted: dict[str, Any] = {"shortcut": dict(self.shortcut)}
        if self.disguise:
            noted["disguise"] = dict(self.disguise)
        return noted if self.chance_bars else noted | {"chance_bars": False}

    def drawn(self, species: str) -> str:
        """Species as which specimens of a species are drawn."""
        return self.disguise.get(species, species)

    @property
    def chance_bars(self) -> bool:
        """Whether scale bars lie by chance beside specimens."""
        return "scale bar" not in self.shortcut.values()

    def region(self, species: str, reference: str, seed: int, index: int) -> npt.NDArray[np.bool_]:
        """Where the object lies, or would lie, that tells a specimen from a reference: bool (height, width)."""
        own, other = self.shortcut.get(species), self.shortcut.get(reference)
        pose = draw_pose(np.random.default_rng(np.random.SeedSequence([seed, species_number(species), index])))
        region = np.zeros((pose.height, pose.width), bool)
        for planted in {own, other} - {None} if own != other else ():
            region |= object_region(pose, str(planted))
        return region
