"""From raw tables to the canonical table of a catalog: every bad row named, every repeated image listed once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from finercam_core.catalog.catalog import CORRECTIONS, REJECTED, SPELLINGS
from finercam_core.catalog.columns import LOCATIONS, REQUIRED, TERMS, image_locations, schema_faults, split_name
from finercam_core.catalog.template import Template
from finercam_core.io.addresses import clean_paths, is_url, url_faults
from finercam_core.io.tables import RawTable
from finercam_core.taxonomy.names import parse_names
from finercam_core.taxonomy.ranks import family_by_majority, is_family
from finercam_core.taxonomy.synonyms import read_synonyms

PLACE = ["table", "row"]
_TOLD = ("scientificName", "family")


@dataclass
class Assembly:
    """What came out of the rows so far: good ones, rejected ones, and values that were changed."""

    specimens: pd.DataFrame
    rejected: list[pd.DataFrame] = field(default_factory=list)
    corrections: list[pd.DataFrame] = field(default_factory=list)
    spellings: list[pd.DataFrame] = field(default_factory=list)

    def reject(self, bad: pd.Series, reason: str | pd.Series) -> None:
        """Move rows from the specimens to the rejected ones."""
        rows = self.specimens.loc[bad, [*PLACE, "image_id"]]
        if len(rows):
            self.rejected.append(rows.assign(reason=reason))
            self.specimens = self.specimens[~bad]

    def correct(self, term: str, values: pd.Series, reason: str) -> None:
        """Replace the values of a column and note where that changed more than case and white space."""
        before = self.specimens[term]
        told = before.str.strip().str.lower() != values.str.lower()
        if told.any():
            rows = {"image_id": self.specimens.loc[told, "image_id"], "term": term, "verbatim": before[told]}
            self.corrections.append(pd.DataFrame({**rows, "value": values[told], "reason": reason}))
        if term in _TOLD:
            self._spell(term, before, values)
        self.specimens[term] = values

    def note(self, rows: pd.DataFrame, term: str, verbatim: pd.Series, value: pd.Series, reason: pd.Series) -> None:
        """Note values of rows that are not used."""
        if len(rows):
            cells = {"image_id": rows["image_id"], "term": term, "verbatim": verbatim, "value": value, "reason": reason}
            self.corrections.append(pd.DataFrame(cells))

    def _spell(self, term: str, before: pd.Series, values: pd.Series) -> None:
        """Count each different text that became another one."""
        pairs = pd.DataFrame({"verbatim": before, "value": values})[before != values]
        if len(pairs):
            counted = pairs.value_counts(sort=False).rename("rows").reset_index()
            self.spellings.append(counted.assign(term=term)[list(SPELLINGS)])

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Rejected rows, corrections and spellings as tables."""
        rejected = pd.concat([pd.DataFrame(columns=list(REJECTED)), *self.rejected], ignore_index=True)
        corrections = pd.concat([pd.DataFrame(columns=list(CORRECTIONS)), *self.corrections], ignore_index=True)
        spellings = pd.concat([pd.DataFrame(columns=list(SPELLINGS)), *self.spellings], ignore_index=True)
        return rejected, corrections, spellings


_FILLED = ("family", "order", "split", "maskURI", "license", "rightsHolder", "group_id", "hashFunction", "hashValue")
REPEAT, OTHER_SPLIT = "the same image is in", "the same image has another split in"


def identify(found: Assembly) -> None:
    """Keep the first of several rows with one id.

    A later row with the same species and place repeats the first, as in a table of another task: it fills in what the
    first lacks and is noted, also if it has another split. A row with another species or place is refused.
    """
    table = found.specimens
    later = table.duplicated("image_id")
    if later.any():
        first = table.index[~later]
        kept = pd.Series(first, index=table.loc[first, "image_id"])
        before = table.loc[kept.loc[table.loc[later, "image_id"]]].set_axis(table.index[later])
        repeats = table[later]
        same = (repeats["scientificName"] == before["scientificName"]) & (repeats["place"] == before["place"])
        where = before["table"] + " row " + before["row"].astype(str)
        found.reject(later & ~same.reindex(table.index, fill_value=False), "its id is already that of " + where)
        _merge(found, repeats[same], before[same], where[same])


def _merge(found: Assembly, repeats: pd.DataFrame, before: pd.DataFrame, where: pd.Series) -> None:
    """Fill in what the first rows lack, drop the repeats, and note them."""
    table = found.specimens.drop(index=repeats.index)
    keys = table.set_index("image_id").index
    for term in _FILLED:
        given = repeats[repeats[term] != ""].drop_duplicates("image_id").set_index("image_id")[term]
        filled = table[term].where(table[term] != "", pd.Series(given.reindex(keys).to_numpy(), index=table.index))
        table[term] = filled.fillna("").astype("str")
    found.specimens = table
    found.note(repeats, "image_id", repeats["table"] + " row " + repeats["row"].astype(str), repeats["image_id"],
               f"{REPEAT} " + where)  # fmt: skip
    other = (repeats["split"] != "") & (before["split"] != "") & (repeats["split"] != before["split"])
    found.note(repeats[other], "split", repeats.loc[other, "split"], before.loc[other, "split"],
               f"{OTHER_SPLIT} " + repeats.loc[other, "table"])  # fmt: skip


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
        Path of a table of accepted names, see `finercam_core.taxonomy.synonyms`; "" for none.
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
    place = image_locations(table.assign(path=paths))
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
