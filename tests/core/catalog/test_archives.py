"""Darwin Core Archives, as GBIF, iDigBio and museums hand them over."""

from pathlib import Path

import builders as build
import pytest

from finercam_core.catalog import Catalog, open_catalog
from finercam_core.errors import CatalogError

CATALOGS = Path(__file__).parents[3] / "catalogs"


def column(catalog: Catalog, term: str) -> list[str]:
    return list(catalog.specimens[term])


@pytest.mark.parametrize("form", ["zip", "folder", "nested"])
def test_a_darwin_core_archive_joins_media_and_occurrences(tmp_path: Path, form: str) -> None:
    files = build.archive_files()
    if form == "folder":
        for name, text in files.items():
            build.write(tmp_path / "dwca" / name, text)
        source = tmp_path / "dwca"
    else:
        prefix = "download/" if form == "nested" else ""
        source = build.zipped(tmp_path / "dwca.zip", {prefix + name: text for name, text in files.items()})
    found = open_catalog(source)
    assert column(found, "accessURI") == ["https://m.org/1a.jpg", "https://m.org/1b.jpg", "https://m.org/2.png"]
    assert column(found, "scientificName") == ["Notropis atherinoides"] * 2 + ["Notropis stramineus"]
    assert column(found, "group_id") == ["1", "1", "2"]
    assert column(found, "catalogNumber")[0] == 'INHS "7"'
    assert set(column(found, "rightsHolder")) == {"A Museum"}
    assert column(found, "license")[2] == "http://creativecommons.org/licenses/by-nd/4.0/"
    reasons = {(r["table"], r["row"]): r["reason"] for _, r in found.rejected.iterrows()}
    assert reasons == {
        ("multimedia.txt", 4): "it is not a picture: type Sound, format audio/mpeg",
        ("multimedia.txt", 5): "no occurrence has the id 9",
        ("occurrence.txt", 3): "the occurrence has no picture",
    }


def test_an_idigbio_download_has_csv_and_audubon_core(tmp_path: Path) -> None:
    meta = """<archive xmlns="http://rs.tdwg.org/dwc/text/"><core encoding="UTF-8" fieldsTerminatedBy=","
      fieldsEnclosedBy="&quot;" ignoreHeaderLines="1" rowType="http://rs.tdwg.org/dwc/terms/Occurrence">
      <files><location>occurrence.csv</location></files><id index="0"/>
      <field index="1" term="http://rs.tdwg.org/dwc/terms/scientificName"/></core>
      <extension encoding="UTF-8" fieldsTerminatedBy="," fieldsEnclosedBy="&quot;" ignoreHeaderLines="1"
      rowType="http://rs.tdwg.org/ac/terms/Multimedia"><files><location>multimedia.csv</location></files>
      <coreid index="0"/><field index="1" term="http://rs.tdwg.org/ac/terms/accessURI"/>
      <field index="2" term="http://purl.org/dc/terms/format"/></extension></archive>"""
    files = {
        "meta.xml": meta,
        "occurrence.csv": 'coreid,dwc:scientificName,x\nu1,"notropis hudsonius, sp. n.",z\n',
        "multimedia.csv": "coreid,ac:accessURI,dcterms:format\nu1,https://i.org/a,image/jpeg\n",
    }
    found = open_catalog(build.zipped(tmp_path / "i.zip", files))
    assert column(found, "accessURI") == ["https://i.org/a"]
    assert column(found, "genus") == ["Notropis"]


def test_media_listed_in_the_core_itself(tmp_path: Path) -> None:
    meta = build.META[: build.META.index("<extension")].replace(
        "</core>", '<field index="4" term="http://rs.tdwg.org/dwc/terms/associatedMedia"/></core>'
    )
    rows = build.OCCURRENCE.splitlines()
    media = ["associatedMedia", "https://m.org/a.jpg | https://m.org/b.jpg", "", "https://m.org/c.jpg"]
    text = "\n".join(f"{row}\t{m}" for row, m in zip(rows, media, strict=True))
    found = open_catalog(build.zipped(tmp_path / "d.zip", {"meta.xml": meta + "</archive>", "occurrence.txt": text}))
    assert column(found, "accessURI") == [f"https://m.org/{x}.jpg" for x in "abc"]
    assert column(found, "group_id") == ["1", "1", "3"]


