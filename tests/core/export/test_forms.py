"""Every exported form, opened with the tool that its users use: equal to the mask, pixel by pixel."""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import zarr
from PIL import Image
from scipy.ndimage import map_coordinates

from finercam_core.export import export
from finercam_core.images.preparation import to_image
from finercam_core.regions.rle import encode
from finercam_core.review import Comparison, Region, ReviewLog, Verdict
from finercam_core.store import open_store

SAID = {
    "references": ["Aus dus"], "gamma": 0.6, "weighting": "mean", "weights_sha256": "5" * 64, "decision": "accept",
    "note": "clear", "license": "https://creativecommons.org/licenses/by/4.0/", "rightsHolder": "Museum of Fishes",
}  # fmt: skip
SIZE = (64, 96)
Known = dict[tuple[str, str], list[tuple[str, np.ndarray]]]


@pytest.fixture
def expected(accepted: Known) -> list[tuple[str, str, str, np.ndarray]]:
    """Specimen, reviewer, trait and mask of every region, in the order of export."""
    return [(image_id, reviewer, *part) for (image_id, reviewer), parts in accepted.items() for part in parts]


def check(about: dict[str, object], image_id: str, reviewer: str, trait: str) -> None:
    """What a mask says of itself is what was decided."""
    assert about["scientificName"] == image_id[:7].replace("_", " ")
    assert about["reviewer"] == reviewer
    assert about["trait"] == trait
    assert {key: about[key] for key in SAID} == SAID
    assert {"run", "target_layer", "model", "threshold"} <= about.keys()


def test_coco(reviewed: Path, expected: list, tmp_path: Path) -> None:
    from pycocotools.coco import COCO

    assert export(reviewed, tmp_path / "out", format="coco").masks == len(expected)
    opened = COCO(str(tmp_path / "out" / "annotations.json"))
    assert len(opened.imgs) == 3
    for annotation, (image_id, reviewer, trait, mask) in zip(
        opened.loadAnns(opened.getAnnIds()), expected, strict=True
    ):
        assert opened.imgs[annotation["image_id"]]["image_id"] == image_id
        np.testing.assert_array_equal(opened.annToMask(annotation), mask)
        check(annotation["attributes"], image_id, reviewer, trait)


def test_png(reviewed: Path, expected: list, accepted: Known, tmp_path: Path) -> None:
    export(reviewed, tmp_path / "out", format="png")
    assert sorted(path.name for path in (tmp_path / "out" / "images").glob("*.png")) == [
        "Aus_bus-000.png", "Aus_cus-001.png", "Aus_cus-002.png",
    ]  # fmt: skip
    whole = np.asarray(Image.open(tmp_path / "out" / "images" / "Aus_bus-000.png"))
    parts = [mask for (image_id, _), found in accepted.items() if image_id == "Aus_bus-000" for _, mask in found]
    np.testing.assert_array_equal(whole == 255, np.any(parts, axis=0))
    about = json.loads((tmp_path / "out" / "images" / "Aus_bus-000.json").read_text())
    for region, (image_id, reviewer, trait, _) in zip(about["regions"], expected[:3], strict=True):
        check(region, image_id, reviewer, trait)


def test_png_has_the_values_of_its_traits(reviewed: Path, tmp_path: Path) -> None:
    masks = {"Eye": np.eye(*SIZE, k=5, dtype=bool), "Caudal fin": np.eye(*SIZE, k=20, dtype=bool)}
    parts = tuple(Region(encode(mask), trait) for trait, mask in masks.items())
    verdict = Verdict("Aus_cus-003", "Aus cus", "Ada", "accept", Comparison(0.6, "mean", "gradcam", ()), parts)
    ReviewLog(reviewed, "Ada").append(verdict)
    export(reviewed, tmp_path / "out", format="png")
    names = json.loads((tmp_path / "out" / "seg_id_trait_map.json").read_text())
    values = {name: int(value) for value, name in names.items()}
    found = np.asarray(Image.open(tmp_path / "out" / "images" / "Aus_cus-003.png"))
    for trait, mask in masks.items():
        np.testing.assert_array_equal(found == values[trait], mask)


def test_tables(reviewed: Path, expected: list, tmp_path: Path) -> None:
    export(reviewed, tmp_path / "out", format="csv")
    measured = pd.read_csv(tmp_path / "out" / "measurements.csv", keep_default_na=False, dtype={"weights_sha256": str})
    boxes = pd.read_csv(tmp_path / "out" / "audiovisual_core.csv", keep_default_na=False)
    for row, box, (image_id, reviewer, trait, mask) in zip(
        measured.to_dict("records"), boxes.to_dict("records"), expected, strict=True
    ):
        np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out" / row["mask"])), mask)
        assert (row["image_id"], box["ac:isROIOf"], box["ac:accessURI"]) == (image_id, image_id, row["mask"])
        assert (row["reviewer"], row["trait"], row["area_px"]) == (reviewer, trait, mask.sum())
        check(row | {"references": row["references"].split(" | ")}, image_id, reviewer, trait)
        species = image_id[:7].replace("_", " ")
        assert [box[term] for term in ("dwc:scientificName", "dcterms:creator", "ac:subjectPartLiteral")] == [
            species, reviewer, trait,
        ]  # fmt: skip
        assert [box["xmpRights:UsageTerms"], box["xmpRights:Owner"]] == [SAID["license"], SAID["rightsHolder"]]
        assert box["ac:caption"] == "what tells it from Aus dus (Finer-CAM, gamma 0.6, accept)"
        assert box["ac:comments"] == f"clear; model drawn, layer none, weights SHA-256 {'5' * 64}, run r"
        down, right = np.nonzero(mask)
        if len(down):
            left, top = box["ac:xFrac"] * SIZE[1], box["ac:yFrac"] * SIZE[0]
            assert (round(left), round(top)) == (right.min(), down.min())
            assert round(left + box["ac:widthFrac"] * SIZE[1]) == right.max() + 1
            photograph = np.asarray(open_store(reviewed).image(image_id))
            centre = [float(row["centroid_x_px"]), float(row["centroid_y_px"])]
            assert centre == pytest.approx([right.mean(), down.mean()], abs=0.01)
            length, breadth = float(row["length_px"]), float(row["breadth_px"])
            assert length >= breadth > 0
            assert float(row["mean_green"]) == pytest.approx(photograph[mask][:, 1].mean(), abs=0.01)


