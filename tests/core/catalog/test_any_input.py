"""No input makes a reader raise anything but the project's own error, and a refusal is one sentence."""

import io
import json
import zipfile
from pathlib import Path

import builders as build
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finercam_core.catalog import open_catalog
from finercam_core.errors import FinercamError
from finercam_core.synonyms import read_synonyms

RELAXED = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
