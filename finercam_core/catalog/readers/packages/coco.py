"""COCO's JSON, with the taxonomy of iNaturalist's competitions and of camera traps: one row per image."""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from finercam_core.catalog.columns import split_name
from finercam_core.catalog.readers.table import expect_names
from finercam_core.catalog.source import CatalogSource, MappedTable
from finercam_core.catalog.trait_labels import TraitLabels
from finercam_core.errors import CatalogError, counted
from finercam_core.io.addresses import is_url
from finercam_core.io.other_tables import cell_text
from finercam_core.io.packed import packed_place
from finercam_core.io.raw_tables import Notice, RawTable

SPECIMEN = TraitLabels(MappingProxyType({0: "background", 255: "specimen"}), whole=True)
_COLUMNS = {
    "image_id": "id", "path": "file_name", "accessURI": "address", "scientificName": "name", "genus": "genus",
    "specificEpithet": "specific_epithet", "family": "family", "order": "order", "vernacularName": "common_name",
    "boundingBox": "box", "license": "license", "rightsHolder": "rights_holder", "group_id": "group",
    "maskURI": "mask", "split": "split",
}  # fmt: skip
_NOTHING = frozenset(["empty", "blank", "none", "human", "person", "people", "vehicle", "unknown", "unidentified"])
_LOOKED_FOR = 50
_GROUPS = ("location", "seq_id", "observation_id", "specimen_id")


def read_coco(content: dict[str, Any], folder: str, location: str, *, elsewhere: bool = True) -> CatalogSource:
    """Read annotated images; those without an annotation, or with several species, are set aside by name.

    An image has a box if it has exactly one, and a mask if it has segmentations: polygons or run lengths, drawn when
    they are needed.

    Parameters
    ----------
    content : dict
        The whole JSON.
    folder, location : str
        Where the images lie, and the file itself.
    elsewhere : bool
        Whether images that are not there are looked for beside the folder.

    Raises
    ------
    CatalogError
        There are no annotated images, the categories have numbers instead of names, or two have one id.
    """
    file = Path(location).name
    categories = _categories(content, location)
    licences = {cell_text(row.get("id")): cell_text(row.get("name")) for row in _objects(content.get("licenses"))}
    annotations: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in _objects(content.get("annotations")):
        annotations[cell_text(row.get("image_id"))].append(row)
    rows: list[dict[str, str]] = []
    broken: list[tuple[int, str]] = []
    for number, image in enumerate(_objects(content["images"]), 1):
        found = annotations.pop(cell_text(image.get("id")), [])
        species = sorted({_name(categories, a) for a in found})
        reason = _reason(species)
        if reason:
            broken.append((number, reason))
            continue
        category = categories.get(cell_text(found[0].get("category_id")), {})
        rows.append({"number": str(number), **_cells(image, category, found, licences, file), "name": species[0]})
    count = len(rows) + len(broken)
    orphans = [row for rest in annotations.values() for row in rest]
    broken += [
        (
            count + i,
            f"the annotation {cell_text(a.get('id'))} is of the image {cell_text(a.get('image_id'))}, not listed",
        )
        for i, a in enumerate(orphans, 1)
    ]
    if not rows:
        why = f"; the first: {broken[0][1]}" if broken else ""
        raise CatalogError(f"{location} has {counted(count, 'image')} and none with one species{why}", "annotate them")
    frame = pd.DataFrame(rows, dtype="str").fillna("").set_index("number")
    notices = _several_boxes(file, frame)
    root, before = _place(folder, frame["file_name"]) if elsewhere else (folder, "")
    if root != folder:
        frame["file_name"] = before + frame["file_name"]
        frame["mask"] = (Path(folder).name + "/" + frame["mask"]).where(frame["mask"] != "", "")
        text = f"the images are those in {root}/{before}, since none is beside {file}"
        notices.append(Notice("columns_chosen", file, 1, text))
    raw = RawTable(file, frame.set_axis(frame.index.astype("int64")), broken, notices)
    columns = {term: [column] for term, column in _COLUMNS.items() if column in frame}
    expect_names(raw, columns, location)
    masks = SPECIMEN if (frame["mask"] != "").any() else None
    return CatalogSource(Path(location).stem, root, [MappedTable(raw, columns)], traits=masks)


