"""Spreadsheets and known data sets: rows are images, rejected rows and repetitions; lines of no image are told."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import builders as build
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sheets import write_ods, write_xlsx

from finercam_core.catalog import Catalog, open_catalog
from finercam_core.catalog.check import check_catalog
from finercam_core.errors import CatalogError

CELLS = st.sampled_from(
    ["", "NA", "?", '"', 'a "b" c', "a,b", "two\nlines", "é", "x" * 50, "=1+1", "0", "007", "日本", "<&>"]
)
NAMES = st.sampled_from(["Aus bus", "Aus cus", "Aus bus L.", "NA", "", "unknown", "Aus sp.", 'Aus "bus"', "Aus\nbus"])
PATHS = st.sampled_from(["a.jpg", "b.jpg", "é.jpg", "NA", ""])
ROWS = st.lists(st.tuples(NAMES, PATHS, CELLS), min_size=1, max_size=12)
# Lists of words: the number of an image, and of its class.
NUMBERS = st.dictionaries(st.integers(1, 9), st.integers(0, 4), max_size=8)


def examples(number: int) -> settings:
    # Without shrinking, which would open sources for minutes: they are small as they are.
    return settings(
        max_examples=number,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )


def opened(source: Path, usable: bool) -> Catalog | None:
    """The catalog, or None where it is rightly refused: it has nothing that can be used."""
    if usable:
        return open_catalog(source)
    with pytest.raises(CatalogError):
        open_catalog(source)
    return None


def told(catalog: Catalog) -> int:
    counts = check_catalog(catalog).counts
    return counts["images"] + counts["rejected"] + counts["repeats"]


def usable(name: str, path: str) -> bool:
    return name not in ("NA", "", "unknown") and path not in ("NA", "")


@pytest.mark.parametrize(("name", "write"), [("t.xlsx", write_xlsx), ("t.ods", write_ods)])
@examples(6)
@given(rows=ROWS, above=st.integers(0, 2))
def test_the_rows_of_a_spreadsheet_are_all_told(
    tmp_path_factory: Any, name: str, write: Callable, rows: list[tuple[str, str, str]], above: int
) -> None:
    table = [*[("", "", "")] * above, ("scientificName", "path", "remark"), *rows, ("Aus eus", "last.jpg", "")]
    catalog = open_catalog(write(tmp_path_factory.mktemp("sheet") / name, table))
    assert told(catalog) == len(rows) + 1


def csv_line(*cells: str) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().removesuffix("\n")


@examples(6)
@given(
    tables=st.dictionaries(
        st.sampled_from(["classification_train.csv", "identification_val.csv", "segmentation_test.csv"]),
        ROWS,
        min_size=1,
    )
)
def test_the_rows_of_fish_vista_are_all_told(tmp_path_factory: Any, tables: dict) -> None:
    # The table by which Fish-Vista is known.
    root, tables = tmp_path_factory.mktemp("fish"), {"classification_train.csv": [("Aus eus", "z.jpg", "")], **tables}
    for name, rows in tables.items():
        lines = [csv_line(path, cell, "", "", "", "", cell, species, "", cell, *"0000", path)
                 for species, path, cell in rows]  # fmt: skip
        build.write(root / name, "\n".join([build.FISH_VISTA, *lines]) + "\n")
    build.write(root / "more.csv", "a,b\n1,2\n")
    catalog = opened(root, any(usable(row[0], row[1]) for rows in tables.values() for row in rows))
    if catalog:
        assert told(catalog) == sum(map(len, tables.values()))
        finding = check_catalog(catalog).finding("passed_over")
        assert finding is not None
        assert "more.csv" in finding.cases["text"].iloc[0]


def lines(pairs: dict[int, Any]) -> str:
    return "".join(f"{key} {value}\n" for key, value in pairs.items())


@examples(8)
@given(images=NUMBERS, labels=NUMBERS, splits=NUMBERS, boxes=NUMBERS)
def test_the_lines_of_cub_are_all_told(
    tmp_path_factory: Any, images: dict, labels: dict, splits: dict, boxes: dict
) -> None:
    root = tmp_path_factory.mktemp("cub")
    build.write(root / "images.txt", lines({i: f"00{n}.Bird/{n}.jpg" for i, n in images.items()}))
    build.write(root / "image_class_labels.txt", lines(labels))
    build.write(root / "classes.txt", "1 001.Sooty_Tern\n2 002.Wren\n")
    build.write(root / "train_test_split.txt", lines(splits))
    build.write(root / "bounding_boxes.txt", lines({i: f"1 1 {n} 5" for i, n in boxes.items()}))
    catalog = opened(root, any(labels.get(i) in (1, 2) for i in images))
    if catalog:
        assert told(catalog) == len(images)
        assert check_catalog(catalog).count("unplaced") == sum(
            len(side.keys() - images) for side in (labels, splits, boxes)
        )


@examples(8)
@given(
    variants=st.dictionaries(st.sampled_from(["train", "val", "test"]), NUMBERS, min_size=1),
    families=st.dictionaries(st.sampled_from(["train", "val", "test"]), NUMBERS),
    boxes=NUMBERS,
)
def test_the_lines_of_aircraft_are_all_told(
    tmp_path_factory: Any, variants: dict[str, dict], families: dict[str, dict], boxes: dict
) -> None:
    root, variants = tmp_path_factory.mktemp("aircraft"), {"train": {}, **variants}
    for split, images in variants.items():
        build.write(root / f"images_variant_{split}.txt", lines({i: f"7{n}7-320" for i, n in images.items()}))
    for split, images in families.items():
        build.write(root / f"images_family_{split}.txt", lines({i: f"Boeing 7{n}7" for i, n in images.items()}))
    build.write(root / "images_box.txt", lines({i: f"1 1 {n} 5" for i, n in boxes.items()}))
    listed = {image for images in variants.values() for image in images}
    catalog = opened(root, bool(listed))
    if catalog:
        assert told(catalog) == sum(map(len, variants.values()))
        strangers = sum(len(images.keys() - variants.get(split, {})) for split, images in families.items())
        assert check_catalog(catalog).count("unplaced") == strangers + len(boxes.keys() - listed)


@examples(3)
@given(rows=st.lists(st.tuples(st.integers(0, 3), PATHS, st.integers(0, 9)), min_size=1, max_size=8))
def test_the_rows_of_cars_are_all_told(tmp_path_factory: Any, rows: list[tuple[int, str, int]]) -> None:
    import numpy as np
    from scipy.io import savemat

    root = tmp_path_factory.mktemp("cars")
    kinds = [
        (name, object) for name in ("relative_im_path", "class", "test", "bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2")
    ]
    table = np.array([(path, number, x % 2, 1, 1, x, 5) for number, path, x in rows], kinds)
    names = np.array(["Acura RL 2012", "Audi A5 2012"], object)
    savemat(root / "cars_annos.mat", {"annotations": table, "class_names": names})
    catalog = opened(root, any(number in (1, 2) and path not in ("", "NA") for number, path, _ in rows))
    if catalog:
        assert told(catalog) == len(rows)


@examples(4)
@given(rows=ROWS)
def test_the_rows_of_croissant_are_all_told(tmp_path_factory: Any, rows: list[tuple[str, str, str]]) -> None:
    pytest.importorskip("mlcroissant")
    root = tmp_path_factory.mktemp("croissant")
    source = build.croissant(root)
    build.write(root / "data" / "t.csv", "\n".join(["sp,img,x", *(csv_line(*row) for row in rows)]) + "\n")
    catalog = opened(source, any(usable(row[0], row[1]) for row in rows))
    if catalog:
        assert told(catalog) == len(rows)


def test_a_box_that_is_none_is_told_as_it_is_written(tmp_path: Path) -> None:
    catalog = open_catalog(build.aircraft(tmp_path))
    assert catalog.corrections.query("term == 'boundingBox'")["verbatim"].tolist() == ["5 5 5 9"]


def test_record_sets_without_images_are_told(tmp_path: Path) -> None:
    pytest.importorskip("mlcroissant")
    source = build.croissant(tmp_path)
    described = json.loads(source.read_text())
    field = {"@type": "cr:Field", "@id": "s/remark", "name": "remark", "dataType": "sc:Text",
             "source": {"fileObject": {"@id": "t.csv"}, "extract": {"column": "img"}}}  # fmt: skip
    described["recordSet"].append({"@type": "cr:RecordSet", "@id": "s", "name": "s", "field": [field]})
    finding = check_catalog(open_catalog(build.write(source, json.dumps(described)))).finding("parts_not_read")
    assert finding is not None
    assert finding.cases["text"].tolist() == ["the record sets s"]
