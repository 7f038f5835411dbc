"""From mapped tables to the canonical table of a catalog: every bad row named, every repeated image listed once."""

from collections.abc import Sequence

import pandas as pd

from finercam_core.catalog.assembly import (
    CLEANED,
    MAJORITY,
    NOT_A_FAMILY,
    OTHER_SPLIT,
    REPEAT,
    SYNONYM,
    Assembly,
)
from finercam_core.catalog.columns import (
    LOCATIONS,
    PICTURE_ENDING,
    REQUIRED,
    TERMS,
    image_locations,
    plain,
    schema_faults,
    split_name,
)
from finercam_core.catalog.curation.empty_words import without_empty_words
from finercam_core.catalog.curation.names import homonyms, kept_apart, whole_names
from finercam_core.catalog.source import MappedTable
from finercam_core.catalog.template import Template
from finercam_core.errors import counted
from finercam_core.io.addresses import clean_paths, is_url, url_faults
from finercam_core.io.raw_tables import Notice
from finercam_core.taxonomy.names import parse_names
from finercam_core.taxonomy.ranks import family_by_majority, genus_keys, is_family
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
# A second address in a cell, after a separator.
_NEXT_ADDRESS = r"[\"']?\s*[|;,\s]\s*[\"']?[A-Za-z][A-Za-z0-9+.-]*://.*$"
# `//host/a.jpg`, `www.host.org/a.jpg`, `static.host.org/a.jpg`.
_NO_SCHEME = r"(?:\/\/|www\.)[\w-]+\.[\w.-]+/|(?:[\w-]+\.)+(?:org|com|net|edu|gov|info|io|eu)/"
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
    if scientific:
        reasons = homonyms(assembly.specimens)
        assembly.reject(reasons != "", reasons)
    # After the rows that name nothing are gone: none of them may take the id of a good one.
    _merge_repeats(assembly)
    _curate_families(assembly, scientific)
    assembly.specimens = assembly.specimens[[*TERMS, "fault"]].reset_index(drop=True)
    return assembly


def _canonical(table: MappedTable) -> pd.DataFrame:
    """Canonical columns of one table: if there are several templates for a term, the first that gives a value wins."""
    source = without_empty_words(table)
    frame = pd.DataFrame({"table": table.raw.name, "row": source.index}, index=source.index)
    kingdoms = [column for column in source if plain(str(column)) == "kingdom"]
    frame["kingdom"] = source[kingdoms[0]] if kingdoms else ""
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
    _sort_locations(assembly)
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


def _sort_locations(assembly: Assembly) -> None:
    """Addresses in the column of paths and paths in that of addresses change places; of several addresses the first."""
    specimens = assembly.specimens
    path, address = (_whole_addresses(assembly, specimens[term]) for term in ("path", "accessURI"))
    several = address.str.contains(_NEXT_ADDRESS, regex=True)
    if several.any():
        text = f"several addresses in one cell, such as {address[several].iloc[0]!r}"
        assembly.notices.append(Notice("several_addresses", "accessURI", int(several.sum()), text))
        address = address.mask(several, address.str.replace(_NEXT_ADDRESS, "", regex=True).str.strip("[]\"' "))
    remote = path.map(is_url).astype(bool) & (address == "")
    local = (path == "") & address.str.contains(PICTURE_ENDING, case=False, regex=True) & ~address.str.contains(":")
    assembly.specimens = specimens.assign(
        path=path.mask(remote, "").mask(local, address), accessURI=address.mask(remote, path).mask(local, "")
    )


def _whole_addresses(assembly: Assembly, cells: pd.Series) -> pd.Series:
    """Addresses as a browser would take them, and told: `&amp;` is an ampersand, `//host/…` and `www.…` on the web."""
    bare = cells.str.match(_NO_SCHEME)
    escaped = cells.str.contains("&amp;", regex=False) & (bare | cells.str.contains("//", regex=False))
    for rows, what in ((escaped, "&amp; read as &"), (bare, "no scheme, read as https")):
        if rows.any():
            text = f"{counted(int(rows.sum()), 'address', 'addresses')} with {what}, such as {cells[rows].iloc[0]!r}"
            assembly.notices.append(Notice("addresses", str(cells.name), int(rows.sum()), text))
    cells = cells.mask(escaped, cells.str.replace("&amp;", "&", regex=False))
    return cells.mask(bare, "https://" + cells.str.lstrip("/"))


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
    whole = whole_names(specimens)
    parsed = parse_names(whole)
    for term in _NAME_PARTS:
        own = specimens[term].where(~specimens[term].str.contains(r"[\s.]", regex=True), "")
        specimens[term] = own.where(own != "", parsed[term])
    specimens["genus"] = specimens["genus"].str.capitalize()
    specimens["scientificName"] = whole
    assembly.correct("scientificName", kept_apart(whole, parsed), CLEANED)


def _accept_names(assembly: Assembly, synonyms: str) -> None:
    """Accepted names for synonyms; their parts follow."""
    specimens = assembly.specimens
    table = read_synonyms(synonyms)
    accepted = table.accept(specimens["scientificName"])
    present = set(specimens["scientificName"])
    for names, why in ((table.ambiguous, "accepted as several species"), (table.cyclic, "in a cycle of synonyms")):
        notices = [Notice("synonyms_unusable", synonyms, 1, f"{name} is {why}") for name in names if name in present]
        assembly.notices += notices
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
    genus = genus_keys(assembly.specimens["genus"], assembly.specimens["kingdom"], family)
    agreed = family_by_majority(genus, family.where(named, ""))
    odd = (family != "") & ~named
    assembly.correct("family", family.mask(odd, agreed), NOT_A_FAMILY)
    assembly.correct("family", agreed, MAJORITY)