def _place(folder: str, names: pd.Series) -> tuple[str, str]:
    """Root of the images and the folder below it: that of the file, else one beside it, as `annotations/` has them."""
    some = [name for name in names.head(_LOOKED_FOR) if name]
    if is_url(folder) or packed_place(folder) or not some:
        return folder, ""
    above = Path(folder).parent
    for base in [Path(folder), above, *(p for p in sorted(above.iterdir()) if p.is_dir() and p != Path(folder))]:
        if any((base / name).is_file() for name in some):
            return (folder, "") if base == Path(folder) else (str(above), f"{base.name}/" if base != above else "")
    return folder, ""


def _objects(value: object) -> Iterable[dict[str, Any]]:
    return (row for row in value if isinstance(row, dict)) if isinstance(value, list) else ()


def _categories(content: dict[str, Any], location: str) -> dict[str, dict[str, Any]]:
    """The categories by their ids."""
    found: dict[str, dict[str, Any]] = {}
    for row in _objects(content.get("categories")):
        first = found.setdefault(cell_text(row.get("id")), row)
        if first.get("name") != row.get("name"):
            problem = f"{location} has the category {row.get('id')} as {first.get('name')!r} and as {row.get('name')!r}"
            raise CatalogError(problem, "give each category an id of its own")
    return found


def _name(categories: dict[str, dict[str, Any]], annotation: dict[str, Any]) -> str:
    return cell_text(categories.get(cell_text(annotation.get("category_id")), {}).get("name")).strip()


def _reason(species: list[str]) -> str:
    """Why an image is set aside; "" if it shows one species."""
    if not species:
        return "the image has no annotation"
    if len(species) > 1:
        shown = ", ".join(species[:3]) + (" …" if len(species) > 3 else "")
        return f"the image has {len(species)} species: {shown}"
    if not species[0]:
        return "the category of the annotation is not listed"
    return f"the image shows no species: {species[0]}" if species[0].lower() in _NOTHING else ""


def _cells(
    image: dict[str, Any], category: dict[str, Any], found: list[dict[str, Any]], licences: dict[str, str], file: str
) -> dict[str, str]:
    """The cells of one image."""
    texts = {str(k): cell_text(v) for k, v in {**category, **image}.items() if not isinstance(v, dict | list)}
    box = _box_text(found[0].get("bbox")) if len(found) == 1 else ""
    drawn = any(annotation.get("segmentation") for annotation in found)
    licence = texts.get("license", "")
    return {
        **texts,
        "id": cell_text(image.get("id")),
        "file_name": texts.get("file_name", ""),
        "address": texts.get("coco_url") or texts.get("flickr_url") or texts.get("url", ""),
        "license": licences.get(licence, licence),
        "box": box,
        "boxes": str(len(found)),
        "mask": f"{file}/{cell_text(image.get('id'))}.png" if drawn else "",
        "group": next((texts[name] for name in _GROUPS if texts.get(name)), ""),
        "split": _split(texts.get("split", ""), file),
    }


def _box_text(box: object) -> str:
    """A box as `x,y,width,height`; "" if it is none."""
    sides = box if isinstance(box, list) and len(box) == 4 else []
    return ",".join(f"{side:g}" for side in sides if isinstance(side, int | float))


def _split(own: str, file: str) -> str:
    """The split of a row, or the one in the file's name: `train2021.json`, `instances_val2017.json`."""
    words = re.findall(r"train|valid|val|test", Path(file).stem.lower())
    return own or ((split_name(words[0]) or "") if len(set(words)) == 1 else "")


def _several_boxes(file: str, frame: pd.DataFrame) -> list[Notice]:
    several = int((frame["boxes"].astype(int) > 1).sum())
    text = f"{counted(several, 'image')} with several boxes of one species, of which none is taken"
    return [Notice("boxes", file, several, text)] if several else []
