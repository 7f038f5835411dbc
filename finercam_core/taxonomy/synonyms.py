"""Accepted names for synonyms, from a table that the user gives: never from the network or by similar spelling."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from finercam_core.errors import CatalogError
from finercam_core.io.tables import read_certain_table
from finercam_core.taxonomy.names import parse_names

_LONGEST_CHAIN = 20
# What TaxonoPy calls queries that it did not resolve.
_UNRESOLVED = "FAIL|EXHAUST|UNSOLVED|FORCE|NO_MATCH|EMPTY"


@dataclass(frozen=True)
class Synonyms:
    """Cleaned names to accepted names.

    Parameters
    ----------
    accepted : mapping of str to str
        Only names that change.
    ambiguous : tuple of str
        Names that the table accepts as several species; they are left as they are.
    cyclic : tuple of str
        Names whose chain of accepted names comes back to where it was; they are left as they are.
    """

    accepted: Mapping[str, str]
    ambiguous: tuple[str, ...] = ()
    cyclic: tuple[str, ...] = ()

    def accept(self, names: pd.Series) -> pd.Series:
        """Accepted names; any other name stays."""
        return names.map(lambda name: self.accepted.get(name, name)).astype("str")


def read_synonyms(location: str) -> Synonyms:
    """Read a table of synonyms.

    Parameters
    ----------
    location : str
        A Darwin Core taxon table (`taxonID`, `scientificName`, `acceptedNameUsageID` or `acceptedNameUsage`), what
        TaxonoPy resolved (`scientific_name`, `genus`, `species`, `resolution_status`), or two columns `synonym` and
        `accepted`; CSV, TSV or Parquet.

    Raises
    ------
    CatalogError
        It cannot be read, has none of these sets of columns, or one `taxonID` for two names.
    """
    frame = read_certain_table(location).frame
    columns = {str(column).rsplit(":", 1)[-1].rsplit("/", 1)[-1].lower(): frame[column] for column in frame}
    if {"synonym", "accepted"} <= columns.keys():
        pairs = _pairs(columns["synonym"], columns["accepted"])
    elif {"scientific_name", "species"} <= columns.keys():
        pairs = _taxonopy(columns)
    elif {"scientificname", "acceptednameusage"} <= columns.keys() or (
        {"scientificname", "taxonid", "acceptednameusageid"} <= columns.keys()
    ):
        pairs = _taxa(columns)
    else:
        present = ", ".join(map(str, frame.columns))
        raise CatalogError(
            f"{location} is not a table of synonyms; it has the columns {present}",
            "give synonym,accepted or Darwin Core's scientificName, taxonID and acceptedNameUsageID",
        )
    return _resolve(pairs)


def _pairs(synonym: pd.Series, accepted: pd.Series) -> pd.DataFrame:
    """Cleaned pairs, without rows where either names nothing."""
    left, right = (parse_names(names)["canonical"] for names in (synonym, accepted))
    pairs = pd.DataFrame({"synonym": left, "accepted": right})
    return pairs[(pairs["synonym"] != "") & (pairs["accepted"] != "")].drop_duplicates()


def _taxonopy(columns: dict[str, pd.Series]) -> pd.DataFrame:
    """Pairs from TaxonoPy: `scientific_name` is the query, the ranks are its answer; failed rows are left out."""
    species = columns["species"].str.strip()
    if "genus" in columns:
        species = species.where(
            species.str.contains(" ") | (species == ""), columns["genus"].str.strip() + " " + species
        )
    status = columns.get("resolution_status", pd.Series("", index=species.index)).str.upper()
    return _pairs(
        columns["scientific_name"],
        species.mask(status.str.contains("FAIL|EXHAUST|UNSOLVED|FORCE|NO_MATCH|EMPTY_QUERY"), ""),
    )


def _taxa(columns: dict[str, pd.Series]) -> pd.DataFrame:
    """Rows of Darwin Core's Taxon class: the accepted name by its id, else as it is written."""
    names, empty = columns["scientificname"], pd.Series("", index=columns["scientificname"].index)
    accepted = columns.get("acceptednameusage", empty)
    if "taxonid" in columns and "acceptednameusageid" in columns:
        by_id = _names_by_id(columns["taxonid"], names)
        accepted = accepted.where(
            accepted != "", columns["acceptednameusageid"].map(lambda identifier: by_id.get(identifier, ""))
        )
    return _pairs(names, accepted.where(accepted != "", names))


def _names_by_id(ids: pd.Series, names: pd.Series) -> dict[str, str]:
    """The name of each id; rows without an id stand for no accepted name."""
    taxa = pd.DataFrame({"id": ids, "name": names})[ids != ""].drop_duplicates()
    repeated = taxa[taxa["id"].duplicated(keep=False)]
    several = repeated.assign(canonical=parse_names(repeated["name"])["canonical"]).groupby("id")["canonical"].unique()
    for identifier, different in several.items():
        if len(different) > 1:
            problem = f"the table of synonyms has the taxonID {identifier} for {' and for '.join(different)}"
            raise CatalogError(problem, "give each name an id of its own")
    return dict(zip(taxa["id"], taxa["name"], strict=True))


def _resolve(pairs: pd.DataFrame) -> Synonyms:
    """Follow chains to their end; a name that ends at several accepted names is ambiguous (a homonym)."""
    direct: dict[str, set[str]] = {}
    for synonym, accepted in zip(pairs["synonym"], pairs["accepted"], strict=True):
        direct.setdefault(synonym, set()).add(accepted)
    ambiguous = sorted(name for name, others in direct.items() if len(others) > 1)
    single = {name: next(iter(others)) for name, others in direct.items() if len(others) == 1}
    accepted, cyclic = {}, []
    for name in single:
        end, steps = name, 0
        while end in single and single[end] != end and steps < _LONGEST_CHAIN:
            end, steps = single[end], steps + 1
        if steps == _LONGEST_CHAIN:
            cyclic.append(name)
        elif end != name:
            accepted[name] = end
    return Synonyms(accepted, tuple(ambiguous), tuple(sorted(cyclic)))
