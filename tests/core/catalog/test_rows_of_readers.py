"""For every reader: the rows of a source are images, rejected rows and repetitions, whatever stands in their cells."""

import csv
import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import builders as build
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finercam_core.catalog import open_catalog
from finercam_core.catalog.check import check_catalog
from finercam_core.errors import CatalogError

Row = dict[str, str]
NASTY = ["", "NA", "null", "?", '"', '"open', 'shut"', 'a "b" c', "a,b", "a;b", "a\tb", "a|b", "two\nlines", "a\r\nb",
         "é", "a\u0301", "\u00a0", "'", "x" * 50, "=1+1", "-", "0", "\\", "日本"]  # fmt: skip
CELLS = st.sampled_from(NASTY)
NAMES = st.sampled_from(["Aus bus", "Aus cus", "Aus bus L.", "NA", "", "unknown", "Aus sp.", 'Aus "bus"', "Aus\nbus"])
PATHS = st.sampled_from(["a.jpg", "b.jpg", "é.jpg", "NA", ""])
ROWS = st.lists(
    st.fixed_dictionaries({"remark": CELLS, "path": PATHS, "scientificName": NAMES, "group_id": CELLS}),
    min_size=1, max_size=12,
)  # fmt: skip
QUICK = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def delimited(delimiter: str, encoding: str = "utf-8", end: str = "\n", pack: Callable[[bytes], bytes] = bytes) -> Any:
    def write(path: Path, rows: Sequence[Row]) -> Path:
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter, lineterminator=end)
        writer.writeheader()
        writer.writerows(rows)
        return build.write(path, pack(text.getvalue().encode(encoding)))

    return write


def frame_writer(save: Callable[[pd.DataFrame, Path], object]) -> Any:
    def write(path: Path, rows: Sequence[Row]) -> Path:
        save(pd.DataFrame(rows, dtype="str"), path)
        return path

    return write


def lines(path: Path, rows: Sequence[Row]) -> Path:
    return build.write(path, "".join(json.dumps(row) + "\n" for row in rows))


def zipped_table(path: Path, rows: Sequence[Row]) -> Path:
    inner = delimited(",")(path.with_name("inner.csv"), rows)
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(inner, "data/inner.csv")
    inner.unlink()
    return path


def described_folder(path: Path, rows: Sequence[Row]) -> Path:
    delimited(",")(path / "metadata.csv", [{"file_name": row["path"], **row} for row in rows])
    return path


def samples(path: Path, rows: Sequence[Row]) -> Path:
    with tarfile.open(path, "w") as archive:
        for i, row in enumerate(rows):
            for name, content in ((f"{i}.jpg", b"x"), (f"{i}.json", json.dumps(row).encode())):
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return path


def images_in_table(path: Path, rows: Sequence[Row]) -> Path:
    cells = [{**row, "image": {"bytes": b"x", "path": row["path"]}} for row in rows]
    table = pa.Table.from_pylist([{k: v for k, v in row.items() if k != "path"} for row in cells])
    pq.write_table(table, path)
    return path


def annotations(path: Path, rows: Sequence[Row]) -> Path:
    names = sorted({row["scientificName"] for row in rows})
    images = [{"id": i, "file_name": row["path"], "remark": row["remark"]} for i, row in enumerate(rows)]
    notes = [{"id": i, "image_id": i, "category_id": names.index(r["scientificName"])} for i, r in enumerate(rows)]
    categories = [{"id": i, "name": name} for i, name in enumerate(names)]
    return build.write(path, json.dumps({"images": images, "annotations": notes, "categories": categories}))


def traps(path: Path, rows: Sequence[Row]) -> Path:
    media = [{"mediaID": f"m{i}", "deploymentID": "d", "filePath": row["path"], "fileMediatype": "image/jpeg",
              "timestamp": "", "mediaComments": row["remark"]} for i, row in enumerate(rows)]  # fmt: skip
    seen = [{"deploymentID": "d", "mediaID": f"m{i}", "scientificName": row["scientificName"],
             "observationComments": row["group_id"]} for i, row in enumerate(rows)]  # fmt: skip
    delimited(",")(path / "media.csv", media)
    delimited(",")(path / "observations.csv", seen)
    resources = [{"name": name, "path": f"{name}.csv"} for name in ("media", "observations")]
    build.write(path / "datapackage.json", json.dumps({"profile": "camtrap-dp", "resources": resources}))
    return path


def open_data(path: Path, rows: Sequence[Row]) -> Path:
    photos = [{"photo_id": str(i), "observation_uuid": f"o{i}", "extension": "jpg", "license": row["remark"]}
              for i, row in enumerate(rows)]  # fmt: skip
    seen = [{"observation_uuid": f"o{i}", "taxon_id": str(i), "remark": row["group_id"]} for i, row in enumerate(rows)]
    taxa = [{"taxon_id": str(i), "ancestry": "", "rank": "species", "name": row["scientificName"]}
            for i, row in enumerate(rows)]  # fmt: skip
    for name, table in (("photos", photos), ("observations", seen), ("taxa", taxa)):
        delimited("\t")(path / f"{name}.csv", table)
    return path


