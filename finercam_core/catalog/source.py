"""What a reader hands over: raw tables with the meaning of their columns, before anything is judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from finercam_core.catalog.manifest import Masks
from finercam_core.catalog.trait_labels import TraitLabels
from finercam_core.io.raw_tables import Notice, RawTable


@dataclass(frozen=True)
class MappedTable:
    """A raw table with the meaning of its columns.

    Parameters
    ----------
    raw : RawTable
    columns : mapping of str to sequence of str
        Templates of the canonical columns; if there are several for one column, the first that gives a value wins.
    constants : mapping of str to str
        Canonical columns that have one value in all rows.
    split : str
        Split of all rows, or "".
    """

    raw: RawTable
    columns: Mapping[str, Sequence[str]]
    constants: Mapping[str, str] = field(default_factory=dict)
    split: str = ""


@dataclass(frozen=True)
class CatalogSource:
    """A collection as its reader found it.

    Parameters
    ----------
    name : str
    root : str
        Absolute folder or URL that the paths of its images are relative to.
    tables : sequence of MappedTable
    names : {"scientific", "verbatim"}
        Whether the species are scientific names.
    masks : Masks or None
        Where masks lie that the tables do not name.
    traits : TraitLabels or None
        What the masks' values mean, where no file says so.
    synonyms, splits, paths : str
        Locations of tables of accepted names, of the images' splits and of found paths, or "".
    notices : sequence of Notice
        What the user should know of the source as a whole.
    """

    name: str
    root: str
    tables: Sequence[MappedTable]
    names: str = "scientific"
    masks: Masks | None = None
    traits: TraitLabels | None = None
    synonyms: str = ""
    splits: str = ""
    paths: str = ""
    notices: Sequence[Notice] = ()
