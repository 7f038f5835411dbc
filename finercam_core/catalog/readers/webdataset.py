"""WebDataset: tar shards in which `000017.jpg` and its neighbours `000017.json`, `000017.cls` … are one sample."""

import json
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from finercam_core.catalog.readers.leftovers import IMAGES
from finercam_core.catalog.readers.lists import numbered
from finercam_core.catalog.readers.table import split_of_shard, table_source
from finercam_core.catalog.source import CatalogSource, MappedTable
from finercam_core.errors import CatalogError, counted
from finercam_core.io.faults import first_line
from finercam_core.io.packed import Pack, open_pack
from finercam_core.io.raw_tables import Notice, RawTable

# What BioCLIP's shards and others call the names of a sample.
_COLUMNS = {"sci": "scientificName", "scientific_name": "scientificName", "com": "common_name", "cls": "label"}
_LABELS = (".cls", ".json", ".txt")


def is_webdataset(names: Sequence[str]) -> bool:
    """Whether most images of a tar have a file of the same name beside them that says what they are."""
    keys = {_key(name) for name in names if name.lower().endswith(_LABELS)}
    images = [name for name in names if PurePosixPath(name).suffix.lower() in IMAGES]
    return bool(images) and 2 * sum(_key(name) in keys for name in images) > len(images)


def read_shards(folder: Path, shards: Sequence[str], name: str) -> CatalogSource:
    """Read the samples of tar shards; their images are read from the shards.

    Parameters
    ----------
    folder : Path
        The shards lie below it.
    shards : sequence of str
        Their paths relative to it.
    name : str
        What the collection is called.

    Raises
    ------
    CatalogError
        A shard cannot be read, or none says what its images are.
    """
    tables: list[MappedTable] = []
    for shard in shards:
        try:
            raw = _read(open_pack(str(folder / shard)), shard)
        except OSError as error:
            raise CatalogError(first_line(error), "fetch it again, or unpack it and give the folder") from error
        tables += table_source(raw, name, str(folder), str(folder / shard), split_of_shard(shard)).tables
    return CatalogSource(name, str(folder), tables)


def _read(pack: Pack, shard: str) -> RawTable:
    """One row per sample; samples without an image, and files that are not as they should be, are reported."""
    samples: dict[str, dict[str, str]] = {}
    faults: dict[str, str] = {}
    further: list[str] = []
    for name in pack.names:
        key, ending = _key(name), PurePosixPath(name).name.split(".", 1)[-1].lower()
        cells = samples.setdefault(key, {})
        if f".{ending.rsplit('.', 1)[-1]}" in IMAGES:
            further += [name] if "path" in cells else []
            cells.setdefault("path", f"{shard}/{name}")
        elif ending == "json":
            cells.update(_described(pack.read(name), name, key, faults))
        elif ending == "cls" or ending.rsplit(".", 1)[-1] == "txt":
            text = _text(pack.read(name), name, key, faults)
            column = ending.removesuffix(".txt") if ending != "txt" else "text"
            cells[_COLUMNS.get(column, column)] = text
    frame = pd.DataFrame(list(samples.values()), dtype="str").fillna("")
    if "text" in frame and not {"label", "scientificName"} & set(frame):
        frame = frame.rename(columns={"text": "label"})
    table = numbered(shard, frame)
    keys = pd.Series(list(samples), index=table.frame.index)
    without = keys[table.frame["path"] == ""] if "path" in frame else keys
    broken = {int(i): f"the sample {key} has no image" for i, key in without.items()}
    broken |= {int(i): faults[key] for i, key in keys.items() if key in faults}
    return RawTable(
        shard, table.frame.drop(index=list(broken)), sorted(broken.items()), _further_images(shard, further)
    )


def _further_images(shard: str, names: list[str]) -> list[Notice]:
    """The images that are not the first of their sample, such as masks."""
    if not names:
        return []
    text = f"{counted(len(names), 'image')} beside another of the same sample, such as {names[0]}"
    return [Notice("several_addresses", shard, len(names), text)]


def _text(content: bytes, name: str, key: str, faults: dict[str, str]) -> str:
    try:
        return content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        faults[key] = f"{name} is not UTF-8"
        return ""


def _described(content: bytes, name: str, key: str, faults: dict[str, str]) -> dict[str, str]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        faults[key] = f"{name} is not JSON: {first_line(error)}"
        return {}
    cells = value.items() if isinstance(value, dict) else ()
    return {
        _COLUMNS.get(str(term), str(term)): "" if cell is None else str(cell)
        for term, cell in cells
        if not isinstance(cell, dict | list) and term != "path"
    }


def _key(name: str) -> str:
    """A sample's name: that of its files up to the first dot."""
    path = PurePosixPath(name)
    return str(path.with_name(path.name.split(".", 1)[0])) if path.name.split(".", 1)[0] else name
