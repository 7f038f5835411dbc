"""Exports for the linked world: Web Annotations, IIIF manifests, Darwin Core Archives."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd

from finercam_core.catalog import open_catalog
from finercam_core.export import FormatSettings, export
from finercam_core.regions.rle import encode
from finercam_core.review import Comparison, Region, ReviewLog, Verdict

SIZE = (64, 96)
MADE = Comparison(0.6, "mean", "gradcam", ("Aus dus",))
Known = dict[tuple[str, str], list[tuple[str, np.ndarray]]]
# https://dwc.tdwg.org/list/ and https://rs.gbif.org/extension/obis/extended_measurement_or_fact_2023-08-28.xml
DARWIN_CORE = {
    "occurrenceID", "catalogNumber", "scientificName", "order", "family", "genus", "specificEpithet",
    "infraspecificEpithet", "taxonRank", "vernacularName", "measurementID", "measurementType", "measurementValue",
    "measurementAccuracy", "measurementUnit", "measurementDeterminedBy", "measurementDeterminedDate",
    "measurementMethod", "measurementRemarks",
}  # fmt: skip
OBIS = {"measurementTypeID", "measurementValueID", "measurementUnitID"}


def annotations_in(page: dict[str, object]) -> list[dict[str, dict[str, object]]]:
    assert page["type"] == "AnnotationPage"
    return page["items"]


def is_an_annotation(one: dict[str, object], reviewer: str, trait: str) -> None:
    """What the Web Annotation Data Model asks of an annotation, and what ours says."""
    assert one["type"] == "Annotation"
    assert re.match(r"https?://[^\s]+$", str(one["id"]))
    assert one["creator"] == {"type": "Person", "name": reviewer}
    texts = {body["purpose"]: body.get("value") or body["source"] for body in one["body"]}
    assert texts["describing"].startswith(f"{trait}: what tells" if trait else "what tells")
    assert f"accepted by {reviewer}" in texts["describing"]
    assert texts["commenting"] == "clear"
    assert texts.get("tagging", "") == trait
    if trait == "eye":
        assert texts["identifying"] == "http://purl.obolibrary.org/obo/UBERON_0000019"
    kinds = [selector["type"] for selector in one["target"]["selector"]]
    assert kinds[0] == "SvgSelector"
    assert kinds[1:] in ([], ["FragmentSelector", "ImageApiSelector"])


def test_web_annotation(reviewed: Path, accepted: Known, tmp_path: Path) -> None:
    export(reviewed, tmp_path, format="web-annotation", settings=FormatSettings(base_url="https://museum.org/fish/"))
    page = json.loads((tmp_path / "annotations.jsonld").read_text())
    assert page["@context"] == "http://www.w3.org/ns/anno.jsonld"
    expected = [(image_id, who, trait) for (image_id, who), parts in accepted.items() for trait, _ in parts]
    found = annotations_in(page)
    assert len({one["id"] for one in found}) == len(found)
    for one, (image_id, reviewer, trait) in zip(found, expected, strict=True):
        is_an_annotation(one, reviewer, trait)
        assert one["target"]["source"] == f"https://museum.org/fish/{image_id}.png"


def test_iiif(reviewed: Path, accepted: Known, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(reviewed, out, format="iiif")
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["@context"] == "http://iiif.io/api/presentation/3/context.json"
    assert len(manifest["items"]) == 3
    for canvas in manifest["items"]:
        (image_id,) = canvas["label"]["none"]
        (painting,) = canvas["items"][0]["items"]
        assert (painting["motivation"], painting["target"]) == ("painting", canvas["id"])
        assert (canvas["height"], canvas["width"]) == SIZE
        copy = out / painting["body"]["id"].removeprefix("http://localhost:8000/")
        assert copy.read_bytes() == (tmp_path / "images" / f"{image_id}.png").read_bytes()
        assert canvas["rights"] == "http://creativecommons.org/licenses/by/4.0/", "as the vocabulary writes it"
        expected = [(who, trait) for (known, who), parts in accepted.items() if known == image_id for trait, _ in parts]
        for one, (reviewer, trait) in zip(annotations_in(canvas["annotations"][0]), expected, strict=True):
            is_an_annotation(one, reviewer, trait)
            assert one["target"]["source"] == canvas["id"]
    ids = re.findall(r'"id": "([^"]+)"', (out / "manifest.json").read_text())
    assert len({name for name in ids if "/canvas/" in name}) == len([name for name in ids if "/canvas/" in name])
    ReviewLog(reviewed, "Ada").append(Verdict("Aus_cus-001", "Aus cus", "Ada", "reject", MADE, revision=1))
    assert export(reviewed, out, format="iiif").removed == ["images/Aus_cus-001.png"]


def test_darwin_core_is_read_by_our_own_reader(reviewed: Path, accepted: Known, tmp_path: Path) -> None:
    export(reviewed, tmp_path / "out", format="darwin-core")
    catalog = open_catalog(tmp_path / "out")
    whose = {image_id for image_id, _ in accepted}
    assert set(catalog.specimens["group_id"]) | set(catalog.specimens["image_id"]) >= whose
    assert set(catalog.specimens["scientificName"]) == {"Aus bus", "Aus cus"}
    assert set(catalog.specimens["rightsHolder"]) == {"Museum of Fishes"}


def test_darwin_core_says_entity_and_quality(reviewed: Path, accepted: Known, tmp_path: Path) -> None:
    shape = Region(encode(np.eye(*SIZE, dtype=bool)), "eye", "UBERON:0000019")
    ReviewLog(reviewed, "Ada").append(
        Verdict("Aus_cus-003", "Aus cus", "Ada", "accept", MADE, (shape,), "PATO:0000052 (shape), rounder")
    )
    export(reviewed, tmp_path / "out", format="darwin-core")
    table = pd.read_csv(tmp_path / "out" / "extended_measurement_or_fact.csv", keep_default_na=False)
    eyes = table[table["measurementType"] == "quality of eye"].set_index("occurrenceID")
    assert set(eyes["measurementTypeID"]) == {"http://purl.obolibrary.org/obo/UBERON_0000019"}
    values = eyes[["measurementValue", "measurementValueID"]].to_numpy().tolist()
    assert ["quality", "http://purl.obolibrary.org/obo/PATO_0000001"] in values
    assert ["shape", "http://purl.obolibrary.org/obo/PATO_0000052"] in values
    areas = table[table["measurementID"].str.endswith("-area")]
    assert set(areas["measurementUnit"]) == {"pixel"}
    known = {f"{image_id}-Ada-{n}-area": mask.sum() for (image_id, who), parts in accepted.items() if who == "Ada"
             for n, (_, mask) in enumerate(parts, 1) if mask.any()}  # fmt: skip
    written = dict(zip(areas["measurementID"], areas["measurementValue"].astype(float), strict=True))
    assert known.items() <= written.items()
    assert table["measurementID"].is_unique


def test_darwin_core_has_published_terms_alone(reviewed: Path, tmp_path: Path) -> None:
    export(reviewed, tmp_path / "out", format="darwin-core")
    terms = re.findall(r'term="([^"]+)"', (tmp_path / "out" / "meta.xml").read_text())
    for term in terms:
        space, name = term.rsplit("/", 1)
        assert name in {"http://rs.tdwg.org/dwc/terms": DARWIN_CORE, "http://rs.iobis.org/obis/terms": OBIS}.get(
            space, {"identifier", "license", "rightsHolder", "type", "accessURI", "UsageTerms", "Owner"}
        ), term
    for name in ("occurrence.csv", "extended_measurement_or_fact.csv", "multimedia.csv"):
        with (tmp_path / "out" / name).open(newline="", encoding="utf-8") as file:
            head, *rows = csv.reader(file)
        assert rows
        assert {len(row) for row in rows} == {len(head)}
        assert head[0] == "id"
