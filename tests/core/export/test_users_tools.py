"""Exports opened in the programs of their users, which are installed for it: every region equal, pixel by pixel."""

import subprocess
import venv
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from atlas_browser import chromium, file_server

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


def accept_more(store: Path) -> None:
    """Regions at the border, of one pixel, and full of holes."""
    border, lone, holes = (np.zeros(SIZE, bool) for _ in range(3))
    border[0] = border[:, -1] = lone[5, 7] = True
    holes[10:50, 10:80] = np.random.default_rng(3).random((40, 70)) < 0.8
    parts = tuple(Region(encode(mask), "Eye", number=n) for n, mask in enumerate((border, lone, holes), 1))
    made = Comparison(0.6, "mean", "gradcam", ("Aus dus",))
    ReviewLog(store, "Ada").append(Verdict("Aus_cus-003", "Aus cus", "Ada", "accept", made, parts))


@pytest.mark.parametrize(("tool", "environment", "form", "settings"), TOOLS)
def test_each_program_gets_every_pixel(
    reviewed: Path, tmp_path: Path, pythons: dict[str, Path], tool: str, environment: str, form: str,
    settings: FormatSettings,
) -> None:  # fmt: skip
    accept_more(reviewed)
    export(reviewed, tmp_path / "out", format=form, settings=settings)
    records = list(accepted_masks(open_store(reviewed)))
    np.savez(tmp_path / "expected.npz", **{region_id(record): record.mask for record in records})
    told = subprocess.run([pythons[environment], READERS, tool, tmp_path], capture_output=True, text=True, check=False)
    print(told.stdout)
    assert told.returncode == 0, told.stderr[-3000:]


FILL = """
const done = arguments[arguments.length - 1];
fetch("manifest.json").then((answer) => answer.json()).then(async ({ items }) => {
  const found = [];
  for (const canvas of items) {
    const picture = new Image();
    picture.src = canvas.items[0].items[0].body.id;
    await picture.decode();
    if (picture.naturalWidth !== canvas.width || picture.naturalHeight !== canvas.height) throw new Error(canvas.id);
    for (const one of canvas.annotations[0].items) {
      const drawing = new DOMParser().parseFromString(one.target.selector[0].value, "image/svg+xml");
      const page = document.createElement("canvas");
      Object.assign(page, { width: canvas.width, height: canvas.height });
      const pen = page.getContext("2d");
      pen.fill(new Path2D(drawing.querySelector("path").getAttribute("d")), "evenodd");
      const pixels = pen.getImageData(0, 0, page.width, page.height).data;
      found.push([one.id, Array.from({ length: pixels.length / 4 }, (_, i) => pixels[4 * i + 3])]);
    }
  }
  done(found);
}).catch((error) => done(String(error)));
"""


def test_a_browser_opens_the_manifest_and_fills_every_pixel(reviewed: Path, tmp_path: Path) -> None:
    """Of each canvas the photograph, and of each region its path, at one pixel for one."""
    accept_more(reviewed)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "index.html").write_text("<!doctype html><title>a viewer</title>")
    with file_server(tmp_path / "out") as address, chromium(tmp_path / "profile") as browser:
        export(reviewed, tmp_path / "out", format="iiif", settings=FormatSettings(base_url=address))
        browser.open(f"{address}/index.html", 800)
        found = browser.driver.execute_async_script(FILL)
    assert isinstance(found, list), found
    expected = {region_id(record): record.mask for record in accepted_masks(open_store(reviewed))}
    assert len(found) == len(expected)
    for name, alpha in found:
        mask = expected[unquote(name.rsplit("/", 1)[1])]
        np.testing.assert_array_equal(np.array(alpha).reshape(mask.shape), 255 * mask)
