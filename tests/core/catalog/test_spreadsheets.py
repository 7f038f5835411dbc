"""Spreadsheets as Excel and LibreOffice save them are tables like any other."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sheets import write_ods, write_xlsx

from finercam_core.catalog import open_catalog
from finercam_core.errors import CatalogError
from finercam_core.io.tables import read_table

ROWS = [
    ["scientificName", "path", "catalogNumber"],
    ["Aus bus", "a.jpg", "007"],
    ["Aus cus & dus", "b.jpg", "NA"],
    ["Eus fus", "c.jpg", ""],
]


FORMS = pytest.mark.parametrize(("name", "write"), [("table.xlsx", write_xlsx), ("table.ods", write_ods)])


@FORMS
def test_a_spreadsheet_opens_as_its_cells_are_written(name: str, write: Callable, tmp_path: Path) -> None:
    specimens = open_catalog(write(tmp_path / name, ROWS)).specimens
    assert specimens["path"].tolist() == ["a.jpg", "b.jpg", "c.jpg"]
    assert specimens["scientificName"].iloc[0] == "Aus bus"
    assert len(specimens["scientificName"].unique()) == 3


def test_a_damaged_spreadsheet_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "table.xlsx").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(Exception, match=r"table\.xlsx") as caught:
        open_catalog(tmp_path / "table.xlsx")
    assert type(caught.value).__module__ == "finercam_core.errors"


@FORMS
def test_empty_rows_keep_their_number_and_are_told(name: str, write: Callable, tmp_path: Path) -> None:
    empty = ["", "", ""]
    catalog = open_catalog(write(tmp_path / name, [empty, ROWS[0], ROWS[1], empty, empty, *ROWS[2:]]))
    assert catalog.specimens["path"].tolist() == ["a.jpg", "b.jpg", "c.jpg"]
    assert catalog.rejected["row"].tolist() == [2, 3]


@FORMS
def test_two_columns_of_one_name_are_refused(name: str, write: Callable, tmp_path: Path) -> None:
    write(tmp_path / name, [["scientificName", "path", "path"], ["Aus bus", "a.jpg", "b.jpg"]])
    with pytest.raises(CatalogError, match="has the column 'path' twice"):
        open_catalog(tmp_path / name)


@FORMS
def test_a_column_without_a_name_is_left_out(name: str, write: Callable, tmp_path: Path) -> None:
    write(tmp_path / name, [["scientificName", "path", ""], ["Aus bus", "a.jpg", "x"]])
    assert read_table(str(tmp_path / name)).frame.columns.tolist() == ["scientificName", "path"]
