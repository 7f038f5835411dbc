"""No input makes a reader raise anything but the project's own error, and a refusal is one sentence."""

import io
import json
import shutil
import zipfile
from pathlib import Path

import builders as build
import pyarrow as pa
import pyarrow.parquet
import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finercam_core.catalog import open_catalog
from finercam_core.catalog.check import check_catalog, look_at_images
from finercam_core.catalog.split_file import read_splits
from finercam_core.catalog.splits import deal_splits
from finercam_core.errors import FinercamError
from finercam_core.taxonomy.synonyms import read_synonyms

RELAXED = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CELLS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["Aus bus", "", "../x", "http://h/#", "NA"]
)
NAMES = st.sampled_from(["species", "path", "image_id", "genus", "family", "split", "url", "mask", "md5", "bbox", "x"])
BYTES = st.binary(max_size=200)


def refused_or_read(source: Path) -> None:
    try:
        found = open_catalog(source)
    except FinercamError as error:
        told = str(error)
    else:
        told = ""
        assert found.specimens["image_id"].is_unique
        assert (found.specimens["scientificName"] != "").all()
        assert not found.specimens.isna().any(axis=None)
        report = check_catalog(found, look_at_images(found))
        json.dumps(report.to_dict())
        assert report.counts["images"] == len(found.specimens)
        assert [finding.examples(3) for finding in report.findings]
        deal_splits(found.specimens)
    assert "\n" not in told


@RELAXED
@given(
    st.lists(NAMES, min_size=1, max_size=5), st.lists(st.lists(CELLS, max_size=6), max_size=5), st.sampled_from(",\t;")
)
def test_tables_of_any_cells(tmp_path: Path, header: list[str], rows: list[list[str]], delimiter: str) -> None:
    text = "\n".join(delimiter.join(row) for row in [header, *rows])
    refused_or_read(build.write(tmp_path / "t.csv", text))


@RELAXED
@given(BYTES, st.sampled_from(["t.csv", "t.parquet", "t.csv.gz", "t.zip", "t.toml", "birds.csv", "images.txt"]))
def test_files_of_any_bytes(tmp_path: Path, content: bytes, name: str) -> None:
    place = build.write(tmp_path / "d" / name, content)
    refused_or_read(place)
    refused_or_read(place.parent)


@RELAXED
@given(st.sampled_from(["meta.xml", "occurrence.txt", "multimedia.txt"]), BYTES, st.integers(0, 2000), st.booleans())
def test_archives_with_damage_anywhere(tmp_path: Path, name: str, noise: bytes, at: int, raw: bool) -> None:
    files = {key: text.encode() for key, text in build.archive_files().items()}
    if not raw:
        files[name] = files[name][:at] + noise + files[name][at + len(noise) :]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, content in files.items():
            archive.writestr(key, content)
    content = buffer.getvalue()
    content = content[:at] + noise + content[at + len(noise) :] if raw else content
    refused_or_read(build.write(tmp_path / "d.zip", content))


@RELAXED
@given(st.sampled_from(["images.txt", "image_class_labels.txt", "classes.txt", "bounding_boxes.txt"]), CELLS)
def test_lists_of_words_with_any_line(tmp_path: Path, name: str, line: str) -> None:
    root = build.cub(tmp_path / "cub")
    with (root / name).open("a", encoding="utf-8") as file:
        file.write(line)
    refused_or_read(root)


@settings(RELAXED, max_examples=15)
@given(st.recursive(st.none() | st.text(max_size=8) | st.integers(), lambda x: st.lists(x, max_size=3)
                    | st.dictionaries(st.sampled_from(["@context", "@type", "recordSet", "distribution", "name"]), x),
                    max_leaves=8))  # fmt: skip
def test_any_json_as_croissant(tmp_path: Path, value: object) -> None:
    pytest.importorskip("mlcroissant")
    refused_or_read(build.write(tmp_path / "c.json", json.dumps(value)))


@RELAXED
@given(st.lists(st.tuples(CELLS, CELLS), max_size=6))
def test_synonyms_of_any_cells(tmp_path: Path, pairs: list[tuple[str, str]]) -> None:
    text = "synonym\taccepted\n" + "\n".join(f"{a}\t{b}" for a, b in pairs)
    try:
        found = read_synonyms(str(build.write(tmp_path / "s.tsv", text)))
    except FinercamError:
        return
    assert all(name != accepted for name, accepted in found.accepted.items())


NESTED = st.lists(st.integers(0, 3), max_size=2) | st.dictionaries(st.sampled_from("ab"), st.text(max_size=3))
PLAIN = st.none() | CELLS | st.integers(-5, 5) | st.floats() | st.booleans() | BYTES | st.decimals(-9, 9, places=2)
VALUES = PLAIN | st.dates() | st.datetimes() | NESTED


@RELAXED
@given(st.dictionaries(NAMES, st.lists(VALUES, min_size=3, max_size=3), max_size=6))
def test_parquet_of_any_types(tmp_path: Path, columns: dict[str, list[object]]) -> None:
    try:
        table = pa.table({name: pa.array(values) for name, values in columns.items()})
        pa.parquet.write_table(table, tmp_path / "t.parquet")
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return  # no table has such a column
    refused_or_read(tmp_path / "t.parquet")


