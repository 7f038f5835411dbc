"""Tables, folders and archives as people have them: read, or told in one sentence."""

import json
from pathlib import Path

import builders as build
import pandas as pd
import pytest

from finercam_core.catalog import Catalog, open_catalog
from finercam_core.catalog.check import check_catalog, look_at_images
from finercam_core.errors import CatalogError


def opened(path: Path, text: str | bytes) -> Catalog:
    return open_catalog(build.write(path, text))


@pytest.mark.parametrize(
    "content",
    [
        b"sep=;\nscientificName;path\nAus bus;a.jpg\n",
        "scientificName,path\nAus bus,a.jpg\n".encode("utf-16"),
        "scientificName,path\nAus bus,a.jpg\n".encode("utf-16-le"),
        b"scientificName,path\rAus bus,a.jpg\r",
        b'"scientificName" "path"\n"1" "Aus bus" "a.jpg"\n',
        b'"scientificName","path"\n"1","Aus bus","a.jpg"\n',
        b"scientificName,path,\nAus bus,a.jpg\n",
        b"scientificName,path\nAus bus,a.jpg,\n",
        b"genus,specificEpithet,path\nAus,bus,a.jpg\n",
    ],
)
def test_unusual_tables_are_read(tmp_path: Path, content: bytes) -> None:
    catalog = opened(tmp_path / "t.csv", content)
    assert catalog.specimens[["scientificName", "path"]].to_numpy().tolist() == [["Aus bus", "a.jpg"]]
    assert catalog.rejected.empty


def test_a_manifest_may_have_a_mark_and_an_absolute_path(tmp_path: Path) -> None:
    table = build.write(tmp_path / "elsewhere" / "t.csv", "scientificName,path\nAus bus,a.jpg\n")
    text = f'[collection]\nname = "x"\n[[tables]]\npath = "{table.as_posix()}"\n'
    assert opened(tmp_path / "m.toml", b"\xef\xbb\xbf" + text.encode()).species == ["Aus bus"]


@pytest.mark.parametrize(
    ("header", "row", "term", "value"),
    [
        ("id,url,image_url,scientific_name", "1,http://h/obs/1,http://h/1.jpg,Aus bus", "accessURI", "http://h/1.jpg"),
        ("filename,file_url,Species", "a.jpg,http://h/a.jpg,Aus bus", "accessURI", "http://h/a.jpg"),
        ("species,photo_url", "Aus bus,http://h/a.jpg", "accessURI", "http://h/a.jpg"),
        ("species,image", "Aus bus,http://h/a.jpg", "accessURI", "http://h/a.jpg"),
        ("species,url", "Aus bus,a.jpg", "path", "a.jpg"),
        ("species,uri,image_url", "Aus bus,BOLD:AAA1234,http://h/a.jpg", "accessURI", "http://h/a.jpg"),
        ("file_name,url,species", "a.jpg,http://h/large/a.jpg?x=1,Aus bus", "accessURI", "http://h/large/a.jpg?x=1"),
        (
            "processid,species_name,image_urls,uri",
            "P1,Aus bus,http://h/a.jpg|http://h/b.jpg,BOLD:A",
            "accessURI",
            "http://h/a.jpg",
        ),
        ("species,image_urls", "Aus bus,http://h/a.jpg|http://h/b.jpg", "accessURI", "http://h/a.jpg"),
    ],
)
def test_columns_are_chosen_by_what_is_in_them(tmp_path: Path, header: str, row: str, term: str, value: str) -> None:
    catalog = opened(tmp_path / "t.csv", f"{header}\n{row}\n")
    assert catalog.specimens[term].tolist() == [value]
    assert catalog.notices


@pytest.mark.parametrize(
    ("cell", "address", "told"),
    [
        ("https://h.org/a?x=1&amp;y=2", "https://h.org/a?x=1&y=2", 1),
        ("//h.org/a.jpg", "https://h.org/a.jpg", 1),
        ("www.h.org/a.jpg", "https://www.h.org/a.jpg", 1),
        ("static.h.org/photos/1/large.jpg", "https://static.h.org/photos/1/large.jpg", 1),
        ("https://h.org/a?x=1&y=2", "https://h.org/a?x=1&y=2", 0),
    ],
)
def test_addresses_are_read_as_a_browser_reads_them(tmp_path: Path, cell: str, address: str, told: int) -> None:
    catalog = opened(tmp_path / "t.csv", f"species,image_url\nAus bus,{cell}\n")
    assert catalog.specimens[["path", "accessURI", "fault"]].to_numpy().tolist() == [["", address, ""]]
    assert check_catalog(catalog).count("addresses") == told


