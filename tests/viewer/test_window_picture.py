"""In a real window: the strip comes back, layers are put back, photographs of any depth are seen, the brush fits."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from napari_finercam.formats.layer_style import HEAT, REGION, SPECIMEN
from napari_finercam.window.widget import ReviewWidget
from napari_window import press, session_of
from PIL import Image
from pytestqt.qtbot import QtBot

from finercam_core.regions.traits import Trait
from finercam_core.synthetic.parts import MASK_NAMES

pytestmark = pytest.mark.gui


@pytest.mark.parametrize("way", ["hidden", "closed", "store closed"])
def test_the_strip_of_look_alikes_comes_back(widget: ReviewWidget, qtbot: QtBot, small_store: Path, way: str) -> None:
    strip = widget.workbench.companions
    assert strip is not None
    qtbot.waitUntil(strip.isVisible, timeout=5000)
    dock = strip.parentWidget()
    if way == "hidden":
        dock.hide()
    elif way == "closed":
        widget.workbench.viewer.window.remove_dock_widget(strip)
    else:
        widget.page.queue.close_wanted.emit()
    widget.workbench.start.reviewer.setText("A. Tester")
    widget.workbench.open_store(small_store)
    qtbot.waitUntil(strip.isVisible, timeout=5000)
    qtbot.waitUntil(lambda: any(not one.pixmap().isNull() for one in strip.pictures), timeout=20_000)


@pytest.mark.parametrize("moved", ["scaled", "sheared", "moved by a hand"])
@pytest.mark.parametrize("name", [REGION, HEAT])
def test_a_layer_that_was_moved_is_put_back(widget: ReviewWidget, qtbot: QtBot, name: str, moved: str) -> None:
    layers = widget.workbench.viewer.layers
    at_rest = {layer.name: layer.extent.world.copy() for layer in layers}
    if moved == "scaled":
        layers[name].scale = (3, 0.5)
    elif moved == "sheared":
        layers[name].shear = (0.4,)
    else:
        layers[name].mode = "transform"
        layers[name].translate = (-7, 12)
        layers[name].mode = "pan_zoom"
    press(widget, qtbot, "N")
    for layer in layers:
        np.testing.assert_allclose(layer.extent.world, at_rest[layer.name], atol=1e-6)


def ramp(height: int, width: int) -> np.ndarray:
    return np.linspace(0, 1, height * width).reshape(height, width)


@pytest.mark.parametrize(
    "stored",
    [
        lambda values: (0.002 * values).astype(np.float32),
        lambda values: (500 * values - 900).astype(np.float32),
        lambda values: (4095 * values).astype(np.uint16),
    ],
    ids=["small floats", "negative floats", "twelve bits"],
)
def test_a_tiff_of_any_depth_is_seen_in_its_range(
    widget: ReviewWidget, qtbot: QtBot, small_store: Path, stored: Callable[[np.ndarray], np.ndarray]
) -> None:
    path = small_store.parent / "images" / f"{session_of(widget).specimen.image_id}.png"
    path.unlink()
    Image.fromarray(stored(ramp(64, 96))).save(path, format="TIFF")
    session_of(widget).navigation.loader.forget()
    press(widget, qtbot, "NH")
    seen = np.asarray(widget.workbench.viewer.layers[SPECIMEN].data)[..., 0].astype(int)
    assert seen[0, 0] < 30
    assert seen[-1, -1] > 225
    assert (np.diff(seen.mean(axis=1)) >= 0).all()


@pytest.mark.parametrize(("factor", "chosen"), [(10, 4), (10, 12), (0.5, 8)])
def test_a_brush_that_was_chosen_keeps_its_share_of_the_photograph(
    widget: ReviewWidget, qtbot: QtBot, tmp_path: Path, factor: float, chosen: int
) -> None:
    region = widget.workbench.viewer.layers[REGION]
    region.brush_size = chosen
    path = tmp_path / "images" / "Aus_bus-001.png"
    with Image.open(path) as picture:
        picture.resize((round(96 * factor), round(64 * factor))).save(path)
    session_of(widget).navigation.loader.forget()
    press(widget, qtbot, "N")
    assert region.brush_size == chosen * factor
    press(widget, qtbot, "H")
    assert region.brush_size == chosen


def test_each_trait_of_the_rendered_fish_has_a_colour_of_its_own(widget: ReviewWidget) -> None:
    legend = widget.page.region.traits_legend
    shown = legend.text.text()
    legend.show_traits(tuple(Trait(number, name) for number, name in MASK_NAMES.items() if number))
    colours = re.findall(r"color:(#[0-9a-f]{6})", legend.text.text())
    assert len(colours) == len(set(colours)) == 13
    legend.text.setText(shown)
