"""What a reader of a species' maps must know before believing them."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from finercam_core.errors import counted
from finercam_core.evaluate.statistics.species_tables import OVERALL
from finercam_core.evaluate.traits.characters import TOLD_APART, share_in_words
from finercam_core.evaluate.traits.cover import OUTSIDE

FEW = 10  # specimens; a species with fewer gets a caveat
ENOUGH = 5  # specimens that a species needs for its faithfulness to be judged
POOR = 0.8  # accuracy; a species with less gets a caveat
MOST_OUTSIDE = 0.1  # of what separates two species; the demo collection, which has no shortcut, stays below half of it
_LOOKS = "the classifier looks outside the specimen"


class Caveat(NamedTuple):
    """One caveat: the species it is about, its kind in a few words, and the whole of it in a sentence."""

    species: str
    kind: str
    sentence: str


def caveats(
    accuracy: pd.DataFrame,
    localisation: pd.DataFrame,
    directions: pd.DataFrame,
    pairs: pd.DataFrame,
    faithfulness: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Every caveat of every species.

    Parameters
    ----------
    accuracy, localisation : DataFrame
        From `species_tables`.
    directions, pairs : DataFrame
        From `characters`; may be empty.
    faithfulness : DataFrame, optional
        From `gains.summarise`, where the classifier was available.

    Returns
    -------
    DataFrame: species, kind ("few images", "low accuracy", "no better than random", "outside the specimen"), sentence.
    """
    masked = _masked(faithfulness) if faithfulness is not None and len(faithfulness) else ()
    rows = [*_accuracy(accuracy), *_random(localisation), *masked, *_outside(pairs, directions)]
    return pd.DataFrame(rows, columns=Caveat._fields).sort_values(["species", "kind"], ignore_index=True)


def _accuracy(table: pd.DataFrame) -> Iterator[Caveat]:
    for row in table.to_dict("records"):
        if row["n"] < FEW:
            judged = "1 specimen was" if row["n"] == 1 else f"{row['n']} specimens were"
            yield Caveat(row["species"], "few images", f"only {judged} judged")
        if row["accuracy"] < POOR:
            taken = f" (taken for {row['confusions']})" if row.get("confusions") else ""
            judged = f"{row['correct']} of {counted(row['n'], 'specimen')}{taken}"
            right = f"among all species the classifier is right on {judged}"
            sentence = f"{right}; the maps explain a classifier that is often wrong"
            yield Caveat(row["species"], "low accuracy", sentence)


def _random(table: pd.DataFrame) -> Iterator[Caveat]:
    chosen = table[(table["map"] == "finer_cam") & (table["figure"] == "energy")] if len(table) else table
    for row in chosen.to_dict("records"):
        if row["n"] > 1 and not row["gain_low"] > 0:
            low, high = (f"{100 * row[end]:+.1f}" for end in ("gain_low", "gain_high"))
            gain = f"{100 * row['gain']:+.1f} % [{low}, {high}]"
            sentence = f"the maps lie on the specimen no more than random ones: {gain}"
            yield Caveat(row["species"], "no better than random", sentence)


def _masked(table: pd.DataFrame) -> Iterator[Caveat]:
    """Species whose maps find what the classifier uses no better than random maps do."""
    chosen = table[(table["map"] == "finer_cam") & (table["n"] >= ENOUGH) & (table["species"] != OVERALL)]
    for name, rows in chosen.groupby("species", sort=True):
        figures = rows.set_index("figure")
        drop, deletion = figures.loc["drop_5"], figures.loc["deletion"]
        if drop["over_random_low"] <= 0 and deletion["over_random_high"] >= 0:
            gain = f"{drop['over_random_mean']:+.2f} [{drop['over_random_low']:+.2f}, {drop['over_random_high']:+.2f}]"
            sentence = (
                f"masking the top 5 % of its maps costs the species no more confidence than masking at random: {gain}"
            )
            yield Caveat(str(name), "no better than random", sentence)


def _outside(pairs: pd.DataFrame, directions: pd.DataFrame) -> Iterator[Caveat]:
    """Species whose own pictures show, beside the specimen, part of what separates them from another species.

    Where two species were compared in one direction only, evidence denser outside than on the specimen counts.
    """
    chosen = pairs[pairs["trait_id"] == OUTSIDE] if len(pairs) else pairs
    for row in chosen.to_dict("records"):
        if row["share_low"] > MOST_OUTSIDE and row["told_apart"] >= TOLD_APART:
            other = row["reference"] if row["on"] == row["species"] else row["species"]
            share = share_in_words(row["share"], row["share_low"], row["share_high"])
            sentence = f"{_LOOKS}: {share} of what tells it from {other} lies there"
            yield Caveat(row["on"], "outside the specimen", sentence)
    both = (
        {frozenset(key) for key in zip(chosen["species"], chosen["reference"], strict=True)} if len(chosen) else set()
    )
    single = directions[directions["trait_id"] == OUTSIDE] if len(directions) else directions
    for row in single.to_dict("records"):
        if frozenset((row["species"], row["reference"])) not in both and row["density"] > 1:
            share, area = _percent(row["share"]), _percent(row["area"])
            figures = f"{share} of the evidence against {row['reference']} on {area} of the image"
            yield Caveat(row["species"], "outside the specimen", f"{_LOOKS}: {figures} lies there")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
