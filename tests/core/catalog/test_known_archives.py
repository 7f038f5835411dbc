"""Darwin Core Archives that once lost rows or images, or could not be opened, with variants."""

from pathlib import Path

import builders as build
import pytest
from known_inputs import JPEG, Case, Files, assert_prints


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


LISTED = {
    build.META[build.META.index("  <extension") : build.META.index("</archive>")]: "",
    "http://rs.tdwg.org/dwc/terms/catalogNumber": "http://rs.tdwg.org/dwc/terms/associatedMedia",
}
VARIANT = {"http://purl.org/dc/terms/license": "http://rs.tdwg.org/ac/terms/variantLiteral"}
CASES: dict[str, Case] = {
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
}


@pytest.mark.parametrize("case", CASES)
def test_what_check_prints(tmp_path: Path, case: str) -> None:
    assert_prints(tmp_path, CASES[case])
