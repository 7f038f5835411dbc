"""Findings about what readers did with their sources: nothing is joined, passed over or taken for empty in silence."""

from dataclasses import asdict, dataclass

import pandas as pd

from finercam_core.catalog.catalog import Catalog
from finercam_core.catalog.check.findings import Finding, Level


@dataclass(frozen=True)
class NoticeKind:
    """How a kind of notice is told: level and unit as in `Finding`, the words after the count, and what to do."""

    level: Level
    unit: str
    what: str
    remedy: str = ""


KINDS = {
    "stray_quotes": NoticeKind(
        "warning", "rows", "with a stray quotation mark, which was read as text", "look at them, and close the mark"
    ),
    "more_delimiters": NoticeKind("note", "rows", "with more or fewer fields than the header, read all the same"),
    "empty_words": NoticeKind("note", "values", "that mean nothing (NA, NULL, unknown …), taken as empty"),
    "table_form": NoticeKind("note", "tables", "in an unusual form"),
    "encoding": NoticeKind(
        "warning", "tables", "in an encoding that was guessed", "save it as UTF-8, or give its encoding in a manifest"
    ),
    "columns_chosen": NoticeKind("note", "columns", "chosen by what they hold", "write a manifest if another is right"),
    "rows_not_kept": NoticeKind("note", "rows", "left out by [keep]"),
    "passed_over": NoticeKind("warning", "files", "passed over", "convert, move or delete them"),
    "archive": NoticeKind("warning", "files", "of the archive missing or not as described"),
    "several_addresses": NoticeKind(
        "warning", "rows", "with several images, of which the first was taken", "give one row per image"
    ),
    "paths_repaired": NoticeKind("note", "images", "at other paths than the catalog's, as a table of paths says"),
    "boxes": NoticeKind("note", "images", "without a box, though their annotations have some"),
    "addresses": NoticeKind("note", "rows", "whose address is not written as it should be"),
    "labels": NoticeKind("note", "names", "read in another way", "write a manifest if they are something else"),
    "unplaced": NoticeKind(
        "warning", "lines", "about images that no list of images names", "fetch the data set again, or correct them"
    ),
    "repeated_ids": NoticeKind(
        "warning", "rows", "with an id that an earlier row has, which counts alone", "give each row an id of its own"
    ),
    "parts_not_read": NoticeKind("note", "parts", "of the description, which give no species and image, not read"),
    "synonyms_unusable": NoticeKind(
        "warning", "synonyms", "ambiguous or in a cycle, left as they are", "correct the table of synonyms"
    ),
}


def notice_findings(catalog: Catalog) -> list[Finding]:
    """One finding for each kind of notice, its cases in the order of the sources."""
    findings = []
    for key, kind in KINDS.items():
        notices = [notice for notice in catalog.notices if notice.key == key]
        if notices:
            cases = pd.DataFrame([asdict(notice) for notice in notices]).drop(columns="key")
            count = sum(notice.count for notice in notices)
            sample = "{source}: {text}"
            findings.append(Finding(key, kind.level, count, kind.unit, kind.what, cases, sample, kind.remedy))
    return findings
