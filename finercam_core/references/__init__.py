"""How references are chosen: by relationship, by a tree, by the classifier's weights or confusions, or by hand."""

from finercam_core.references.policies import ByCosine, ByLogits, ByTier, ByTree, Classes, Policy
from finercam_core.references.selection import policy_of
from finercam_core.references.tables import ByHand, Confusions

__all__ = [
    "REFERENCES",
    "ByCosine",
    "ByHand",
    "ByLogits",
    "ByTier",
    "ByTree",
    "Classes",
    "Confusions",
    "Policy",
    "policy_of",
]

REFERENCES = 8
"""Species that each species is compared with, at most, where nothing else is said."""
