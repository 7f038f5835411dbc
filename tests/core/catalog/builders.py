"""Collections in the layouts of others, as small as they can be."""

import io
import json
import zipfile
from pathlib import Path

import pandas as pd

FISH_VISTA = (
    "filename,source_filename,original_format,arkid,family,source,owner,standardized_species,original_url,license,"
    "adipose_fin,pelvic_fin,barbel,multiple_dorsal_fin,file_name"
)
TRAITS = {"0": "background", "1": "head", "8": "adipose fin"}


def write(path: Path, text: str | bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def fish_row(
    stem: str, species: str, family: str = "Leuciscidae", source: str = "", licence: str = "CC BY", chunk: int = 1
) -> str:
    source = source or f"{stem}.jpg"
    return (
        f"{stem}.jpg,{source},jpg,,{family},INHS,INHS,{species},http://x.org/{stem},{licence},0,1,0,0,"
        f"chunk_{chunk}/{stem}.jpg"
    )


def fish_vista(
    root: Path, tables: dict[str, list[str]], *, flat: bool = False, missing: frozenset[str] = frozenset()
) -> Path:
    """Tables of rows of `fish_row`, their images as empty files, and the masks' json."""
    for name, rows in tables.items():
        write(root / name, "\n".join([FISH_VISTA, *rows]) + "\n")
        for row in rows:
            stem, place = row.split(",")[0].removesuffix(".jpg"), row.split(",")[-1]
            if stem not in missing:
                write(root / "Images" / (f"{stem}.jpg" if flat else place))
            if name.startswith("segmentation"):
                write(root / "segmentation_masks" / "images" / f"{stem}.png")
    write(root / "segmentation_masks" / "seg_id_trait_map.json", json.dumps(TRAITS))
    return root


META = """<?xml version="1.0" encoding="utf-8"?>
<archive xmlns="http://rs.tdwg.org/dwc/text/" metadata="eml.xml">
  <core encoding="UTF-8" fieldsTerminatedBy="\\t" linesTerminatedBy="\\n" fieldsEnclosedBy="" ignoreHeaderLines="1"
        rowType="http://rs.tdwg.org/dwc/terms/Occurrence">
    <files><location>occurrence.txt</location></files>
    <id index="0"/>
    <field index="0" term="http://rs.gbif.org/terms/1.0/gbifID"/>
    <field index="1" term="http://rs.tdwg.org/dwc/terms/scientificName"/>
    <field index="2" term="http://rs.tdwg.org/dwc/terms/family"/>
    <field index="3" term="http://rs.tdwg.org/dwc/terms/catalogNumber"/>
    <field term="http://purl.org/dc/terms/rightsHolder" default="A Museum"/>
  </core>
  <extension encoding="UTF-8" fieldsTerminatedBy="\\t" linesTerminatedBy="\\n" fieldsEnclosedBy="" ignoreHeaderLines="1"
        rowType="http://rs.gbif.org/terms/1.0/Multimedia">
    <files><location>multimedia.txt</location></files>
    <coreid index="0"/>
    <field index="1" term="http://purl.org/dc/terms/type"/>
    <field index="2" term="http://purl.org/dc/terms/format"/>
    <field index="3" term="http://purl.org/dc/terms/identifier"/>
    <field index="4" term="http://purl.org/dc/terms/license"/>
  </extension>
</archive>
"""
OCCURRENCE = """gbifID\tscientificName\tfamily\tcatalogNumber
1\tNotropis atherinoides Rafinesque, 1818\tLeuciscidae\tINHS "7"
2\tNotropis stramineus (Cope, 1865)\tLeuciscidae\tINHS 8
3\tEsox lucius L.\tEsocidae\tINHS 9
"""
MULTIMEDIA = """coreid\ttype\tformat\tidentifier\tlicense
1\tStillImage\timage/jpeg\thttps://m.org/1a.jpg\tCC0
1\tStillImage\timage/jpeg\thttps://m.org/1b.jpg\tCC0
2\t\timage/png\thttps://m.org/2.png\thttp://creativecommons.org/licenses/by-nd/4.0/
2\tSound\taudio/mpeg\thttps://m.org/2.mp3\tCC0
9\tStillImage\timage/jpeg\thttps://m.org/9.jpg\tCC0
"""


def archive_files(**changed: str) -> dict[str, str]:
    return {"meta.xml": META, "occurrence.txt": OCCURRENCE, "multimedia.txt": MULTIMEDIA, **changed}


def zipped(path: Path, files: dict[str, str]) -> Path:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return write(path, buffer.getvalue())


def cub(root: Path) -> Path:
    write(
        root / "images.txt",
        "1 001.Laysan_Albatross/L_1.jpg\n2 001.Laysan_Albatross/L_2.jpg\n3 002.Sooty_Tern/S_1.jpg\n",
    )
    write(root / "image_class_labels.txt", "1 1\n2 1\n3 2\n")
    write(root / "classes.txt", "1 001.Laysan_Albatross\n2 002.Sooty_Tern\n")
    write(root / "train_test_split.txt", "1 1\n2 0\n3 1\n")
    write(root / "bounding_boxes.txt", "1 60.0 27.0 325.0 304.0\n2 139.0 30.0 153.0 264.0\n3 1.5 2.0 3.0 4.0\n")
    write(root / "segmentations" / "001.Laysan_Albatross" / "L_1.png")
    return root


def aircraft(root: Path) -> Path:
    for split, lines in {"train": ["0000001 707-320", "0000002 A330-200"], "test": ["0000003 707-320"]}.items():
        write(root / "data" / f"images_variant_{split}.txt", "\n".join(lines) + "\n")
        family = [line.replace("707-320", "Boeing 707").replace("A330-200", "A330") for line in lines]
        write(root / "data" / f"images_family_{split}.txt", "\n".join(family) + "\n")
        maker = [line.replace("707-320", "Boeing").replace("A330-200", "Airbus") for line in lines]
        write(root / "data" / f"images_manufacturer_{split}.txt", "\n".join(maker) + "\n")
    write(root / "data" / "images_box.txt", "0000001 3 144 998 431\n0000002 1 2 11 22\n0000003 5 5 5 9\n")
    return root


def cars(root: Path) -> Path:
    import numpy as np
    from scipy.io import savemat

    names = np.array(["AM General Hummer SUV 2000", "Acura RL Sedan 2012"], object)
    (root / "devkit").mkdir(parents=True)
    savemat(root / "devkit" / "cars_meta.mat", {"class_names": names})
    fields = ["bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2", "class", "fname"]
    kinds = [(name, object) for name in fields]
    train = np.array([(39, 116, 569, 375, 1, "00001.jpg"), (1, 2, 3, 4, 2, "00002.jpg")], kinds)
    savemat(root / "devkit" / "cars_train_annos.mat", {"annotations": train})
    test = np.array([(10, 10, 20, 30, 2, "00001.jpg")], kinds)
    savemat(root / "cars_test_annos_withlabels.mat", {"annotations": test})
    return root


def birds(root: Path) -> Path:
    rows = [
        {"class id": 0, "filepaths": "train/ABBOTTS BABBLER/001.jpg", "labels": "ABBOTTS BABBLER", "data set": "train",
         "scientific name": "MALACOCINCLA ABBOTTI"},
        {"class id": 1, "filepaths": "valid/ABBOTTS BOOBY/1.jpg", "labels": "ABBOTTS BOOBY", "data set": "valid",
         "scientific name": "PAPASULA ABBOTTI"},
    ]  # fmt: skip
    write(root / "birds.csv")
    pd.DataFrame(rows).to_csv(root / "birds.csv", index=False)
    return root


def croissant(root: Path) -> Path:
    def field(name: str, column: str) -> dict[str, object]:
        source = {"fileObject": {"@id": "t.csv"}, "extract": {"column": column}}
        return {"@type": "cr:Field", "@id": f"r/{name}", "name": name, "dataType": "sc:Text", "source": source}

    plain = ("recordSet", "field", "source", "fileObject", "fileSet", "extract", "column", "includes", "key")
    context: dict[str, object] = {name: f"cr:{name}" for name in plain}
    context |= {"@language": "en", "@vocab": "https://schema.org/", "sc": "https://schema.org/"}
    context |= {"cr": "http://mlcommons.org/croissant/", "dct": "http://purl.org/dc/terms/"}
    context |= {"conformsTo": "dct:conformsTo", "dataType": {"@id": "cr:dataType", "@type": "@vocab"}}
    file = {"@type": "cr:FileObject", "@id": "t.csv", "name": "t.csv", "contentUrl": "data/t.csv",
            "encodingFormat": "text/csv", "sha256": "0" * 64}  # fmt: skip
    records = {"@type": "cr:RecordSet", "@id": "r", "name": "r",
               "field": [field("scientificName", "sp"), field("image_path", "img")]}  # fmt: skip
    described = {
        "@context": context, "@type": "sc:Dataset", "name": "fish", "conformsTo": "http://mlcommons.org/croissant/1.0",
        "license": "CC0-1.0", "url": "https://example.org/fish", "description": "fish", "distribution": [file],
        "recordSet": [records],
    }  # fmt: skip
    write(root / "data" / "t.csv", "sp,img\nAus bus,a.jpg\nAus cus,b.jpg\n")
    return write(root / "croissant.json", json.dumps(described))
