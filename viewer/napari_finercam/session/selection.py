"""Which specimens of a store are gone through, and in which order."""

from dataclasses import dataclass

ALL = "All specimens"
FILTERS = ("all", "unreviewed", "unsure", "disagreement", "low confidence", "failed")
ORDERS = ("as stored", "least certain first", "closest look-alike first")


@dataclass(frozen=True)
class Selection:
    """Which specimens are gone through.

    Attributes
    ----------
    taxon : str
        A family, a genus or a species; "" for all.
    only : str
        One of `FILTERS`.
    trait : str
        Specimens with an accepted region of this trait; "" for all.
    text : str
        Part of an id, a name or a common name; "" for all.
    order : str
        One of `ORDERS`, or of those that `Queue.take_figures` returned.
    """

    taxon: str = ""
    only: str = "all"
    trait: str = ""
    text: str = ""
    order: str = ORDERS[0]
