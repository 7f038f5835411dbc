"""From raw tables to the canonical table of a catalog, with every bad row named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from finercam_core.catalog.model import CORRECTIONS, REJECTED
from finercam_core.catalog.paths import clean_paths, is_url, url_faults
from finercam_core.catalog.table import RawTable
from finercam_core.catalog.template import Template
from finercam_core.catalog.terms import LOCATIONS, TERMS, split_name
from finercam_core.names import parse_names

PLACE = ["table", "row"]


@dataclass
class Assembly:
    """What came out of the rows so far: good ones, rejected ones, and values that were changed."""

    specimens: pd.DataFrame
    rejected: list[pd.DataFrame] = field(default_factory=list)
    corrections: list[pd.DataFrame] = field(default_factory=list)

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
        self.specimens[term] = values

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Rejected rows and corrections as tables."""
        rejected = pd.concat([pd.DataFrame(columns=list(REJECTED)), *self.rejected], ignore_index=True)
        corrections = pd.concat([pd.DataFrame(columns=list(CORRECTIONS)), *self.corrections], ignore_index=True)
        return rejected, corrections


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


def assemble(frames: Sequence[pd.DataFrame], root: str, *, scientific: bool = True) -> Assembly:
    """Validate canonical rows: ids, locations, names, splits and families.

    Parameters
    ----------
    frames : sequence of DataFrame
        From `canonical`.
    root : str
        Folder or URL of the collection.
    scientific : bool
        Whether the species' names are scientific names, which are then cleaned and taken apart.
    """
    found = Assembly(pd.concat(frames, ignore_index=True))
    _locations(found, root)
    _splits(found)
    if scientific:
        _names(found)
    else:
        found.specimens["scientificName"] = found.specimens["scientificName"].str.split().str.join(" ")
    found.reject(found.specimens["scientificName"] == "", "the row names no species")
    # After the rows that name nothing are gone: none of them may take the id of a good one.
    _identify(found)
    _families(found)
    found.specimens = found.specimens[[*TERMS, "fault"]].reset_index(drop=True)
    return found


def _locations(found: Assembly, root: str) -> None:
    table = found.specimens
    paths, faults = clean_paths(table["path"], root)
    urls = url_faults(table["accessURI"]).where(table["path"] == "", "")
    found.specimens = table.assign(path=paths, fault=faults.where(faults != "", urls))
    masks, safe = _masks(table["maskURI"], root)
    found.specimens["maskURI"] = masks
    found.correct("maskURI", masks.where(safe, ""), "the mask leaves the collection")
    nowhere = (table["path"] == "") & (table["accessURI"] == "")
    found.reject(nowhere, "the row has neither a path nor an accessURI")


def _masks(masks: pd.Series, root: str) -> tuple[pd.Series, pd.Series]:
    """Locations of masks, judged as those of images are, and whether each may be opened."""
    remote = masks.map(is_url).astype(bool)
    paths, faults = clean_paths(masks, root)
    cleaned = paths.where(~remote, masks)
    return cleaned, (masks == "") | (faults.where(~remote, url_faults(masks)) == "")


def _identify(found: Assembly) -> None:
    """Rows without an id take their location; of several rows with one id the first is kept."""
    table = found.specimens
    place = table["path"].where(table["path"] != "", table["accessURI"])
    found.specimens = table = table.assign(image_id=table["image_id"].where(table["image_id"] != "", place))
    first = table.drop_duplicates("image_id").set_index("image_id")
    repeated = table.duplicated("image_id")
    where = first["table"] + " row " + first["row"].astype(str)
    reason = "its id is already that of " + table.loc[repeated, "image_id"].map(where).astype(str)
    found.reject(repeated, reason)


def _splits(found: Assembly) -> None:
    """The many words for train, val and test; any other word is noted and leaves the row without a split."""
    given = found.specimens["split"]
    known = {text: split_name(text) for text in given.unique()}
    found.specimens["split"] = given.map(lambda text: text if known[text] is None else known[text]).astype("str")
    unknown = given.map(known).isna()
    found.correct("split", found.specimens["split"].mask(unknown, ""), "not train, val or test")


def _names(found: Assembly) -> None:
    """Clean the names; genus, epithets and rank of the row win over those in the name where they are given."""
    parsed = parse_names(found.specimens["scientificName"])
    for term in ("genus", "specificEpithet", "infraspecificEpithet", "taxonRank"):
        given = found.specimens[term]
        found.specimens[term] = given.where(given != "", parsed[term])
    found.specimens["genus"] = found.specimens["genus"].str.capitalize()
    found.correct("scientificName", parsed["canonical"], "cleaned name")


def _families(found: Assembly) -> None:
    """Families in one case; a genus that stands under several takes the family of most of its rows."""
    family = found.specimens["family"].str.strip().str.capitalize()
    counts = pd.DataFrame({"genus": found.specimens["genus"], "family": family})
    counts = counts[(counts["genus"] != "") & (counts["family"] != "")].value_counts().reset_index()
    # Of two families with equally many rows the first by name wins, so that the order of rows does not matter.
    most = counts.sort_values(["count", "family"], ascending=[False, True]).drop_duplicates("genus")
    majority = found.specimens["genus"].map(dict(zip(most["genus"], most["family"], strict=True))).astype(object)
    agreed = majority.where(majority.notna(), family).astype("str")
    found.correct("family", agreed, "family of most rows of the genus")
