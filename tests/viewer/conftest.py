"""Small stores with real photographs and trait masks, made without torch: evidence is drawn from a seed."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import napari
import numpy as np
import pytest
from atlas_browser import Browser, chromium
from napari_finercam.session.regions import kept_drafts
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.widget import ReviewWidget
from PIL import Image
from qtpy.QtWidgets import QApplication
from review_server import ReviewServer, review_server

from finercam_core.catalog import open_catalog
from finercam_core.images.preparation import Preparation
from finercam_core.references.plan import plan_comparisons
from finercam_core.status import Status
from finercam_core.store import Chunk, ChunkResult, RunSettings, create_store, pending_chunks, write_chunk

GRID = (4, 6)
CLASSES = ["Aus bus", "Aus cus", "Aus dus", "Eus fus"]
COMMON = {"Aus bus": "striped goby", "Aus cus": "plain goby"}
MANIFEST = """
[collection]
name = "small"
root = "images"
[[tables]]
path = "catalog.csv"
[masks]
path = "masks/{image_id}.png"
labels = "traits.json"
[masks.uberon]
"head" = "UBERON:0000033"
"caudal fin" = "UBERON:4000164"
"""


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that the widget remembers, and drafts that find no room in a store, stay in the test."""
    from qtpy.QtCore import QSettings

    monkeypatch.setattr(kept_drafts, "user_data_path", lambda *_a, **_k: tmp_path / "machine")
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))


def _result(chunk: Chunk, classes: int) -> ChunkResult:
    n = len(chunk)
    rng = np.random.default_rng(n + chunk.index)
    evidence = rng.normal(size=(n, classes, *GRID)).astype(np.float32)
    logit = rng.normal(size=(n, classes)).astype(np.float32)
    status = np.full(n, Status.DONE, np.uint8)
    return ChunkResult(evidence, logit, logit.max(axis=1) + 1, np.zeros(n, np.int32), status)


def _fill(location: str, wanted: Callable[[Chunk], bool] = lambda _chunk: True) -> None:
    for chunk in pending_chunks(location):
        if wanted(chunk):
            write_chunk(location, chunk, _result(chunk, 4))


def write_store(folder: Path, table: Path, fill: Callable[[Chunk], bool] = lambda _chunk: True) -> Path:
    """A store in a folder; chunks that `fill` refuses stay pending."""
    _describe(table)
    (folder / "catalog.toml").write_text(MANIFEST, encoding="utf-8")
    catalog = open_catalog(folder / "catalog.toml")
    plan = plan_comparisons(catalog, CLASSES, references=3)
    settings = {
        "classifier": {"model": "drawn", "species": CLASSES, "target_layer": "none", "weights_sha256": "0" * 64},
        "method": "gradcam",
        "preparation": Preparation(32, 48).to_dict(),
        "versions": {"finercam": "0.1.0"},
    }
    store = create_store(folder / "maps.zarr", catalog, plan, GRID, RunSettings.of(settings))
    _fill(store.location, fill)
    return folder / "maps.zarr"


def _describe(table: Path) -> None:
    """Add common names and trait masks: the left half is head, the right quarter caudal fin."""
    with table.open() as file:
        rows = [row | {"vernacularName": COMMON.get(row["scientificName"], "")} for row in csv.DictReader(file)]
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (table.parent / "masks").mkdir(exist_ok=True)
    (table.parent / "traits.json").write_text(json.dumps({"0": "background", "1": "head", "2": "caudal fin"}))
    for row in rows:
        with Image.open(table.parent / row["path"]) as picture:
            width, height = picture.size
        mask = np.zeros((height, width), np.uint8)
        mask[:, : width // 2], mask[:, 3 * width // 4 :] = 1, 2
        Image.fromarray(mask).save(table.parent / "masks" / f"{row['image_id']}.png")


@pytest.fixture
def small_store(make_collection: Callable[[Path, dict[str, int]], Path], tmp_path: Path) -> Path:
    """Store of fourteen specimens of two species."""
    return write_store(tmp_path, make_collection(tmp_path / "images", {"Aus bus": 9, "Aus cus": 5}))


@pytest.fixture
def half_store(make_collection: Callable[[Path, dict[str, int]], Path], tmp_path: Path) -> Path:
    """A store that a flow is still writing: the second species has no maps yet."""
    table = make_collection(tmp_path / "images", {"Aus bus": 3, "Aus cus": 3})
    return write_store(tmp_path, table, lambda chunk: chunk.scientificName == "Aus bus")


@pytest.fixture(scope="session")
def finish_store() -> Callable[[Path], None]:
    """Function that computes what a store still lacks, as a flow would."""
    return lambda store: _fill(str(store))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A Chromium for all tests of a module."""
    with chromium(tmp_path_factory.mktemp("chromium")) as found:
        found.driver.set_script_timeout(30)
        yield found


@pytest.fixture
def server(small_store: Path, tmp_path: Path) -> Iterator[ReviewServer]:
    """The review of the small store, for two."""
    with review_server(small_store, ["Ana", "Ben"], tmp_path / "home") as found:
        yield found


@pytest.fixture(scope="module")
def window(qapp: QApplication) -> Iterator[ReviewWidget]:
    """One window for all tests here: it is what takes the time."""
    viewer = napari.Viewer(show=True)
    widget = ReviewWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Review", area="right")
    yield widget
    widget.workbench.close_session()
    viewer.close()


@pytest.fixture
def widget(window: ReviewWidget, small_store: Path) -> ReviewWidget:
    """The window with a store of its own, as it is after opening."""
    window.workbench.open(ReviewSession(small_store, "A. Tester"))
    layers = window.workbench.layers
    assert layers is not None
    layers.heat.visible, layers.traits.visible, layers.regions.mode = True, False, "pan_zoom"
    window.page.tabs.setCurrentIndex(0)
    return window
