"""From mapped tables to the canonical table of a catalog: every bad row named, every repeated image listed once."""

from collections.abc import Sequence

import pandas as pd

from finercam_core.catalog.assembly import CLEANED, MAJORITY, NOT_A_FAMILY, OTHER_SPLIT, REPEAT, SYNONYM, Assembly
from finercam_core.catalog.columns import LOCATIONS, REQUIRED, TERMS, image_locations, schema_faults, split_name
from finercam_core.catalog.source import MappedTable
from finercam_core.catalog.template import Template
from finercam_core.io.addresses import clean_paths, is_url, url_faults
from finercam_core.taxonomy.names import parse_names
from finercam_core.taxonomy.ranks import family_by_majority, is_family
from finercam_core.taxonomy.synonyms import read_synonyms

_FROM_REPEATS = (
    "family",
    "order",
    "split",
    "maskURI",
    "license",
    "rightsHolder",
    "group_id",
    "hashFunction",
    "hashValue",
)
_NAME_PARTS = ("genus", "specificEpithet", "infraspecificEpithet", "taxonRank")


def curate(tables: Sequence[MappedTable], root: str, *, scientific: bool = True, synonyms: str = "") -> Assembly:
    """Validate and clean the rows of a collection: locations, splits, names, ids and families.

    Parameters
    ----------
    tables : sequence of MappedTable
    root : str
        Folder or URL of the collection.
    scientific : bool
        Whether the species' names are scientific names, which are then cleaned and taken apart.
    synonyms : str
        Location of a table of accepted names, see `finercam_core.taxonomy.synonyms`; "" for none.

    Returns
    -------
    Assembly
        Its specimens have the columns of `Catalog.specimens`.
    """
    assembly = Assembly(pd.concat([_canonical(table) for table in tables], ignore_index=True))
    for table in tables:
        assembly.reject_unread(table.raw)
    _curate_locations(assembly, root)
    _curate_splits(assembly)
    if scientific:
        _curate_names(assembly)
        if synonyms:
            _accept_names(assembly, synonyms)
    else:
        assembly.specimens["scientificName"] = assembly.specimens["scientificName"].str.split().str.join(" ")
    _apply_schema(assembly)
    # After the rows that name nothing are gone: none of them may take the id of a good one.
    _merge_repeats(assembly)
    _curate_families(assembly, scientific)
    assembly.specimens = assembly.specimens[[*TERMS, "fault"]].reset_index(drop=True)
    return assembly


def _canonical(table: MappedTable) -> pd.DataFrame:
    """Canonical columns of one table: if there are several templates for a term, the first that gives a value wins."""
    source = table.raw.frame
    frame = pd.DataFrame({"table": table.raw.name, "row": source.index}, index=source.index)
    for term in TERMS:
        values = pd.Series(table.constants.get(term, ""), index=frame.index, dtype="str")
        for text in table.columns.get(term, ()):
            filled = Template(text).fill(source, every=term in LOCATIONS)
            values = values.where(values != "", filled)
        frame[term] = values.str.strip()
    if table.split:
        frame["split"] = table.split
    return frame


def _curate_locations(assembly: Assembly, root: str) -> None:
    """Clean paths, mark locations that must not be opened, and take the location as the id where there is none."""
    specimens = assembly.specimens
    paths, faults = clean_paths(specimens["path"], root)
    urls = url_faults(specimens["accessURI"]).where(specimens["path"] == "", "")
    locations = image_locations(specimens.assign(path=paths))
    ids = specimens["image_id"].where(specimens["image_id"] != "", locations)
    fault = faults.where(faults != "", urls)
    assembly.specimens = specimens.assign(path=paths, fault=fault, image_id=ids, place=locations)
    masks, safe = _clean_masks(specimens["maskURI"], root)
    assembly.specimens["maskURI"] = masks
    assembly.correct("maskURI", masks.where(safe, ""), "the mask leaves the collection")


def _clean_masks(masks: pd.Series, root: str) -> tuple[pd.Series, pd.Series]:
    """Locations of masks, judged as those of images are, and whether each may be opened."""
    remote = masks.map(is_url).astype(bool)
    paths, faults = clean_paths(masks, root)
    cleaned = paths.where(~remote, masks)
    return cleaned, (masks == "") | (faults.where(~remote, url_faults(masks)) == "")


def _curate_splits(assembly: Assembly) -> None:
    """One word for the many that mean train, val and test; any other is noted and leaves the row without a split."""
    words = assembly.specimens["split"]
    names = {text: split_name(text) for text in words.unique()}
    assembly.specimens["split"] = words.map(lambda text: text if names[text] is None else names[text]).astype("str")
    unknown = words.map(names).isna()
    assembly.correct("split", assembly.specimens["split"].mask(unknown, ""), "not train, val or test")


