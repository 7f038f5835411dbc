"""The groups of species in a store: made and extended by the planner, some hundred at a time."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
import zarr
from pydantic import JsonValue
from zarr.core.buffer import default_buffer_prototype
from zarr.core.group import GroupMetadata

from finercam_core.errors import StoreError
from finercam_core.io.disk.zarr_store import put
from finercam_core.references.plan import ComparisonPlan, Reference
from finercam_core.store.integrity.checksums import packed_texts
from finercam_core.store.integrity.descriptions import DESCRIPTION
from finercam_core.store.integrity.digests import with_digest
from finercam_core.store.layout import CHUNK, array_descriptions, value_names
from finercam_core.store.provenance import Provenance

_AT_ONCE = 500  # groups whose files are in memory
_TERMS = ("scientificName", "family", "genus", "vernacularName")


def create_groups(root: zarr.Group, table: pd.DataFrame, plan: ComparisonPlan, provenance: Provenance) -> None:
    """Make the groups of new species, with their arrays and coordinates.

    The files are made here, since Zarr takes ten times as long for them; tests compare them with Zarr's own.

    Parameters
    ----------
    root : zarr.Group
    table : DataFrame
        All rows of the plan of each of the species, and of no other, sorted by group and slot.
    plan : ComparisonPlan
    provenance : Provenance
    """
    maps = {key: value for key, value in provenance.to_json().items() if key in ("method", "kind", "gamma")}
    values, species = value_names(per_image=provenance.per_image), _species(table)
    while some := list(islice(species, _AT_ONCE)):
        arrays, groups = dict[str, bytes](), dict[str, bytes]()
        for one in some:
            chosen = (
                plan.references(one.terms["scientificName"]) if one.terms["scientificName"] in plan.chosen else None
            )
            arrays |= _arrays(one, chosen, provenance.grid, values)
            groups[f"{one.group}/{DESCRIPTION}"] = _described({**_attributes(one.terms, chosen or ()), **maps})
        above = {str(parent) for one in some for parent in PurePosixPath(one.group).parents[:-1]}
        groups |= {f"{parent}/{DESCRIPTION}": _described() for parent in sorted(above)}
        put(root.store, [one.group for one in some], arrays, groups)


@dataclass(frozen=True)
class _Species:
    """A group to make: its path, names in Darwin Core terms, and the image ids by slot."""

    group: str
    terms: dict[str, str]
    image_ids: list[str]


def _species(table: pd.DataFrame) -> Iterator[_Species]:
    columns = {name: table[name].to_numpy(object) for name in ("group", "image_id", *_TERMS)}
    groups = columns["group"]
    starts = np.flatnonzero(np.diff(pd.factorize(groups)[0], prepend=-1))
    for start, stop in zip(starts, np.append(starts, len(groups))[1:], strict=True):
        terms = {name: str(columns[name][start]) for name in _TERMS}
        yield _Species(str(groups[start]), terms, columns["image_id"][start:stop].tolist())


def _arrays(
    one: _Species, references: tuple[Reference, ...] | None, grid: tuple[int, int], values: tuple[str, ...]
) -> dict[str, bytes]:
    """Descriptions of a species' arrays, and the coordinates: ids along `specimen`, scientific names along `class`."""
    known = () if references is None else (one.terms["scientificName"], *(each.scientificName for each in references))
    described = array_descriptions(len(one.image_ids), len(known), grid, values)
    files = {f"{one.group}/{name}/{DESCRIPTION}": content for name, content in described.items()}
    for index, start in enumerate(range(0, len(one.image_ids), CHUNK)):
        files[f"{one.group}/specimen/c/{index}"] = packed_texts(one.image_ids[start : start + CHUNK], CHUNK)
    if known:
        files[f"{one.group}/class/c/0"] = packed_texts(known, len(known))
    return files


def _described(attributes: dict[str, JsonValue] | None = None) -> bytes:
    """The description of a group, with a digest where it has attributes."""
    made = GroupMetadata(attributes={} if attributes is None else with_digest(attributes))
    return made.to_buffer_dict(default_buffer_prototype())[DESCRIPTION].to_bytes()


def _attributes(terms: dict[str, str], references: tuple[Reference, ...]) -> dict[str, JsonValue]:
    """Attributes of one species' group, in Darwin Core terms."""
    return {
        **terms,
        "tiers": ["target", *(reference.tier for reference in references)],
        "reasons": ["target", *(reference.reason for reference in references)],
        "similarity": [1.0, *(_number(reference.similarity) for reference in references)],
    }


def _number(value: float) -> float | None:
    """A number that JSON can hold: NaN becomes null."""
    return None if np.isnan(value) else float(value)


def extend_groups(root: zarr.Group, table: pd.DataFrame, before: "pd.Series[int]", provenance: Provenance) -> None:
    """Make the arrays of grown species longer.

    Parameters
    ----------
    root : zarr.Group
    table : DataFrame
        All rows of the plan of some species.
    before : Series
        By group, how many there were.
    provenance : Provenance
    """
    after = table["group"].value_counts()
    grown = after.index[after > before.reindex(after.index).fillna(np.inf)]
    members = {str(group): rows for group, rows in table[table["group"].isin(grown)].groupby("group")}
    names = (*value_names(per_image=provenance.per_image), "state", "specimen")
    _at_once(lambda group: _extend(root, group, members[group], int(before[group]), names), members)


def _extend(root: zarr.Group, group: str, rows: pd.DataFrame, before: int, names: tuple[str, ...]) -> None:
    for name in names:
        array = _array(root, f"{group}/{name}")
        array.resize((len(rows), *array.shape[1:]))
    start = before // CHUNK * CHUNK
    _array(root, f"{group}/specimen")[start:] = rows.sort_values("slot")["image_id"].to_numpy(object)[start:]


def _array(root: zarr.Group, path: str) -> zarr.Array[Any]:
    array = root[path]
    if not isinstance(array, zarr.Array):
        raise StoreError(f"{path} is not an array", "the store is damaged; write to a new one")
    return array


def _at_once(work: Callable[[str], None], groups: Iterable[str]) -> None:
    """Do the same for many groups, several at a time: an object store answers slowly, but many requests at once."""
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(work, groups):
            pass
