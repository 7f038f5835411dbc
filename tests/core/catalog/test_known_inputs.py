"""Inputs that once lost rows, merged species or could not be opened, with variants, and what `check` prints of them."""

import bz2
import io
from pathlib import Path

import builders as build
import pytest
from finercam_flows.screen.check_table import show
from PIL import Image
from rich.console import Console

from finercam_core.catalog import open_catalog
from finercam_core.catalog.check import check_catalog, look_at_images


def _jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (9, 9), "teal").save(file, "JPEG")
    return file.getvalue()


JPEG = _jpeg()
Files = dict[str, str | bytes]


def rows(count: int, odd: str, where: int) -> str:
    """A table of so many rows, one of them odd."""
    lines = [f"Aus cus,{i}.jpg,y" for i in range(count)]
    lines[where] += odd
    return "scientificName,path,x\n" + "\n".join(lines) + "\n"


def table(text: str, name: str = "t.csv", **images: bytes) -> Files:
    return {name: text, **{f"{stem}.jpg": content for stem, content in (images or {"a": JPEG, "b": JPEG}).items()}}


def archive(meta: dict[str, str] | None = None, **changed: str) -> Files:
    text = build.META
    for old, new in (meta or {}).items():
        text = text.replace(old, new)
    return build.archive_files(**{"meta.xml": text, **{f"{name}.txt": value for name, value in changed.items()}})


def media(*lines: str) -> str:
    return "coreid\ttype\tformat\tidentifier\tlicense\n" + "".join(f"{line}\n" for line in lines)


def core(cell: str) -> str:
    return f"gbifID\tscientificName\tfamily\tassociatedMedia\n1\tAus bus\t\t{cell}\n"


def more(kind: str, inner: str) -> dict[str, str]:
    """A further extension of this kind in `meta.xml`."""
    text = f'<extension rowType="http://rs.gbif.org/terms/1.0/{kind}">{inner}</extension></archive>'
    return {"</archive>": text}


def files_of(name: str) -> str:
    return f'<files><location>{name}</location></files><coreid index="0"/>'


def fishes(*chunks: int) -> str:
    """Rows of Fish-Vista for `a`, `b` … in these chunks."""
    return "\n".join(
        [build.FISH_VISTA, *(build.fish_row("ab"[i], "aus bus", chunk=c) for i, c in enumerate(chunks)), ""]
    )


