"""Whatever a mask looks like, each form of it gives every pixel back: holes, islands, single pixels, the borders."""

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as coco_mask
from rasterio.features import rasterize

from finercam_core.export.formats import coco, cvat, geojson, label_studio, web_annotation, yolo
from finercam_core.export.formats.mask_writer import DISCRIMINATIVE
from finercam_core.export.formats.png import UNNAMED
from finercam_core.regions.polygons import connected_parts, signed_area, through_pixels


def drawn(*lines: str) -> np.ndarray:
    return np.array([[letter == "#" for letter in line] for line in lines])


RINGS = drawn("#######", "#.....#", "#.###.#", "#.#.#.#", "#.###.#", "#.....#", "#######")
SPECIAL = (
    drawn("#"), drawn("."), drawn("..", ".#"), drawn("#.", ".#"), drawn("###", "#.#", "###"), RINGS,
    drawn("#####", "#.#.#", "##.##", "#.#.#", "#####"), drawn("####", "#..#", "#.##", "####"), np.ones((3, 40), bool),
    drawn("#....", "..#..", "....#"), np.pad(RINGS, ((0, 0), (3, 0))), ~np.eye(6, dtype=bool),
)  # fmt: skip
masks = st.tuples(st.integers(1, 20), st.integers(1, 20)).flatmap(lambda shape: arrays(bool, shape))


def unpacked(packed: list[int]) -> np.ndarray:
    """Values of Label Studio's brush, by the description of its packing and letter by letter."""
    bits = "".join(f"{byte:08b}" for byte in packed)
    at = 0

    def take(count: int) -> int:
        nonlocal at
        at += count
        return int(bits[at - count : at], 2)

    number, width = take(32), take(5) + 1
    lengths = [take(4) + 1 for _ in range(4)]
    values: list[int] = []
    while len(values) < number:
        same, length = take(1), take(lengths[take(2)]) + 1
        values += [take(width)] * length if same else [take(width) for _ in range(length)]
    return np.array(values, np.uint8)


def burnt(rings: list[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """Pixels whose centres lie inside an odd number of rings, as SVG's fill rule "evenodd" has it."""
    covered = [
        rasterize([{"type": "Polygon", "coordinates": [[*ring.tolist(), ring[0].tolist()]]}], shape) for ring in rings
    ]
    return np.bitwise_xor.reduce([np.zeros(shape, np.uint8), *covered]).astype(bool)


def with_special(test):
    for mask in SPECIAL:
        test = example(mask=mask)(test)
    return given(mask=masks)(settings(max_examples=60)(test))


@with_special
def test_coco(mask: np.ndarray) -> None:
    plain = coco_mask.frPyObjects(coco.run_lengths(mask), *mask.shape)
    np.testing.assert_array_equal(coco_mask.decode(plain), mask)
    rings = coco.polygons(mask)
    if rings:
        whole = coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(rings, *mask.shape)))
        np.testing.assert_array_equal(whole, mask)


@with_special
def test_geojson(mask: np.ndarray) -> None:
    for axis, sign in (("down", 1), ("up", -1)):
        shapes = [geojson.polygon(part, axis) for part in connected_parts(mask)]
        again = rasterize(shapes, mask.shape, transform=(1, 0, 0, 0, sign, 0)) if shapes else np.zeros(mask.shape)
        np.testing.assert_array_equal(again, mask)


@with_special
def test_yolo_as_its_programs_fill_it(mask: np.ndarray) -> None:
    height, width = mask.shape
    for to_pixels in (np.trunc, np.round):  # ultralytics, supervision; both in single precision
        again = np.zeros(mask.shape, np.uint8)
        for line in yolo.segments(mask):
            corners = np.array(line.split(), np.float32).reshape(-1, 2)
            assert len(corners) >= 3
            assert corners.min() >= 0
            assert corners.max() <= 1
            cv2.fillPoly(again, [to_pixels(corners * np.array([width, height], np.float32)).astype(np.int32)], 1)
        np.testing.assert_array_equal(again, mask)


@with_special
def test_each_line_through_pixels_is_its_own_part(mask: np.ndarray) -> None:
    for part in connected_parts(mask):
        again = np.zeros(mask.shape, np.uint8)
        cv2.fillPoly(again, [through_pixels(part, mask).astype(np.int32)], 1)
        assert again.sum() == sum(map(signed_area, part))
        assert not (again & ~mask).any()


@with_special
def test_label_studio(mask: np.ndarray) -> None:
    values = unpacked(label_studio.brush(mask)).reshape(*mask.shape, 4)
    np.testing.assert_array_equal(values, np.repeat(255 * mask[..., None], 4, axis=2))


@pytest.mark.parametrize("pixels", [(1 << 14) - 1, 1 << 14, (1 << 14) + 1, 3 << 14])
def test_a_run_that_is_longer_than_label_studio_counts(pixels: int) -> None:
    mask = np.ones((1, pixels), bool)
    assert (unpacked(label_studio.brush(mask)) == 255).all()


@with_special
def test_cvat(mask: np.ndarray) -> None:
    counts = [int(count) for count in cvat.run_lengths(mask).split(",")]
    inside = np.repeat(np.arange(len(counts)) % 2, counts)
    np.testing.assert_array_equal(inside.reshape(mask.shape), mask)


@with_special
def test_web_annotation_and_iiif(mask: np.ndarray) -> None:
    drawing, *boxes = web_annotation.selectors(mask)
    path = re.search(r' d="([^"]*)"', str(drawing["value"]))[1]
    rings = [np.array(ring.replace("L", " ").split(), int).reshape(-1, 2) for ring in re.findall(r"M([^Z]+)Z", path)]
    np.testing.assert_array_equal(burnt(rings, mask.shape), mask)
    assert bool(boxes) is bool(mask.any())
    if boxes:
        x, y, w, h = (int(side) for side in str(boxes[1]["region"]).split(","))
        assert boxes[0]["value"] == f"xywh=pixel:{x},{y},{w},{h}"
        down, across = np.nonzero(mask)
        assert (x, y, x + w, y + h) == (across.min(), down.min(), across.max() + 1, down.max() + 1)


def test_the_form_is_that_of_the_atlas() -> None:
    """What a page of the atlas saves is held to the same sample by its own tests."""
    place = Path(__file__).parents[3] / "viewer" / "web" / "test" / "region_forms.json"
    sample = json.loads(place.read_text(encoding="utf-8"))
    mask = drawn(*sample["drawing"])
    drawing, *boxes = web_annotation.selectors(mask)
    assert drawing["value"] == f'{sample["head"]} d="{sample["path"]}"/>{sample["tail"]}'
    assert boxes == sample["boxes"]
    assert geojson.crs("down") == sample["crs"]
    assert [geojson.polygon(part)["coordinates"] for part in connected_parts(mask)] == sample["polygons"]
    assert coco.run_lengths(mask) == sample["run_lengths"]
    assert {"id": UNNAMED, "name": DISCRIMINATIVE, "supercategory": "region"} in sample["categories"]
