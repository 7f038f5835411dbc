"""Exports for programs that annotate and train: YOLO, Label Studio, CVAT; what they hold beside the pixels."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from defusedxml.ElementTree import parse
from PIL import Image

from finercam_core.export import export
from finercam_core.regions.rle import encode
from finercam_core.review import Comparison, Region, ReviewLog, Verdict
from finercam_core.store import open_store

SIZE = (64, 96)
MADE = Comparison(0.6, "mean", "gradcam", ("Aus dus",))
Known = dict[tuple[str, str], list[tuple[str, np.ndarray]]]


def judge(store: Path, image_id: str, decision: str, *regions: Region, revision: int = 0) -> None:
    verdict = Verdict(image_id, image_id[:7].replace("_", " "), "Ada", decision, MADE, regions, revision=revision)  # type: ignore[arg-type]
    ReviewLog(store, "Ada").append(verdict)


def labels_of(folder: Path) -> dict[str, list[str]]:
    return {path.stem: path.read_text().splitlines() for path in sorted(folder.rglob("*.txt"))}


def test_yolo(reviewed: Path, accepted: Known, tmp_path: Path) -> None:
    assert export(reviewed, tmp_path / "out", format="yolo").failed == {}
    data = yaml.safe_load((tmp_path / "out" / "data.yaml").read_text())
    assert list(data["names"].values())[-2:] == ["caudal fin", "eye"], "what the store does not offer comes last"
    entries = [json.loads(line) for line in (tmp_path / "out" / "regions.jsonl").read_text().splitlines()]
    for entry in entries:
        image, labels = (tmp_path / "out" / entry[part] for part in ("image", "labels"))
        assert labels == Path(str(image.parent).replace("/images/", "/labels/")) / f"{image.stem}.txt", "as ultralytics"
        photograph = open_store(reviewed).image(entry["image_id"])
        np.testing.assert_array_equal(np.asarray(Image.open(image)), np.asarray(photograph))
        rows = iter(labels.read_text().splitlines())
        for region in entry["regions"]:
            again = np.zeros(SIZE, np.uint8)
            for _ in range(region["rows"]):
                number, *values = next(rows).split()
                assert data["names"][int(number)] == (region["trait"] or "discriminative region")
                corners = np.array(values, float).reshape(-1, 2) * (SIZE[1], SIZE[0])
                cv2.fillPoly(again, [np.trunc(corners).astype(np.int32)], 1)
            own = accepted[entry["image_id"], region["reviewer"]][int(region["region"][-1]) - 1][1]
            np.testing.assert_array_equal(again, own)
        assert next(rows, None) is None


def test_yolo_s_classes_keep_their_numbers_and_what_no_longer_holds_goes(reviewed: Path, tmp_path: Path) -> None:
    judge(reviewed, "Aus_cus-003", "accept", Region(encode(np.eye(*SIZE, dtype=bool)), "a trait of its own"))
    export(reviewed, tmp_path / "out", format="yolo")
    first = yaml.safe_load((tmp_path / "out" / "data.yaml").read_text())["names"]
    judge(reviewed, "Aus_cus-003", "reject", revision=1)
    summary = export(reviewed, tmp_path / "out", format="yolo")
    assert sorted(Path(name).name for name in summary.removed) == ["Aus_cus-003.png", "Aus_cus-003.txt"]
    assert (summary.left, yaml.safe_load((tmp_path / "out" / "data.yaml").read_text())["names"]) == ([], first)
    assert "Aus_cus-003" not in labels_of(tmp_path / "out")


def test_yolo_says_when_nothing_is_held_out(reviewed: Path, tmp_path: Path) -> None:
    export(reviewed, tmp_path / "out", format="yolo")
    text = (tmp_path / "out" / "data.yaml").read_text()
    data = yaml.safe_load(text)
    splits = {path.name for path in (tmp_path / "out" / "images").iterdir()}
    assert {Path(data["train"]).name, Path(data["val"]).name} <= splits
    assert ('No specimen is in the split "val"' in text) is ("val" not in splits)


def test_a_photograph_that_programs_would_see_turned_is_written_upright(reviewed: Path, tmp_path: Path) -> None:
    place = tmp_path / "images" / "Aus_cus-001.png"
    with Image.open(place) as picture:
        turned = picture.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(place, exif=exif)
    assert export(reviewed, tmp_path / "out", format="yolo").failed == {}
    (copy,) = (tmp_path / "out").rglob("Aus_cus-001.png")
    with Image.open(copy) as picture:
        assert picture.size == (SIZE[1], SIZE[0])
        assert picture.getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("form", ["yolo", "iiif"])
def test_a_photograph_that_is_gone_costs_its_specimen_alone(reviewed: Path, tmp_path: Path, form: str) -> None:
    (tmp_path / "images" / "Aus_bus-000.png").unlink()
    Image.new("RGB", (40, 30)).save(tmp_path / "images" / "Aus_cus-001.png")
    summary = export(reviewed, tmp_path / "out", format=form)
    assert (summary.masks, sorted(summary.failed)) == (1, ["Aus_bus-000", "Aus_cus-001"])
    assert "its photograph has 40 x 30 pixels and its mask 96 x 64" in summary.failed["Aus_cus-001"]


def test_label_studio(reviewed: Path, accepted: Known, tmp_path: Path) -> None:
    export(reviewed, tmp_path / "out", format="label-studio")
    tasks = json.loads((tmp_path / "out" / "tasks.json").read_text())
    shown = {node.get("value") for node in parse(tmp_path / "out" / "labels.xml").iter("Label")}
    assert {task["data"]["image_id"] for task in tasks} == {image_id for image_id, _ in accepted}
    assert all(task["data"]["image"] == f"/data/local-files/?d={task['data']['image_id']}.png" for task in tasks)
    results = [part for task in tasks for judged in task["annotations"] for part in judged["result"]]
    assert len({part["id"] for part in results}) == len(results) == sum(map(len, accepted.values()))
    for part in results:
        assert (part["original_height"], part["original_width"]) == SIZE
        assert set(part["value"]["brushlabels"]) <= shown
        assert "gamma: 0.6" in part["meta"]["text"]
    export(reviewed, tmp_path / "new", format="label-studio", which="automatic")
    fresh = json.loads((tmp_path / "new" / "tasks.json").read_text())
    assert all("annotations" not in task and len(task["predictions"]) == 1 for task in fresh)


def test_cvat(reviewed: Path, accepted: Known, tmp_path: Path) -> None:
    export(reviewed, tmp_path / "out", format="cvat")
    tree = parse(tmp_path / "out" / "annotations.xml")
    raw = json.loads((tmp_path / "out" / "labels.json").read_text())
    assert {node.findtext("name") for node in tree.iter("label")} == {label["name"] for label in raw}
    found: list[np.ndarray] = []
    for image in tree.iter("image"):
        assert image.get("name") in {f"{image_id}.png" for image_id, _ in accepted}
        for shape in image.iter("mask"):
            x, y, w, h = (int(shape.get(side, "")) for side in ("left", "top", "width", "height"))
            counts = [int(count) for count in shape.get("rle", "").split(",")]
            whole = np.zeros((int(image.get("height", "")), int(image.get("width", ""))), bool)
            whole[y : y + h, x : x + w] = np.repeat(np.arange(len(counts)) % 2, counts).reshape(h, w)
            found.append(whole)
            said = {node.get("name"): node.text for node in shape.iter("attribute")}
            assert said["gamma"] == "0.6"
            assert said["reviewer"] in ("Ada", "Bo Eo")
    expected = [mask for parts in accepted.values() for _, mask in parts if mask.any()]
    np.testing.assert_array_equal(np.array(found), np.array(expected))