def test_a_file_in_a_folder_with_a_dot_stays_a_file(tmp_path: Path) -> None:
    catalog = opened(tmp_path / "t.csv", "species,path\nAus bus,img.v2/a.jpg\n")
    assert catalog.specimens["path"].tolist() == ["img.v2/a.jpg"]


def test_of_two_columns_of_files_the_one_that_exists_is_taken(tmp_path: Path) -> None:
    build.write(tmp_path / "chunk_1" / "a.jpg")
    catalog = opened(tmp_path / "fish.csv", build.FISH_VISTA + "\n" + build.fish_row("a", "esox lucius") + "\n")
    assert catalog.specimens["path"].tolist() == ["chunk_1/a.jpg"]
    assert "file_name" in check_catalog(catalog).finding("columns_chosen").cases["text"][0]


@pytest.mark.parametrize(
    ("header", "said"),
    [("uuid,species,resolution_status", "tar shards"), ("processid,chunk,split,dna_barcode,species", "bioscan-5m.toml"),
     ("gbifID,species,mediaType", "Darwin Core Archive"), ("a,b", "write a manifest")],
)  # fmt: skip
def test_tables_that_name_no_images_say_what_to_do(tmp_path: Path, header: str, said: str) -> None:
    with pytest.raises(CatalogError, match=said):
        opened(tmp_path / "t.csv", f"{header}\n" + ",".join("x" for _ in header.split(",")) + "\n")


def test_files_that_are_passed_over_are_told(tmp_path: Path) -> None:
    for name in ("Aus_bus/a.jpg", "Aus_bus/b.HEIC", "Aus_bus/c.gif", "top.jpg", ".ipynb_checkpoints/x.jpg",
                 "__MACOSX/x.jpg", "Aus_bus/._a.JPG"):  # fmt: skip
        build.write(tmp_path / name)
    catalog = open_catalog(tmp_path)
    assert catalog.species == ["Aus bus"]
    assert len(catalog.specimens) == 1
    finding = check_catalog(catalog).finding("passed_over")
    assert finding is not None
    assert finding.count == 6
    assert "HEIC" in " ".join(finding.cases["text"])


def test_folders_beside_the_splits_are_told(tmp_path: Path) -> None:
    for name in ("train/Aus_bus/a.jpg", "extra/Aus_cus/b.jpg"):
        build.write(tmp_path / name)
    assert check_catalog(open_catalog(tmp_path)).count("passed_over") == 1


@pytest.mark.parametrize("name", ["metadata.csv", "train/metadata.csv", "metadata.jsonl"])
def test_the_metadata_of_an_image_folder_are_read(tmp_path: Path, name: str) -> None:
    build.write(tmp_path / "train" / "a.jpg")
    file = "a.jpg" if "/" in name else "train/a.jpg"
    row = {"file_name": file, "label": "Aus bus"}
    text = json.dumps(row) + "\n" if name.endswith("jsonl") else f"file_name,label\n{file},Aus bus\n"
    build.write(tmp_path / name, text)
    catalog = open_catalog(tmp_path)
    assert catalog.specimens[["scientificName", "path"]].to_numpy().tolist() == [["Aus bus", "train/a.jpg"]]


def test_folders_of_common_names_with_one_beginning_are_two_classes(tmp_path: Path) -> None:
    for name in ("White_breasted_Nuthatch", "White_breasted_Kingfisher"):
        build.write(tmp_path / name / "a.jpg")
    assert len(open_catalog(tmp_path).species) == 2


def archive(tmp_path: Path, **changed: str) -> Catalog:
    return open_catalog(build.zipped(tmp_path / "d.zip", build.archive_files(**changed)))


