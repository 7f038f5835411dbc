"""Which specimens of a store may testify: those that the classifier was not trained on."""

from dataclasses import dataclass

import pandas as pd

from finercam_core.parts import ALL, AUTO, choose_judged
from finercam_core.store import Store


@dataclass(frozen=True)
class Witnesses:
    """Specimens that are asked, and what they are worth.

    Attributes
    ----------
    rows : DataFrame
        Of the plan, indexed by image_id.
    held_out : bool
        Whether the classifier never saw them, by its lists, or without lists by the catalog's test split.
    basis : str
        The same in words, without a full stop.
    by_lists : bool
        Whether the classifier itself says so, by the lists that its training wrote.
    """

    rows: pd.DataFrame
    held_out: bool
    basis: str
    by_lists: bool

    def of(self, species: str) -> pd.DataFrame:
        """Rows of one species."""
        return self.rows[self.rows["scientificName"] == species]


def witnesses(store: Store, split: str = AUTO, *, i_know: bool = False) -> Witnesses:
    """The specimens of a store that are asked.

    Parameters
    ----------
    store : Store
    split : str
        As for `finercam_core.parts.choose_judged`: by default those that the classifier never saw.
    i_know : bool
        Ask training images as well, where the split has them; nothing is then *supported*.

    Raises
    ------
    ChoiceError
        If there are none, or training images would be asked that nobody wanted.
    """
    listed = store.provenance.parts is not None
    judged = choose_judged(store.rows, split, listed=listed, i_know=i_know)
    everything = len(judged.rows) == len(store.rows) and (split == ALL or not (judged.rows["split"] == "test").any())
    held_out = not judged.trained_on and (listed or not everything)
    return Witnesses(judged.rows, held_out, judged.sentence, listed)