@pytest.mark.parametrize("place", ["../secret.txt", "/etc/passwd", "a/../../secret.txt", "file:///etc/passwd", "C:\\x"])
def test_an_archive_cannot_name_files_outside_of_it(tmp_path: Path, place: str) -> None:
    build.write(tmp_path / "secret.txt", build.OCCURRENCE)
    files = build.archive_files(**{"meta.xml": build.META.replace("occurrence.txt", place)})
    for name, text in files.items():
        build.write(tmp_path / "dwca" / name, text)
    for source in (tmp_path / "dwca", build.zipped(tmp_path / "d.zip", {**files, "../secret.txt": build.OCCURRENCE})):
        with pytest.raises(CatalogError, match="outside"):
            open_catalog(source)


def test_a_link_out_of_an_archive_is_not_followed(tmp_path: Path) -> None:
    secret = build.write(tmp_path / "secret.txt", build.OCCURRENCE)
    for name, text in build.archive_files().items():
        build.write(tmp_path / "dwca" / name, text)
    (tmp_path / "dwca" / "occurrence.txt").unlink()
    (tmp_path / "dwca" / "occurrence.txt").symlink_to(secret)
    with pytest.raises(CatalogError, match="leaves the archive"):
        open_catalog(tmp_path / "dwca")


def test_all_faults_of_a_descriptor_are_told_at_once(tmp_path: Path) -> None:
    meta = build.META.replace(
        'index="1" term="http://rs.tdwg.org/dwc/terms/sci', 'term="http://rs.tdwg.org/dwc/terms/sci'
    )
    meta = meta.replace('encoding="UTF-8"', 'encoding="klingon"', 1).replace("multimedia.txt", "")
    with pytest.raises(CatalogError, match="3 faults") as caught:
        open_catalog(build.zipped(tmp_path / "d.zip", build.archive_files(**{"meta.xml": meta})))
    assert all(text in str(caught.value) for text in ("klingon", "scientificName", "names no file"))


def test_a_bomb_of_entities_is_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><archive>&c;</archive>'
    with pytest.raises(CatalogError, match=r"meta\.xml is not readable"):
        open_catalog(build.zipped(tmp_path / "d.zip", {"meta.xml": bomb}))


def test_gbifs_simple_table_says_what_to_choose_instead(tmp_path: Path) -> None:
    table = {"0001.csv": "gbifID\tspecies\tmediaType\n1\tEsox lucius\tStillImage\n"}
    with pytest.raises(CatalogError, match="Darwin Core Archive"):
        open_catalog(build.zipped(tmp_path / "0001.zip", table))


EVENTS = """<archive xmlns="http://rs.tdwg.org/dwc/text/">
<core rowType="http://rs.tdwg.org/dwc/terms/Event" fieldsTerminatedBy="," ignoreHeaderLines="1">
<files><location>event.csv</location></files><id index="0"/>
<field index="1" term="http://rs.tdwg.org/dwc/terms/locality"/></core>
<extension rowType="http://rs.tdwg.org/dwc/terms/Occurrence" fieldsTerminatedBy="," ignoreHeaderLines="1">
<files><location>occurrence.csv</location></files><coreid index="0"/>
<field index="1" term="http://rs.tdwg.org/dwc/terms/occurrenceID"/>
<field index="2" term="http://rs.tdwg.org/dwc/terms/scientificName"/>
<field index="3" term="http://rs.tdwg.org/dwc/terms/associatedMedia"/></extension>
<extension rowType="http://rs.gbif.org/terms/1.0/Multimedia" fieldsTerminatedBy="," ignoreHeaderLines="1">
<files><location>media.csv</location></files><coreid index="0"/>
<field index="1" term="http://purl.org/dc/terms/identifier"/>
<field index="2" term="http://rs.tdwg.org/dwc/terms/occurrenceID"/></extension></archive>"""


