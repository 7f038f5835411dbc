"""Collections of several files, and JSON of every kind: each row is an image, or told with its reason."""

import gzip
import io
import json
import shutil
from pathlib import Path

import builders as build
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pycocotools import mask as coco

from finercam_core.catalog import Catalog, open_catalog
from finercam_core.catalog.check import check_catalog, look_at_images
from finercam_core.errors import CatalogError
from finercam_core.io.packed import read_packed
from finercam_core.io.packed.coco_masks import decoded


def described(path: Path, value: object) -> Catalog:
    return open_catalog(build.write(path, json.dumps(value)))


CATEGORIES = [
    {"id": 0, "name": "Esox lucius", "family": "Esocidae", "kingdom": "Animalia", "common_name": "Pike"},
    {"id": 1, "name": "Esox niger"}, {"id": 2, "name": "empty"},
]  # fmt: skip


def annotated(categories: list[list[int]], **more: object) -> dict[str, object]:
    """One image for each list of the categories that its annotations have."""
    images = [{"id": i, "file_name": f"{i}.jpg", "width": 9, "height": 6, "license": 4} for i in range(len(categories))]
    notes = [{"id": 100 * i + k, "image_id": i, "category_id": c, "bbox": [1, 2, 3, 2.5], **more}
             for i, ids in enumerate(categories) for k, c in enumerate(ids)]  # fmt: skip
    return {"images": images, "annotations": notes, "categories": CATEGORIES, "licenses": [{"id": 4, "name": "CC BY"}]}


def test_every_image_of_coco_is_read_or_told(tmp_path: Path) -> None:
    value = annotated([[0], [1], [0, 1], [], [2], [7], [0, 0]])
    value["annotations"].append({"id": 9, "image_id": 99, "category_id": 0})  # type: ignore[union-attr]
    catalog = described(tmp_path / "train2021.json", value)
    assert catalog.specimens["image_id"].tolist() == ["0", "1", "6"]
    first = catalog.specimens.iloc[0]
    assert first[["family", "vernacularName", "license", "split", "boundingBox"]].tolist() == [
        "Esocidae", "Pike", "CC BY", "train", "1,2,3,2.5",
    ]  # fmt: skip
    assert catalog.rejected["row"].tolist() == [3, 4, 5, 6, 8]
    assert "2 species: Esox lucius, Esox niger" in catalog.rejected["reason"][0]
    assert check_catalog(catalog).count("boxes") == 1
    assert check_catalog(catalog).counts["rows"] == 8


def test_two_categories_of_coco_with_one_id_are_refused(tmp_path: Path) -> None:
    value = {**annotated([[0], [1]]), "categories": [*CATEGORIES, {"id": 1, "name": "Esox reichertii"}]}
    with pytest.raises(CatalogError, match="category 1 as 'Esox niger' and as 'Esox reichertii'"):
        described(tmp_path / "a.json", value)


@pytest.mark.parametrize("place", ["images", "train2017", "."])
def test_images_beside_the_folder_of_annotations_are_found_and_told(tmp_path: Path, place: str) -> None:
    build.write(tmp_path / "x" / place / "0.jpg")
    value = annotated([[0]], segmentation=[[2, 1, 7, 1, 7, 4, 2, 4]])
    catalog = described(tmp_path / "x" / "annotations" / "a.json", value)
    assert check_catalog(catalog, look_at_images(catalog, opened=False)).counts["usable"] == 1
    assert read_packed(f"{catalog.root}/{catalog.specimens['maskURI'][0]}")
    assert any("none is beside" in notice.text for notice in catalog.notices)
    if place != ".":
        with pytest.raises(CatalogError, match=r"annotations/a\.json"):
            open_catalog(tmp_path / "x")


RLE = coco.encode(np.asfortranarray(np.tri(6, 9, dtype=np.uint8)))


@pytest.mark.parametrize(
    ("segmentation", "area"),
    [
        ([[2, 1, 7, 1, 7, 4, 2, 4]], 15),
        ({"size": [6, 9], "counts": RLE["counts"].decode()}, 21),
        ({"size": [6, 9], "counts": [0, 12, 42]}, 12),
        ([[2, 1, 7, 1, 7, 4, 2, 4], [0, 0, 1, 0, 1, 1, 0, 1]], 16),
    ],
)
def test_polygons_and_run_lengths_become_masks(tmp_path: Path, segmentation: object, area: int) -> None:
    catalog = described(tmp_path / "a.json", annotated([[0], [1]], segmentation=segmentation))
    assert catalog.traits is not None
    assert catalog.traits.whole
    content = read_packed(f"{catalog.root}/{catalog.specimens['maskURI'][1]}")
    assert content is not None
    mask = np.asarray(Image.open(io.BytesIO(content)))
    assert mask.shape == (6, 9)
    assert np.unique(mask).tolist() == [0, 255]
    assert (mask > 127).sum() == area == decoded(segmentation, 6, 9).sum()


