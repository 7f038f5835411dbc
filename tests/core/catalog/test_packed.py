"""Images in zip, tar and Parquet files are read in place: each has its own pixels, and damage is told."""

import io
import json
import tarfile
import zipfile
from pathlib import Path

import builders as build
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from finercam_core.catalog import Catalog, open_catalog
from finercam_core.catalog.check import check_catalog, look_at_images
from finercam_core.errors import CatalogError
from finercam_core.images.decoder import load_image
from finercam_core.images.faults import ImageError
from finercam_core.status import Status

NAMES = ["Esox lucius", "Esox niger"]


def picture(level: int) -> bytes:
    """A grey picture that is told by its level."""
    file = io.BytesIO()
    Image.fromarray(np.full((9, 9, 3), 10 * level, np.uint8)).save(file, "PNG")
    return file.getvalue()


FILES = {f"{NAMES[i % 2].replace(' ', '_')}/{i}.png": picture(i) for i in range(6)}


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, files: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def levels(catalog: Catalog) -> list[int]:
    """What is seen in the image of each row."""
    paths = catalog.specimens["path"]
    return [np.asarray(load_image(path, root=catalog.root))[0, 0, 0] // 10 for path in paths]


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize("around", ["", "fish/", "data/fish/"])
def test_folders_of_species_are_read_from_zip_and_tar(tmp_path: Path, pack, around: str) -> None:
    files = {around + name: content for name, content in FILES.items()}
    path = pack(tmp_path / f"x.{'zip' if pack is zipped else 'tar'}", {**files, "README.md": b"hello"})
    catalog = open_catalog(path)
    assert catalog.species == NAMES
    assert sorted(levels(catalog)) == list(range(6))
    check = check_catalog(catalog, look_at_images(catalog))
    assert (check.counts["rows"], check.counts["usable"], check.count("passed_over")) == (6, 6, 1)


def test_splits_and_a_table_beside_the_images_are_read_from_a_zip(tmp_path: Path) -> None:
    table = b"file_name,label\ntrain/a.png,Esox lucius\ntrain/b.png,Esox niger\n"
    files = {"metadata.csv": table, "train/a.png": picture(1), "train/b.png": picture(2)}
    assert levels(open_catalog(zipped(tmp_path / "x.zip", files))) == [1, 2]
    files = {"train/Esox_lucius/a.png": picture(1), "test/Esox_niger/b.png": picture(2)}
    assert open_catalog(zipped(tmp_path / "y.zip", files)).specimens["split"].tolist() == ["train", "test"]


def test_media_inside_a_darwin_core_archive_are_opened(tmp_path: Path) -> None:
    media = "coreid\ttype\tformat\tidentifier\tlicense\n1\tStillImage\timage/png\tmedia/1.png\tCC0\n"
    files = {name: text.encode() for name, text in build.archive_files(**{"multimedia.txt": media}).items()}
    catalog = open_catalog(zipped(tmp_path / "d.zip", {**files, "media/1.png": picture(7)}))
    assert levels(catalog) == [7]


@pytest.mark.parametrize("ending", ["json", "cls", "txt", "sci.txt"])
def test_samples_of_webdataset_are_read(tmp_path: Path, ending: str) -> None:
    files: dict[str, bytes] = {}
    for i in range(4):
        said = json.dumps({"species": NAMES[i % 2], "box": [1, 2]}) if ending == "json" else NAMES[i % 2]
        files |= {f"{i:05d}.png": picture(i), f"{i:05d}.{ending}": said.encode()}
    tarred(tmp_path / "train-00000.tar", files)
    tarred(tmp_path / "val-00000.tar", {**files, "9.json": b"{}"})
    catalog = open_catalog(tmp_path)
    assert levels(catalog) == [0, 1, 2, 3] * 2
    assert catalog.specimens["split"].value_counts().to_dict() == {"train": 4, "val": 4}
    assert catalog.rejected["reason"].tolist() == ["the sample 9 has no image"]


def test_further_images_of_a_sample_and_labels_not_in_utf8_are_told(tmp_path: Path) -> None:
    labels = {f"{i}.cls": name.encode() for i, name in enumerate(NAMES)}
    files = {"0.png": picture(1), "0.seg.png": picture(2), "1.png": picture(3), **labels}
    files |= {"2.png": picture(4), "2.cls": "Esox lucïus".encode("latin-1")}
    catalog = open_catalog(tarred(tmp_path / "train-00000.tar", files))
    assert levels(catalog) == [1, 3]
    assert catalog.rejected["reason"].tolist() == ["2.cls is not UTF-8"]
    told = [(notice.count, notice.text) for notice in catalog.notices if notice.key == "several_addresses"]
    assert told == [(1, "1 image beside another of the same sample, such as 0.seg.png")]


def parquet(path: Path, count: int, labels: object = None, *, struct: bool = True) -> Path:
    images = [{"bytes": picture(i), "path": f"{i % 2}.png"} if struct else picture(i) for i in range(count)]
    table = pa.table({"image": images, "label": labels or [i % 2 for i in range(count)]})
    info = {"info": {"features": {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": NAMES}}}}
    pq.write_table(table.replace_schema_metadata({"huggingface": json.dumps(info)}), path, row_group_size=4)
    return path


@pytest.mark.parametrize("struct", [True, False])
def test_images_and_labels_in_a_parquet_table_are_read(tmp_path: Path, struct: bool) -> None:
    catalog = open_catalog(parquet(tmp_path / "train-00000-of-00001.parquet", 10, struct=struct))
    assert levels(catalog) == list(range(10))
    assert catalog.specimens["scientificName"].tolist() == NAMES * 5
    assert set(catalog.specimens["split"]) == {"train"}
    assert check_catalog(catalog).finding("labels").cases["text"].str.contains("0 is 'Esox lucius'").all()


def test_a_folder_of_parquet_shards_is_one_collection(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    parquet(tmp_path / "data" / "train-00000-of-00002.parquet", 6)
    parquet(tmp_path / "data" / "test-00000-of-00001.parquet", 4, ["Esox lucius", "", "Esox niger", "Esox niger"])
    catalog = open_catalog(tmp_path)
    assert levels(catalog) == [0, 2, 3, *range(6)]
    assert catalog.rejected["row"].tolist() == [2]


def test_numbers_without_names_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"image": [{"bytes": picture(1), "path": "a.png"}], "label": [3]}), tmp_path / "t.parquet")
    with pytest.raises(CatalogError, match="numbers in the column 'label'"):
        open_catalog(tmp_path / "t.parquet")


def test_damage_in_a_packed_file_is_told(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", FILES)
    content = path.read_bytes()
    middle = content.index(b"Esox_lucius/2.png") + 40
    path.write_bytes(content[:middle] + b"\0" * 8 + content[middle + 8 :])
    catalog = open_catalog(path)
    statuses = look_at_images(catalog)["status"].value_counts().to_dict()
    assert statuses == {"DONE": 5, "UNREADABLE": 1}
    with pytest.raises(ImageError, match="missing") as error:
        load_image("Esox_lucius/99.png", root=catalog.root)
    assert error.value.status is Status.MISSING
    path.write_bytes(content[:100])
    with pytest.raises(CatalogError, match="not a readable zip"):
        open_catalog(path)


def test_a_compressed_tar_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="unpack it"):
        open_catalog(tarred(tmp_path / "x.tar", FILES, "w:gz"))


def test_a_packed_file_outside_the_collection_is_never_opened(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    zipped(tmp_path / "x.zip", FILES)
    with pytest.raises(ImageError) as error:
        load_image("../x.zip/Esox_lucius/0.png", root=tmp_path / "inside")
    assert error.value.status is Status.OUTSIDE_COLLECTION


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["fish/Esox_lucius/a.png", "fish/Esox_niger/b.png"], "/fish, which holds the folders of species"),
        (["a.png", "b.png"], "holds 2 images itself"),
        (["a/b/c/d.png", "e/f/g/h.png"], "3 folders deep"),
    ],
)
def test_a_folder_too_high_or_too_low_says_which_to_give(tmp_path: Path, names: list[str], said: str) -> None:
    for name in names:
        build.write(tmp_path / name, picture(1))
    with pytest.raises(CatalogError, match=said):
        open_catalog(tmp_path)
