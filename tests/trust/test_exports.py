"""Exported files have safe and distinct names on every disk, are whole or absent, and their tables compute nothing."""

import csv
import json
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import pandas as pd
import pytest
import yaml
from defusedxml.ElementTree import fromstring
from hostile_names import hostile_names
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from planned_store import CLASSES, GRID, SETTINGS, TEXTS, fill, plan_at

from finercam_core.catalog import Catalog
from finercam_core.errors import ExportError, StoreError
from finercam_core.evaluate.tables import write_table
from finercam_core.export import FORMATS, export
from finercam_core.export.formats.file_names import FileNames, file_stem
from finercam_core.export.formats.label_studio import xml_text
from finercam_core.export.formats.png import write_indexed
from finercam_core.export.formats.yolo import yaml_text
from finercam_core.export.settings import FormatSettings
from finercam_core.io.atomic import write_whole
from finercam_core.io.disk.formulas import neutralised, original
from finercam_core.io.faults import store_errors
from finercam_core.references.plan import plan_comparisons
from finercam_core.regions.rle import encode
from finercam_core.review import Comparison, Region, ReviewLog, Verdict
from finercam_core.store import RunSettings, create_store

WINDOWS = re.compile(r"(?i)(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:\..*)?")


def is_safe(name: str) -> bool:
    return (
        len(f"{name}.ome.zarr".encode()) <= 255
        and not WINDOWS.fullmatch(name)
        and not re.search(r'[\x00-\x1f<>:"/\\|?*]', name)
        and name[0] not in ".-~"
        and name[-1] not in ". "
    )


