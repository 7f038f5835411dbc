"""Collections whose true differences are known: which rank the pair table gives the planted trait."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from finercam_core.synthetic import differing_traits
from finercam_core.synthetic.parts import MASK_NAMES, TRAIT_PARTS, mask_classes
from finercam_core.synthetic.planting import Planting
from finercam_core.synthetic.truth import read_truth

TOLD_APART = 0.9


def planted_names(a: str, b: str) -> frozenset[str]:
    """Names, in the masks, of the parts in which two rendered species truly differ."""
    parts = np.array([part for trait in differing_traits(a, b) for part in TRAIT_PARTS[trait]], np.uint8)
    return frozenset(MASK_NAMES[int(number)] for number in np.unique(mask_classes(parts)) if number)


def planted_in(folder: str | Path) -> Callable[[str, str], frozenset[str]]:
    """`planted_names` for a rendered collection in which some species may be drawn as others.

    Raises
    ------
    CatalogError
        If the folder holds no rendered collection.
    """
    planting = Planting.from_truth(read_truth(Path(folder)))
    return lambda a, b: planted_names(planting.drawn(a), planting.drawn(b))


def planted_ranks(pairs: pd.DataFrame, planted: Callable[[str, str], Iterable[str]] = planted_names) -> pd.DataFrame:
    """Rank of the planted trait of each pair of congeners, by density and by share.

    Parameters
    ----------
    pairs : DataFrame
        From `characters.pair_table`.
    planted : callable
        ``planted(species, reference)`` gives the names of the traits that truly differ.

    Returns
    -------
    DataFrame, without pairs that differ in no trait: species, reference, planted, area (of the best ranked planted
    trait), rank, rank_by_share, first (the trait ranked first), told_apart (whether at least 90 % of the specimens
    score higher for their own species).
    """
    congeners = pairs[pairs["tier"] == "congener"] if len(pairs) else pairs
    groups = [(table, frozenset(planted(*key))) for key, table in congeners.groupby(["species", "reference"])]
    return pd.DataFrame([_row(table, names) for table, names in groups if names])


def _row(table: pd.DataFrame, names: frozenset[str]) -> dict[str, object]:
    traits = table[table["rank"] > 0].assign(by_share=lambda t: t["share"].rank(ascending=False, method="min"))
    true = traits[traits["trait"].isin(names)].sort_values("rank")
    first = table.iloc[0]
    return {
        "species": first["species"],
        "reference": first["reference"],
        "planted": ", ".join(sorted(names)),
        "area": float(true["area"].iloc[0]) if len(true) else 0.0,
        "rank": int(true["rank"].iloc[0]) if len(true) else 0,
        "rank_by_share": int(true["by_share"].min()) if len(true) else 0,
        "first": str(traits.sort_values("rank")["trait"].iloc[0]) if len(traits) else "",
        "told_apart": bool(first["told_apart"] >= TOLD_APART),
    }
