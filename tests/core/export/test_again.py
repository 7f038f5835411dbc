"""Exporting again: what no longer holds goes or is named, ids stay, and no folder of this machine is told."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from finercam_core.errors import ExportError
from finercam_core.export import FORMATS, FormatSettings, export
from finercam_core.export.formats.coco import polygons, run_lengths
from finercam_core.export.mask_records import without_folders
from finercam_core.regions.rle import encode
from finercam_core.review import Comparison, Region, ReviewLog, Verdict
from finercam_core.store.integrity.digests import with_digest

MADE = Comparison(0.6, "mean", "gradcam", ("Aus dus",))
SIZE = (64, 96)


def judge(store: Path, image_id: str, reviewer: str, decision: str, *regions: Region, revision: int = 1) -> None:
    species = image_id[:7].replace("_", " ")
    verdict = Verdict(image_id, species, reviewer, decision, MADE, regions, revision=revision)  # type: ignore[arg-type]
    ReviewLog(store, reviewer).append(verdict)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if "Aus_" in path.name}


@pytest.mark.parametrize(("form", "files"), [("png", 2), ("ome-zarr", 1), ("csv", 1)])
def test_what_was_rejected_since_is_removed(reviewed: Path, tmp_path: Path, form: str, files: int) -> None:
    out = tmp_path / "out"
    export(reviewed, out, format=form)
    assert any("Aus_cus-001" in name for name in names(out))
    (out / "images").mkdir(exist_ok=True)
    (out / "images" / "Aus_cus-001-mine.txt").write_text("somebody's own")
    judge(reviewed, "Aus_cus-001", "Ada", "reject")
    summary = export(reviewed, out, format=form)
    assert len(summary.removed) == files
    assert all("Aus_cus-001" in name for name in summary.removed)
    assert {name for name in names(out) if "Aus_cus-001" in name} == {"Aus_cus-001-mine.txt"}
    assert "no longer accepted: " in str(summary)
    assert summary.left == []


def test_what_still_holds_is_left_and_named(reviewed: Path, tmp_path: Path) -> None:
    export(reviewed, tmp_path / "out", format="png")
    summary = export(reviewed, tmp_path / "out", format="png", reviewer="Bo Eo")
    assert summary.removed == []
    assert sorted(summary.left) == [f"images/Aus_cus-00{n}.{end}" for n in (1, 2) for end in ("json", "png")]
    assert "left from an earlier export" in str(summary)


def test_when_nothing_is_accepted_any_more_nothing_stays(reviewed: Path, tmp_path: Path) -> None:
    for form in ("png", "coco"):
        export(reviewed, tmp_path / form, format=form)
    for image_id, reviewer in [
        ("Aus_bus-000", "Bo Eo"),
        *((f"Aus_{n}", "Ada") for n in ("bus-000", "cus-001", "cus-002")),
    ]:
        judge(reviewed, image_id, reviewer, "unsure")
    with pytest.raises(ExportError, match="6 files of an earlier export had to be removed"):
        export(reviewed, tmp_path / "png", format="png")
    assert names(tmp_path / "png") == set()
    with pytest.raises(ExportError, match=r"annotations\.json in .* no longer hold"):
        export(reviewed, tmp_path / "coco", format="coco")


def test_the_later_revision_counts_whatever_the_clock_said(reviewed: Path, tmp_path: Path) -> None:
    judge(reviewed, "Aus_cus-001", "Ada", "reject")
    for log in (reviewed / "reviews").glob("Ada-*.jsonl"):
        verdicts = [json.loads(line) for line in log.read_text().splitlines()]
        for verdict in verdicts:  # the first was written with the clock a year ahead
            verdict["time"] = f"{2030 - verdict['revision']}-01-01T00:00:00.000000+00:00"
        log.write_text("".join(json.dumps(verdict) + "\n" for verdict in verdicts))
    assert "Aus_cus-001" not in export(reviewed, tmp_path, format="coco").written


def test_ids_stay_when_others_disappear(reviewed: Path, tmp_path: Path) -> None:
    def ids() -> tuple[dict[str, int], dict[str, str]]:
        export(reviewed, tmp_path / "coco", format="coco")
        export(reviewed, tmp_path / "csv", format="csv")
        content = json.loads((tmp_path / "coco" / "annotations.json").read_text())
        table = pd.read_csv(tmp_path / "csv" / "measurements.csv", keep_default_na=False)
        assert {entry["region"] for entry in content["annotations"]} == set(table["region"])
        labels = {(entry["category_id"], entry["attributes"]["trait"]) for entry in content["annotations"]}
        by_id = {entry["id"]: entry["name"] for entry in content["categories"]}
        assert all(by_id[number] == (trait or "discriminative region") for number, trait in labels)
        return {name: number for number, name in by_id.items()}, dict(
            zip(table["region"], table["reviewer"] + table["trait"], strict=True)
        )

    categories, regions = ids()
    eye = encode(np.eye(*SIZE, k=9, dtype=bool))
    judge(reviewed, "Aus_bus-000", "Ada", "accept", Region(eye, "eye", number=2))
    categories_now, regions_now = ids()
    assert categories_now == categories
    assert regions_now == {name: what for name, what in regions.items() if what != "Adacaudal fin"}
    judge(reviewed, "Aus_bus-000", "Ada", "reject", revision=2)
    assert {name: what for name, what in regions.items() if not name.startswith("Aus_bus-000-Ada")} == ids()[1]
    judge(reviewed, "Aus_bus-000", "Ada", "accept", Region(eye, "a trait of its own"), revision=3)
    numbers = ids()[0]
    assert categories.items() < numbers.items()
    assert numbers["a trait of its own"] not in categories.values()
    assert len(set(numbers.values())) == len(numbers)


def test_coco_has_supercategories_and_segmentations_that_its_tools_read(reviewed: Path, tmp_path: Path) -> None:
    square = np.zeros(SIZE, bool)
    square[10:30, 20:50] = square[40:44, 5:9] = True
    judge(reviewed, "Aus_cus-003", "Ada", "accept", Region(encode(square), "Eye"))
    export(reviewed, tmp_path, format="coco")
    opened = COCO(str(tmp_path / "annotations.json"))
    assert opened.getCatIds(supNms=["region"]) == [255]
    assert set(opened.getCatIds()) == set(opened.getCatIds(supNms=["trait", "region"]))
    kinds = set()
    for annotation in opened.anns.values():
        size = annotation["rle"]["size"]
        kinds.add(type(annotation["segmentation"]))
        drawn = coco_mask.frPyObjects(annotation["segmentation"], *size)
        whole = coco_mask.decode(coco_mask.merge(drawn) if isinstance(drawn, list) else drawn)
        np.testing.assert_array_equal(whole, coco_mask.decode(annotation["rle"]))
    assert kinds == {list, dict}


def test_categories_keep_their_numbers_in_a_folder_whatever_the_store_offers(reviewed: Path, tmp_path: Path) -> None:
    (tmp_path / "categories.json").write_text('{"Eye": 7, "discriminative region": 1, "Gill": 2}')
    judge(reviewed, "Aus_cus-003", "Ada", "accept", Region(encode(np.eye(*SIZE, dtype=bool)), "Eye"))
    for _ in range(2):
        export(reviewed, tmp_path, format="coco")
        numbers = {entry["name"]: entry["id"] for entry in COCO(str(tmp_path / "annotations.json")).cats.values()}
        assert {"Eye": 7, "discriminative region": 1, "Gill": 2}.items() <= numbers.items()
        assert len(set(numbers.values())) == len(numbers) > 9
        assert json.loads((tmp_path / "categories.json").read_text()) == numbers


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": 1, "b": 1}', '{"a": true}'])
def test_a_damaged_table_of_categories_is_refused(reviewed: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "categories.json").write_text(text)
    with pytest.raises(ExportError, match=r"categories\.json"):
        export(reviewed, tmp_path, format="coco")


def test_coco_as_run_lengths_alone(reviewed: Path, tmp_path: Path) -> None:
    judge(reviewed, "Aus_cus-003", "Ada", "accept", Region(encode(np.ones(SIZE, bool))))
    export(reviewed, tmp_path, format="coco", settings=FormatSettings(outlines="rle"))
    entries = json.loads((tmp_path / "annotations.json").read_text())["annotations"]
    assert {type(entry["segmentation"]) for entry in entries} == {dict}


def test_polygons_and_run_lengths_give_every_pixel_back() -> None:
    rng = np.random.default_rng(4)
    for shape in ((1, 1), (7, 5), (30, 41)):
        for density in (0.0, 0.2, 0.6, 1.0):
            mask = rng.random(shape) < density
            plain = run_lengths(mask)
            np.testing.assert_array_equal(coco_mask.decode(coco_mask.frPyObjects(plain, *shape)), mask)
            rings = polygons(mask)
            if rings:
                drawn = coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(rings, *shape)))
                np.testing.assert_array_equal(drawn, mask)


@pytest.mark.parametrize("inside", ["", "masks", "reviews/masks"])
def test_no_export_into_a_store(reviewed: Path, tmp_path: Path, inside: str) -> None:
    (tmp_path / "link").symlink_to(reviewed)
    before = sorted(reviewed.rglob("*"))
    for folder in (reviewed / inside, tmp_path / "link" / inside):
        with pytest.raises(ExportError, match="lies in the store"):
            export(reviewed, folder, format="png")
    assert sorted(reviewed.rglob("*")) == before


@pytest.mark.parametrize("form", ["coco", "png", "ome-zarr"])
def test_no_export_among_photographs(reviewed: Path, tmp_path: Path, form: str) -> None:
    photographs = tmp_path / "images"
    before = {path: path.stat().st_mtime_ns for path in photographs.iterdir()}
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "DSC_0001.JPG").write_bytes(b"")
    (tmp_path / "link").symlink_to(photographs)
    for folder in (photographs, tmp_path / "link", tmp_path / "others"):
        with pytest.raises(ExportError, match=r"is a folder of .*photographs"):
            export(reviewed, folder, format=form)
    if form == "png":  # whose masks would be written into the folder "images"
        with pytest.raises(ExportError, match="images is a folder of the collection's photographs"):
            export(reviewed, tmp_path, format=form)
    assert {path: path.stat().st_mtime_ns for path in photographs.iterdir()} == before


@pytest.mark.parametrize("form", FORMATS)
def test_no_folder_of_this_machine_is_in_an_export(reviewed: Path, tmp_path: Path, form: str) -> None:
    meta = json.loads((reviewed / "zarr.json").read_text())
    meta["attributes"]["finercam"]["classifier"]["model"] = f"local-dir:{tmp_path}/classifiers/fish"
    meta["attributes"] = with_digest(meta["attributes"])
    (reviewed / "zarr.json").write_text(json.dumps(meta))
    export(reviewed, tmp_path / "out", format=form)
    for path in (tmp_path / "out").rglob("*"):
        if path.suffix in (".json", ".geojson", ".csv"):
            text = path.read_text(encoding="utf-8")
            assert str(tmp_path) not in text, path
            assert "local-dir:" not in text or "local-dir:fish" in text


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_tells_how_its_masks_were_made_and_whose_they_are(reviewed: Path, tmp_path: Path, form: str) -> None:
    export(reviewed, tmp_path / "out", format=form)
    told = ""
    for path in (tmp_path / "out").rglob("*"):
        if path.suffix in (".json", ".jsonl", ".jsonld", ".geojson", ".csv", ".xml"):
            told += path.read_text(encoding="utf-8")
    for what in ("Aus dus", "0.6", "mean", "gradcam", "5" * 64, "Bo Eo", "clear", "caudal fin", "accept",
                 "licenses/by/4.0/", "Museum of Fishes", "drawn"):  # fmt: skip
        assert what in told, what


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("/home/ann/fish/model.py:build", "model.py:build"),
        ("local-dir:/srv/models/fish", "local-dir:fish"),
        ("file:///srv/fish", "fish"),
        ("https://museum.org/a/b", "https://museum.org/a/b"),
        ("s3://maps/a.zarr", "s3://maps/a.zarr"),
        ("timm/vit_base", "timm/vit_base"),
        ("C:\\Users\\ann\\fish", "fish"),
        ("1/2 and 3 / 4", "1/2 and 3 / 4"),
    ],
)
def test_folders_are_left_out_and_addresses_kept(text: str, without: str) -> None:
    assert without_folders(text) == without