def same_file(name: str) -> str:
    """What macOS and Windows take for the same."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFKC", name).casefold())


@given(st.lists(st.text(min_size=1, max_size=400), min_size=1, max_size=30, unique=True))
def test_any_ids_get_names_that_are_safe_and_distinct(ids: list[str]) -> None:
    names = FileNames(ids)
    found = [names.of(identifier) for identifier in ids]
    assert all(map(is_safe, found))
    assert len({same_file(name) for name in found}) == len(ids)
    assert found == [FileNames(reversed(ids)).of(identifier) for identifier in ids], "whatever their order"
    assert len({file_stem(identifier) for identifier in ids}) == len(ids)


@pytest.mark.parametrize(
    "ids",
    [(".x", "..x", "x"), ("A1", "a1", "Ａ１"), ("CON", "con", "NUL", "lpt1", "CON.txt", "_CON"), ("x.", "x ", "x.."),
     ("é" * 200, "é" * 201, "e\u0301" * 200), ("a/b", "a_b", "a\\b", "a:b"), (".", "..", "...", "/"),
     ("x.jpg", "x.png", "x", "x.JPG.png"), ("Straße", "STRASSE"), ("ﬁsh", "fish")],
)  # fmt: skip
def test_names_that_a_disk_takes_for_one(ids: tuple[str, ...]) -> None:
    names = FileNames(ids)
    assert len({same_file(names.of(identifier)) for identifier in ids}) == len(ids)
    assert all(is_safe(names.of(identifier)) for identifier in ids)


def test_a_name_that_could_be_another_s_hash_is_not() -> None:
    hashed = FileNames(["A1", "a1"]).of("A1")
    names = FileNames(["A1", "a1", hashed])
    assert len({names.of(each) for each in ("A1", "a1", hashed)}) == 3
    assert names.of(hashed) == hashed


def test_names_are_readable() -> None:
    names = FileNames(["Carabus_auratus/IMG_0000.jpg", "Aus_bus-000", "INHS:fish:1", "林檎"])
    assert names.of("Carabus_auratus/IMG_0000.jpg") == "Carabus_auratus_IMG_0000"
    assert [names.of(each) for each in ("Aus_bus-000", "INHS:fish:1", "林檎")] == ["Aus_bus-000", "INHS_fish_1", "林檎"]


def reviewed(folder: Path, ids: list[str], reviewers: tuple[str, ...] = ("Ada",)) -> Path:
    """A store whose specimens have these ids, all of them accepted by everybody."""
    store = plan_at(str(folder / "maps.zarr"), folder / "images", {"Aus bus": 1})
    table = pd.DataFrame({"image_id": ids, "scientificName": "Aus bus", "genus": "Aus", "family": "Ausidae"})
    for number in range(len(ids)):
        Image.fromarray(np.full((24, 32, 3), number % 250, np.uint8)).save(folder / "images" / f"{number}.png")
    shutil.rmtree(store.location)

    table = table.assign(path=[f"{number}.png" for number in range(len(ids))], **dict.fromkeys(TEXTS, ""))
    catalog = Catalog("test", str(folder / "images"), "test.csv", table)
    create_store(
        store.location, catalog, plan_comparisons(catalog, CLASSES, references=2), GRID, RunSettings.of(SETTINGS)
    )
    fill(store.location)
    mask = np.zeros((24, 32), bool)
    mask[4:9, 5:20] = True
    for reviewer in reviewers:
        log = ReviewLog(store.location, reviewer)
        for identifier in ids:
            region = Region(encode(mask), "=1+1")
            made = Comparison(0.6, "mean", "gradcam", ("Aus cus",))
            log.append(Verdict(identifier, "Aus bus", reviewer, "accept", made, (region,), "=HYPERLINK(1)"))
    return Path(store.location)


@pytest.mark.parametrize("form", ["png", "csv"])
def test_specimens_that_differ_by_a_dot_or_a_capital_have_files_of_their_own(tmp_path: Path, form: str) -> None:
    ids = [".x", "..x", "x", "A1", "a1", "CON", "x.", "a/b.jpg", "a_b", "b-c", "b"]
    store = reviewed(tmp_path, ids, ("c", "C", "x-c"))
    summary = export(store, tmp_path / "out", format=form)
    assert (summary.masks, summary.failed) == (3 * len(ids), {})
    files = list((tmp_path / "out").rglob("*.png"))
    assert len({same_file(path.name) for path in files}) == len(files) == (len(ids) if form == "png" else 3 * len(ids))
    assert all(is_safe(path.stem) for path in files)
    if form == "png":
        told = {json.loads(path.with_suffix(".json").read_text())["image_id"] for path in files}
        assert told == set(ids)
        again = export(store, tmp_path / "out", format=form)
        assert (again.removed, again.left) == ([], [])


def test_files_with_the_names_of_an_earlier_version_are_replaced(tmp_path: Path) -> None:
    store = reviewed(tmp_path, ["a/b.jpg", "c"])
    export(store, tmp_path / "out", format="png")
    images = tmp_path / "out" / "images"
    for ending in ("png", "json"):
        (images / f"a_b.{ending}").rename(images / f"a%2Fb.jpg.{ending}")
    summary = export(store, tmp_path / "out", format="png")
    assert sorted(summary.removed) == ["images/a%2Fb.jpg.json", "images/a%2Fb.jpg.png"]
    assert sorted(path.name for path in images.iterdir()) == ["a_b.json", "a_b.png", "c.json", "c.png"]


FORMULAS = ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1", "=HYPERLINK(1)", "-", "=-5"]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_compute_is_text(text: str) -> None:
    assert neutralised(text) == f"'{text}"
    assert original(f"'{text}") == text


@pytest.mark.parametrize("value", ["Aus bus", "'quoted'", "-5", "+1.5", "-1e-3", "", 5, -5.0, None, "a=b", "3-4"])
def test_other_values_stay_as_they_are(value: object) -> None:
    assert neutralised(value) == value
    assert not isinstance(value, str) or original(value) == value


def test_tables_of_an_export_and_of_an_evaluation_compute_nothing(tmp_path: Path) -> None:
    store = reviewed(tmp_path, ["=cmd", "@x", "plain"])
    export(store, tmp_path / "out", format="csv")
    export(store, tmp_path / "raw", format="csv", settings=FormatSettings(raw_text=True))
    for name in ("measurements.csv", "audiovisual_core.csv"):
        with (tmp_path / "out" / name).open(newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not any(re.match(r"[=+@]|-(?![\d.])", cell) for cell in cells), name
        assert "'=1+1" in cells
    raw = pd.read_csv(tmp_path / "raw" / "measurements.csv")
    assert set(raw["note"]) == {"=HYPERLINK(1)"}
    assert set(raw["image_id"]) == {"=cmd", "@x", "plain"}
    assert export(store, tmp_path / "out", format="csv").left == [], "its own ids are known again"
    table = pd.DataFrame({"species": ["=1+1", "Aus bus"], "share": [-0.5, 0.5]})
    write_table(table, tmp_path, "traits")
    assert (tmp_path / "traits.csv").read_text() == "species,share\n'=1+1,-0.5\nAus bus,0.5\n"
    assert pd.read_parquet(tmp_path / "traits.parquet")["species"].tolist() == ["=1+1", "Aus bus"]


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 128 kB where root may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("only root can mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("form", ["png", "csv", "coco"])
def test_on_a_full_disk_a_file_is_whole_or_not_there(tmp_path: Path, full_disk: Path, form: str) -> None:
    store = reviewed(tmp_path, [f"specimen-{number:03d}" for number in range(60)])
    (full_disk / "ballast").write_bytes(b"x" * 100_000)
    with pytest.raises(ExportError, match=r"No space left on device: free or unlock the disk") as told:
        export(store, full_disk / "out", format=form)
    assert "\n" not in str(told.value)
    for path in (full_disk / "out").rglob("*"):
        if path.is_file():
            assert path.stat().st_size > 0
            assert not path.name.endswith(".partial")
            Image.open(path).load() if path.suffix == ".png" else json.loads(path.read_text())
    assert not (full_disk / "out" / "measurements.csv").exists()


def test_a_page_and_a_picture_on_a_full_disk_are_one_sentence(full_disk: Path) -> None:
    (full_disk / "ballast").write_bytes(b"x" * 110_000)
    with pytest.raises(StoreError, match="there is no space left for atlas"), store_errors("atlas"):
        write_whole(full_disk / "index.html", "x" * 200_000)
    with pytest.raises(OSError, match="No space left"):
        write_indexed(full_disk / "mask.png", np.random.default_rng(1).integers(0, 255, (900, 900)).astype(np.uint8))
    assert [path.name for path in full_disk.iterdir()] == ["ballast"]


def test_a_hundred_hostile_names_are_a_hundred_files(tmp_path: Path) -> None:
    ids = hostile_names()
    store = reviewed(tmp_path, ids)
    summary = export(store, tmp_path / "out", format="png")
    files = list((tmp_path / "out" / "images").glob("*.png"))
    assert summary.failed == {}
    assert len({same_file(path.name) for path in files}) == len(files) == len(ids)
    assert all(is_safe(path.stem) for path in files)
    assert {path.parent for path in (tmp_path / "out").rglob("*") if path.is_file()} <= {
        tmp_path / "out", tmp_path / "out" / "images",
    }  # fmt: skip
    print(f"hostile names, exported: {len(files)} files, {len(ids) - len(files)} collisions")


def read_back(path: Path) -> set[str]:
    """Every text in a file of an export, by the parser of its kind; an unreadable file is an error."""
    if path.suffix == ".png":
        Image.open(path).load()
        return set()
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            return {cell for row in csv.reader(file) for cell in row}
    if path.suffix == ".xml":
        nodes = fromstring(text.encode()).iter()
        return {part for node in nodes for part in (node.text or "", *node.attrib.values())}
    if path.suffix == ".yaml":
        return set(map(str, yaml.safe_load(text)["names"].values()))
    if path.suffix == ".jsonl":
        return {found for line in text.splitlines() for found in texts_in(json.loads(line))}
    return texts_in(json.loads(text)) if path.suffix in (".json", ".jsonld", ".geojson") else set()


def texts_in(value: object) -> set[str]:
    if isinstance(value, dict):
        return {found for part in value.values() for found in texts_in(part)}
    if isinstance(value, list):
        return {found for part in value for found in texts_in(part)}
    return {value} if isinstance(value, str) else set()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A store whose specimens have hostile ids, and whose reviewer gave each a hostile trait and note."""
    folder, ids = tmp_path_factory.mktemp("hostile"), hostile_names(40)
    store = reviewed(folder, ids)
    mask = np.zeros((24, 32), bool)
    mask[2:6, 3:9] = True
    log = ReviewLog(store, "=Ada <script>")
    for name in ids:
        region = Region(encode(mask), name, number=1)
        log.append(
            Verdict(name, "Aus bus", "=Ada <script>", "accept", Comparison(0.6, "mean", "gradcam", ()), (region,), name)
        )
    return store, ids


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_names_and_notes_are_text_in_every_form(
    hostile: tuple[Path, list[str]], tmp_path: Path, form: str
) -> None:
    store, ids = hostile
    summary = export(store, tmp_path / "out", format=form)
    assert summary.failed == {}
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file() and ".ome.zarr" not in path.as_posix()]
    assert {path.resolve().is_relative_to(tmp_path / "out") for path in files} == {True} or form == "ome-zarr"
    assert all(is_safe(path.stem) for path in files if path.parent != tmp_path / "out")
    told = {text for path in files for text in read_back(path)}
    if form in ("csv", "darwin-core"):
        assert not any(re.match(r"[=+@]|-(?![\d.])", cell) for cell in told)
    if form in ("coco", "geojson", "png"):
        assert set(ids) <= told, "names are told as they are"
    again = export(store, tmp_path / "out", format=form)
    assert (again.failed, again.removed, again.left) == ({}, [], [])


@given(st.text(max_size=40))
def test_any_text_is_one_that_xml_and_yaml_give_back(text: str) -> None:
    element = fromstring(f"<a b={quoteattr(xml_text(text))}/>".encode("utf-8", "replace"))
    assert len(element.get("b", "")) <= len(text)
    assert re.sub("\\s", " ", element.get("b", "")) == re.sub("\\s", " ", xml_text(text))
    if not any("\ud800" <= letter <= "\udfff" for letter in text):
        assert yaml.safe_load(f"a: {yaml_text(text)}") == {"a": text}