LISTED = {
    build.META[build.META.index("  <extension") : build.META.index("</archive>")]: "",
    "http://rs.tdwg.org/dwc/terms/catalogNumber": "http://rs.tdwg.org/dwc/terms/associatedMedia",
}
VARIANT = {"http://purl.org/dc/terms/license": "http://rs.tdwg.org/ac/terms/variantLiteral"}
# What is opened, its files, what the line of rows says, and what is told somewhere on the screen.
CASES: dict[str, tuple[str, Files, str, str]] = {
    "1 stray mark": ("t.csv", table(rows(2000, ',"open', 999)), "2,000 read: 2,000 images, 0 rep", "row 1000"),
    "1 first row": ("t.csv", table(rows(50, '"', 0)), "50 read: 50 images, 0 rep", ""),
    "1 last row": ("t.csv", table(rows(50, ',"open', 49)), "50 read: 50 images", "row 50"),
    "2 NA": ("t.csv", table("scientificName,path,mask\nAus bus,a.jpg,NA\nAus bus,NA,NA\n"), "2 read: 1 image", "NA 2"),
    "2 NULL": ("t.csv", table("scientificName,path,mask\nAus bus,a.jpg,NULL\nAus bus,b.jpg,\n"), "2 images", "NULL 1"),
    "2 unknown": ("t.csv", table("scientificName,path,split\nAus bus,a.jpg,unknown\n"), "1 image", "unknown 1"),
    "3 parts": ("t.csv", table("genus,specificEpithet,path\nAus,bus,a.jpg\n"), "1 read: 1 image", "1, of which 1"),
    "3 rank": (
        "t.csv",
        table("genus,specificEpithet,infraspecificEpithet,taxonRank,path\nAus,bus,cus,variety,a.jpg\n"),
        "1 read: 1 image",
        "Aus bus var. cus",
    ),
    "3 open": ("t.csv", table("genus,specificEpithet,path\nAus,sp.,a.jpg\n"), "1 read: 1 image", "Aus sp."),
    "4 two epithets": ("t.csv", table("genus,species,path\nAus,bus cus,a.jpg\n"), "1 image", "Aus bus cus"),
    "4 doubt": ("t.csv", table("genus,species,path\nAus,cf. bus,a.jpg\n"), "1 image", "Aus cf. bus"),
    "4 whole": ("t.csv", table("genus,species,path\nAus,Aus bus,a.jpg\n"), "1 image", "Aus bus"),
    "5 page": (
        "t.csv",
        table("id,url,image_url,species\n1,http://h/o/1,http://h/1.jpg,Aus bus\n"),
        "1 image",
        "'image_url'",
    ),
    "5 photo": (
        "t.csv",
        table("url,photo_url,species\nhttp://h/o/1,http://h/1.jpg,Aus bus\n"),
        "1 image",
        "'photo_url'",
    ),
    "5 barcode": ("t.csv", table("uri,image_url,species\nBOLD:A1,http://h/1.jpg,Aus bus\n"), "1 image", "'image_url'"),
    "6 address": (
        "t.csv",
        table("filename,file_url,Species,md5\nz.jpg,http://h/z.jpg,Aus bus,\n"),
        "1 image",
        "'file_url'",
    ),
    "6 there": (
        "t.csv",
        table("filename,file_url,Species\na.jpg,http://h/a.jpg,Aus bus\n"),
        "1 image",
        "each local one",
    ),
    "6 size": ("t.csv", table("filename,photo,Species\nz.jpg,http://h/9/z.jpg?s=1,Aus bus\n"), "1 image", "'photo'"),
    "7 address": ("t.csv", table("species,image\nAus bus,http://h/1.jpg\n"), "1 image", "accessURI from 'image'"),
    "7 path": ("t.csv", table("species,url\nAus bus,a.jpg\n"), "1 image", "path from 'url'"),
    "7 both": ("t.csv", table("species,image\nAus bus,http://h/1.jpg\nAus bus,a.jpg\n"), "2 images", ""),
    "8 UTF-16": (
        "t.csv",
        {**table(""), "t.csv": "scientificName,path\nAus bus,a.jpg\n".encode("utf-16")},
        "1 image",
        "UTF-16",
    ),
    "8 separator": ("t.csv", table("sep=;\nscientificName;path\nAus bus;a.jpg\n"), "1 read: 1 image", ""),
    "8 R": (
        "t.csv",
        table('"scientificName" "path"\n"1" "Aus bus" "a.jpg"\n'),
        "1 read: 1 image",
        "one column shorter",
    ),
    "9 mark": (
        "m.toml",
        {
            **table("scientificName,path\nAus bus,a.jpg\n"),
            "m.toml": b'\xef\xbb\xbf[collection]\nname = "x"\n[[tables]]\npath = "t.csv"\n',
        },
        "1 image",
        "",
    ),
    "9 table mark": ("t.csv", table("\ufeffscientificName,path\nAus bus,a.jpg\n"), "1 read: 1 image", ""),
    "9 quoted mark": ("t.csv", table('\ufeff"scientificName","path"\n"Aus bus","a.jpg"\n'), "1 read: 1 image", ""),
    "10 nuthatch": (
        "",
        {"White_breasted_Nuthatch/a.jpg": JPEG, "White_breasted_Kingfisher/a.jpg": JPEG},
        "2 images",
        "White breasted Nuthatch",
    ),
    "10 heron": ("", {"Great_Blue_Heron/a.jpg": JPEG, "Great_Blue_Turaco/a.jpg": JPEG}, "2 images", "heron"),
    "10 hyphen": ("", {"Red-tailed Hawk/a.jpg": JPEG, "Red-tailed Tropicbird/a.jpg": JPEG}, "2 images", "Hawk"),
    "11 metadata": (
        "",
        {"metadata.csv": "file_name,label\ntrain/a.jpg,Aus bus\n", "train/a.jpg": JPEG},
        "1 image",
        "Aus bus",
    ),
    "11 in the split": (
        "",
        {"test/metadata.csv": "file_name,label\na.jpg,Aus bus\n", "test/a.jpg": JPEG},
        "1 image",
        "1 test",
    ),
    "11 lines": (
        "",
        {"metadata.jsonl": '{"file_name": "a.jpg", "species": "Aus bus"}\n', "a.jpg": JPEG},
        "1 image",
        "",
    ),
    "12 passed over": (
        "",
        {"Aus_bus/a.jpg": JPEG, "Aus_bus/b.HEIC": b"", "c.gif": b"", "d.jpg": JPEG},
        "1 image",
        "3 files passed over",
    ),
    "12 beside splits": (
        "",
        {"train/Aus_bus/a.jpg": JPEG, "extra/Aus_cus/b.jpg": JPEG},
        "1 image",
        "1 file passed over",
    ),
    "12 raw": (
        "",
        {"Aus_bus/a.jpg": JPEG, "Aus_bus/b.CR2": b"", "Aus_bus/c.dng": b""},
        "1 image",
        "2 files passed over",
    ),
    "13 hidden": (
        "",
        {"Aus_bus/a.jpg": JPEG, ".ipynb_checkpoints/a.jpg": JPEG, "__MACOSX/b.jpg": JPEG},
        "1 image",
        "2 files passed over",
    ),
    "13 resource": ("", {"Aus_bus/a.jpg": JPEG, "Aus_bus/._a.jpg": b""}, "1 image", "1 file passed over"),
    "13 deep": ("", {"Aus_bus/a.jpg": JPEG, "Aus_bus/.thumbs/a.jpg": JPEG}, "1 image", "1 file passed over"),
    "14 tab": (
        "meta",
        archive(occurrence=build.OCCURRENCE.replace("catalogNumber\n", "catalogNumber\t\n")),
        "6 read: 3 images",
        "",
    ),
    "14 media": (
        "meta",
        archive(multimedia=build.MULTIMEDIA.replace("license\n", "license\t\n", 1)),
        "6 read: 3 images",
        "",
    ),
    "14 rows": ("meta", archive(occurrence=build.OCCURRENCE.replace("INHS 8\n", "INHS 8\t\n")), "6 read: 3 images", ""),
    "15 semicolon": (
        "meta",
        archive(LISTED, occurrence=core("http://h/a.jpg; http://h/b.jpg")),
        "2 read: 2 images",
        "",
    ),
    "15 files": ("meta", archive(LISTED, occurrence=core("a.tif;b.tif")), "2 read: 2 images", ""),
    "15 bar": ("meta", archive(LISTED, occurrence=core("http://h/a|http://h/b|http://h/c")), "3 read: 3 images", ""),
    "16 words": (
        "meta",
        archive(
            multimedia=media(
                "1\tPhotograph\t\th/1.jpg\t", "2\tdcmitype:StillImage\t\th/2.jpg\t", "3\t\t.jpg\th/3.jpg\t"
            )
        ),
        "3 images",
        "",
    ),
    "16 swapped": ("meta", archive(multimedia=media("1\timage/jpeg\tStillImage\th/1.jpg\t")), "3 read: 1 image", ""),
    "16 sound": (
        "meta",
        archive(multimedia=media("1\tSound\taudio/mpeg\th/1.mp3\t", "2\tPhoto\t\th/2.jpg\t")),
        "1 image",
        "type Sound, format audio/mpeg",
    ),
    "17 gone": ("meta", archive(more("Multimedia", files_of("gone.txt"))), "3 images", "gone.txt is missing"),
    "17 other": ("meta", archive(more("Identifier", files_of("ids.txt"))), "3 images", "ids.txt is missing"),
    "17 faulty": ("meta", archive(more("Identifier", '<coreid index="0"/>')), "3 images", "Identifier names no file"),
    "18 inside": (
        "meta",
        {**archive(multimedia=media("1\t\t\tmedia/1.jpg\t")), "media/1.jpg": JPEG},
        "1 image",
        "1 usable, each local one",
    ),
    "18 top": (
        "meta",
        {**archive(multimedia=media("1\t\t\t1.jpg\t")), "1.jpg": JPEG},
        "1 image",
        "1 usable, each local one",
    ),
    "18 listed": (
        "meta",
        {**archive(LISTED, occurrence=core("media/1.jpg|media/2.jpg")), "media/1.jpg": JPEG, "media/2.jpg": JPEG},
        "2 images",
        "2 usable",
    ),
    "19 thumbnail": (
        "meta",
        archive(VARIANT, multimedia=media("1\t\t\th/1.jpg\tthumbnail", "1\t\t\th/2.jpg\tbest")),
        "1 image",
        "variantLiteral thumbnail",
    ),
    "19 preview": (
        "meta",
        archive(VARIANT, multimedia=media("1\t\t\th/1.jpg\tPreview", "1\t\t\th/2.jpg\t")),
        "1 image",
        "variantLiteral preview",
    ),
    "19 label": (
        "meta",
        archive(
            {"http://purl.org/dc/terms/license": "http://rs.tdwg.org/ac/terms/subtype"},
            multimedia=media("1\t\t\th/1.jpg\tLabel", "1\t\t\th/2.jpg\tPhotograph"),
        ),
        "1 image",
        "subtype label",
    ),
    "30 lines": ("t.jsonl", table('{"species": "Aus bus", "path": "a.jpg"}\n', "t.jsonl"), "1 read: 1 image", ""),
    "30 packed": (
        "t.csv.bz2",
        {"t.csv.bz2": bz2.compress(b"species,path\nAus bus,a.jpg\n"), "a.jpg": JPEG},
        "1 image",
        "",
    ),
    "30 rows": ("t.json", table('[{"species": "Aus bus", "path": "a.jpg"}]', "t.json"), "1 read: 1 image", ""),
    "34 absolute": (
        "m.toml",
        {
            "img/a.jpg": JPEG,
            "tab/t.csv": "species,path\nAus bus,a.jpg\n",
            "m.toml": '[collection]\nname = "x"\nroot = "img"\n[[tables]]\npath = "{folder}/tab/t.csv"\n',
        },
        "1 image",
        "1 usable",
    ),
    "35 fish": (
        "fish.csv",
        {"fish.csv": fishes(1), "chunk_1/a.jpg": JPEG},
        "1 image",
        "'file_name' rather than 'filename'",
    ),
    "35 flat": ("fish.csv", {"fish.csv": fishes(1), "a.jpg": JPEG}, "1 image", "1 usable"),
    "35 two chunks": (
        "x.csv",
        {"x.csv": fishes(1, 2), "chunk_1/a.jpg": JPEG, "chunk_2/b.jpg": JPEG},
        "2 images",
        "2 usable",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_check_prints(tmp_path: Path, case: str) -> None:
    source, files, line, told = CASES[case]
    for name, content in files.items():
        text = content.replace("{folder}", tmp_path.as_posix()) if isinstance(content, str) else content
        build.write(tmp_path / name, text)
    catalog = open_catalog(tmp_path if source in ("", "meta") else tmp_path / source)
    result = check_catalog(catalog, look_at_images(catalog))
    console = Console(record=True, width=200, file=io.StringIO())
    show(result, console, details=True)
    text = console.export_text()
    first = next(row for row in text.splitlines() if row.startswith("rows"))
    assert line in first
    assert told in text
    counts = result.counts
    assert counts["rows"] == counts["images"] + counts["rejected"] + counts["repeats"]