def test_competitions_with_numbers_for_names_are_refused(tmp_path: Path) -> None:
    value = annotated([[0]])
    value["categories"] = [{"id": 0, "name": "4711"}]
    with pytest.raises(CatalogError, match="numbers in the column 'name'"):
        described(tmp_path / "val2018.json", value)


MEDIA = "mediaID,deploymentID,timestamp,filePath,fileMediatype\n"
SEEN = "observationID,deploymentID,mediaID,eventStart,eventEnd,observationType,scientificName,bboxX\n"


def camtrap(folder: Path, media: str, seen: str) -> Catalog:
    resources = [{"name": "media", "path": "media.csv"}, {"name": "observations", "path": ["observations.csv"]}]
    package = {"profile": "…/camtrap-dp/1.0/camtrap-dp-profile.json", "name": "traps", "resources": resources}
    package |= {
        "taxonomic": [{"scientificName": "Vulpes vulpes", "family": "Canidae", "vernacularNames": {"eng": "fox"}}]
    }
    package |= {"licenses": [{"name": "CC0-1.0", "scope": "media"}]}
    build.write(folder / "media.csv", MEDIA + media)
    build.write(folder / "observations.csv", SEEN + seen)
    build.write(folder / "datapackage.json", json.dumps(package))
    return open_catalog(folder)


def test_media_of_camera_traps_are_joined_with_observations(tmp_path: Path) -> None:
    times = [f"2020-05-30T04:57:{second}+02:00" for second in (10, 12, 40, 50, 55)]
    media = "".join(f"m{i},d1,{time},media/{i}.jpg,image/jpeg\n" for i, time in enumerate(times))
    media += "m5,d1,,media/5.mp4,video/mp4\nm6,d2,2020-05-30T02:57:10Z,https://h.org/6/file,image/jpeg\n"
    seen = "o1,d1,m0,,,animal,Vulpes vulpes,0.1\no2,d1,m1,,,blank,,\n"
    seen += (
        "o3,d1,,2020-05-30T02:57:40Z,2020-05-30T02:57:50Z,animal,Lepus europaeus,\no4,d2,m6,,,animal,Vulpes vulpes,\n"
    )
    seen += "o5,d2,m6,,,animal,Lepus europaeus,\no6,d1,m77,,,animal,Lepus europaeus,\n"
    catalog = camtrap(tmp_path, media, seen)
    found = catalog.specimens[["image_id", "scientificName", "path", "group_id"]].to_numpy().tolist()
    assert found == [
        ["m0", "Vulpes vulpes", "media/0.jpg", "d1"],
        ["m2", "Lepus europaeus", "media/2.jpg", "d1"],
        ["m3", "Lepus europaeus", "media/3.jpg", "d1"],
    ]
    assert catalog.specimens.loc[0, ["family", "vernacularName", "license"]].tolist() == ["Canidae", "fox", "CC0-1.0"]
    rejected = catalog.rejected
    reasons = {(row["table"], row["row"]): row["reason"] for row in rejected.to_dict("records")}
    assert reasons == {
        ("media.csv", 2): "it shows no species: blank",
        ("media.csv", 5): "nothing was observed on it",
        ("media.csv", 6): "it is not a picture: video/mp4",
        ("media.csv", 7): "2 things were observed on it: Lepus europaeus, Vulpes vulpes",
        ("observations.csv", 6): "no medium has the id m77",
    }
    assert check_catalog(catalog).count("boxes") == 1


def test_a_zipped_camtrap_package_is_read_with_its_media(tmp_path: Path) -> None:
    build.write(tmp_path / "package" / "media" / "0.jpg", b"picture")
    camtrap(tmp_path / "package", "m0,d1,,media/0.jpg,image/jpeg\n", "o1,d1,m0,,,animal,Vulpes vulpes,\n")
    path = shutil.make_archive(str(tmp_path / "x"), "zip", tmp_path / "package")
    catalog = open_catalog(path)
    assert catalog.specimens[["path", "scientificName"]].to_numpy().tolist() == [["media/0.jpg", "Vulpes vulpes"]]
    assert read_packed(f"{catalog.root}/media/0.jpg") == b"picture"


