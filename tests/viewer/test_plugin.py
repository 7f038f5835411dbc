"""What napari finds of the plugin: reader, writer, sample data, widget."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari_finercam.formats import sample
from napari_finercam.formats.layer_style import HEAT, REGION, SPECIMEN, TRAITS
from napari_finercam.formats.reader import get_reader, read_store
from napari_finercam.formats.writer import write_trait_mask
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.qt import canvas_beside
from napari_finercam.window.widget import ReviewWidget
from npe2 import PluginManifest
from PIL import Image
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt

from finercam_core.export import export
from finercam_core.finer import finer_cam
from finercam_core.review import read_verdicts
from finercam_core.store import open_store
from finercam_core.synthetic.truth import RENDERER


def test_the_manifest_is_valid_and_every_command_is_there() -> None:
    manifest = PluginManifest.from_distribution("finercam")
    manifest.validate_imports()
    assert {command.id for command in manifest.contributions.commands or []} == {
        "finercam.review", "finercam.read", "finercam.write", "finercam.demo",
    }  # fmt: skip


def test_the_reader_gives_lazy_layers_of_all_specimens(small_store: Path) -> None:
    assert get_reader(str(small_store.parent)) is None
    (photos, _, _), (maps, about, kind) = read_store([str(small_store)])
    assert (photos.shape, photos.dtype, maps.shape, kind) == ((14, 416, 624, 3), np.uint8, (14, 4, 6), "image")
    assert photos._load.cache_info().misses == 0
    dataset = open_store(small_store).species_dataset("Aus bus")
    expected = finer_cam(dataset).values[2]
    np.testing.assert_allclose(maps[2], expected / expected.max(), atol=1e-6)
    assert photos[3, :10, :10].shape == (10, 10, 3)
    assert photos[1:3].shape == (2, 416, 624, 3)
    assert about["scale"] == (1, 104, 104)


@pytest.mark.gui
def test_napari_opens_a_store_and_saves_what_finercam_export_writes(
    make_napari_viewer: Callable[..., object], small_store: Path, tmp_path: Path
) -> None:
    viewer = make_napari_viewer()
    viewer.open(str(small_store), plugin="finercam")  # type: ignore[attr-defined]
    assert [layer.name for layer in viewer.layers] == [SPECIMEN, HEAT]  # type: ignore[attr-defined]
    viewer.dims.set_current_step(0, 5)  # type: ignore[attr-defined]
    assert viewer.layers[SPECIMEN].data._load.cache_info().misses < 14  # type: ignore[attr-defined]
    assert viewer.canvas.overlays.text.visible  # type: ignore[attr-defined]
    assert viewer.canvas.overlays.text.text == "Aus_bus-005\nAus bus"  # type: ignore[attr-defined]
    widget = ReviewWidget(viewer)  # type: ignore[arg-type]
    viewer.window.add_dock_widget(widget, name="Review")  # type: ignore[attr-defined]
    assert widget.workbench.start.shown_button.text() == "Review maps.zarr, which is open"
    widget.workbench.start.reviewer.setText("A")
    widget.workbench.start.shown_button.click()
    session = widget.workbench.session
    assert session is not None
    assert [layer.name for layer in viewer.layers] == [SPECIMEN, HEAT, TRAITS, REGION]  # type: ignore[attr-defined]
    assert not viewer.canvas.overlays.text.visible  # type: ignore[attr-defined]
    session.edit(lambda regions: regions.assign(1, session.traits[1]))
    widget.commands.new_region()
    labels = np.array(session.regions.labels)
    labels[-5:, :9] = 2
    session.paint(labels)
    widget.commands.accept()
    widget.commands.back()
    viewer.layers[REGION].save(str(tmp_path / "mask.png"), plugin="finercam")  # type: ignore[attr-defined]
    export(small_store, tmp_path / "masks", format="png")
    exported = tmp_path / "masks" / "images" / f"{session.specimen.image_id}.png"
    with Image.open(tmp_path / "mask.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), np.select([labels == 1, labels == 2], [2, 255]))
    for saved, other in ((tmp_path / "mask.png", exported), (tmp_path / "mask.json", exported.with_suffix(".json"))):
        assert saved.read_bytes() == other.read_bytes()
    (first, _) = json.loads((tmp_path / "mask.json").read_text())["regions"]
    assert (first["gamma"], first["reviewer"], first["uberon"]) == (0.6, "A", "UBERON:4000164")
    assert {"license", "rightsHolder", "weights_sha256", "references"} <= first.keys()


def test_labels_of_another_layer_keep_their_numbers(tmp_path: Path) -> None:
    labels = np.array([[0, 3], [300, 3]])
    write_trait_mask(str(tmp_path / "mask.png"), labels, {"metadata": {}})
    with Image.open(tmp_path / "mask.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), [[0, 3], [255, 3]])
    names = json.loads((tmp_path / "mask.json").read_text())["values"]
    assert names == {"0": "Background", "3": "label 3", "255": "label 255"}


def test_the_sample_opens_without_a_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sample, "user_data_path", lambda *_a, **_k: tmp_path)
    photos, maps = sample.demo()
    assert photos[0].shape[0] == maps[0].shape[0] == 60
    store = sample.make_sample()
    session = ReviewSession(store, "A")
    assert session.specimen.photographed
    assert session.common_names["Coralodon ocellatus"] == "eyespot coralfin"
    assert session.specimen.traits is not None
    assert {trait.uberon for trait in session.traits} >= {"UBERON:2000251"}


@pytest.mark.gui
def test_the_sample_is_seen_whole_beside_its_review(
    make_napari_viewer: Callable[..., Any], qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sample, "user_data_path", lambda *_a, **_k: tmp_path)
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1200, 800)
    qtbot.wait(50)
    canvas = viewer.window._qt_viewer.canvas.native
    before = canvas.width()
    viewer.open_sample("finercam", "demo")
    qtbot.waitUntil(lambda: canvas.width() < before)
    height, width = np.ptp(viewer.layers.extent.world[:, -2:], axis=0)
    camera = viewer.scene.camera
    qtbot.waitUntil(lambda: camera.zoom * width < canvas.width() and camera.zoom * height < canvas.height())


@pytest.mark.gui
def test_a_review_from_naparis_own_menu_uses_nothing_private(
    make_napari_viewer: Callable[..., Any], qtbot: QtBot, small_store: Path
) -> None:
    viewer = make_napari_viewer(show=True)
    dock, widget = viewer.window.add_plugin_dock_widget("finercam", "Review")
    assert widget.workbench.viewer is not viewer  # a stand-in that warns of private parts, and warnings are errors here
    widget.workbench.start.reviewer.setText("A")
    widget.workbench.open_store(small_store)
    canvas = canvas_beside(widget)
    assert canvas is viewer.window._qt_viewer.canvas.native
    qtbot.keyClick(widget.page.comparison.gamma, Qt.Key.Key_K)
    qtbot.keyClick(canvas, Qt.Key.Key_J)
    assert [verdict.decision for verdict in read_verdicts(small_store)] == ["accept", "reject"]
    dock.setFloating(True)
    assert canvas_beside(widget) is canvas
    widget.setParent(None)
    assert canvas_beside(widget) is None
    widget.close()


def test_the_sample_belongs_to_the_renderer_that_draws_it() -> None:
    description, arrays = sample.read_sample()
    assert description.renderer == RENDERER, "make it again with docs/make_sample_data.py"
    assert len(description.image_ids) == len(arrays["evidence"]) == 60


@pytest.mark.gui
def test_the_start_page_opens_a_store_and_remembers_the_name(
    make_napari_viewer: Callable[..., object], small_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = make_napari_viewer(show=True)
    widget = ReviewWidget(viewer)  # type: ignore[arg-type]
    viewer.window.add_dock_widget(widget, name="Review", area="right")  # type: ignore[attr-defined]
    widget.commands.accept()
    widget.workbench.start.reviewer.setText("C. Curator")
    chooser = "napari_finercam.window.dialogs.QFileDialog.getExistingDirectory"
    monkeypatch.setattr(chooser, lambda *_a: str(small_store.parent))
    widget.workbench.start.open_button.click()
    assert "no store" in widget.workbench.start.problem.text()
    monkeypatch.setattr(chooser, lambda *_a: str(small_store))
    meta = (small_store / "zarr.json").read_text()
    (small_store / "zarr.json").write_text(re.sub(r'("schema_version": )\d+', r"\g<1>99", meta))
    widget.workbench.start.open_button.click()
    assert "schema version 99, newer than" in widget.workbench.start.problem.text()
    assert widget.workbench.session is None
    (small_store / "zarr.json").write_text(meta)
    widget.workbench.start.open_button.click()
    assert widget.workbench.session is not None
    assert widget.workbench.session.reviewer == "C. Curator"
    assert ReviewWidget(viewer).workbench.start.reviewer.text() == "C. Curator"  # type: ignore[arg-type]