def test_ome_zarr_is_valid(reviewed: Path, tmp_path: Path) -> None:
    from ome_zarr_models.v05 import Image as OmeImage
    from ome_zarr_models.v05 import Labels

    export(reviewed, tmp_path / "out", format="ome-zarr")
    folders = sorted((tmp_path / "out").iterdir())
    assert [folder.name for folder in folders] == [f"{name}.ome.zarr" for name in
                                                   ("Aus_bus-000", "Aus_cus-001", "Aus_cus-002")]  # fmt: skip
    for folder in folders:
        group = zarr.open_group(folder, mode="r")
        OmeImage.from_zarr(group)
        OmeImage.from_zarr(group["evidence"])
        Labels.from_zarr(group["labels"])


def opened_in_napari(folder: Path) -> Any:
    """napari's viewer, without its window, after the `viewer.open` of docs/export.md."""
    from napari.components import ViewerModel
    from npe2 import PluginManager

    PluginManager.instance().discover()
    viewer = ViewerModel()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "color_dict did not provide a default color")  # the reader's own affair
        viewer.open(folder, plugin="napari-ome-zarr")
    return viewer


def test_ome_zarr_in_napari(reviewed: Path, accepted: Known, tmp_path: Path) -> None:
    export(reviewed, tmp_path / "out", format="ome-zarr")
    viewer = opened_in_napari(tmp_path / "out" / "Aus_bus-000.ome.zarr")
    images = [layer.data for layer in viewer.layers if type(layer).__name__ == "Image"]
    photograph = np.asarray(open_store(reviewed).image("Aus_bus-000"))
    np.testing.assert_array_equal(np.stack([np.asarray(_finest(data)) for data in images], -1), photograph)
    labels = {layer.name: layer for layer in viewer.layers if type(layer).__name__ == "Labels"}
    assert len(labels) == 2
    for reviewer in ("Ada", "Bo_Eo"):
        (layer,) = [layer for name, layer in labels.items() if reviewer in name]
        values = np.asarray(_finest(layer.data))
        parts = accepted["Aus_bus-000", reviewer.replace("_", " ")]
        for number, (_, mask) in enumerate(parts, 1):
            np.testing.assert_array_equal(values == number, mask)
        table = layer.features.set_index("index")
        for number, (trait, _) in enumerate(parts, 1):
            said = table.loc[number].to_dict()
            check(
                said | {"references": said["references"].split(" | ")}, "Aus_bus-000", reviewer.replace("_", " "), trait
            )


def test_two_references_and_a_nameless_reviewer_are_one_cell_each(reviewed: Path, tmp_path: Path) -> None:
    export(reviewed, tmp_path / "out", format="ome-zarr", which="automatic")
    viewer = opened_in_napari(tmp_path / "out" / "Aus_cus-001.ome.zarr")
    (row,) = viewer.layers[-1].features.to_dict("records")
    assert (row["references"].count(" | "), row["reviewer"], row["threshold"]) == (1, "", '{"top": 0.05}')


def test_the_evidence_lies_over_the_photograph(reviewed: Path, tmp_path: Path) -> None:
    export(reviewed, tmp_path / "out", format="ome-zarr")
    group = zarr.open_group(tmp_path / "out" / "Aus_cus-001.ome.zarr" / "evidence", mode="r")
    store = open_store(reviewed)
    record = store.record("Aus_cus-001")
    np.testing.assert_array_equal(group["0"][:], record.evidence)
    (dataset,) = group.attrs["ome"]["multiscales"][0]["datasets"]
    scale, shift = (part[part["type"]] for part in dataset["coordinateTransformations"])
    whole = to_image(record.evidence[0], store.window("Aus_cus-001"), (SIZE[1], SIZE[0]))
    cells = [(np.arange(side) - shift[axis]) / scale[axis] for axis, side in ((1, SIZE[0]), (2, SIZE[1]))]
    placed = map_coordinates(record.evidence[0], np.meshgrid(*cells, indexing="ij"), order=1, mode="nearest")
    np.testing.assert_allclose(placed, whole, atol=1e-4)


def test_coco_names_licences_as_its_tools_expect(reviewed: Path, tmp_path: Path) -> None:
    export(reviewed, tmp_path, format="coco")
    content = json.loads((tmp_path / "annotations.json").read_text())
    assert {image["license"] for image in content["images"]} <= {entry["id"] for entry in content["licenses"]}
    assert set(content["licenses"][0]) == {"id", "name", "url"}


def _finest(data: object) -> object:
    return data[0] if isinstance(data, list) else data
