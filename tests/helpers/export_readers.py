"""Exports opened by the programs of their users: `python export_readers.py TOOL FOLDER`, where these are installed.

The folder holds the export in ``out``, the collection's photographs in ``images``, and what each region must be in
``expected.npz``, by region. What a program has differs in a pixel: it ends with an error and says where.
"""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

Found = Iterator[tuple[str, np.ndarray]]


def supervision_coco(folder: Path) -> Found:
    import supervision

    data = supervision.DetectionDataset.from_coco(
        str(folder / "images"), str(folder / "out" / "annotations.json"), force_masks=True
    )
    yield from _by_image(data, _annotations(folder))


def supervision_yolo(folder: Path) -> Found:
    """The rows of a region together are its mask, since each part is a row."""
    import supervision

    for entry in map(json.loads, (folder / "out" / "regions.jsonl").read_text().splitlines()):
        image, labels = folder / "out" / entry["image"], folder / "out" / entry["labels"]
        data = supervision.DetectionDataset.from_yolo(
            str(image.parent), str(labels.parent), str(folder / "out" / "data.yaml"), force_masks=True
        )
        masks = iter(data.annotations[str(image)].mask if sum(part["rows"] for part in entry["regions"]) else ())
        for part in entry["regions"]:
            rows = [next(masks) for _ in range(part["rows"])]
            yield part["region"], np.any(rows, axis=0) if rows else None


def datumaro_coco(folder: Path) -> Found:
    from datumaro.components.dataset import Dataset

    data = folder / "coco"
    (data / "annotations").mkdir(parents=True)
    shutil.copy(folder / "out" / "annotations.json", data / "annotations" / "instances_default.json")
    shutil.copytree(folder / "images", data / "images" / "default")
    regions = {entry["id"]: entry["region"] for entry in _annotations(folder)["annotations"]}
    masks: dict[int, np.ndarray] = {}
    for item in Dataset.import_from(str(data), "coco_instances"):
        for part in item.annotations:  # the polygons of one region have its number; there are boxes beside them
            if part.type.name == "bbox":
                continue
            height, width = item.media.size
            drawn = _datumaro_mask(part, height, width)
            masks[part.id] = masks.get(part.id, np.zeros((height, width), bool)) | drawn
    yield from ((regions[number], mask) for number, mask in masks.items())


def datumaro_cvat(folder: Path) -> Found:
    from datumaro.components.dataset import Dataset

    data = folder / "cvat"
    shutil.copytree(folder / "images", data / "images")
    shutil.copy(folder / "out" / "annotations.xml", data / "default.xml")
    for item in Dataset.import_from(str(data), "cvat"):
        yield from ((part.attributes["region"], part.image.astype(bool)) for part in item.annotations)


def label_studio(folder: Path) -> Found:
    from label_studio_sdk.converter.brush import decode_rle

    for task in json.loads((folder / "out" / "tasks.json").read_text()):
        for judged in (*task.get("annotations", ()), *task.get("predictions", ())):
            for part in judged["result"]:
                shape = part["original_height"], part["original_width"], 4
                yield part["id"], decode_rle(part["value"]["rle"]).reshape(shape)[:, :, 3] > 0


def geopandas_geojson(folder: Path) -> Found:
    import geopandas
    from rasterio.features import rasterize

    table = geopandas.read_file(folder / "out" / "regions.geojson")
    assert table.crs.is_engineering, table.crs
    assert (table.geometry.geom_type == "Polygon").all()
    assert table.geometry.is_valid.all()
    for region, parts in table.groupby("region"):
        shape = int(parts["height"].iloc[0]), int(parts["width"].iloc[0])
        yield region, rasterize(list(parts.geometry), shape).astype(bool)


def _datumaro_mask(part: object, height: int, width: int) -> np.ndarray:
    from datumaro.components.annotation import Mask
    from pycocotools import mask as coco_mask

    if isinstance(part, Mask):
        return part.image.astype(bool)
    drawn = coco_mask.frPyObjects([[float(side) for side in part.points]], height, width)
    return coco_mask.decode(coco_mask.merge(drawn)).astype(bool)


def _annotations(folder: Path) -> dict[str, list[dict[str, object]]]:
    return json.loads((folder / "out" / "annotations.json").read_text())


def _by_image(data: object, told: dict[str, list[dict[str, object]]]) -> Found:
    for image in told["images"]:
        own = [entry["region"] for entry in told["annotations"] if entry["image_id"] == image["id"]]
        path = next(path for path in data.annotations if Path(path).as_posix().endswith(image["file_name"]))
        yield from zip(own, data.annotations[path].mask, strict=True)


TOOLS: dict[str, Callable[[Path], Found]] = {
    one.__name__: one
    for one in (supervision_coco, supervision_yolo, datumaro_coco, datumaro_cvat, label_studio, geopandas_geojson)
}


def main(tool: str, folder: Path) -> None:
    """Compare each region with what it must be, and say how many are equal."""
    expected = dict(np.load(folder / "expected.npz"))
    found = {region: mask for region, mask in TOOLS[tool](folder) if mask is not None}
    assert found.keys() <= expected.keys(), found.keys() - expected.keys()
    for region, mask in expected.items():
        if region not in found:
            assert not mask.any(), f"{region} is missing"
            continue
        different = int((found[region] != mask).sum())
        assert not different, f"{region}: {different} of {int(mask.sum())} pixels differ"
    print(f"{tool}: {len(expected)} regions, {sum(int(mask.sum()) for mask in expected.values())} pixels, all equal")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
