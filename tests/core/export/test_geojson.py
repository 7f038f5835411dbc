"""GeoJSON: single parts in pixels, by the rules of RFC 7946, as QuPath, QGIS and GeoPandas take them."""

import json
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from rasterio.crs import CRS
from rasterio.features import rasterize
from shapely.geometry import shape
from shapely.geometry.polygon import LinearRing

from finercam_core.export import FormatSettings, export
from finercam_core.regions.rle import encode
from finercam_core.review import Comparison, Region, ReviewLog, Verdict

SIZE = (64, 96)
Known = dict[tuple[str, str], list[tuple[str, np.ndarray]]]


def features_in(file: Path) -> list[dict[str, dict[str, object]]]:
    found = json.loads(file.read_text())
    assert found["type"] == "FeatureCollection"
    return found["features"]


def follows_the_rules(feature: dict[str, dict[str, object]]) -> None:
    """RFC 7946, 3.1.6 and 3.2: closed rings by the right-hand rule, one polygon, an id of its own."""
    geometry = feature["geometry"]
    assert (feature["type"], geometry["type"]) == ("Feature", "Polygon")
    UUID(feature["id"])  # QuPath takes no other ids
    for number, ring in enumerate(geometry["coordinates"]):
        assert len(ring) >= 4
        assert ring[0] == ring[-1]
        assert LinearRing(ring).is_ccw is (number == 0)
    assert shape(geometry).is_valid


@pytest.mark.parametrize("axis", ["down", "up"])
def test_the_parts_of_a_region_give_its_mask_back(reviewed: Path, accepted: Known, tmp_path: Path, axis: str) -> None:
    export(reviewed, tmp_path, format="geojson", settings=FormatSettings(y_axis=axis))
    features = features_in(tmp_path / "regions.geojson")
    assert len({feature["id"] for feature in features}) == len(features)
    for (image_id, reviewer), parts in accepted.items():
        for number, (trait, mask) in enumerate(parts, 1):
            region = f"{image_id}-{reviewer.replace(' ', '%20')}-{number}"
            own = [feature for feature in features if feature["properties"]["region"] == region]
            assert bool(own) is bool(mask.any())
            again = np.zeros(SIZE, np.uint8)
            for position, feature in enumerate(own, 1):
                follows_the_rules(feature)
                said = feature["properties"]
                assert (said["part"], said["parts"]) == (position, len(own))
                assert (said["trait"], said["gamma"], said["references"]) == (trait, 0.6, "Aus dus")
                down = (1, 0, 0, 0, 1 if axis == "down" else -1, 0)
                again |= rasterize([feature["geometry"]], SIZE, transform=down, dtype=np.uint8)
            np.testing.assert_array_equal(again, mask)


def test_its_coordinates_are_pixels_and_not_degrees(reviewed: Path, tmp_path: Path) -> None:
    from rasterio.env import Env

    for axis, direction in (("down", "SOUTH"), ("up", "NORTH")):
        export(reviewed, tmp_path, format="geojson", settings=FormatSettings(y_axis=axis))
        text = json.loads((tmp_path / "regions.geojson").read_text())["crs"]["properties"]["name"]
        with Env():
            system = CRS.from_wkt(text)
        assert not system.is_geographic
        assert direction in system.to_wkt()
        assert 'UNIT["pixel",1]' in system.to_wkt()


def test_what_qupath_looks_for(reviewed: Path, tmp_path: Path) -> None:
    export(reviewed, tmp_path, format="geojson")
    for feature in features_in(tmp_path / "regions.geojson"):
        said = feature["properties"]
        kind = said["classification"]
        assert (said["objectType"], said["name"]) == ("annotation", kind["name"])
        assert kind["name"] == (said["trait"] or "discriminative region")
        assert [type(channel) for channel in kind["color"]] == [int] * 3
        assert not any(isinstance(value, dict | list) for key, value in said.items() if key != "classification")


def test_a_file_for_each_specimen(reviewed: Path, accepted: Known, tmp_path: Path) -> None:
    each = FormatSettings(per_image=True)
    export(reviewed, tmp_path, format="geojson")
    summary = export(reviewed, tmp_path, format="geojson", settings=each)
    assert summary.left == ["regions.geojson"]
    (tmp_path / "regions.geojson").unlink()
    (tmp_path / "mine.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    whose = {image_id for image_id, _ in accepted}
    assert {path.stem for path in tmp_path.glob("*.geojson")} == {*whose, "mine"}
    for image_id in whose:
        found = features_in(tmp_path / f"{image_id}.geojson")
        assert {feature["properties"]["image_id"] for feature in found} <= {image_id}
    made = Comparison(0.6, "mean", "gradcam", ("Aus dus",))
    ReviewLog(reviewed, "Ada").append(Verdict("Aus_cus-001", "Aus cus", "Ada", "reject", made, revision=1))
    assert export(reviewed, tmp_path, format="geojson", settings=each).removed == ["Aus_cus-001.geojson"]
    gone = sorted(f"{image_id}.geojson" for image_id in whose - {"Aus_cus-001"})
    assert export(reviewed, tmp_path, format="geojson").removed == gone
    assert (tmp_path / "mine.geojson").is_file()


def test_a_region_of_one_pixel_and_one_at_the_border_have_features(reviewed: Path, tmp_path: Path) -> None:
    masks = [np.zeros(SIZE, bool) for _ in range(2)]
    masks[0][5, 7] = masks[1][0] = masks[1][:, -1] = True
    made = Comparison(0.6, "mean", "gradcam", ("Aus dus",))
    parts = tuple(Region(encode(mask), number=number) for number, mask in enumerate(masks, 1))
    ReviewLog(reviewed, "Ada").append(Verdict("Aus_cus-003", "Aus cus", "Ada", "accept", made, parts))
    export(reviewed, tmp_path, format="geojson")
    own = [f for f in features_in(tmp_path / "regions.geojson") if f["properties"]["image_id"] == "Aus_cus-003"]
    assert own[0]["geometry"]["coordinates"] == [[[7, 5], [8, 5], [8, 6], [7, 6], [7, 5]]]
    assert [shape(feature["geometry"]).area for feature in own] == [mask.sum() for mask in masks]