def _curate_names(assembly: Assembly) -> None:
    """Clean the names; genus, epithets and rank of the row win over those in the name where they are given."""
    specimens = assembly.specimens
    # An epithet alone with its genus beside it: TreeOfLife and many museums write names so.
    name = specimens["scientificName"]
    epithet = (specimens["genus"] != "") & name.str.fullmatch(r"\s*[a-z]+(?:-[a-z]+)*\s*")
    whole = name.mask(epithet, specimens["genus"].str.strip() + " " + name.str.strip())
    parsed = parse_names(whole)
    for term in _NAME_PARTS:
        specimens[term] = specimens[term].where(specimens[term] != "", parsed[term])
    specimens["genus"] = specimens["genus"].str.capitalize()
    specimens["scientificName"] = whole
    assembly.correct("scientificName", parsed["canonical"], CLEANED)


def _accept_names(assembly: Assembly, synonyms: str) -> None:
    """Accepted names for synonyms; their parts follow."""
    specimens = assembly.specimens
    accepted = read_synonyms(synonyms).accept(specimens["scientificName"])
    changed = accepted != specimens["scientificName"]
    parsed = parse_names(accepted)
    for term in _NAME_PARTS:
        specimens[term] = specimens[term].mask(changed, parsed[term])
    assembly.correct("scientificName", accepted, SYNONYM)


def _apply_schema(assembly: Assembly) -> None:
    """Set aside rows without a species or an image, and blank other values that do not fit the schema."""
    functions = assembly.specimens["hashFunction"].str.lower().str.replace("-", "", regex=False)
    assembly.specimens = specimens = assembly.specimens.assign(hashFunction=functions)
    faults = schema_faults(specimens)
    for term, rows in faults.groupby("term", sort=False):
        if term not in REQUIRED:
            bad = specimens.index.isin(rows["index"])
            assembly.correct(str(term), specimens[term].mask(bad, ""), str(rows["reason"].iloc[0]))
    needed = faults[faults["term"].isin(REQUIRED)].drop_duplicates("index").set_index("index")["reason"]
    assembly.reject(pd.Series(specimens.index.isin(needed.index), index=specimens.index), needed)


def _merge_repeats(assembly: Assembly) -> None:
    """Keep the first of several rows with one id.

    A later row with the same species and location repeats the first, as in a table of another task: it fills in what
    the first lacks and is noted, also if it has another split. A row with another species or location is refused.
    """
    specimens = assembly.specimens
    later = specimens.duplicated("image_id")
    if not later.any():
        return
    first = specimens.index[~later]
    kept = pd.Series(first, index=specimens.loc[first, "image_id"])
    before = specimens.loc[kept.loc[specimens.loc[later, "image_id"]]].set_axis(specimens.index[later])
    repeats = specimens[later]
    same = (repeats["scientificName"] == before["scientificName"]) & (repeats["place"] == before["place"])
    where = before["table"] + " row " + before["row"].astype(str)
    clash = later & ~same.reindex(specimens.index, fill_value=False)
    assembly.reject(clash, "its id is already that of " + where)
    _fill_from_repeats(assembly, repeats[same])
    _note_repeats(assembly, repeats[same], before[same], where[same])


def _fill_from_repeats(assembly: Assembly, repeats: pd.DataFrame) -> None:
    """Drop the repeats after they filled in what the first rows lack."""
    specimens = assembly.specimens.drop(index=repeats.index)
    ids = specimens.set_index("image_id").index
    for term in _FROM_REPEATS:
        known = repeats[repeats[term] != ""].drop_duplicates("image_id").set_index("image_id")[term]
        more = pd.Series(known.reindex(ids).to_numpy(), index=specimens.index)
        specimens[term] = specimens[term].where(specimens[term] != "", more).fillna("").astype("str")
    assembly.specimens = specimens


def _note_repeats(assembly: Assembly, repeats: pd.DataFrame, before: pd.DataFrame, where: pd.Series) -> None:
    own = repeats["table"] + " row " + repeats["row"].astype(str)
    assembly.note(repeats, "image_id", own, repeats["image_id"], f"{REPEAT} " + where)
    differs = (repeats["split"] != "") & (before["split"] != "") & (repeats["split"] != before["split"])
    rows = repeats[differs]
    assembly.note(rows, "split", rows["split"], before.loc[differs, "split"], f"{OTHER_SPLIT} " + rows["table"])


def _curate_families(assembly: Assembly, scientific: bool) -> None:
    """Families in one case; a genus that stands under several takes the family of most of its rows."""
    family = assembly.specimens["family"]
    family = family.str.strip().str.capitalize() if scientific else family
    named = is_family(family) if scientific else family != ""
    agreed = family_by_majority(assembly.specimens["genus"], family.where(named, ""))
    odd = (family != "") & ~named
    assembly.correct("family", family.mask(odd, agreed), NOT_A_FAMILY)
    assembly.correct("family", agreed, MAJORITY)
