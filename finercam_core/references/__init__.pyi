# The names of this room. `__init__.py` loads each when it is first used.
from .policies import ByCosine, ByLogits, ByTier, ByTree, Classes, Policy
from .selection import policy_of
from .tables import ByHand, Confusions

REFERENCES: int

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
