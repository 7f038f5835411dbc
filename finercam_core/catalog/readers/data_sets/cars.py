"""Stanford Cars: models stand where species do, makes where genera do; its annotations are MATLAB files."""

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from finercam_core.catalog.readers.lists import box_or_words, box_text, numbered
from finercam_core.catalog.source import CatalogSource, MappedTable
from finercam_core.errors import CatalogError
from finercam_core.io.raw_tables import RawTable

WHOLE, META = "cars_annos.mat", "cars_meta.mat"
_TRAIN, _TEST = "cars_train_annos.mat", "cars_test_annos_withlabels.mat"
_TWO_WORDS = ("AM General", "Aston Martin", "Land Rover", "Rolls Royce", "Alfa Romeo")
_COLUMNS = {
    "scientificName": ["class"],
    "genus": ["make"],
    "split": ["split"],
    "boundingBox": ["box"],
}
_FOLDERS = {"train": "cars_train/{file}", "test": "cars_test/{file}", "": "{file}"}
_CORNERS = ("bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2")
_SCRIPT = """
import pickle, sys
from scipy.io import loadmat
pickle.dump(loadmat(sys.argv[1]).get(sys.argv[2]), sys.stdout.buffer)
"""


def find_cars(folder: Path) -> list[tuple[str, Path]]:
    """Annotation files of a folder with the split that each is of; empty if it is not Stanford Cars."""
    if (folder / WHOLE).is_file():
        return [("", folder / WHOLE)]
    for devkit in (folder / "devkit", folder):
        files = [(s, devkit / name) for s, name in (("train", _TRAIN), ("test", _TEST)) if (devkit / name).is_file()]
        # The labels of the test images often lie beside the devkit.
        if len(files) == 1 and (folder / _TEST).is_file():
            files.append(("test", folder / _TEST))
        if files and (devkit / META).is_file():
            return files
    return []


def read_cars(folder: Path) -> CatalogSource:
    """Read the MATLAB files of Stanford Cars: the devkit with its two splits, or the single `cars_annos.mat`."""
    files = find_cars(folder)
    if not files:
        raise CatalogError(f"{folder} has no {WHOLE} and no devkit with {_TRAIN}", "give the folder of Stanford Cars")
    meta = files[0][1] if files[0][1].name == WHOLE else files[0][1].parent / META
    names = [_text(name) for name in np.ravel(read_matlab(meta, "class_names"))]
    tables = [
        MappedTable(_read_annotations(path, split, names), {**_COLUMNS, "path": [_FOLDERS[split]]})
        for split, path in files
    ]
    return CatalogSource("Stanford Cars", str(folder), tables, names="verbatim")


def make_of(name: str) -> str:
    """The make of a model: its first word, or two for the makes that have two."""
    return next((make for make in _TWO_WORDS if name.startswith(f"{make} ")), name.partition(" ")[0])


def _read_annotations(path: Path, split: str, names: list[str]) -> RawTable:
    """The annotated images of one file; `split` "" where the file itself tells the split."""
    rows = np.ravel(read_matlab(path, "annotations"))
    fields = rows.dtype.names or ()
    file = "relative_im_path" if "relative_im_path" in fields else "fname"
    if file not in fields or "class" not in fields:
        raise CatalogError(f"{path} has no classes of images", "give the test annotations with labels")
    frame = pd.DataFrame({name: [_text(value) for value in rows[name]] for name in fields}, dtype="str")
    numbers = pd.to_numeric(frame["class"], errors="coerce")
    frame["class"] = [names[int(n) - 1] if n in range(1, len(names) + 1) else "" for n in numbers]
    frame["make"] = [make_of(name) for name in frame["class"]]
    frame["file"] = frame[file]
    frame["split"] = split or (frame["test"].replace({"0": "train", "1": "test"}) if "test" in fields else "")
    frame["box"] = ""
    if set(_CORNERS) <= set(fields):
        frame["box"] = box_or_words(box_text(*(frame[name] for name in _CORNERS)), frame[list(_CORNERS)])
    return numbered(path.name, frame)


def read_matlab(path: Path, field: str) -> Any:
    """One variable of a MATLAB file, as `scipy.io.loadmat` gives it.

    It is read in a process of its own, since some damaged files crash the process that reads them.

    Raises
    ------
    CatalogError
        The file cannot be read, or has no such variable.
    """
    done = subprocess.run([sys.executable, "-c", _SCRIPT, str(path), field], capture_output=True, check=False)
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        reason = lines[-1][:200] if done.returncode > 0 and lines else "the process that read it was ended"
        raise CatalogError(f"{path} is not a readable MATLAB file: {reason}", "fetch it again")
    value = pickle.loads(done.stdout)
    if value is None:
        raise CatalogError(f"{path} has no {field}", "fetch the data set again")
    return value


def _text(value: Any) -> str:
    """The single value in MATLAB's nested arrays, as text."""
    flat = np.ravel(value)
    while flat.dtype == object and len(flat) == 1:
        flat = np.ravel(flat[0])
    return str(flat[0]) if len(flat) else ""