def test_without_times_only_what_was_observed_on_a_medium_itself_counts(tmp_path: Path) -> None:
    media, seen = "mediaID,deploymentID,filePath\nm0,d1,0.jpg\nm1,d1,1.jpg\n", "o1,d1,m0,,,animal,Vulpes vulpes,\n"
    seen += "o2,d1,,2020-05-30T02:57:40Z,,animal,Vulpes vulpes,\n"
    seen += "o3,d1,,30 May,,animal,Vulpes vulpes,\n"
    camtrap(tmp_path, "m0,d1,,0.jpg,image/jpeg\n", seen)
    build.write(tmp_path / "media.csv", media)
    catalog = open_catalog(tmp_path)
    assert catalog.specimens["image_id"].tolist() == ["m0"]
    assert catalog.rejected["reason"].tolist() == [
        "nothing was observed on it",
        "no medium of the deployment d1 lies in the time of the event",
        "its eventStart is not a time",
    ]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("../o.csv", "outside the collection"),
        ("/etc/passwd", "outside the collection"),
        ("file:///etc/passwd", "not the address of a remote store"),
        ("simplecache::file:///etc/passwd", "not the address of a remote store"),
        ("http://127.0.0.1/o.csv", "private network"),
    ],
)
@pytest.mark.parametrize("form", ["camtrap", "croissant"])
def test_a_description_names_no_file_outside_and_no_private_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, place: str, said: str
) -> None:
    monkeypatch.delenv("FINERCAM_ALLOW_PRIVATE", raising=False)
    if form == "camtrap":
        camtrap(tmp_path, "m0,d1,,0.jpg,image/jpeg\n", "o1,d1,m0,,,animal,Vulpes vulpes,\n")
        source, named = tmp_path / "datapackage.json", "observations.csv"
    else:
        source, named = build.croissant(tmp_path), "data/t.csv"
    text = source.read_text(encoding="utf-8")
    assert named in text
    build.write(source, text.replace(named, place))
    with pytest.raises(CatalogError, match=said):
        open_catalog(source)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"profile": "camtrap-dp", "resources": [{"name": "observations", "path": "o.csv"}]}, "without media.csv"),
        ({"profile": "x/dwc-dp", "resources": [{"name": "occurrence"}]}, "Darwin Core Data Package"),
        ({"resources": [{"name": "weather"}]}, "tables weather"),
        ({"a": 1}, "describes no images"),
        ({"images": []}, "0 images"),
        ([1, 2], "describes no images"),
    ],
)
def test_json_that_is_not_read_is_named(tmp_path: Path, value: object, said: str) -> None:
    with pytest.raises(CatalogError, match=said):
        described(tmp_path / "datapackage.json", value)


@pytest.mark.parametrize("orient", ["records", "columns"])
def test_rows_in_json_are_a_table(tmp_path: Path, orient: str) -> None:
    frame = pd.DataFrame({"scientificName": ["Aus bus", "Aus cus"], "path": ["a.jpg", "NA"]})
    catalog = open_catalog(build.write(tmp_path / "t.json", frame.to_json(orient=orient)))
    assert (catalog.species, catalog.rejected["row"].tolist()) == (["Aus bus"], [2])


def open_data(folder: Path, ending: str, **more: str) -> Catalog:
    """The open data with more rows of these tables."""
    tables = {
        "photos": "photo_id,observation_uuid,extension,license\n1,o1,jpg,CC-BY\n2,o1,png,CC0\n3,o2,jpg,CC0\n"
        "4,o9,jpg,CC0\n",
        "observations": "observation_uuid,taxon_id\no1,10\no2,\n",
        "taxa": "taxon_id,ancestry,rank,name\n1,,kingdom,Animalia\n5,1,family,Esocidae\n6,1/5,genus,Esox\n"
        "10,1/5/6,species,Esox lucius\n",
    }
    for name, text in tables.items():
        content = (text + more.get(name, "")).replace(",", "\t").encode()
        build.write(folder / f"{name}{ending}", gzip.compress(content) if ending.endswith("gz") else content)
    return open_catalog(folder)


@pytest.mark.parametrize("ending", [".csv.gz", ".csv"])
def test_inaturalists_open_data_are_joined(tmp_path: Path, ending: str) -> None:
    catalog = open_data(tmp_path, ending)
    found = catalog.specimens[["image_id", "scientificName", "family", "group_id"]].to_numpy().tolist()
    assert found == [["1", "Esox lucius", "Esocidae", "o1"], ["2", "Esox lucius", "Esocidae", "o1"]]
    assert catalog.specimens["accessURI"][1].endswith("/photos/2/large.png")
    assert catalog.rejected["reason"].tolist() == ["its observation has no taxon", "no observation has the id o9"]


@pytest.mark.parametrize(
    ("table", "row", "reason"),
    [
        ("taxa", "10,1/5/6,species,Esox lucius\n", ""),
        ("taxa", "10,1/5/6,species,Esox niger\n", "the rows of the taxon 10 contradict each other"),
        ("observations", "o1,10\n", ""),
        ("observations", "o1,6\n", "the rows of its observation name several taxa"),
    ],
)
def test_second_rows_of_a_taxon_or_observation_are_told(tmp_path: Path, table: str, row: str, reason: str) -> None:
    more = {"photos": "5,o3,jpg,CC0\n", "observations": "o3,11\n", "taxa": "11,1/5/6,species,Esox americanus\n"}
    catalog = open_data(tmp_path, ".csv", **{**more, table: more[table] + row})
    told = [(notice.source, notice.count) for notice in catalog.notices if notice.key == "repeated_ids"]
    assert told == [(f"{table}.csv", 1)]
    refused = catalog.rejected["reason"].isin([reason])
    assert (len(catalog.specimens), int(refused.sum())) == ((1, 2) if reason else (3, 0))
