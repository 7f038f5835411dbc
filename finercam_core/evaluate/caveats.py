"""What a reader of a species' maps must know before believing them."""

from collections.abc import Iterator

import pandas as pd

from finercam_core.evaluate.statistics.species_tables import OVERALL
from finercam_core.evaluate.traits.characters import share_in_words
from finercam_core.evaluate.traits.cover import OUTSIDE

FEW = 10
ENOUGH = 5  # specimens of a species, for its faithfulness to be judged
POOR = 0.8
BESIDE = 0.1  # of what separates two species; the demo collection, which has no shortcut, stays below half of it
TOLD_APART = 0.9
_LOOKS = "the classifier looks outside the specimen"
COLUMNS = ["species", "kind", "sentence"]


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
        From `summary`.
    directions, pairs : DataFrame
        From `characters`; may be empty.
    faithfulness : DataFrame, optional
        From `gains.summarise`, where the classifier was at hand.

    Returns
    -------
    DataFrame: species, kind ("few images", "low accuracy", "no better than random", "outside the specimen"), sentence.
    """
    masked = _masked(faithfulness) if faithfulness is not None and len(faithfulness) else ()
    found = [*_accuracy(accuracy), *_random(localisation), *masked, *_outside(pairs, directions)]
    return pd.DataFrame(found, columns=COLUMNS).sort_values(["species", "kind"], ignore_index=True)


def _accuracy(table: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    for row in table.to_dict("records"):
        if row["n"] < FEW:
            yield row["species"], "few images", f"only {row['n']} specimens were judged"
        if row["accuracy"] < POOR:
            right = f"the classifier is right on {row['correct']} of {row['n']} specimens"
            yield row["species"], "low accuracy", f"{right}; the maps explain a classifier that is often wrong"


def _random(table: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    chosen = table[(table["map"] == "finer_cam") & (table["figure"] == "energy")] if len(table) else table
    for row in chosen.to_dict("records"):
        if row["n"] > 1 and not row["gain_low"] > 0:
            low, high = (f"{100 * row[end]:+.1f}" for end in ("gain_low", "gain_high"))
            gain = f"{100 * row['gain']:+.1f} % [{low}, {high}]"
            yield (
                row["species"],
                "no better than random",
                f"the maps lie on the specimen no more than random ones: {gain}",
            )


def _masked(table: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    """Species whose maps find what the classifier uses no better than a random map does."""
    chosen = table[(table["map"] == "finer_cam") & (table["n"] >= ENOUGH) & (table["species"] != OVERALL)]
    for name, rows in chosen.groupby("species", sort=True):
        figures = rows.set_index("figure")
        drop, deletion = figures.loc["drop_5"], figures.loc["deletion"]
        if drop["over_random_low"] <= 0 and deletion["over_random_high"] >= 0:
            gain = f"{drop['over_random_mean']:+.2f} [{drop['over_random_low']:+.2f}, {drop['over_random_high']:+.2f}]"
            yield (
                str(name),
                "no better than random",
                f"masking the top 5 % of its maps costs the species no more confidence than masking at random: {gain}",
            )


def _outside(pairs: pd.DataFrame, directions: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    """Species whose own pictures carry, beside the specimen, part of what separates them from another species.

    Where two species were compared in one direction alone, evidence denser outside than on the specimen counts.
    """
    chosen = pairs[pairs["trait_id"] == OUTSIDE] if len(pairs) else pairs
    for row in chosen.to_dict("records"):
        if row["share_low"] > BESIDE and row["told_apart"] >= TOLD_APART:
            other = row["reference"] if row["on"] == row["species"] else row["species"]
            figures = share_in_words(row)
            yield row["on"], "outside the specimen", f"{_LOOKS}: {figures} of what tells it from {other} lies there"
    both = (
        {frozenset(key) for key in zip(chosen["species"], chosen["reference"], strict=True)} if len(chosen) else set()
    )
    single = directions[directions["trait_id"] == OUTSIDE] if len(directions) else directions
    for row in single.to_dict("records"):
        if frozenset((row["species"], row["reference"])) not in both and row["density"] > 1:
            share, area = _percent(row["share"]), _percent(row["area"])
            figures = f"{share} of the evidence against {row['reference']} on {area} of the image"
            yield row["species"], "outside the specimen", f"{_LOOKS}: {figures} lies there"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
