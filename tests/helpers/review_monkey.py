"""A monkey at a review's window: random acts from a seed, and a model in plain Python of what must be there."""

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
from finercam_core.review import latest, read_verdicts

REVIEWER = "Monkey"
DECISIONS = {"K": "accept", "J": "reject", "U": "unsure"}


class Monkey:
    """Acts on a window; after each act, what was on the screen for a specimen is there, on the screen or in the log."""

    def __init__(self, widget: ReviewWidget, store: Path, seed: int) -> None:
        self.widget, self.store, self.images = widget, store, store.parent / "images"
        self.random = np.random.default_rng(seed)
        self.kept: dict[str, np.ndarray] = {}
        self.notes: dict[str, str] = {}
        self.verdicts: dict[str, tuple[str, np.ndarray | None]] = {}
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
    def screen(self) -> np.ndarray:
        return np.array(self.widget.workbench.viewer.layers[REGION].data)

    def press(self, key: str, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        canvas = self.widget.workbench.viewer.window._qt_viewer.canvas.native
        QTest.keyClick(canvas, getattr(Qt.Key, f"Key_{key}"), held)
        QApplication.processEvents()

    def act(self) -> None:
        acts: list[tuple[int, Callable[[], None]]] = [
            (20, self.paint), (5, self.fill), (14, self.judge), (14, self.move), (8, self.slide), (6, self.change),
            (6, self.write), (6, self.undo), (4, self.filter), (3, self.reopen), (2, self.kill), (2, self.photographs),
            (2, self.disk), (3, self.look),
        ]  # fmt: skip
        weights = np.array([weight for weight, _ in acts]) / sum(weight for weight, _ in acts)
        act = acts[int(self.random.choice(len(acts), p=weights))][1]
        self.acts.append(f"{act.__name__} {self.here}")
        act()
        self.check()

    def remember(self) -> None:
        if not self.away:
            self.kept[self.here] = self.screen

    def remember_change(self, before: np.ndarray) -> None:
        if (self.screen != before).any() or self.here in self.kept:
            self.remember()

    def known(self) -> None:
        """What followed the threshold until now follows it no longer once it has been judged or changed."""
        if self.here in self.kept:
            self.remember()

    def paint(self) -> None:
        if self.away:
            return
        data = self.widget.workbench.viewer.layers[REGION].data
        row, column = (int(self.random.integers(0, side - 4)) for side in data.shape)
        height, width = (int(n) for n in self.random.integers(2, 20, 2))
        before = data.copy()
        data[row : row + height, column : column + width] = self.random.integers(0, 4)
        self.remember_change(before)

    def fill(self) -> None:
        if self.away:
            return
        layer = self.widget.workbench.viewer.layers[REGION]
        before = layer.data.copy()
        layer.fill(
            tuple(int(self.random.integers(0, side)) for side in layer.data.shape), int(self.random.integers(0, 3))
        )
        QApplication.processEvents()
        self.remember_change(before)

    def judge(self) -> None:
        key, image_id, screen = str(self.random.choice(list(DECISIONS))), self.here, self.screen
        self.press(key)
        if self.full or (self.away and key == "K"):
            return
        self.verdicts[image_id] = (DECISIONS[key], None if self.away else screen > 0)
        if not self.away:
            self.kept[image_id] = screen

    def move(self) -> None:
        self.press(str(self.random.choice(["N", "H"])))

    def slide(self) -> None:
        before = self.screen
        slider = self.widget.page.comparison.gamma if self.random.random() < 0.5 else self.widget.page.region.share
        slider.setValue(float(self.random.uniform(slider.minimum(), slider.maximum() / 2)))
        if self.here in self.kept and (self.screen != before).any():
            assert self.session.regions.follows
            self.remember()

    def change(self) -> None:
        act = str(self.random.choice(["new_region", "divide", "follow", "remove"]))
        getattr(self.widget.page.region, act)()
        self.remember()

    def write(self) -> None:
        text = str(self.random.choice(["", "jaw", "<b>fin</b>", "Äß€"]))
        self.widget.page.verdict.note.setText(text)
        self.notes[self.here] = text
        self.known()

    def undo(self) -> None:
        if self.full or self.away:
            return
        shift = Qt.KeyboardModifier.ShiftModifier if self.random.random() < 0.4 else Qt.KeyboardModifier.NoModifier
        self.press("Z", Qt.KeyboardModifier.ControlModifier | shift)
        # What an undo shows is what is kept from now on.
        self.remember()
        self.notes[self.here] = self.widget.page.verdict.note.text()
        own = self.session.verdicts.own(self.here)
        if own is None:
            self.verdicts.pop(self.here, None)
        else:
            masks = [decode(region.rle) for region in own.regions]
            self.verdicts[self.here] = (own.decision, np.any(masks, axis=0) if masks else None)

    def filter(self) -> None:
        queue = self.widget.page.queue
        queue.only.setCurrentText(str(self.random.choice(["all", "unreviewed", "unsure", "disagreement"])))
        queue.text.setText(str(self.random.choice(["", "plain", "nothing like it"])))
        queue.apply()
        QApplication.processEvents()

    def look(self) -> None:
        self.press(str(self.random.choice(["G", "W", "Q", "Q"])))
        self.known()

    def reopen(self) -> None:
        if self.full:  # no disk of this machine takes anything: closing is what the window warns of
            return
        self.widget.workbench.open(ReviewSession(self.store, REVIEWER))
        QApplication.processEvents()

    def kill(self) -> None:
        """The window dies: only what is on the disk is left. A stroke that has ended is."""
        if self.full:
            return
        self.widget.workbench.take_strokes()
        self.session.drafts.bring_home()
        if self.session._recut_since:
            self.session.save_draft()
        self.session.screen = None
        self.session._recut_since = False
        self.reopen()

    def photographs(self) -> None:
        if self.full:
            return
        elsewhere = self.images.with_name("elsewhere")
        (elsewhere if self.away else self.images).rename(self.images if self.away else elsewhere)
        self.widget.workbench.take_strokes()
        self.away = not self.away
        self.reopen()

    def disk(self) -> None:
        self.full = not self.full
        self.widget.workbench.take_strokes()
        resource.setrlimit(resource.RLIMIT_FSIZE, (0 if self.full else self._limits[0], self._limits[1]))
        if not self.full:
            self.session.drafts.bring_home()

    def check(self) -> None:
        story = "\n".join([*(act for act in self.acts[:-12] if self.here in act), "…", *self.acts[-12:]])
        if self.here in self.notes:
            shown = self.widget.page.verdict.note.text()
            assert shown == self.notes[self.here], f"{shown!r}, not {self.notes[self.here]!r}, after\n{story}"
        if not self.away and self.here in self.kept:
            np.testing.assert_array_equal(self.screen, self.kept[self.here], err_msg=story)

    def finish(self) -> None:
        """Everything comes back; then all that was ever marked is there."""
        if self.full:
            self.disk()
        if self.away:
            self.photographs()
        self.reopen()
        for image_id, labels in self.kept.items():
            assert self.session.navigation.go_to(image_id)
            self.widget.workbench.show_specimen()
            about = [f"{i}: {act}" for i, act in enumerate(self.acts) if image_id in act]
            np.testing.assert_array_equal(self.screen, labels, err_msg=f"{image_id} after {about}")
        found = {key[0]: verdict for key, verdict in latest(read_verdicts(self.store)).items() if key[1] == REVIEWER}
        assert {name: verdict.decision for name, verdict in found.items()} == {
            name: decision for name, (decision, _) in self.verdicts.items()
        }
        for image_id, (_, mask) in self.verdicts.items():
            if mask is not None:
                masks = [decode(region.rle) for region in found[image_id].regions]
                np.testing.assert_array_equal(np.any(masks, axis=0) if masks else np.zeros_like(mask), mask)