def test_a_header_with_one_tab_more_is_read(tmp_path: Path) -> None:
    text = build.OCCURRENCE.replace("catalogNumber\n", "catalogNumber\t\n")
    assert len(archive(tmp_path, **{"occurrence.txt": text}).specimens) == len(archive(tmp_path).specimens)


def test_an_extension_without_its_file_is_told(tmp_path: Path) -> None:
    second = '<extension rowType="http://rs.gbif.org/terms/1.0/Multimedia"><files><location>gone.txt</location></files>'
    second += '<coreid index="0"/><field index="1" term="http://purl.org/dc/terms/identifier"/></extension></archive>'
    catalog = archive(tmp_path, **{"meta.xml": build.META.replace("</archive>", second)})
    assert len(catalog.specimens) == 3
    assert "gone.txt" in check_catalog(catalog).finding("archive").cases["text"][0]


@pytest.mark.parametrize(
    ("kind", "form", "is_picture"),
    [
        ("Photograph", "image/jpeg", True), ("Photo", "", True), ("dcmitype:StillImage", "", True), ("", ".jpg", True),
        ("image/jpeg", "StillImage", True), ("jpg", "Still Image", True), ("Sound", "image/png", False),
        ("MovingImage", "video/mp4", False),
    ],
)  # fmt: skip
def test_pictures_are_known_in_all_spellings(tmp_path: Path, kind: str, form: str, is_picture: bool) -> None:
    media = f"coreid\ttype\tformat\tidentifier\tlicense\n1\t{kind}\t{form}\thttps://m.org/a.jpg\tCC0\n"
    media += "2\tStillImage\timage/jpeg\thttps://m.org/b.jpg\tCC0\n"
    assert len(archive(tmp_path, **{"multimedia.txt": media}).specimens) == 1 + is_picture


@pytest.mark.parametrize("row", ["thumbnail", "Thumbnail"])
def test_thumbnails_are_set_aside(tmp_path: Path, row: str) -> None:
    meta = build.META.replace("http://purl.org/dc/terms/license", "http://rs.tdwg.org/ac/terms/variantLiteral")
    media = (
        f"coreid\ttype\tformat\tidentifier\tvariant\n1\t\t\thttps://m.org/a.jpg\t{row}\n1\t\t\thttps://m.org/b.jpg\t\n"
    )
    catalog = archive(tmp_path, **{"meta.xml": meta, "multimedia.txt": media})
    assert catalog.specimens["accessURI"].tolist() == ["https://m.org/b.jpg"]
    assert "variantLiteral" in " ".join(catalog.rejected["reason"])


@pytest.mark.parametrize(
    ("cell", "attribute", "count"),
    [("http://m/a.jpg; http://m/b.jpg", "", 2), ("http://m/a.jpg|http://m/b.jpg", "", 2),
     ("http://m/a.jpg, http://m/b.jpg", "", 2), ("http://m/a.jpg ~ http://m/b.jpg", ' delimitedBy="~"', 2),
     ("http://m/a,b.jpg", "", 1)],
)  # fmt: skip
def test_lists_of_media_in_the_core_are_taken_apart(tmp_path: Path, cell: str, attribute: str, count: int) -> None:
    meta = build.META.split("<extension")[0].replace(
        'index="3" term="http://rs.tdwg.org/dwc/terms/catalogNumber"',
        f'index="3" term="http://rs.tdwg.org/dwc/terms/associatedMedia"{attribute}',
    )
    rows = f"gbifID\tscientificName\tfamily\tassociatedMedia\n1\tAus bus\t\t{cell}\n"
    assert len(archive(tmp_path, **{"meta.xml": meta + "</archive>", "occurrence.txt": rows}).specimens) == count


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("datapackage.json", b'{"profile": "camtrap-dp", "resources": []}', "Camtrap"),
        ("x.tgz", b"", "unpack it first"),
    ],
)
def test_forms_that_are_not_read_are_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        opened(tmp_path / name, content)


def test_json_lines_and_feather_are_read(tmp_path: Path) -> None:
    frame = pd.DataFrame({"scientificName": ["Aus bus", "Aus cus"], "path": ["a.jpg", "b.jpg"]})
    frame.to_feather(tmp_path / "t.feather")
    assert open_catalog(tmp_path / "t.feather").species == ["Aus bus", "Aus cus"]
    lines = frame.to_json(orient="records", lines=True) + "{broken\n"
    catalog = opened(tmp_path / "t.jsonl", lines)
    assert (len(catalog.specimens), catalog.rejected["row"].tolist()) == (2, [3])


