"""Objects of other plugins become regions as if they were painted, whichever layer and number they come with."""

from pathlib import Path

import numpy as np
import pytest
from napari_finercam.formats.layer_style import REGION
from napari_finercam.session.regions import NumberedRegions
from napari_finercam.session.regions.numbers import within_numbers
from napari_finercam.window.picture.layers import NOT_TAKEN
from napari_finercam.window.widget import ReviewWidget
from napari_window import press, session_of
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt

from finercam_core.errors import ReviewError
from finercam_core.regions.rle import decode
from finercam_core.review import read_verdicts

pytestmark = pytest.mark.gui
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def segment(widget: ReviewWidget, name: str, *numbers: int) -> np.ndarray:
    """What a plugin that segments by a click leaves behind: a layer of its own with an object for each number."""
    objects = np.zeros(session_of(widget).regions.labels.shape, np.int32)
    for place, number in enumerate(numbers):
        objects[10 * place + 2 : 10 * place + 9, 5:30] = number
    layers = widget.workbench.viewer.layers
    if name in layers:
        layers[name].data = objects
    else:
        widget.workbench.viewer.add_labels(objects, name=name)
    return objects


def test_objects_with_large_numbers_join_no_other() -> None:
    labels = np.array([[0, 1, 150, 150], [-3, 99, 100, 70_000]], np.int32)
    np.testing.assert_array_equal(within_numbers(labels, {1, 2, 99}), [[0, 1, 4, 4], [0, 99, 3, 5]])
    with pytest.raises(ReviewError, match="3 objects more, and a specimen 99 regions at most"):
        within_numbers(labels, set(range(1, 98)))


def test_regions_without_a_place_keep_their_numbers_and_others_get_free_ones() -> None:
    regions = NumberedRegions((8, 8))
    labels = np.zeros((8, 8), np.uint8)
    labels[:2], labels[4:6] = 1, 2
    regions.paint(labels)
    regions.unplaced = regions.records()
    numbers = [record.number for record in regions.records()]
    assert sorted(numbers) == [1, 2, 3, 4]


def test_a_plugin_that_writes_into_the_layer_of_regions(widget: ReviewWidget, qtbot: QtBot, small_store: Path) -> None:
    layer, session = widget.workbench.viewer.layers[REGION], session_of(widget)
    data = np.array(layer.data).astype(np.int32)
    data[:6, :6], data[:6, 20:30] = 1000, 2000
    layer.data = data
    press(widget, qtbot, "K")
    (verdict,) = read_verdicts(small_store)
    masks = {region.number: decode(region.rle) for region in verdict.regions}
    assert session.verdicts.own(verdict.image_id) == verdict
    np.testing.assert_array_equal(masks[2], data == 1000)
    np.testing.assert_array_equal(masks[3], data == 2000)
    assert layer.data.dtype == np.uint8


@pytest.mark.parametrize("numbers", [(7,), (3, 900)], ids=["one object", "two objects"])
def test_a_plugin_with_a_layer_of_its_own(
    widget: ReviewWidget, qtbot: QtBot, small_store: Path, numbers: tuple[int, ...]
) -> None:
    before = np.array(session_of(widget).regions.labels)
    objects = segment(widget, "segmented", *numbers)
    press(widget, qtbot, "O", SHIFT)
    assert f"{len(numbers)} object" in widget.page.message.text()
    assert set(np.unique(session_of(widget).regions.labels[objects > 0])) == ({1} if len(numbers) == 1 else {2, 3})
    press(widget, qtbot, "O", SHIFT)
    assert "no other layer of labels or shapes was changed" in widget.page.message.text()
    press(widget, qtbot, "Z", CTRL)
    np.testing.assert_array_equal(session_of(widget).regions.labels, before)
    press(widget, qtbot, "Z", CTRL, SHIFT)
    press(widget, qtbot, "K")
    (verdict,) = read_verdicts(small_store)
    painted = [decode(region.rle) for region in verdict.regions if region.source == "painted"]
    np.testing.assert_array_equal(np.any(painted, axis=0) & (objects > 0), objects > 0)
    # The layer is still about the specimen before.
    press(widget, qtbot, "O", SHIFT)
    assert "no other layer" in widget.page.message.text()


def test_what_was_not_taken_is_said_and_stays(widget: ReviewWidget, qtbot: QtBot) -> None:
    objects = segment(widget, "forgotten", 1)
    press(widget, qtbot, "J")
    assert "“forgotten” was changed and is not among the regions" in widget.page.message.text()
    np.testing.assert_array_equal(widget.workbench.viewer.layers["forgotten"].data, objects)
    press(widget, qtbot, "N")
    assert not widget.page.message.isVisible()


def test_shapes_are_taken_too_and_other_sizes_are_not(widget: ReviewWidget, qtbot: QtBot) -> None:
    viewer = widget.workbench.viewer
    viewer.add_labels(np.ones((5, 5), np.uint8), name="strange")
    press(widget, qtbot, "O", SHIFT)
    assert "'strange' has the shape (5, 5)" in widget.page.message.text()
    viewer.layers.remove("strange")
    viewer.add_shapes([np.array([[5, 5], [5, 40], [30, 40], [30, 5]])], shape_type="polygon", name="drawn")
    press(widget, qtbot, "O", SHIFT)
    assert session_of(widget).regions.labels[20, 20] == 1
    assert session_of(widget).regions.labels[40, 60] == 0


def test_more_objects_than_regions_are_put_aside(widget: ReviewWidget, qtbot: QtBot) -> None:
    layer, session = widget.workbench.viewer.layers[REGION], session_of(widget)
    before = np.array(session.regions.labels)
    many = np.arange(layer.data.size, dtype=np.int32).reshape(layer.data.shape) + 1
    layer.data = many
    press(widget, qtbot, "N")
    assert "99 regions at most" in widget.page.message.text()
    np.testing.assert_array_equal(widget.workbench.viewer.layers[NOT_TAKEN].data, many)
    press(widget, qtbot, "H")
    np.testing.assert_array_equal(session.regions.labels, before)
