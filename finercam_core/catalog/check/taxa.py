"""Findings about families, genera and relatives."""

import numpy as np
import pandas as pd

from finercam_core.catalog.assembly import MAJORITY, NOT_A_FAMILY
from finercam_core.catalog.catalog import Catalog
from finercam_core.catalog.check.findings import Finding
from finercam_core.taxonomy.ranks import TIERS, class_taxa


def taxon_findings(catalog: Catalog, species: pd.DataFrame) -> list[Finding]:
    """Odd, missing and disputed families, and species without relatives."""
    findings = [_without_family(catalog.specimens, species), _alone(catalog, species)]
    if catalog.names == "scientific":
        findings = [_odd_families(catalog), _disputed_genera(catalog), _case(catalog), *findings]
    return [finding for finding in findings if finding is not None]


def _odd_families(catalog: Catalog) -> Finding | None:
    """Words in the column of families that are not families."""
    changed = catalog.corrections[catalog.corrections["reason"] == NOT_A_FAMILY]
    table = _counted(changed, ["verbatim", "value"]).rename(columns={"verbatim": "family", "value": "taken"})
    if table.empty:
        return None
    return Finding(
        "family_odd",
        "warning",
        int(table["images"].sum()),
        "images",
        "with a family that is not one",
        table,
        "{family!r} ({images}) → {taken!r}",
        "they get that of their genus, if any",
    )


def _disputed_genera(catalog: Catalog) -> Finding | None:
    """Genera that stand under several families: the majority, and the dissent."""
    changed = catalog.corrections
    changed = changed[(changed["reason"] == MAJORITY) & (changed["verbatim"] != "")]
    # A word that is not a family is reported by `_odd_families`.
    odd = catalog.corrections.loc[catalog.corrections["reason"] == NOT_A_FAMILY, "image_id"]
    changed = changed[~changed["image_id"].isin(odd)]
    if changed.empty:
        return None
    rows = catalog.specimens.set_index("image_id")
    dissent = changed.assign(genus=rows["genus"].reindex(changed["image_id"]).to_numpy())
    others = _counted(dissent.assign(verbatim=dissent["verbatim"].str.strip().str.capitalize()), ["genus", "verbatim"])
    corrected = catalog.corrections.loc[catalog.corrections["term"] == "family", "image_id"]
    agreeing = rows.loc[~rows.index.isin(corrected), "genus"].value_counts()
    family = rows.drop_duplicates("genus").set_index("genus")["family"]
    cases = [
        {
            "genus": genus,
            "family": family[genus],
            "images": int(agreeing[genus]),
            "others": ", ".join(f"{name} ({n})" for name, n in zip(rest["verbatim"], rest["images"], strict=True)),
        }
        for genus, rest in others.groupby("genus", sort=True)
    ]
    return Finding(
        "genus_several_families",
        "warning",
        len(cases),
        "genera",
        "under several families",
        pd.DataFrame(cases),
        "{genus}: {family} ({images}), not {others}",
        "all rows get the family of most rows",
    )


def _case(catalog: Catalog) -> Finding | None:
    spelled = catalog.spellings[catalog.spellings["term"] == "family"]
    table = spelled[spelled["verbatim"].str.strip().str.lower() == spelled["value"].str.lower()]
    table = table.drop(columns="term").reset_index(drop=True)
    if table.empty:
        return None
    return Finding(
        "family_case",
        "note",
        len(table),
        "spellings",
        "of families that differ only in case or spaces",
        table,
        "{verbatim!r} → {value!r}",
    )


def _without_family(specimens: pd.DataFrame, species: pd.DataFrame) -> Finding | None:
    unknown = specimens.loc[specimens["family"] == "", "scientificName"].unique()
    table = species[species["species"].isin(unknown)]
    if table.empty:
        return None
    return Finding(
        "family_missing",
        "note",
        len(table),
        "species",
        "without a family",
        table[["species", "images"]],
        "{species}",
        "they are related by genus alone",
    )


def _alone(catalog: Catalog, species: pd.DataFrame) -> Finding | None:
    """Species without another, formally named species of their genus, family or order."""
    taxa = class_taxa(catalog.specimens, list(species["species"]), scientific=catalog.names == "scientific")
    referable, related = taxa["referable"].to_numpy(bool), np.zeros(len(taxa), bool)
    for tier in TIERS[:-1]:
        codes = np.unique(taxa[tier].to_numpy(), return_inverse=True)[1]
        related |= np.bincount(codes, weights=referable, minlength=1)[codes] - referable > 0
    table = species.loc[~related, ["species", "images"]]
    if table.empty:
        return None
    return Finding(
        "no_relatives",
        "note",
        len(table),
        "species",
        "without a relative in the collection",
        table,
        "{species}",
        _without_relatives(catalog, len(table), len(species)),
    )


def _without_relatives(catalog: Catalog, alone: int, species: int) -> str:
    """What to do about species without relatives; where nearly none has one, the labels may be no scientific names."""
    by_cosine = "--references-by cosine compares each with those whose weights in the classifier are most alike"
    if catalog.names == "verbatim":
        return f"they are compared with unrelated species; {by_cosine}"
    if 2 * alone > species > 2:
        return (
            "they are compared with unrelated species; if these labels are no scientific names, write "
            f'names = "verbatim" below [collection] in a manifest; {by_cosine}'
        )
    return "they are compared with unrelated species"


def _counted(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Rows of each combination, most frequent first."""
    counted = table.groupby(columns, sort=True).size().rename("images").reset_index()
    return counted.sort_values("images", ascending=False, kind="stable").reset_index(drop=True)
