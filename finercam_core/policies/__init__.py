"""How references are chosen: by relationship, by a tree, by the classifier's weights or confusions, or by hand."""

from finercam_core.policies.base import ByCosine, ByTier, Classes, Policy
from finercam_core.policies.choosing import policy_of
from finercam_core.policies.per_image import ByLogits
from finercam_core.policies.tables import ByHand, Confusions
from finercam_core.policies.tree import ByTree

__all__ = ["ByCosine", "ByHand", "ByLogits", "ByTier", "ByTree", "Classes", "Confusions", "Policy", "policy_of"]
