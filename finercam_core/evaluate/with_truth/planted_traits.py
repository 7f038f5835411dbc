"""Rendered collections, whose true differences are known: which rank the pair table gives the planted trait."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from finercam_core.errors import counted
from finercam_core.evaluate.kept_tables import short_hash
from finercam_core.evaluate.traits.characters import TOLD_APART
from finercam_core.evaluate.with_truth.true_regions import TrueRegions
from finercam_core.store import Store
from finercam_core.synthetic import differing_traits, true_region_of
from finercam_core.synthetic.parts import MASK_NAMES, TRAIT_PARTS, mask_classes
from finercam_core.synthetic.shortcuts import Planting
from finercam_core.synthetic.truth import read_truth

PlantedTraits = Callable[[str, str], Iterable[str]]  # of a species and a reference: the traits that truly differ


def planted_names(a: str, b: str) -> frozenset[str]:
    """Names, in the masks, of the parts in which two rendered species truly differ."""
    parts = np.array([part for trait in differing_traits(a, b) for part in TRAIT_PARTS[trait]], np.uint8)
    return frozenset(MASK_NAMES[int(number)] for number in np.unique(mask_classes(parts)) if number)


def planted_in(folder: str | Path) -> Callable[[str, str], frozenset[str]]:
    """`planted_names` for a rendered collection in which some species may be drawn as others.

    Raises
    ------
    CatalogError
        If the folder does not hold a rendered collection.
    """
    planting = Planting.from_truth(read_truth(Path(folder)))
    return lambda a, b: planted_names(planting.drawn(a), planting.drawn(b))


def rendered_truth(store: Store) -> TrueRegions:
    """True regions of a store's rendered collection.

    Raises
    ------
    CatalogError
        If its images are not a rendered collection.
    """
    folder = Path(store.images_root)
    content = json.dumps({key: value for key, value in read_truth(folder).items() if key != "images"}, sort_keys=True)

    def region(image_id: str, reference: str) -> npt.NDArray[np.bool_]:
        return true_region_of(folder, Path(store.place(image_id)).stem, reference)

    return TrueRegions(region, short_hash(content.encode()))


def planted_ranks(
    pairs: pd.DataFrame,
    planted: PlantedTraits = planted_names,
    directions: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Rank of the planted trait of each pair of congeners, by density and by share.

    Parameters
    ----------
    pairs : DataFrame
        From `characters.pair_table`.
    planted : callable
        ``planted(species, reference)`` gives the names of the traits that truly differ.
    directions : DataFrame, optional
        From `characters.direction_table`: says which species bear which trait, for `why`.

    Returns
    -------
    DataFrame, without pairs that differ in no trait: species, reference, planted, area (of the best ranked planted
    trait), rank, rank_by_share, first (the trait ranked first), told_apart (whether at least 90 % of the specimens
    score higher for their own species), why (another trait was first, in words; "" for rank 1).
    """
    congeners = pairs[pairs["tier"] == "congener"] if len(pairs) else pairs
    groups = [(table, frozenset(planted(*key))) for key, table in congeners.groupby(["species", "reference"])]
    bearers = _bearers(directions)
    return pd.DataFrame([_row(table, names, bearers) for table, names in groups if names])


def planted_summary(ranks: pd.DataFrame) -> str:
    """In how many of the pairs that the classifier tells apart the planted trait comes first, in words."""
    if ranks.empty:
        return "no pair of congeners differs in a planted trait"
    known = ranks[ranks["told_apart"]]
    first = int((known["rank"] == 1).sum())
    rest = (
        f"; {counted(len(ranks) - len(known), 'more is', 'more are')} not told apart" if len(ranks) > len(known) else ""
    )
    told = counted(len(known), "pair")
    return f"planted trait first in {first} of {told} that the classifier tells apart{rest}"


def _bearers(directions: pd.DataFrame | None) -> frozenset[tuple[str, str]]:
    """Which species bear which trait, by the masks of their specimens."""
    if directions is None or directions.empty:
        return frozenset()
    seen = directions[directions["area"] > 0]
    return frozenset(zip(seen["species"], seen["trait"], strict=True))


def _why(first: pd.Series, true: pd.DataFrame, bearers: frozenset[tuple[str, str]]) -> str:
    """Why the planted trait is not first, from the figures alone."""
    if true.empty:
        return "no mask of either species has the planted trait"
    best = true.iloc[0]
    words = [f"{first['trait']} is denser, {_density(first)} against {_density(best)} of {best['trait']}"]
    if first["told_apart"] < TOLD_APART:
        words.append(f"only {first['told_apart']:.0%} of the specimens score higher for their own species")
    if first["density_low"] <= best["density_high"]:
        words.append("the intervals overlap")
    if all((first[side], best["trait"]) in bearers for side in ("species", "reference")):
        words.append(f"both species bear a {best['trait']}, so that what differs shares its label with what does not")
    return "; ".join(words)


def _density(row: pd.Series) -> str:
    return f"{row['density']:.1f} [{row['density_low']:.1f}, {row['density_high']:.1f}]"


def _row(table: pd.DataFrame, names: frozenset[str], bearers: frozenset[tuple[str, str]]) -> dict[str, object]:
    traits = table[table["rank"] > 0].assign(by_share=lambda t: t["share"].rank(ascending=False, method="min"))
    true = traits[traits["trait"].isin(names)].sort_values("rank")
    first, rank = table.iloc[0], int(true["rank"].iloc[0]) if len(true) else 0
    return {
        "species": first["species"],
        "reference": first["reference"],
        "planted": ", ".join(sorted(names)),
        "area": float(true["area"].iloc[0]) if len(true) else 0.0,
        "rank": rank,
        "rank_by_share": int(true["by_share"].min()) if len(true) else 0,
        "first": str(traits.sort_values("rank")["trait"].iloc[0]) if len(traits) else "",
        "told_apart": bool(first["told_apart"] >= TOLD_APART),
        "why": "" if rank == 1 else _why(first, true, bearers),
    }
