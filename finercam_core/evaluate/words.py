"""What the figures of an evaluation say, in sentences that a page and a screen share; Markdown, without full stops."""

import math

import pandas as pd

from finercam_core.errors import counted
from finercam_core.evaluate.maps import MAP_NAMES
from finercam_core.evaluate.results import NO_PLACES
from finercam_core.evaluate.statistics.species_tables import OVERALL

NO_CLASSIFIER = "not measured: it needs the classifier, `finercam evaluate --classifier`"


def interval(row: "pd.Series", mean: str, low: str, high: str, digits: int = 2, *, sign: bool = False) -> str:
    """A mean with its interval, "0.74 [0.70, 0.78]"."""
    plus = "+" if sign else ""
    return f"{row[mean]:{plus}.{digits}f} [{row[low]:{plus}.{digits}f}, {row[high]:{plus}.{digits}f}]"


def faithfulness_in_words(table: pd.DataFrame) -> str:
    """Whether the classifier uses what the maps show, against maps that know nothing.

    Parameters
    ----------
    table : DataFrame
        From `with_model.gains.summarise`; may be empty.
    """
    if table.empty:
        return NO_CLASSIFIER
    overall = table[(table["species"] == OVERALL) & (table["figure"] == "drop_5")].set_index("map")
    own = overall.loc["finer_cam"]
    gain = interval(own, "over_random_mean", "over_random_low", "over_random_high", sign=True)
    words = (
        f"hiding the 5 % of the picture that a map points at takes {interval(own, 'mean', 'low', 'high')} of the lead "
        f"in probability over the look-alike, a random map's {overall.loc['random', 'mean']:.2f} "
        f"({gain}, {counted(int(own['n']), 'specimen')})"
    )
    if own["over_random_low"] > 0:
        return f"the classifier uses what the maps show: {words}"
    if own["over_random_high"] < 0:
        return f"the maps point away from what the classifier uses: {words}"
    return f"no sign that the classifier uses what the maps show: {words}"


def difference_in_words(table: pd.DataFrame) -> list[str]:
    """For each γ whether the difference points better than the species alone, the published γ and γ = 1 side by side.

    Parameters
    ----------
    table : DataFrame
        From `with_model.gains.finer_table`; may be empty.
    """
    if table.empty:
        return []
    rows = table[(table["explainer"] == "stored") & (table["figure"] == "drop_5") & (table["weighting"] == "mean")]
    verdicts = {"finer": "better than", "species": "worse than", "undecided": "as good as far as can be told as"}
    return [
        f"γ = {row['gamma']:g}: the difference is {verdicts[row['verdict']]} the species alone "
        f"({interval(row, 'gain', 'low', 'high', 3, sign=True)})"
        for _, row in rows.sort_values("gamma").iterrows()
    ]


def localisation_in_words(table: pd.DataFrame) -> str:
    """How much of the maps lies on the specimen, beside the controls."""
    rows = table[(table["species"] == OVERALL) & (table["figure"] == "energy")] if len(table) else table
    if rows.empty:
        return NO_PLACES
    by_map = rows.set_index("map")
    own = by_map.loc["finer_cam"]
    others = ", ".join(
        f"{MAP_NAMES[name]} {by_map.loc[name, 'mean']:.2f}" for name in by_map.index if name != "finer_cam"
    )
    return f"{interval(own, 'mean', 'low', 'high')} of {MAP_NAMES['finer_cam']}'s evidence ({others})"


def accuracy_in_words(table: pd.DataFrame) -> str:
    """How often the classifier is right."""
    correct, n = int(table["correct"].sum()), int(table["n"].sum())
    share = 100 * correct / n if n else math.nan
    species = counted(len(table), "species", "species")
    return f"the classifier is right on {correct:,} of {counted(n, 'specimen')} ({share:.1f} %) of {species}"
