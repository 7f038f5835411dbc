"""What an opened collection is: a name, a root, validated specimens, and everything that was wrong with its rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from finercam_core.catalog.columns import image_location
from finercam_core.catalog.trait_labels import TraitLabels
from finercam_core.errors import counted
from finercam_core.io.addresses import join
from finercam_core.io.raw_tables import Notice

REJECTED = ("table", "row", "image_id", "reason")
SPELLINGS = ("term", "verbatim", "value", "rows")
CORRECTIONS = ("image_id", "term", "verbatim", "value", "reason")


@dataclass(frozen=True, repr=False)
class Catalog:
    """A collection of specimen images.

    Parameters
    ----------
    name : str
        What the collection is called.
    root : str
        Absolute local folder or URL that relative paths start from.
    source : str
        What was opened.
    specimens : DataFrame
        One row per image, columns as in `finercam_core.catalog.TERMS` plus `fault` ("" or a `Status` name), all text,
        "" where unknown; `image_id` is unique, `scientificName` is the cleaned name, the key of a class.
    rejected : DataFrame
        Rows that could not be used: table, row (1-based), image_id, reason.
    corrections : DataFrame
        Values that were changed, and rows that repeat an image of another table: image_id, term, verbatim, value,
        reason. Changes of case and white space are not listed.
    spellings : DataFrame
        Names and families that were written otherwise, each different text once, also those that differ only in case or
        white space: term, verbatim, value, rows.
    traits : TraitLabels or None
        Meaning of the masks' pixel values, if the collection has masks.
    names : {"scientific", "verbatim"}
        Whether `scientificName` holds scientific names, or labels taken as they are (cars, common names).
    notices : tuple of Notice
        What readers did that the specimens do not show: rows read with a stray quotation mark, files passed over …
    """

    name: str
    root: str
    source: str
    specimens: pd.DataFrame
    rejected: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(REJECTED)))
    corrections: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(CORRECTIONS)))
    traits: TraitLabels | None = None
    names: str = "scientific"
    spellings: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(SPELLINGS)))
    notices: tuple[Notice, ...] = ()

    def __repr__(self) -> str:
        """What a notebook shows."""
        return (
            f"<Catalog {self.name!r} from {self.source!r}: {counted(len(self.specimens), 'image')} of "
            f"{len(self.species):,} species, {counted(len(self.rejected), 'row')} rejected>"
        )

    @property
    def species(self) -> list[str]:
        """The different names, sorted."""
        return sorted(self.specimens["scientificName"].unique())

    def uri(self, image: Mapping[str, str] | str) -> str:
        """Where an image lies: a local path or a URL that fsspec opens.

        Parameters
        ----------
        image : mapping or str
            A row of `specimens` (its path, else its accessURI), or a path relative to the root.
        """
        return join(self.root, image if isinstance(image, str) else image_location(image))
