"""Ranks of species: families agreed by majority, and who is related to whom."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from finercam_core.taxonomy.names import parse_names

TIERS = ("conspecific", "congener", "confamilial", "ordinal", "unrelated")
_ENDINGS = ("idae", "aceae", "viridae")
# The eight families of plants whose old names are as valid as those in -aceae (ICN, Article 18.5).
_OLD = ("Compositae", "Cruciferae", "Gramineae", "Guttiferae", "Labiatae", "Leguminosae", "Palmae", "Umbelliferae")


def is_family(names: pd.Series) -> pd.Series:
    """Whether texts are names of families by their form: -idae, -aceae, or one of the old names of plants."""
    return names.str.endswith(_ENDINGS) | names.isin(_OLD)


def family_by_majority(genus: pd.Series, family: pd.Series) -> pd.Series:
    """Give each genus the family of most of its rows; rows without a genus keep theirs.

    Of families with equally many rows the first by name wins, so that the order of rows does not matter.
    """
    counts = family_counts(genus, family)
    most = counts.sort_values(["rows", "family"], ascending=[False, True]).drop_duplicates("genus")
    majority = genus.map(dict(zip(most["genus"], most["family"], strict=True))).astype(object)
    return majority.where(majority.notna(), family).astype("str")


def family_counts(genus: pd.Series, family: pd.Series) -> pd.DataFrame:
    """Rows of each genus under each family: genus, family, rows; unknown ones are left out."""
    pairs = pd.DataFrame({"genus": genus, "family": family})
    pairs = pairs[(pairs["genus"] != "") & (pairs["family"] != "")]
    return pairs.value_counts().rename("rows").reset_index()


def nomenclatural_code(kingdom: pd.Series, family: pd.Series) -> pd.Series:
    """`zoological` or `botanical` by the kingdom, else by the form of the family's name; "" where neither tells.

    One name may be given once under each code: *Ficus* is a fig and a snail.
    """
    kingdom, family = kingdom.str.strip().str.lower(), family.str.strip().str.lower()
    animal = kingdom.isin(["animalia", "metazoa"]) | ((kingdom == "") & family.str.endswith("idae"))
    plant = kingdom.isin(["plantae", "fungi", "chromista"]) | ((kingdom == "") & family.str.endswith("aceae"))
    return pd.Series("", index=family.index, dtype="str").mask(animal, "zoological").mask(plant, "botanical")


def genus_keys(genus: pd.Series, kingdom: pd.Series, family: pd.Series) -> pd.Series:
    """Genera, those that occur under both codes with the code behind them; "" stays ""."""
    code = nomenclatural_code(kingdom, family)
    known = pd.DataFrame({"genus": genus, "code": code})[(code != "") & (genus != "")]
    several = known.groupby("genus")["code"].nunique()
    return genus.mask(genus.isin(several.index[several > 1]), genus + " " + code)


def class_taxa(specimens: pd.DataFrame, classes: Sequence[str], *, scientific: bool = True) -> pd.DataFrame:
    """Ranks of classes as codes that are equal for relatives.

    Parameters
    ----------
    specimens : DataFrame
        With scientificName, genus, specificEpithet, family and order, "" where unknown.
    classes : sequence of str (K,)
        A class that is not among the specimens is ranked by its name alone.
    scientific : bool
        Whether the classes are scientific names. Other labels are not taken apart, and each can be a reference.

    Returns
    -------
    DataFrame (K rows) with scientificName, `referable` (bool), and a column of codes for each of `TIERS` but the last.
    """
    columns = ["scientificName", "genus", "specificEpithet", "family", "order"]
    names = pd.DataFrame({"scientificName": list(classes)}, dtype="str")
    ranks = specimens[columns].drop_duplicates("scientificName")
    table = names.merge(ranks, how="left", on="scientificName").fillna("")
    parsed = parse_names(table["scientificName"]).reset_index(drop=True)
    if scientific:
        for term in ("genus", "specificEpithet"):
            table[term] = table[term].where(table[term] != "", parsed[term])
    table["referable"] = parsed["is_referable"] | (not scientific)
    table["genus"] = genus_keys(table["genus"], pd.Series("", index=table.index), table["family"])
    species = (table["genus"] + " " + table["specificEpithet"]).where(table["specificEpithet"] != "", "")
    for tier, values in zip(TIERS, (species, table["genus"], table["family"], table["order"]), strict=False):
        codes = pd.factorize(values)[0]
        # Unknown ranks make no relatives: each gets a code of its own.
        table[tier] = np.where(values == "", -1 - np.arange(len(values)), codes)
    return table