@RELAXED
@given(st.lists(st.lists(CELLS, min_size=15, max_size=15), max_size=4), st.sampled_from(["", "segmentation_masks/x"]))
def test_fish_vista_of_any_cells(tmp_path: Path, rows: list[list[str]], mask: str) -> None:
    lines = [",".join(cell.replace(",", " ").replace("\n", " ").replace('"', "") for cell in row) for row in rows]
    build.write(tmp_path / "classification_train.csv", "\n".join([build.FISH_VISTA, *lines]))
    if mask:
        build.write(tmp_path / mask)
    refused_or_read(tmp_path)


@RELAXED
@given(BYTES | st.sampled_from([b"[]", b"{}", b'{"a": "b"}', b'{"1": [2]}', b'{"1": null}', b"\xff\xfe"]))
def test_trait_labels_of_any_bytes(tmp_path: Path, content: bytes) -> None:
    root = build.fish_vista(tmp_path / "fish", {"segmentation_train.csv": [build.fish_row("a", "esox lucius")]})
    build.write(root / "classification_train.csv", build.FISH_VISTA + "\n" + build.fish_row("a", "esox lucius"))
    build.write(root / "segmentation_masks" / "seg_id_trait_map.json", content)
    refused_or_read(root)


@settings(RELAXED, max_examples=6)  # each starts processes
@given(
    st.sampled_from(["cars_annos.mat", "devkit/cars_meta.mat", "devkit/cars_train_annos.mat",
                     "cars_test_annos_withlabels.mat"]),
    BYTES, st.integers(0, 600), st.booleans(),
)  # fmt: skip
def test_cars_with_damage_anywhere(tmp_path: Path, name: str, noise: bytes, at: int, whole: bool) -> None:
    root = build.cars(tmp_path / "cars") if not (tmp_path / "cars").exists() else tmp_path / "cars"
    place = root / name
    good = place.read_bytes() if place.exists() else b""
    place.write_bytes(noise if whole else good[:at] + noise + good[at + len(noise) :])
    refused_or_read(root)
    if good:
        place.write_bytes(good)
    else:
        place.unlink()


@RELAXED
@given(st.sampled_from(["images_variant_train.txt", "images_family_train.txt", "images_box.txt"]), CELLS)
def test_aircraft_with_any_line(tmp_path: Path, name: str, line: str) -> None:
    root = build.aircraft(tmp_path / "aircraft")
    with (root / "data" / name).open("a", encoding="utf-8") as file:
        file.write(line)
    refused_or_read(root)


@RELAXED
@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), max_size=4))
def test_birds_with_any_cells(tmp_path: Path, rows: list[tuple[str, ...]]) -> None:
    header = "filepaths,labels,data set,scientific name"
    refused_or_read(build.write(tmp_path / "birds.csv", "\n".join([header, *(",".join(row) for row in rows)])).parent)


FOLDERS = st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=12)


@RELAXED
@given(FOLDERS.filter(lambda name: name not in (".", "..")), st.sampled_from(["1.jpg", "#2.png", "é .tif"]))
def test_folders_of_any_name(tmp_path: Path, folder: str, name: str) -> None:
    shutil.rmtree(tmp_path / "c", ignore_errors=True)
    build.write(tmp_path / "c" / folder / name)
    refused_or_read(tmp_path / "c")


WORDS = st.sampled_from(["species", "{species}", "{path:stem}", "{", "{x:y}", "train", "", "t.csv", "gone.csv", "path"])
KEYS = st.sampled_from(["scientificName", "path", "image_id", "split", "x"])


@RELAXED
@given(
    st.dictionaries(st.sampled_from(["name", "root", "layout", "names", "synonyms", "splits", "y"]), WORDS),
    st.lists(st.dictionaries(st.sampled_from(["path", "split", "format", "encoding", "optional"]), WORDS), max_size=2),
    st.dictionaries(KEYS, WORDS | st.lists(WORDS, max_size=2)), st.dictionaries(KEYS, WORDS),
    st.dictionaries(st.sampled_from(["path", "labels", "uberon"]), WORDS), st.sets(st.integers(0, 3)),
)  # fmt: skip
def test_manifests_of_any_values(tmp_path: Path, about, tables, columns, constants, masks, left) -> None:
    build.write(tmp_path / "t.csv", "species,path,x\nAus bus,a.jpg,1\n")
    about = {"name": "a", **about} if 0 not in left else about
    tables = [{"path": "t.csv", **table} for table in tables] if 1 not in left else tables
    manifest = {"collection": about, "tables": tables, "columns": columns, "constants": constants}
    manifest |= {"masks": masks} if 2 in left else {}
    refused_or_read(build.write(tmp_path / "m.toml", tomli_w.dumps(manifest)))


@RELAXED
@given(BYTES | st.lists(st.tuples(CELLS, st.sampled_from(["train", "VAL", "holdout", ""])), max_size=4))
def test_tables_of_splits_of_any_content(tmp_path: Path, content: bytes | list[tuple[str, str]]) -> None:
    if not isinstance(content, bytes):
        content = "\n".join(["image_id,split", *(f"{a},{b}" for a, b in content)]).encode()
    try:
        found = read_splits(str(build.write(tmp_path / "s.csv", content)))
    except FinercamError as error:
        told = str(error)
    else:
        told = ""
        assert set(found) <= {"train", "val", "test", ""}
    assert "\n" not in told
