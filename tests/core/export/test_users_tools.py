"""Exports opened in the programs of their users, which are installed for it: every region equal, pixel by pixel."""

import subprocess
import venv
from pathlib import Path

import numpy as np
import pytest

from finercam_core.export import FormatSettings, accepted_masks, export
from finercam_core.export.formats.mask_writer import region_id
from finercam_core.regions.rle import encode
from finercam_core.review import Comparison, Region, ReviewLog, Verdict
from finercam_core.store import open_store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
READERS = Path(__file__).parents[2] / "helpers" / "export_readers.py"
PACKAGES = {
    "supervision": ("supervision", "geopandas", "rasterio", "label-studio-sdk", "pycocotools"),
    "datumaro": ("datumaro",),
}
TOOLS = [
    ("supervision_yolo", "supervision", "yolo", FormatSettings()),
    ("supervision_coco", "supervision", "coco", FormatSettings(outlines="rle")),
    ("geopandas_geojson", "supervision", "geojson", FormatSettings()),
    ("label_studio", "supervision", "label-studio", FormatSettings()),
    ("datumaro_coco", "datumaro", "coco", FormatSettings()),
    ("datumaro_cvat", "datumaro", "cvat", FormatSettings()),
]
SIZE = (64, 96)


@pytest.fixture(scope="module")
def pythons(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A Python with each set of programs, which do not agree on the packages that they need."""
    made: dict[str, Path] = {}
    for name, packages in PACKAGES.items():
        folder = tmp_path_factory.mktemp(name)
        venv.create(folder, with_pip=True)
        made[name] = folder / "bin" / "python"
        subprocess.run([made[name], "-m", "pip", "install", "--quiet", *packages], check=True)
    return made


@pytest.mark.parametrize(("tool", "environment", "form", "settings"), TOOLS)
def test_each_program_gets_every_pixel(
    reviewed: Path, tmp_path: Path, pythons: dict[str, Path], tool: str, environment: str, form: str,
    settings: FormatSettings,
) -> None:  # fmt: skip
    border, lone, holes = (np.zeros(SIZE, bool) for _ in range(3))
    border[0] = border[:, -1] = lone[5, 7] = True
    holes[10:50, 10:80] = np.random.default_rng(3).random((40, 70)) < 0.8
    parts = tuple(Region(encode(mask), "Eye", number=n) for n, mask in enumerate((border, lone, holes), 1))
    made = Comparison(0.6, "mean", "gradcam", ("Aus dus",))
    ReviewLog(reviewed, "Ada").append(Verdict("Aus_cus-003", "Aus cus", "Ada", "accept", made, parts))
    export(reviewed, tmp_path / "out", format=form, settings=settings)
    records = list(accepted_masks(open_store(reviewed)))
    np.savez(tmp_path / "expected.npz", **{region_id(record): record.mask for record in records})
    told = subprocess.run([pythons[environment], READERS, tool, tmp_path], capture_output=True, text=True, check=False)
    print(told.stdout)
    assert told.returncode == 0, told.stderr[-3000:]
