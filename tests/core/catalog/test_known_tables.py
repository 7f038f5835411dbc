"""Tables and folders that once lost rows, merged species or could not be opened, with variants."""

import bz2
from pathlib import Path

import builders as build
import pytest
from known_inputs import JPEG, Case, Files, assert_prints


def rows(count: int, odd: str, where: int) -> str:
    """A table of so many rows, one of them odd."""
    lines = [f"Aus cus,{i}.jpg,y" for i in range(count)]
    lines[where] += odd
    return "scientificName,path,x\n" + "\n".join(lines) + "\n"


def table(text: str, name: str = "t.csv", **images: bytes) -> Files:
    return {name: text, **{f"{stem}.jpg": content for stem, content in (images or {"a": JPEG, "b": JPEG}).items()}}


def fishes(*chunks: int) -> str:
    """Rows of Fish-Vista for `a`, `b` … in these chunks."""
    return "\n".join(
        [build.FISH_VISTA, *(build.fish_row("ab"[i], "aus bus", chunk=c) for i, c in enumerate(chunks)), ""]
    )


CASES: dict[str, Case] = {
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
    assert_prints(tmp_path, CASES[case])