def manifest(path: Path, rows: Sequence[Row]) -> Path:
    delimited(",")(path.with_name("t.csv"), rows)
    return build.write(path, '[collection]\nname = "x"\n[[tables]]\npath = "t.csv"\n')


ENCODED = {
    "comma": delimited(","),
    "semicolon, CR and LF, with a mark": delimited(";", "utf-8-sig", "\r\n"),
    "tab, UTF-16": delimited("\t", "utf-16"),
    "bar": delimited("|"),
}
READERS = {
    **{name: ("t.csv", write) for name, write in ENCODED.items()},
    "gzip": ("t.csv.gz", delimited(",", pack=gzip.compress)),
    "parquet": ("t.parquet", frame_writer(lambda frame, path: frame.to_parquet(path, index=False))),
    "feather": ("t.feather", frame_writer(lambda frame, path: frame.to_feather(path))),
    "json": ("t.json", frame_writer(lambda frame, path: frame.to_json(path, orient="records"))),
    "json lines": ("t.jsonl", lines),
    "table in a zip": ("t.zip", zipped_table),
    "image folder": ("folder", described_folder),
    "webdataset": ("t.tar", samples),
    "images in parquet": ("i.parquet", images_in_table),
    "coco": ("coco.json", annotations),
    "camtrap": ("camtrap", traps),
    "open data": ("open", open_data),
    "manifest": ("m.toml", manifest),
}


def usable(row: Row, reader: str) -> bool:
    """Whether a row names a species and an image; some readers have the images themselves."""
    named = row["scientificName"] not in ("NA", "", "unknown")
    return named and (row["path"] not in ("NA", "") or reader in ("webdataset", "images in parquet", "open data"))


@pytest.mark.parametrize("reader", READERS)
@QUICK
@given(rows=ROWS)
def test_the_rows_of_every_reader_are_all_told(tmp_path_factory: Any, reader: str, rows: list[Row]) -> None:
    name, write = READERS[reader]
    source = write(tmp_path_factory.mktemp("rows") / name, rows)
    if not any(usable(row, reader) for row in rows):
        with pytest.raises(CatalogError):
            open_catalog(source)
        return
    catalog = open_catalog(source)
    counts = check_catalog(catalog).counts
    assert counts["images"] + counts["rejected"] + counts["repeats"] == len(rows)
    assert set(catalog.specimens["image_id"]).isdisjoint({"", "NA"})
    assert not catalog.specimens[["path", "group_id", "split", "maskURI"]].isin(["NA", "null", "?", "-"]).any(axis=None)


@QUICK
@given(
    rows=st.lists(st.tuples(NAMES, CELLS), min_size=1, max_size=10),
    media=st.lists(st.tuples(st.integers(0, 12), CELLS), max_size=10),
)
def test_the_rows_of_an_archive_are_all_told(tmp_path_factory: Any, rows: list, media: list) -> None:
    def clean(text: str) -> str:
        return " ".join(text.replace("\t", " ").split())

    core = "".join(f"{i}\t{clean(name)}\t\t{clean(remark)}\n" for i, (name, remark) in enumerate(rows))
    media_rows = [
        f"{i}\tStillImage\timage/jpeg\thttps://m.org/{n}.jpg\t{clean(cell)}\n" for n, (i, cell) in enumerate(media)
    ]
    extension = "h\th\th\th\th\n" + "".join(media_rows)
    files = build.archive_files(**{"occurrence.txt": "h\th\th\th\n" + core, "multimedia.txt": extension})
    try:
        catalog = open_catalog(build.zipped(tmp_path_factory.mktemp("dwca") / "d.zip", files))
    except CatalogError:
        return
    counts = check_catalog(catalog).counts
    without = sum(i not in {number for number, _ in media} for i in range(len(rows)))
    assert counts["images"] + counts["rejected"] + counts["repeats"] == len(media) + without


FILES = ["Aus_bus/a.jpg", "Aus_bus/b.HEIC", "x.jpg", ".hidden/c.jpg", "Aus_cus/d.png", "e/f/g.jpg", "Aus_cus/h.txt",
         "__MACOSX/i.jpg"]  # fmt: skip


@QUICK
@given(names=st.lists(st.sampled_from(FILES), unique=True))
def test_the_files_of_a_folder_are_all_told(tmp_path_factory: Any, names: list[str]) -> None:
    folder = tmp_path_factory.mktemp("folder")
    for name in names:
        build.write(folder / name)
    try:
        catalog = open_catalog(folder)
    except CatalogError:
        assert not {"Aus_bus/a.jpg", "Aus_cus/d.png"} & set(names)
        return
    assert len(catalog.specimens) + check_catalog(catalog).count("passed_over") == len(names)


@pytest.mark.parametrize("reader", READERS)
def test_a_source_without_a_usable_row_is_refused_in_a_sentence(tmp_path: Path, reader: str) -> None:
    name, write = READERS[reader]
    row = {"remark": "", "path": "", "scientificName": "", "group_id": ""}
    for count in (1, 3):
        (tmp_path / str(count)).mkdir()
        with pytest.raises(CatalogError):
            open_catalog(write(tmp_path / str(count) / name, [row] * count))
