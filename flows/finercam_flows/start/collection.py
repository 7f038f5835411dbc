"""The collection that somebody has: opened in whatever form it is, its files found, and told in one sentence."""

import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from finercam_core.catalog import Catalog, open_catalog
from finercam_core.catalog.check.images import look_at_images
from finercam_core.catalog.file_index import FileIndex
from finercam_core.catalog.repairs import find_repairs
from finercam_core.errors import CatalogError, counted
from finercam_core.io.addresses import is_url
from finercam_core.io.raw_tables import Notice
from finercam_core.io.tables import table_format
from finercam_core.references.plan import plan_comparisons
from finercam_core.status import Status

BUDGET = 2.0
"""Seconds for looking at photographs; of larger collections as many are opened as that allows."""
_PART = 64
_TOLD = ("passed_over", "files_found", "names_verbatim", "specimens_guessed")


def open_collection(source: str) -> Catalog:
    """Open a collection, also as a flat folder with one table in it, or a table whose files lie elsewhere below it.

    Parameters
    ----------
    source : str
        See `finercam_core.catalog.open_catalog`.

    Raises
    ------
    CatalogError
        If nothing can be read.
    """
    try:
        catalog = open_catalog(source)
    except CatalogError:
        table = _only_table(Path(source))
        if table is None:
            raise
        source, catalog = str(table), open_catalog(table)
    return with_specimens(_with_files_found(_with_comparable_names(catalog, source)))


def _only_table(folder: Path) -> Path | None:
    """The one table in a folder; None if there is none, or several."""
    tables = [path for path in sorted(folder.iterdir()) if table_format(str(path))] if folder.is_dir() else []
    return tables[0] if len(tables) == 1 else None


def _with_files_found(catalog: Catalog) -> Catalog:
    """Where most files are not at the paths of the table, take those that `finercam catalog check` finds for them."""
    paths = catalog.specimens["path"]
    if is_url(catalog.root):
        return catalog
    there = FileIndex(catalog.root).exist(paths)
    if there.mean() > 0.5:
        return catalog
    repairs = find_repairs(catalog.root, list(paths[~there]), set(paths[there]))
    elsewhere = paths.map(lambda path: path.replace("\\", "/")).map(repairs.table.set_index("path")["found"])
    moved = int(elsewhere.notna().sum())
    if not moved or repairs.root != catalog.root:
        return catalog
    found = elsewhere.fillna(paths)
    text = f"{counted(moved, 'file')} found by name in the folders below"
    told = Notice("files_found", Path(catalog.root).name, moved, text)
    return replace(catalog, specimens=catalog.specimens.assign(path=found), notices=(*catalog.notices, told))


def _with_comparable_names(catalog: Catalog, source: str) -> Catalog:
    """Take names as they are where no two of them are names of species, such as epithets alone, or cars."""
    species = sorted(set(catalog.specimens["scientificName"]))
    if catalog.names == "verbatim" or len(species) < 2:
        return catalog
    plan = plan_comparisons(catalog, species, references=1)
    if any(plan.chosen.values()):
        return catalog
    told = Notice("names_verbatim", catalog.name, len(species), "the names are taken as they are written")
    catalog = open_catalog(source, names="verbatim")
    return replace(catalog, notices=(*catalog.notices, told))


_MOST_VIEWS, _FEWEST_SPECIMENS, _SHARE = 8, 3, 0.8


def with_specimens(catalog: Catalog) -> Catalog:
    """Take photographs for views of one specimen where the first part of their names says so: 1234_D.png, 1234_V.png.

    Only where a part with a digit is shared by two to eight photographs of one species, for most photographs, and every
    species has three such specimens or more; a group that the collection names itself is kept.
    """
    rows = catalog.specimens
    if (rows["group_id"] != "").any():
        return catalog
    parts = rows["path"].str.rpartition("/")[2].str.extract(r"^([^_\- .]*\d[^_\- .]*)[_\- ]")[0].fillna("")
    sizes = parts.groupby(parts).transform("size")
    single = rows.groupby(parts)["scientificName"].transform("nunique") == 1
    shared = (parts != "") & sizes.between(2, _MOST_VIEWS) & single
    specimens = parts.where(shared, rows["image_id"]).groupby(rows["scientificName"]).nunique()
    if shared.mean() < _SHARE or specimens.min() < _FEWEST_SPECIMENS:
        return catalog
    text = f"views of one specimen stay together, such as {parts[shared].iloc[0]}…"
    told = Notice("specimens_guessed", catalog.name, int(shared.sum()), text)
    return replace(catalog, specimens=rows.assign(group_id=parts.where(shared, "")), notices=(*catalog.notices, told))


@dataclass(frozen=True)
class Survey:
    """What a first look found.

    Attributes
    ----------
    catalog : Catalog
    opened : int
        Photographs that were opened, of those in the catalog.
    faults : dict of str to int
        By sentence about what is wrong: the number of photographs.
    copies : int
        Photographs whose file is that of another one.
    """

    catalog: Catalog
    opened: int
    faults: dict[str, int]
    copies: int

    @property
    def species(self) -> dict[str, int]:
        """Photographs of each species."""
        return dict(Counter(self.catalog.specimens["scientificName"]))

    def __str__(self) -> str:
        total = len(self.catalog.specimens)
        parts = [f"{count:,} × {sentence}" for sentence, count in self.faults.items()]
        parts += [counted(self.copies, "copy of another", "copies of others")] if self.copies else []
        parts += _left_out(self.catalog)
        parts += [notice.text for notice in self.catalog.notices if notice.key in _TOLD]
        least, most = min(self.species.values()), max(self.species.values())
        each = f"{least} to {most} each" if least < most else f"{least} each"
        seen = "" if self.opened >= total else f" (the first {self.opened:,} were opened)"
        head = f"{counted(len(self.species), 'species', 'species')}, {counted(total, 'photograph')}, {each}{seen}"
        return "; ".join([head, *parts])


def _left_out(catalog: Catalog) -> list[str]:
    """Rows that cannot be used, by the folder that they are in and the reason."""
    rejected = catalog.rejected
    folders = rejected["image_id"].map(lambda name: name.rpartition("/")[0])
    counts = Counter(zip(folders, rejected["reason"], strict=True))
    return [
        f"{counted(count, 'row')}{f' in {folder!r}' if folder else ''} passed over ({reason})"
        for (folder, reason), count in counts.most_common(3)
    ]


def survey(catalog: Catalog) -> Survey:
    """Look at a collection for two seconds: which photographs open, and which are copies."""
    start = time.monotonic()
    looks: list[pd.DataFrame] = []
    rows = catalog.specimens
    while time.monotonic() - start < BUDGET and len(looks) * _PART < len(rows):
        part = rows.iloc[len(looks) * _PART : (len(looks) + 1) * _PART]
        looks.append(look_at_images(replace(catalog, specimens=part)))
    seen = pd.concat(looks)
    bad = seen.loc[~seen["status"].isin(["", Status.DONE.name]), "status"]
    faults = {Status[name].sentence: int(count) for name, count in bad.value_counts().items()}
    digests = seen.loc[seen["sha256"] != "", "sha256"]
    return Survey(catalog, len(seen), faults, int(digests.duplicated().sum()))