def test_ambiguous_and_cyclic_synonyms_are_told(tmp_path: Path) -> None:
    table = build.write(tmp_path / "t.csv", "scientificName,path\nAus bus,a.jpg\nAus cus,b.jpg\n")
    pairs = "synonym,accepted\nAus bus,Aus dus\nAus bus,Aus eus\nAus cus,Aus fus\nAus fus,Aus cus\n"
    catalog = open_catalog(table, synonyms=build.write(tmp_path / "s.csv", pairs))
    assert catalog.species == ["Aus bus", "Aus cus"]
    assert check_catalog(catalog).count("synonyms_unusable") == 2


@pytest.mark.parametrize("folder", ["photos", "Images", "img"])
def test_a_table_beside_a_folder_of_photos_says_what_they_are(tmp_path: Path, folder: str) -> None:
    build.write(tmp_path / folder / "1.jpg")
    with pytest.raises(CatalogError, match="not called after a species"):
        open_catalog(tmp_path)
    build.write(tmp_path / "list.csv", f"Photo;Latin name\n{folder}/1.jpg;Aus bus\n")
    assert open_catalog(tmp_path).specimens[["path", "scientificName"]].to_numpy().tolist() == [
        [f"{folder}/1.jpg", "Aus bus"]
    ]


def test_a_list_of_something_else_leaves_folders_of_species(tmp_path: Path) -> None:
    build.write(tmp_path / "Aus_bus" / "1.jpg")
    build.write(tmp_path / "sites.csv", "site,country\n1,x\n")
    catalog = open_catalog(tmp_path)
    assert catalog.species == ["Aus bus"]
    assert check_catalog(catalog).count("passed_over") == 1


def test_files_named_without_their_ending_are_found(tmp_path: Path) -> None:
    build.write(tmp_path / "IMG_1.JPG")
    catalog = opened(tmp_path / "t.csv", "Photo,Latin name\nIMG_1,Aus bus\n")
    check = check_catalog(catalog, look_at_images(catalog, opened=False))
    assert check.finding("paths_repairable").cases["found"].tolist() == ["IMG_1.JPG"]


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_a_table_as_excel_saves_it_is_read_and_told(tmp_path: Path, encoding: str) -> None:
    rows = "".join(f"Aus bus,{i}.jpg,Lac Léman\n" for i in range(30))
    catalog = opened(tmp_path / "t.csv", f"species,path,catalogNumber\n{rows}".encode(encoding))
    assert set(catalog.specimens["catalogNumber"]) == {"Lac Léman"}
    assert "Léman" in check_catalog(catalog).finding("encoding").cases["text"][0]


@pytest.mark.parametrize("header", [
    "Nr;Bilddatei;Art;Fundort", "Nr;Fichier;Espèce;Lieu", "Nr;Archivo;Especie;Lugar", "№;Файл;Вид;Место",
])  # fmt: skip
def test_a_table_in_another_language_says_what_the_photographs_are(tmp_path: Path, header: str) -> None:
    rows = "".join(f"{i};Foto {i}.jpg;{'Aus bus' if i % 2 else 'Aus cus'};Lac {i}\n" for i in range(6))
    for i in range(6):
        build.write(tmp_path / f"Box {i % 2}" / f"Foto {i}.jpg")
    build.write(tmp_path / "list.csv", f"{header}\n{rows}")
    catalog = open_catalog(tmp_path)
    assert catalog.species == ["Aus bus", "Aus cus"]
    assert catalog.specimens["path"].tolist() == [f"Foto {i}.jpg" for i in range(6)]


def test_of_two_columns_with_names_of_species_none_is_taken_by_its_values(tmp_path: Path) -> None:
    build.write(tmp_path / "1.jpg")
    with pytest.raises(CatalogError, match="no column for the species"):
        opened(tmp_path / "t.csv", "Файл;Бабочка;Растение\n1.jpg;Aus bus;Planta magna\n")
