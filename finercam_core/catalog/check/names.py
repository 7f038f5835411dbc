"""Findings about the names of species."""

import pandas as pd

from finercam_core.catalog.assembly import SYNONYM
from finercam_core.catalog.catalog import Catalog
from finercam_core.catalog.check.findings import Finding, tally
from finercam_core.taxonomy.names import parse_name
from finercam_core.taxonomy.similar_names import similar_names


def species_table(catalog: Catalog) -> pd.DataFrame:
    """One row per species: species, images, rank, and kind ("" for a formal name, else why it is not one)."""
    counts = catalog.specimens["scientificName"].value_counts().sort_index()
    table = pd.DataFrame({"species": counts.index.astype("str"), "images": counts.to_numpy()})
    parsed = [parse_name(name) for name in table["species"]]
    formal = catalog.names != "scientific"
    table["rank"] = [name.taxonRank for name in parsed]
    table["kind"] = ["" if formal or name.is_referable else name.qualifier or "one word" for name in parsed]
    return table


def name_findings(catalog: Catalog, species: pd.DataFrame) -> list[Finding]:
    """Names that are not those of species, names that were cleaned or replaced, and names that look alike."""
    if catalog.names != "scientific":
        return []
    findings = [*_no_species(species), _cleaned(catalog), _synonyms(catalog), _similar(species)]
    return [finding for finding in findings if finding is not None]


def _no_species(species: pd.DataFrame) -> list[Finding]:
    """A family where the species should be, other single words, open nomenclature and hybrids."""
    odd = species[species["kind"] != ""]
    higher = odd[(odd["kind"] == "one word") & ~odd["rank"].isin(["genus", ""])]
    rest = odd.drop(higher.index)
    findings = []
    if len(higher):
        findings.append(
            Finding(
                "species_is_higher_taxon",
                "warning",
                len(higher),
                "species",
                "named as a family or an order",
                higher,
                "{species} ({rank}, {images})",
                "they are kept as classes, but never references",
            )
        )
    if len(rest):
        findings.append(
            Finding(
                "name_not_species",
                "note",
                len(rest),
                "species",
                f"with a name of no species ({tally(rest['kind'])})",
                rest,
                "{species}",
                "they are kept as classes, but never references",
            )
        )
    return findings


def _cleaned(catalog: Catalog) -> Finding | None:
    table = catalog.spellings[catalog.spellings["term"] == "scientificName"]
    synonyms = catalog.corrections.loc[catalog.corrections["reason"] == SYNONYM, "verbatim"].unique()
    table = table[~table["verbatim"].isin(synonyms)].drop(columns="term").reset_index(drop=True)
    if table.empty:
        return None
    return Finding(
        "name_cleaned",
        "note",
        len(table),
        "spellings",
        "of names cleaned (case, authors, spaces)",
        table,
        "{verbatim!r} → {value!r}",
    )


def _synonyms(catalog: Catalog) -> Finding | None:
    changed = catalog.corrections[catalog.corrections["reason"] == SYNONYM]
    table = changed.groupby(["verbatim", "value"], sort=True).size().rename("images").reset_index()
    if table.empty:
        return None
    return Finding(
        "synonym", "note", len(table), "synonyms", "replaced by accepted names", table, "{verbatim} → {value}"
    )


def _similar(species: pd.DataFrame) -> Finding | None:
    images = dict(zip(species["species"], species["images"], strict=True))
    pairs = similar_names(species.loc[species["kind"] == "", "species"])
    rows = [{"species": a, "images": images[a], "similar": b, "similar_images": images[b]} for a, b in pairs]
    if not rows:
        return None
    return Finding(
        "similar_names",
        "note",
        len(rows),
        "pairs",
        "of species with similar names, never merged",
        pd.DataFrame(rows),
        "{species} ({images}) / {similar} ({similar_images})",
        "if one is a misspelling, give a table of synonyms",
    )
