"""The outcome of a check: counts, and findings with all their cases."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

_SINGULAR = {
    "images": "image", "rows": "row", "masks": "mask", "values": "value", "groups": "group", "files": "file",
    "pairs": "pair", "genera": "genus", "spellings": "spelling", "synonyms": "synonym", "species": "species",
    "tables": "table", "columns": "column", "names": "name",
}  # fmt: skip
Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, eq=False)
class Finding:
    """One thing that is odd in a collection.

    Parameters
    ----------
    key : str
        Its name for programs, such as "split_leak_group".
    level : {"error", "warning", "note"}
        An error costs the rows or images named; a warning may make results wrong or dishonest; a note is worth
        knowing, but finercam copes with it.
    count : int
    unit : str
        What is counted: "images", "species", "genera" …
    what : str
        The finding in words, to be read after count and unit, without a verb that would have to agree with them.
    cases : DataFrame
        All cases, one per row.
    sample : str
        Format of one case in words; its fields are named like the columns of `cases`.
    remedy : str
        What to do about it, or what finercam does.
    base : str
        Folder that the paths among the cases start from, where it may be another than the collection's root.
    """

    key: str
    level: Level
    count: int
    unit: str
    what: str
    cases: pd.DataFrame
    sample: str
    remedy: str = ""
    base: str = ""

    @property
    def title(self) -> str:
        """The finding as a heading."""
        return f"{_SINGULAR[self.unit] if self.count == 1 else self.unit} {self.what}"

    def examples(self, most: int | None = None) -> list[str]:
        """The first cases in words."""
        return [self.sample.format(**row) for row in self.cases.head(most).to_dict("records")]

    def to_dict(self) -> dict[str, Any]:
        """Everything but the format of cases, as JSON values."""
        cases = self.cases.to_dict("records")
        return {
            "key": self.key,
            "level": self.level,
            "count": self.count,
            "unit": self.unit,
            "what": self.what,
            "remedy": self.remedy,
            "cases": cases,
        }


def tally(values: pd.Series) -> str:
    """How often each value occurs, most frequent first: "sp. 12, cf. 3"."""
    counted = sorted(values.value_counts().items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{value} {count:,}" for value, count in counted)


@dataclass(frozen=True, eq=False)
class CatalogCheck:
    """The outcome of a check.

    Parameters
    ----------
    name, source, root : str
        As in `Catalog`.
    images : str
        What was done to see the images: "opened", "listed" (their names alone) or "not looked at".
    counts : mapping of str to int
        rows (read from the tables), rejected, repeats (of another row's image), images (specimens of the catalog),
        usable, species, referable (species that others may be compared with), genera, families, orders, groups, masks.
    splits : mapping of str to int
        Images of "train", "val", "test" and "" (none).
    images_a_species : mapping of str to int
        Number of species with "1", "2", "3-4", "5-19" and "20 or more" images.
    licences : DataFrame
        licence (grouped; "" where missing), images, spellings (how it is written).
    findings : tuple of Finding
        Worst first.
    """

    name: str
    source: str
    root: str
    images: str
    counts: Mapping[str, int]
    splits: Mapping[str, int]
    images_a_species: Mapping[str, int]
    licences: pd.DataFrame
    findings: tuple[Finding, ...] = field(default=())

    @property
    def usable(self) -> bool:
        """Whether anything can be computed on this collection."""
        return self.counts["usable"] > 0

    @property
    def why_unusable(self) -> str:
        """Why nothing can be computed on this collection, as one sentence with what to do; "" if something can."""
        images, missing = self.counts["images"], self.count("missing_files")
        if self.usable:
            return ""
        if missing == images:
            what = "its one image was not found" if images == 1 else f"none of its {images:,} images was found"
            return f"{what} below {self.root}: fetch the collection, or give the folder of the images with --root"
        causes = {
            "missing": missing,
            "unreadable": self.count("unreadable_images"),
            "outside": self.count("never_opened"),
        }
        said = ", ".join(f"{count:,} {cause}" for cause, count in causes.items() if count)
        return f"no image of this catalog can be used: {said}"

    def finding(self, key: str) -> Finding | None:
        """The finding of this name, or None if there is nothing to say."""
        return next((finding for finding in self.findings if finding.key == key), None)

    def count(self, key: str) -> int:
        """Count of the finding of this name, 0 if there is nothing to say."""
        finding = self.finding(key)
        return 0 if finding is None else finding.count

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "catalog": self.name,
            "source": self.source,
            "root": self.root,
            "images": self.images,
            "counts": dict(self.counts),
            "splits": dict(self.splits),
            "images_a_species": dict(self.images_a_species),
            "licences": self.licences.to_dict("records"),
            "findings": [finding.to_dict() for finding in self.findings],
        }
