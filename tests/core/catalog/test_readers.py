"""Each layout reads into the same canonical columns, and what is not usable is rejected or corrected."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import builders as build
import numpy as np
import pandas as pd
import pytest

from finercam_core.catalog import Catalog, open_catalog

CATALOGS = Path(__file__).parents[3] / "catalogs"


def column(catalog: Catalog, term: str) -> list[str]:
    return list(catalog.specimens[term])


@pytest.mark.parametrize("flat", [False, True])
def test_fish_vista_with_all_its_tables_in_chunks_or_flat(tmp_path: Path, flat: bool) -> None:
    a, b, c = (build.fish_row(stem, "notropis atherinoides") for stem in ("a", "b #2", "c"))
    tables = {
        "classification_train.csv": [a, b],
        "identification_test_lvsp.csv": [a, c],
        "segmentation_test.csv": [a],
    }
    found = open_catalog(build.fish_vista(tmp_path, tables, flat=flat))
    assert column(found, "image_id") == ["a", "b #2", "c"]
    assert column(found, "split") == ["train", "train", "test"]
    assert column(found, "path")[1] == ("Images/b #2.jpg" if flat else "Images/chunk_1/b #2.jpg")
    assert column(found, "maskURI") == ["segmentation_masks/images/a.png", "", ""]
    assert found.traits is not None
    assert dict(found.traits.uberon) == {1: "UBERON:0000033", 8: "UBERON:2000251"}
    assert found.rejected.empty
    repeats = found.corrections[found.corrections["term"] == "image_id"]
    assert repeats["reason"].tolist() == ["the same image is in classification_train.csv row 1"] * 2
    assert found.corrections.query("term == 'split'")["verbatim"].tolist() == ["test", "test"]


def test_the_manifest_of_fish_vista_reads_the_classification_tables_alone(tmp_path: Path) -> None:
    rows = {f"classification_{s}.csv": [build.fish_row(s, "esox lucius", "Esocidae")] for s in ("train", "val", "test")}
    build.fish_vista(tmp_path, {**rows, "segmentation_test.csv": [build.fish_row("x", "esox lucius", "Esocidae")]})
    assert column(open_catalog(CATALOGS / "fish-vista.toml", root=tmp_path), "image_id") == ["train", "val", "test"]
    assert len(open_catalog(CATALOGS / "fish-vista-all.toml", root=tmp_path).specimens) == 4


def test_cub_has_boxes_segmentations_and_common_names(tmp_path: Path) -> None:
    found = open_catalog(build.cub(tmp_path / "CUB_200_2011"))
    assert column(found, "scientificName") == ["Laysan Albatross", "Laysan Albatross", "Sooty Tern"]
    assert column(found, "genus") == ["Albatross", "Albatross", "Tern"]
    assert column(found, "split") == ["train", "test", "train"]
    assert column(found, "boundingBox") == ["60,27,325,304", "139,30,153,264", "1.5,2,3,4"]
    assert column(found, "maskURI") == ["segmentations/001.Laysan_Albatross/L_1.png", "", ""]
    assert column(found, "path")[2] == "images/002.Sooty_Tern/S_1.jpg"
    assert found.names == "verbatim"
    assert found.traits is not None


def test_aircraft_have_makers_and_families(tmp_path: Path) -> None:
    found = open_catalog(build.aircraft(tmp_path))
    assert column(found, "scientificName") == ["707-320", "A330-200", "707-320"]
    assert column(found, "genus") == ["Boeing 707", "A330", "Boeing 707"]
    assert column(found, "family") == ["Boeing", "Airbus", "Boeing"]
    assert column(found, "split") == ["train", "train", "test"]
    assert column(found, "boundingBox") == ["3,144,995,287", "1,2,10,20", ""]
    assert found.root.endswith("data")


def test_cars_have_makes(tmp_path: Path) -> None:
    found = open_catalog(build.cars(tmp_path / "cars"))
    assert column(found, "scientificName") == [
        "AM General Hummer SUV 2000", "Acura RL Sedan 2012", "Acura RL Sedan 2012",
    ]  # fmt: skip
    assert column(found, "genus") == ["AM General", "Acura", "Acura"]
    assert column(found, "split") == ["train", "train", "test"]
    assert column(found, "path") == ["cars_train/00001.jpg", "cars_train/00002.jpg", "cars_test/00001.jpg"]
    assert column(found, "boundingBox")[0] == "39,116,530,259"


def test_cars_of_one_file(tmp_path: Path) -> None:
    from scipy.io import savemat

    kinds = [(name, object) for name in ("relative_im_path", "class", "test")]
    rows = np.array([("car_ims/000001.jpg", 1, 0), ("car_ims/000002.jpg", 2, 1)], kinds)
    names = np.array(["AM General Hummer SUV 2000", "Acura RL Sedan 2012"], object)
    savemat(tmp_path / "cars_annos.mat", {"annotations": rows, "class_names": names})
    found = open_catalog(tmp_path)
    assert column(found, "path") == ["car_ims/000001.jpg", "car_ims/000002.jpg"]
    assert column(found, "split") == ["train", "test"]
    assert column(found, "genus") == ["AM General", "Acura"]


MANIFEST = """
[collection]
name = "herbarium"
root = "data"
[[tables]]
path = "old.txt"
format = "csv"
encoding = "latin-1"
split = "training"
[[tables]]
path = "gone.csv"
optional = true
[[tables]]
path = "new.csv.gz"
[columns]
scientificName = ["det", "{gen} {sp}"]
image_id = "{img:stem}"
path = "photos/{box}/{img}"
group_id = "sheet"
subjectOrientation = "{img:stem|lower}"
[constants]
family = "Rosaceae"
license = "CC0"
[keep]
kind = ["sheet", "label"]
"""


def test_a_manifest_maps_any_table(tmp_path: Path) -> None:
    header, table = "det,gen,sp,img,box,sheet,kind", tmp_path / "data" / "new.csv.gz"
    old = f"{header}\nRosa canina Müll.,,,A 1.JPG,b1,s1,sheet\n,Rosa,alba,A#2.jpg,b1,s1,label\n,Rosa,x,c.jpg,b,s,bill\n"
    build.write(tmp_path / "data" / "old.txt", old.encode("latin-1"))
    build.write(table, gzip.compress(f"{header}\n,Rosa,rugosa,D.jpg,b2,s2,sheet\n".encode()))
    found = open_catalog(build.write(tmp_path / "m.toml", MANIFEST))
    assert found.species == ["Rosa alba", "Rosa canina", "Rosa rugosa"]
    assert column(found, "image_id") == ["A 1", "A#2", "D"]
    assert column(found, "path") == ["photos/b1/A 1.JPG", "photos/b1/A#2.jpg", "photos/b2/D.jpg"]
    assert column(found, "split") == ["train", "train", ""]
    assert column(found, "subjectOrientation") == ["a 1", "a#2", "d"]
    assert set(column(found, "family")) == {"Rosaceae"}
    assert found.root == str(tmp_path / "data")


@pytest.mark.parametrize(
    "header",
    [
        "scientificName,path",
        "species,file_name",
        "Standardized_Species,FileName",
        "dwc:scientificName,image",
        "label,url",
    ],
)
def test_columns_are_known_by_their_aliases(tmp_path: Path, header: str) -> None:
    found = open_catalog(build.write(tmp_path / "t.csv", f"{header}\nesox lucius,https://h.org/a.jpg\n"))
    assert column(found, "scientificName") == ["Esox lucius"]
    assert "https://h.org/a.jpg" in (column(found, "path") + column(found, "accessURI"))


def test_birds_take_scientific_names_from_their_table(tmp_path: Path) -> None:
    found = open_catalog(build.birds(tmp_path))
    assert column(found, "scientificName") == ["Malacocincla abbotti", "Papasula abbotti"]
    assert column(found, "vernacularName") == ["Abbotts babbler", "Abbotts booby"]
    assert column(found, "split") == ["train", "val"]


def test_folders_of_splits(tmp_path: Path) -> None:
    for place in ("train/Aus_bus/1.jpg", "valid/Aus_bus/2.jpg", "test/Aus_cus/3.jpg"):
        build.write(tmp_path / place)
    found = open_catalog(tmp_path)
    assert dict(zip(column(found, "path"), column(found, "split"), strict=True)) == {
        "train/Aus_bus/1.jpg": "train", "valid/Aus_bus/2.jpg": "val", "test/Aus_cus/3.jpg": "test",
    }  # fmt: skip


def test_tree_of_life_tables_have_epithets_or_whole_names(tmp_path: Path) -> None:
    rows = {
        "uuid": ["u1", "u2"], "kingdom": ["Animalia"] * 2, "phylum": ["Chordata"] * 2, "class": ["Actinopterygii"] * 2,
        "order": ["Esociformes"] * 2, "family": ["Esocidae"] * 2, "genus": ["Esox"] * 2,
        "species": ["lucius", "Esox niger"],
        "common_name": ["pike", None], "source_url": ["https://t.org/1", "https://t.org/2"],
    }  # fmt: skip
    pd.DataFrame(rows).to_parquet(tmp_path / "catalog.parquet")
    found = open_catalog(tmp_path / "catalog.parquet")
    assert column(found, "scientificName") == ["Esox lucius", "Esox niger"]
    assert column(found, "order") == ["Esociformes"] * 2
    by_manifest = open_catalog(CATALOGS / "tree-of-life.toml", root=tmp_path)
    pd.testing.assert_frame_equal(found.specimens, by_manifest.specimens)


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_told_from_the_header(tmp_path: Path, delimiter: str) -> None:
    text = 'species,path\n"Aus bus",a.jpg\n'.replace(",", delimiter)
    assert open_catalog(build.write(tmp_path / "t.csv", text)).species == ["Aus bus"]


def test_croissant_names_columns_of_files(tmp_path: Path) -> None:
    pytest.importorskip("mlcroissant")
    found = open_catalog(build.croissant(tmp_path))
    assert found.name == "fish"
    assert column(found, "path") == ["a.jpg", "b.jpg"]
    assert column(found, "license") == ["CC0-1.0"] * 2
    assert open_catalog(tmp_path).specimens.equals(found.specimens)


def test_values_that_do_not_fit_the_schema_are_blanked_and_told_all_at_once(tmp_path: Path) -> None:
    text = 'species,path,hashFunction,hashValue,bbox\nAus bus,1.jpg,SHA-256,xyz,1 2 3\nAus bus,2.jpg,crc,,"1,2,3,4"\n'
    found = open_catalog(build.write(tmp_path / "t.csv", text))
    changed = found.corrections.set_index(["image_id", "term"])["verbatim"].to_dict()
    assert changed == {
        ("1.jpg", "hashValue"): "xyz",
        ("1.jpg", "boundingBox"): "1 2 3",
        ("2.jpg", "hashFunction"): "crc",
    }
    assert column(found, "boundingBox") == ["", "1,2,3,4"]
    assert column(found, "hashFunction") == ["sha256", ""]


@pytest.mark.parametrize(
    ("source", "place"),
    [("http://127.0.0.1:9/table.csv", "http://127.0.0.1:9/table.csv"),
     (str(CATALOGS / "fish-vista.toml"), "hf://datasets/imageomics/fish-vista"),
     ("hf://datasets/imageomics/fish-vista", "hf://datasets/imageomics/fish-vista")],
)  # fmt: skip
def test_what_cannot_be_reached_is_said_in_one_sentence(source: str, place: str) -> None:
    # A fresh client, and nobody listens at this port.
    code = f"from finercam_flows.cli import main; main(['catalog', 'check', {source!r}])"
    environment = {**os.environ, "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert done.returncode == 1
    assert lines[0].startswith("finercam: http://127.0.0.1:9 cannot be reached (")
    assert f"so {place} cannot be" in lines[0]
    assert lines[1].strip().startswith("check the connection")
    assert len(lines) == 2