def events(path: Path, occurrences: str, media: str) -> Catalog:
    files = {"meta.xml": EVENTS, "event.csv": "id,locality\ne1,a\ne2,b\n"}
    files |= {"occurrence.csv": f"e,o,n,m\n{occurrences}", "media.csv": f"e,i,o\n{media}"}
    return open_catalog(build.zipped(path / "d.zip", files))


def test_media_of_events_go_to_their_occurrences(tmp_path: Path) -> None:
    occurrences = "e1,o1,Aus bus,\ne1,o2,Aus cus,\ne2,o3,Aus dus,\ne2,o4,Aus dus,\n"
    occurrences += "e3,o5,Aus eus,http://h/5.jpg|http://h/6.jpg\n"
    media = "e1,http://h/1.jpg,o2\ne1,http://h/2.jpg,\ne2,http://h/3.jpg,\ne9,http://h/4.jpg,\n"
    catalog = events(tmp_path, occurrences, media)
    assert dict(zip(catalog.specimens["accessURI"], catalog.specimens["scientificName"], strict=True)) == {
        "http://h/1.jpg": "Aus cus",
        "http://h/3.jpg": "Aus dus",
        "http://h/5.jpg": "Aus eus",
        "http://h/6.jpg": "Aus eus",
    }
    reasons = catalog.rejected.groupby("table")["reason"].agg(list).to_dict()
    assert reasons["media.csv"] == ["its event has 2 species", "no occurrence has the id e9"]
    assert len(reasons["occurrence.csv"]) == 2


@pytest.mark.parametrize(("name", "kept"), [("Notropis stramineus (Cope, 1865)", 3), ("Esox lucius L.", 2)])
def test_occurrences_that_share_an_id_are_told(tmp_path: Path, name: str, kept: int) -> None:
    occurrences = f"{build.OCCURRENCE}2\t{name}\tLeuciscidae\tINHS 10\n"
    found = open_catalog(build.zipped(tmp_path / "d.zip", build.archive_files(**{"occurrence.txt": occurrences})))
    told = [(n.source, n.count, n.text) for n in found.notices if n.key == "repeated_ids"]
    assert told == [("occurrence.txt", 1, "1 row with the id of an earlier row, such as 2")]
    assert len(found.specimens) == kept
    refused = found.rejected.loc[found.rejected["reason"] == "several occurrences have the id 2", ["table", "row"]]
    assert refused.to_numpy().tolist() == ([] if kept == 3 else [["multimedia.txt", 3]])


def test_an_empty_extension_leaves_associated_media(tmp_path: Path) -> None:
    catalog = events(tmp_path, "e1,o1,Aus bus,http://h/1.jpg\n", "")
    assert catalog.specimens["accessURI"].tolist() == ["http://h/1.jpg"]
    assert [notice.text for notice in catalog.notices if notice.key == "archive"] == ["it has no rows"]


def test_rows_that_end_before_the_last_described_column_are_read(tmp_path: Path) -> None:
    shorter = build.OCCURRENCE.replace("\tINHS 8\n", "\n")
    catalog = open_catalog(build.zipped(tmp_path / "d.zip", build.archive_files(**{"occurrence.txt": shorter})))
    assert catalog.specimens["catalogNumber"].tolist() == ['INHS "7"', 'INHS "7"', ""]
    assert [notice.count for notice in catalog.notices if notice.key == "more_delimiters"] == [1]


def test_a_faulty_extension_is_told_and_the_rest_read(tmp_path: Path) -> None:
    faulty = '<extension rowType="http://rs.gbif.org/terms/1.0/Identifier"><coreid/></extension></archive>'
    meta = build.META.replace("</archive>", faulty)
    catalog = open_catalog(build.zipped(tmp_path / "d.zip", build.archive_files(**{"meta.xml": meta})))
    assert len(catalog.specimens) == 3
    assert any("Identifier names no file" in notice.text for notice in catalog.notices)
