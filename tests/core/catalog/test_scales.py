"""Pixels per millimetre from a column and from the measurements of a Darwin Core Archive."""

from pathlib import Path

import pandas as pd
import pytest

from finercam_core.catalog import open_catalog
from finercam_core.catalog.readers.darwin_core.scales import pixels_per_mm, with_scales
from finercam_core.io.raw_tables import RawTable


@pytest.mark.parametrize(
    ("value", "unit", "scale"),
    [
        ("20", "px/mm", 20), ("20", "pixels per mm", 20), ("200", "pixel/cm", 20), ("0.05", "mm/px", 20),
        ("50", "µm per pixel", 20), ("0,05", "mm/pixel", 20), ("20", "mm", None), ("wide", "px/mm", None),
        ("0", "px/mm", None), ("-3", "px/mm", None), ("inf", "px/mm", None),
    ],
)  # fmt: skip
def test_units_of_scales(value: str, unit: str, scale: float | None) -> None:
    assert pixels_per_mm(value, unit) == (None if scale is None else pytest.approx(scale))


def test_measurements_become_a_column_and_several_scales_are_none() -> None:
    occurrences = RawTable("occurrence.txt", pd.DataFrame({"#id": ["a", "b", "c"]}))
    rows = [("a", "scale", "20", "px/mm"), ("a", "scale", "200", "px/cm"), ("b", "scale", "20", "px/mm"),
            ("b", "scale", "30", "px/mm"), ("c", "body length", "12", "mm")]  # fmt: skip
    names = ["#id", "measurementType", "measurementValue", "measurementUnit"]
    found = with_scales(occurrences, [RawTable("mof.txt", pd.DataFrame(rows, columns=names))])
    assert list(found.frame["pixelsPerMillimetre"]) == ["20", "", ""]
    assert "1 occurrences have several scales" in found.notices[0].text


META = """<archive xmlns="http://rs.tdwg.org/dwc/text/">
<core rowType="http://rs.tdwg.org/dwc/terms/Occurrence" ignoreHeaderLines="1" fieldsTerminatedBy=",">
<files><location>occurrence.csv</location></files><id index="0"/>
<field index="1" term="http://rs.tdwg.org/dwc/terms/scientificName"/></core>
<extension rowType="http://rs.gbif.org/terms/1.0/Multimedia" ignoreHeaderLines="1" fieldsTerminatedBy=",">
<files><location>media.csv</location></files><coreid index="0"/>
<field index="1" term="http://purl.org/dc/terms/identifier"/></extension>
<extension rowType="http://rs.tdwg.org/dwc/terms/MeasurementOrFact" ignoreHeaderLines="1" fieldsTerminatedBy=",">
<files><location>measurement.csv</location></files><coreid index="0"/>
<field index="1" term="http://rs.tdwg.org/dwc/terms/measurementType"/>
<field index="2" term="http://rs.tdwg.org/dwc/terms/measurementValue"/>
<field index="3" term="http://rs.tdwg.org/dwc/terms/measurementUnit"/></extension></archive>"""


def test_a_darwin_core_archive_brings_its_scales(tmp_path: Path) -> None:
    (tmp_path / "meta.xml").write_text(META)
    (tmp_path / "occurrence.csv").write_text("id,name\n1,Salmo trutta\n2,Salmo salar\n")
    (tmp_path / "media.csv").write_text("id,url\n1,https://example.org/1.jpg\n2,https://example.org/2.jpg\n")
    (tmp_path / "measurement.csv").write_text("id,type,value,unit\n1,image scale,0.05,mm/px\n2,length,31,cm\n")
    table = open_catalog(tmp_path).specimens.set_index("scientificName")
    assert dict(table["pixelsPerMillimetre"]) == {"Salmo trutta": "20", "Salmo salar": ""}


def test_a_column_is_a_scale_and_nonsense_costs_only_its_value(tmp_path: Path) -> None:
    pd.DataFrame({"file": ["a.jpg", "b.jpg"], "species": ["Aus bus"] * 2, "px_per_mm": ["12.5", "-1"]}).to_csv(
        tmp_path / "t.csv", index=False
    )
    catalog = open_catalog(tmp_path / "t.csv")
    assert list(catalog.specimens["pixelsPerMillimetre"]) == ["12.5", ""]
    assert "not a number above 0" in " ".join(catalog.corrections["reason"])
