"""A real napari window, driven by key presses."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from napari_finercam._layers import HEAT, REGION, SPECIMEN
from napari_finercam._session import ReviewSession
from napari_finercam._widget import ReviewWidget
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt

from finercam_core.review import latest, read_verdicts
from finercam_core.rle import decode

pytestmark = pytest.mark.gui


@pytest.fixture
def widget(make_napari_viewer: Callable[..., object], small_store: Path) -> ReviewWidget:
    viewer = make_napari_viewer(show=True)
    found = ReviewWidget(viewer)  # type: ignore[arg-type]
    viewer.window.add_dock_widget(found, name="Review", area="right")  # type: ignore[attr-defined]
    found.open(ReviewSession(small_store, "A. Tester"))
    return found


def press(widget: ReviewWidget, qtbot: QtBot, keys: str) -> None:
    canvas = widget.viewer.window._qt_viewer.canvas.native
    for key in keys:
        qtbot.keyClick(canvas, getattr(Qt.Key, f"Key_{key}"))


def test_review_by_keyboard_alone(widget: ReviewWidget, qtbot: QtBot, small_store: Path) -> None:
    session = widget.session
    assert session is not None
    press(widget, qtbot, "KJUNK")
    said = {key[0]: verdict.decision for key, verdict in latest(read_verdicts(small_store)).items()}
    queue = session.queue
    assert said == {queue[0]: "accept", queue[1]: "reject", queue[2]: "unsure", queue[4]: "accept"}
    assert session.position == 5
    press(widget, qtbot, "HH")
    assert session.view.record.image_id == queue[3]
    assert "2 accepted, 1 rejected" in widget.progress.format()


def test_the_last_specimen_takes_a_verdict_and_stays(widget: ReviewWidget, qtbot: QtBot, small_store: Path) -> None:
    session = widget.session
    assert session is not None
    press(widget, qtbot, "K" * 12)
    assert len(latest(read_verdicts(small_store))) == 11
    assert session.position == 10


def test_gamma_changes_the_map_and_the_region_at_once(widget: ReviewWidget, qtbot: QtBot) -> None:
    layers = widget.viewer.layers
    heat, mask = np.array(layers[HEAT].data), np.array(layers[REGION].data)
    widget.gamma.setValue(1.5)
    assert np.abs(layers[HEAT].data - heat).max() > 0.05
    assert (layers[REGION].data != mask).any()
    press(widget, qtbot, "G")
    assert widget.gamma.value() == 0
    press(widget, qtbot, "G")
    assert widget.gamma.value() == 1.5
    widget.gamma.setValue(0.6)
    np.testing.assert_array_equal(layers[HEAT].data, heat)


def test_fewer_references_and_another_threshold(widget: ReviewWidget) -> None:
    layers, session = widget.viewer.layers, widget.session
    assert session is not None
    before = np.array(layers[HEAT].data)
    widget.references.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert session.view.used.tolist() == [False, False, True, True]
    assert (layers[HEAT].data != before).any()
    small = int(np.count_nonzero(layers[REGION].data))
    widget.top.setValue(20)
    assert np.count_nonzero(layers[REGION].data) > small


def test_what_is_painted_is_what_is_accepted(widget: ReviewWidget, qtbot: QtBot, small_store: Path) -> None:
    labels = widget.viewer.layers[REGION]
    labels.selected_label = 1
    labels.brush_size = 9
    labels.paint((5, 5), 1)
    painted = np.array(labels.data) > 0
    assert painted[5, 5]
    press(widget, qtbot, "K")
    ((region,),) = [verdict.regions for verdict in read_verdicts(small_store)]
    assert region.source == "painted"
    np.testing.assert_array_equal(decode(region.rle), painted)


def test_the_heat_map_is_transparent_where_there_is_no_evidence(widget: ReviewWidget, qtbot: QtBot) -> None:
    heat = widget.viewer.layers[HEAT]
    colours = heat.colormap.map(np.linspace(0, 1, 50))
    assert colours[0, 3] == 0
    assert (np.diff(colours[:, 3]) >= 0).all()
    assert colours[:, 3].max() < 0.8
    press(widget, qtbot, "W")
    assert not heat.visible
    assert widget.viewer.layers[SPECIMEN].visible


def test_keys_are_one_key_away(widget: ReviewWidget, qtbot: QtBot) -> None:
    assert not widget.keys.isVisible()
    press(widget, qtbot, "Q")
    assert widget.keys.isVisible()
    assert "K   Keep" in widget.keys.text()


def test_the_viewer_starts_without_torch_and_prefect(small_store: Path) -> None:
    code = (
        "import sys; from napari_finercam import review;"
        f"viewer = review({str(small_store)!r}, reviewer='A', block=False);"
        "bad = {'torch', 'timm', 'prefect'} & {name.split('.')[0] for name in sys.modules};"
        "print(sorted(layer.name for layer in viewer.layers), sorted(bad)); viewer.close()"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "['Finer-CAM', 'region', 'specimen'] []"


def test_napari_finds_the_plugin(make_napari_viewer: Callable[..., object], small_store: Path) -> None:
    viewer = make_napari_viewer()
    viewer.open(str(small_store), plugin="finercam")  # type: ignore[attr-defined]
    assert [layer.name for layer in viewer.layers] == [SPECIMEN, HEAT, REGION]  # type: ignore[attr-defined]
