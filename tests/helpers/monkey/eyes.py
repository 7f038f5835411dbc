"""What a monkey at a review's window sees, and how it keeps account of what must be there."""

import resource
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
from napari_finercam.formats.layer_style import REGION
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.widget import ReviewWidget
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from finercam_core.regions.rle import decode
from finercam_core.review import Verdict, latest, read_verdicts
from monkey.model import ReviewModel

REVIEWER = "Monkey"
DECISIONS = {"K": "accept", "J": "reject", "U": "unsure"}
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def labels_of(verdict: Verdict, shape: tuple[int, ...]) -> np.ndarray:
    labels = np.zeros(shape, np.uint8)
    for region in verdict.regions:
        labels[decode(region.rle)] = region.number
    return labels


class Eyes:
    """The window, its store, the model, and strokes that the model has not been told of yet."""

    def __init__(self, widget: ReviewWidget, store: Path, seed: int) -> None:
        self.widget, self.store, self.images = widget, store, store.parent / "images"
        self.random, self.model = np.random.default_rng(seed), ReviewModel()
        self.pending: tuple[str, np.ndarray] | None = None
        self.away = self.full = False
        self.acts: list[str] = []
        self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    @property
    def session(self) -> ReviewSession:
        assert self.widget.workbench.session is not None
        return self.widget.workbench.session

    @property
    def here(self) -> str:
        return self.session.specimen.image_id

    @property
    def layer(self):  # type: ignore[no-untyped-def]
        return self.widget.workbench.viewer.layers[REGION]

    @property
    def screen(self) -> np.ndarray:
        return np.array(self.layer.data)

    @property
    def canvas(self):  # type: ignore[no-untyped-def]
        return self.widget.workbench.viewer.window._qt_viewer.canvas.native

    def press(self, key: str, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.canvas, getattr(Qt.Key, f"Key_{key}"), held)
        QApplication.processEvents()

    def collected(self) -> None:
        """Strokes since the last act that looked at the layer are one change."""
        pending, self.pending = self.pending, None
        if pending is not None and (self.screen != pending[1]).any():
            self.model.paint(pending[0], pending[1], self.screen)

    def _collected_of(self, image_id: str, screen: np.ndarray) -> None:
        """As `collected`, for a specimen that may have been left since."""
        pending, self.pending = self.pending, None
        if pending is not None and (screen != pending[1]).any():
            self.model.paint(image_id, pending[1], screen)

    def _changes(self, act: Callable[[], object], *, always: bool = False) -> None:
        """An act that changes regions, and is one change of its own."""
        self.widget.workbench.take_strokes()
        self.collected()
        before, here = self.screen, self.here
        act()
        QApplication.processEvents()
        assert self.here == here
        if always or (self.screen != before).any():
            self.model.paint(here, before, self.screen)

    def _last_verdicts(self) -> dict[str, Verdict]:
        return {key[0]: one for key, one in latest(read_verdicts(self.store)).items() if key[1] == REVIEWER}
