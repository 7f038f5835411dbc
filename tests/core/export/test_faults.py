"""What cannot be exported is named with its reason, and the rest is exported."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import zarr
from PIL import Image

from finercam_core.errors import ExportError
from finercam_core.export import export
from finercam_core.export.formats.mask_writer import file_stem
from finercam_core.regions.rle import encode
from finercam_core.review import Comparison, Region, ReviewLog, Verdict

SIZE = (64, 96)
Known = dict[tuple[str, str], list[tuple[str, np.ndarray]]]


def test_a_damaged_line_and_a_specimen_that_left_are_named_and_the_rest_is_exported(
    reviewed: Path, accepted: Known, tmp_path: Path
) -> None:
    log = next((reviewed / "reviews").glob("Ada-*.jsonl"))
    gone = json.loads(log.read_text().splitlines()[0]) | {"image_id": "Zus_bus-000"}
    log.write_text("{oops\n" + log.read_text() + json.dumps(gone) + "\n" + '{"cut off')
    summary = export(reviewed, tmp_path / "out", format="coco")
    assert summary.masks == sum(map(len, accepted.values()))
    assert list(summary.failed) == [f"line 1 of reviews/{log.name}", "Zus_bus-000"]
    assert "no longer in the collection" in str(summary)


def test_one_reviewer_alone(reviewed: Path, accepted: Known, tmp_path: Path) -> None:
    assert export(reviewed, tmp_path / "png", format="png", reviewer="Bo Eo").masks == 1
    shown = np.asarray(Image.open(tmp_path / "png" / "images" / "Aus_bus-000.png"))
    np.testing.assert_array_equal(shown == 255, accepted["Aus_bus-000", "Bo Eo"][0][1])
    with pytest.raises(ExportError, match="'Cy' reviewed nothing here: choose from Ada, Bo Eo"):
        export(reviewed, tmp_path / "png", format="png", reviewer="Cy")


def test_species_whose_maps_are_gone_cost_their_own_masks_alone(reviewed: Path, tmp_path: Path) -> None:
    shutil.rmtree(reviewed / "Ausidae" / "Aus" / "Aus_bus")
    summary = export(reviewed, tmp_path / "coco", which="automatic")
    assert summary.masks == 4
    assert list(summary.failed) == ["Aus_bus-000", "Aus_bus-001", "Aus_bus-002"]
    assert "maps cannot be read" in summary.failed["Aus_bus-000"]
    assert "Aus_bus-000" in export(reviewed, tmp_path / "ome", format="ome-zarr").failed


def test_a_photograph_of_another_size_is_said(reviewed: Path, tmp_path: Path) -> None:
    Image.new("RGB", (40, 30)).save(reviewed.parent / "images" / "Aus_cus-001.png")
    for form in ("csv", "ome-zarr"):
        found = export(reviewed, tmp_path / form, format=form).failed
        assert found == {"Aus_cus-001": "its photograph has 40 x 30 pixels and its mask 96 x 64: review it again"}


def test_reviewers_whose_names_differ_in_a_sign_keep_their_own_labels(reviewed: Path, tmp_path: Path) -> None:
    compared = Comparison(0.6, "mean", "gradcam", ())
    masks = {"A B": np.eye(*SIZE, dtype=bool), "A_B": np.eye(*SIZE, k=9, dtype=bool)}
    for name, mask in masks.items():
        verdict = Verdict("Aus_cus-003", "Aus cus", name, "accept", compared, (Region(encode(mask)),))
        ReviewLog(reviewed, name).append(verdict)
    export(reviewed, tmp_path, format="ome-zarr")
    labels = zarr.open_group(tmp_path / "Aus_cus-003.ome.zarr" / "labels", mode="r")
    assert labels.attrs["ome"]["labels"] == ["A_B", "A_B-1"]
    for name, mask in zip(labels.attrs["ome"]["labels"], masks.values(), strict=True):
        np.testing.assert_array_equal(labels[name]["0"][:] == 1, mask)


def test_long_ids_do_not_share_a_file() -> None:
    stems = {file_stem("x" * 200 + end) for end in "ab"} | {file_stem("urn:x/1"), file_stem("urn:x_1"), file_stem("..")}
    assert len(stems) == 5
    assert all(stem.isascii() and "/" not in stem and len(stem) < 200 for stem in stems)


def test_a_missing_photograph_costs_its_specimen_alone(reviewed: Path, accepted: Known, tmp_path: Path) -> None:
    (reviewed.parent / "images" / "Aus_bus-000.png").unlink()
    for form in ("ome-zarr", "csv"):
        summary = export(reviewed, tmp_path / form, format=form)
        assert summary.masks == 2
        assert list(summary.failed) == ["Aus_bus-000"]
    assert export(reviewed, tmp_path / "geojson", format="geojson").masks == sum(map(len, accepted.values()))


def test_after_an_error_no_half_file_is_left(reviewed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from finercam_core.export.formats import coco, geojson

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(coco, "encode", fail)
    monkeypatch.setattr(geojson, "connected_parts", fail)
    for form in ("coco", "geojson"):
        with pytest.raises(ExportError, match="disk full"):
            export(reviewed, tmp_path / form, format=form)
        assert list((tmp_path / form).iterdir()) == []
