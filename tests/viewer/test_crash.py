"""A window without torch and Prefect, killed in mid-stroke: all but that stroke is there when it is opened again."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from napari_finercam.formats.layer_style import REGION
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.widget import ReviewWidget

from finercam_core.regions.rle import decode
from finercam_core.review import latest, read_verdicts

pytestmark = pytest.mark.gui
KEYS = "KJUKKJKKUK"
DECISIONS = {"K": "accept", "J": "reject", "U": "unsure"}
# Reviews ten specimens by key; paints on the fourth and takes a second stroke back; rejects the seventh by mistake and
# takes that back; paints two strokes on the eleventh, takes another back, and dies in the next.
SITTING = """
import os, signal, sys
import numpy as np
from napari_finercam import review
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

store, keys, out = sys.argv[1:]
viewer = review(store, reviewer="A. Tester", block=False)
viewer.show()
QTest.qWaitForWindowExposed(viewer.window._qt_window)
canvas, left = viewer.window._qt_viewer.canvas.native, Qt.MouseButton.LeftButton


def press(key, held=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(canvas, getattr(Qt.Key, f"Key_{key}"), held)
    QApplication.processEvents()


def undo():
    press("Z", Qt.KeyboardModifier.ControlModifier)


def drag(x0, y0, x1, y1, release=True):
    w, h = canvas.width(), canvas.height()
    QTest.mousePress(canvas, left, pos=QPoint(int(x0 * w), int(y0 * h)))
    for share in (0.5, 1):
        QTest.mouseMove(canvas, QPoint(int((x0 + share * (x1 - x0)) * w), int((y0 + share * (y1 - y0)) * h)))
        QTest.qWait(20)
    if release:
        QTest.mouseRelease(canvas, left, pos=QPoint(int(x1 * w), int(y1 * h)))


bad = {"torch", "timm", "prefect"} & {name.split(".")[0] for name in sys.modules}
print(sorted(layer.name for layer in viewer.layers), sorted(bad), flush=True)
press("P")
for number, key in enumerate(keys):
    if number == 3:
        drag(0.4, 0.4, 0.5, 0.45)
        np.save(f"{out}/fourth.npy", np.asarray(viewer.layers["region"].data))
        drag(0.6, 0.6, 0.7, 0.7)
        undo()
    if number == 6:
        press("J")
        undo()
    press(key)
drag(0.3, 0.3, 0.45, 0.4)
drag(0.6, 0.6, 0.7, 0.5)
np.save(f"{out}/finished.npy", np.asarray(viewer.layers["region"].data))
drag(0.5, 0.3, 0.7, 0.3)
np.save(f"{out}/taken_back.npy", np.asarray(viewer.layers["region"].data))
undo()
drag(0.2, 0.7, 0.8, 0.8, release=False)
np.save(f"{out}/in_hand.npy", np.asarray(viewer.layers["region"].data))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_ten_by_keyboard_then_killed_in_mid_stroke(
    make_napari_viewer: Callable[..., object], small_store: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-W", "ignore", "-c", SITTING, str(small_store), KEYS, str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert done.stdout.strip() == "['Finer-CAM', 'region', 'specimen', 'trait mask'] []"
    viewer = make_napari_viewer(show=True)
    widget = ReviewWidget(viewer)  # type: ignore[arg-type]
    viewer.window.add_dock_widget(widget, name="Review", area="right")  # type: ignore[attr-defined]
    widget.workbench.open(ReviewSession(small_store, "A. Tester"))
    session = widget.workbench.session
    assert session is not None
    ids = list(session.queue.ids)
    log = read_verdicts(small_store)
    assert [verdict.decision for verdict in log if verdict.image_id == ids[6]] == ["reject", "", "accept"]
    assert len(log) == len(KEYS) + 2
    verdicts = {key[0]: verdict for key, verdict in latest(log).items()}
    assert {image_id: verdict.decision for image_id, verdict in verdicts.items()} == {
        image_id: DECISIONS[key] for image_id, key in zip(ids, KEYS, strict=False)
    }
    (fourth,) = verdicts[ids[3]].regions
    np.testing.assert_array_equal(decode(fourth.rle), np.load(tmp_path / "fourth.npy") > 0)
    assert session.specimen.image_id == ids[10]
    finished, taken_back, in_hand = (
        np.load(tmp_path / f"{name}.npy") for name in ("finished", "taken_back", "in_hand")
    )
    assert (finished != taken_back).any()
    assert (finished != in_hand).any()
    np.testing.assert_array_equal(viewer.layers[REGION].data, finished)  # type: ignore[attr-defined]
    assert session.queue.counts() == {"accept": 6, "reject": 2, "unsure": 2, "all": 14}
