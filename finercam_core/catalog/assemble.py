"""From raw tables to the canonical table of a catalog, with every bad row named."""

from collections.abc import Mapping, Sequence

import pandas as pd

from finercam_core.catalog.assembly import Assembly
from finercam_core.catalog.identity import identify
from finercam_core.catalog.paths import clean_paths, is_url, url_faults
from finercam_core.catalog.schema import REQUIRED, schema_faults
from finercam_core.catalog.table import RawTable
from finercam_core.catalog.template import Template
from finercam_core.catalog.terms import LOCATIONS, TERMS, split_name
from finercam_core.names import parse_names
from finercam_core.synonyms import read_synonyms
from finercam_core.taxonomy import family_by_majority, is_family


def canonical(
    raw: RawTable, columns: Mapping[str, Sequence[str]], constants: Mapping[str, str], split: str = ""
) -> pd.DataFrame:
    """Canonical columns of one raw table: of several templates for a term the first that gives a value wins."""
    frame = pd.DataFrame({"table": raw.name, "row": raw.frame.index}, index=raw.frame.index)
    for term in TERMS:
        values = pd.Series(constants.get(term, ""), index=frame.index, dtype="str")
        for text in columns.get(term, ()):
            filled = Template(text).fill(raw.frame, every=term in LOCATIONS)
            values = values.where(values != "", filled)
        frame[term] = values.str.strip()
    if split:
        frame["split"] = split
    return frame


def assemble(frames: Sequence[pd.DataFrame], root: str, *, scientific: bool = True, synonyms: str = "") -> Assembly:
    """Validate canonical rows: locations, splits, names, ids and families.

    Parameters
    ----------
    frames : sequence of DataFrame
        From `canonical`.
    root : str
        Folder or URL of the collection.
    scientific : bool
        Whether the species' names are scientific names, which are then cleaned and taken apart.
    synonyms : str
        Path of a table of accepted names, see `finercam_core.synonyms`; "" for none.
    """
    found = Assembly(pd.concat(frames, ignore_index=True))
    _locations(found, root)
    _splits(found)
    if scientific:
        _names(found)
        if synonyms:
            _synonyms(found, synonyms)
    else:
        found.specimens["scientificName"] = found.specimens["scientificName"].str.split().str.join(" ")
    _check(found)
    # After the rows that name nothing are gone: none of them may take the id of a good one.
    identify(found)
    _families(found, scientific)
    found.specimens = found.specimens[[*TERMS, "fault"]].reset_index(drop=True)
    return found


def _check(found: Assembly) -> None:
    """Set aside rows without a species or an image, blank other values that do not fit the schema."""
    table = found.specimens
    functions = table["hashFunction"].str.lower().str.replace("-", "", regex=False)
    found.specimens = table = table.assign(hashFunction=functions)
    faults = schema_faults(table)
    for term, rows in faults.groupby("term", sort=False):
        if term not in REQUIRED:
            bad = table.index.isin(rows["index"])
            found.correct(str(term), table[term].mask(bad, ""), str(rows["reason"].iloc[0]))
    needed = faults[faults["term"].isin(REQUIRED)].drop_duplicates("index").set_index("index")["reason"]
    found.reject(pd.Series(table.index.isin(needed.index), index=table.index), needed)


def _locations(found: Assembly, root: str) -> None:
    table = found.specimens
    paths, faults = clean_paths(table["path"], root)
    urls = url_faults(table["accessURI"]).where(table["path"] == "", "")
    place = paths.where(paths != "", table["accessURI"])
    ids = table["image_id"].where(table["image_id"] != "", place)
    found.specimens = table.assign(path=paths, fault=faults.where(faults != "", urls), image_id=ids, place=place)
    masks, safe = _masks(table["maskURI"], root)
    found.specimens["maskURI"] = masks
    found.correct("maskURI", masks.where(safe, ""), "the mask leaves the collection")


def _masks(masks: pd.Series, root: str) -> tuple[pd.Series, pd.Series]:
    """Locations of masks, judged as those of images are, and whether each may be opened."""
    remote = masks.map(is_url).astype(bool)
    paths, faults = clean_paths(masks, root)
    cleaned = paths.where(~remote, masks)
    return cleaned, (masks == "") | (faults.where(~remote, url_faults(masks)) == "")


def _splits(found: Assembly) -> None:
    """The many words for train, val and test; any other word is noted and leaves the row without a split."""
    given = found.specimens["split"]
    known = {text: split_name(text) for text in given.unique()}
    found.specimens["split"] = given.map(lambda text: text if known[text] is None else known[text]).astype("str")
    unknown = given.map(known).isna()
    found.correct("split", found.specimens["split"].mask(unknown, ""), "not train, val or test")


def _names(found: Assembly) -> None:
    """Clean the names; genus, epithets and rank of the row win over those in the name where they are given."""
    table = found.specimens
    # An epithet alone with its genus beside it: TreeOfLife and many museums write names so.
    name = table["scientificName"]
    epithet = (table["genus"] != "") & name.str.fullmatch(r"\s*[a-z]+(?:-[a-z]+)*\s*")
    whole = name.mask(epithet, table["genus"].str.strip() + " " + name.str.strip())
    parsed = parse_names(whole)
    for term in ("genus", "specificEpithet", "infraspecificEpithet", "taxonRank"):
        given = table[term]
        table[term] = given.where(given != "", parsed[term])
    table["genus"] = table["genus"].str.capitalize()
    table["scientificName"] = whole
    found.correct("scientificName", parsed["canonical"], "cleaned name")


def _synonyms(found: Assembly, location: str) -> None:
    """Accepted names for synonyms; their parts follow."""
    accepted = read_synonyms(location).accept(found.specimens["scientificName"])
    changed = accepted != found.specimens["scientificName"]
    parsed = parse_names(accepted)
    for term in ("genus", "specificEpithet", "infraspecificEpithet", "taxonRank"):
        found.specimens[term] = found.specimens[term].mask(changed, parsed[term])
    found.correct("scientificName", accepted, "synonym of the accepted name")


def _families(found: Assembly, scientific: bool) -> None:
    """Families in one case; a genus that stands under several takes the family of most of its rows."""
    family = found.specimens["family"].str.strip().str.capitalize() if scientific else found.specimens["family"]
    named = is_family(family) if scientific else family != ""
    agreed = family_by_majority(found.specimens["genus"], family.where(named, ""))
    odd = (family != "") & ~named
    found.correct("family", family.mask(odd, agreed), "not the name of a family")
    found.correct("family", agreed, "family of most rows of the genus")
