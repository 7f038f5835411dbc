"""Rows of a file = images + rejected + listed again, whatever stands in its cells; and what means nothing is empty."""

from pathlib import Path

import builders as build
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finercam_core.catalog import open_catalog
from finercam_core.catalog.check import check_catalog
from finercam_core.io.tables import read_table

RELAXED = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
STRAYS = {
    "at the end of a row": ('Aus cus,999.jpg,"open', "Aus cus,x.jpg,y"),
    "closed in a later row": ('Aus cus,999.jpg,"open', 'Aus cus,x.jpg,shut"'),
    "before whole quoted cells": ('"Aus cus",999.jpg,"open', 'Aus cus,"x.jpg",y'),
    "closed within its row": ('Aus cus,"999.jpg,a "b" c', "Aus cus,x.jpg,y"),
}


@pytest.mark.parametrize("kind", STRAYS)
def test_a_stray_quotation_mark_costs_no_row(tmp_path: Path, kind: str) -> None:
    rows = [f"Aus cus,{i}.jpg,y" for i in range(200)]
    rows[99], rows[150] = STRAYS[kind]
    table = read_table(str(build.write(tmp_path / "t.csv", "scientificName,path,x\n" + "\n".join(rows) + "\n")))
    assert (len(table.frame), table.broken) == (200, [])
    assert table.frame.loc[101, "path"] == "100.jpg"
    assert [(notice.key, "row 100" in notice.text) for notice in table.notices] == [("stray_quotes", True)]


@pytest.mark.parametrize("tail", [',"open', ',"', ', "open', ',"open,more'])
def test_stray_text_behind_the_last_column_costs_no_row(tmp_path: Path, tail: str) -> None:
    rows = [f"Aus cus,{i}.jpg,y" for i in range(200)]
    rows[99] += tail
    table = read_table(str(build.write(tmp_path / "t.csv", "scientificName,path,x\n" + "\n".join(rows) + "\n")))
    assert (len(table.frame), table.broken) == (200, [])
    assert table.frame.loc[[100, 101], "path"].tolist() == ["99.jpg", "100.jpg"]
    assert len(table.notices) == 1
    assert "row 100" in table.notices[0].text


@pytest.mark.parametrize("tail", [",", ",,", ", ,"])
def test_empty_fields_behind_the_last_column_cost_no_row(tmp_path: Path, tail: str) -> None:
    rows = [f"Aus cus,{i}.jpg,y" for i in range(20)]
    rows[9] += tail
    table = read_table(str(build.write(tmp_path / "t.csv", "scientificName,path,x\n" + "\n".join(rows) + "\n")))
    assert (len(table.frame), table.broken) == (20, [])
    assert [notice.key for notice in table.notices] == ["more_delimiters"]


def test_a_row_with_a_cell_too_many_is_refused(tmp_path: Path) -> None:
    table = read_table(str(build.write(tmp_path / "t.csv", "scientificName,path\nAus bus,L.,a.jpg\nAus bus,b.jpg\n")))
    assert [number for number, _ in table.broken] == [1]


def test_cells_of_several_lines_stay_whole(tmp_path: Path) -> None:
    rows = ['Aus cus,a.jpg,"near a lake,\nby road, at night,\nin rain"', 'Aus dus,b.jpg,"one ""two"""']
    text = "\n".join(["scientificName,path,x", *rows]) + "\n"
    table = read_table(str(build.write(tmp_path / "t.csv", text)))
    assert table.frame["x"].tolist() == ["near a lake,\nby road, at night,\nin rain", 'one "two"']
    assert table.notices == []


CELLS = st.sampled_from(["y", "", "NA", '"', '"open', 'shut"', 'a "b" c', '"whole"', '""', "é", "?"])


@RELAXED
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=12), st.sampled_from(",\t;"),
       st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.sampled_from(["\n", "\r\n", "\r"]))  # fmt: skip
def test_every_row_of_a_table_is_an_image_or_rejected_or_listed_again(
    tmp_path: Path, cells: list[tuple[str, str]], delimiter: str, encoding: str, end: str
) -> None:
    rows = [delimiter.join(["Aus bus", f"{i % 7}.jpg", *pair]) for i, pair in enumerate(cells)]
    text = end.join([delimiter.join(["scientificName", "path", "group_id", "x"]), *rows]) + end
    catalog = open_catalog(build.write(tmp_path / "t.csv", text.encode(encoding)))
    counts = check_catalog(catalog).counts
    assert counts["images"] + counts["rejected"] + counts["repeats"] == len(rows)
    assert counts["rejected"] == 0


@pytest.mark.parametrize("word", ["NA", "N/A", "NULL", "None", "nan", "-", "?", "unknown"])
def test_words_that_mean_nothing_are_empty_and_told_once(tmp_path: Path, word: str) -> None:
    text = f"scientificName,path,mask,group_id,split,image_id\nAus bus,a.jpg,{word},{word},{word},{word}\n"
    text += f"Aus bus,b.jpg,m.png,{word},train,2\nAus bus,{word},,,,\n"
    catalog = open_catalog(build.write(tmp_path / "t.csv", text))
    first = catalog.specimens.iloc[0]
    assert [first[term] for term in ("maskURI", "group_id", "split", "image_id")] == ["", "", "", "a.jpg"]
    assert catalog.rejected["row"].tolist() == [3]
    finding = check_catalog(catalog).finding("empty_words")
    assert finding is not None
    assert len(finding.cases) == 5
    assert finding.count == 6


def test_a_manifest_tells_the_rows_that_it_leaves_out(tmp_path: Path) -> None:
    build.write(tmp_path / "t.csv", "scientificName,path,kind\nAus bus,a.jpg,sheet\nAus bus,b.jpg,bill\n")
    manifest = '[collection]\nname = "x"\n[[tables]]\npath = "t.csv"\n[keep]\nkind = "sheet"\n'
    catalog = open_catalog(build.write(tmp_path / "m.toml", manifest))
    assert check_catalog(catalog).count("rows_not_kept") == 1
