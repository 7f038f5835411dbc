"""A monkey at a review's window: random acts from a seed, and a model in plain Python of what must be there."""

import resource
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from napari_finercam.formats.layer_style import REGION
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.grid import Grid
from napari_finercam.window.widget import ReviewWidget
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from review_model import Painted, ReviewModel

from finercam_core.regions.rle import decode
from finercam_core.review import Verdict, latest, read_verdicts

REVIEWER = "Monkey"
DECISIONS = {"K": "accept", "J": "reject", "U": "unsure"}
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
OTHER = "segmented elsewhere"


def labels_of(verdict: Verdict, shape: tuple[int, ...]) -> np.ndarray:
    labels = np.zeros(shape, np.uint8)
    for region in verdict.regions:
        labels[decode(region.rle)] = region.number
    return labels


class Monkey:
    """Acts on a window; after each act, what was on the screen for a specimen is there, on the screen or in the log."""

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

    def act(self) -> None:
        acts: list[tuple[int, Callable[[], None]]] = [
            (16, self.paint), (5, self.brush), (3, self.polygon), (5, self.fill), (14, self.judge), (12, self.move),
            (8, self.slide), (6, self.change), (4, self.snap), (6, self.write), (9, self.undo), (4, self.filter),
            (3, self.reopen), (2, self.close), (2, self.kill), (2, self.photographs), (2, self.disk), (3, self.look),
            (3, self.batch), (3, self.take), (3, self.jump), (3, self.retract),
        ]  # fmt: skip
        weights = np.array([weight for weight, _ in acts]) / sum(weight for weight, _ in acts)
        act = acts[int(self.random.choice(len(acts), p=weights))][1]
        self.acts.append(f"{act.__name__} {self.here}")
        act()
        self.check()

    def collected(self) -> None:
        """Strokes since the last act that looked at the layer are one change."""
        pending, self.pending = self.pending, None
        if pending is not None and (self.screen != pending[1]).any():
            self.model.paint(pending[0], pending[1], self.screen)

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

    def paint(self) -> None:
        """Something writes into the layer and tells nobody."""
        if self.away:
            return
        self.pending = self.pending or (self.here, self.screen)
        row, column = (int(self.random.integers(0, side - 4)) for side in self.layer.data.shape)
        height, width = (int(n) for n in self.random.integers(2, 20, 2))
        self.layer.data[row : row + height, column : column + width] = self.random.integers(0, 4)
        if (self.screen != self.pending[1]).any() or self.here in self.model.kept:
            self.model.kept[self.here] = self.screen

    def brush(self) -> None:
        """A stroke with the mouse, of the brush or the eraser."""
        if not self.away:
            self._changes(lambda: self._stroke(str(self.random.choice(["P", "E"]))))

    def _places(self, count: int) -> list[QPoint]:
        sides = self.canvas.width(), self.canvas.height()
        return [QPoint(*(int(side * self.random.uniform(0.3, 0.7)) for side in sides)) for _ in range(count)]

    def _stroke(self, tool: str) -> None:
        self.press(tool)
        start, *way = self._places(3)
        QTest.mousePress(self.canvas, Qt.MouseButton.LeftButton, pos=start)
        for place in way:
            QTest.mouseMove(self.canvas, place)
            QApplication.processEvents()
        QTest.mouseRelease(self.canvas, Qt.MouseButton.LeftButton, pos=way[-1])
        self.layer.mode = "pan_zoom"

    def polygon(self) -> None:
        """A polygon that is left open, and closed by what looks at it next."""
        if not self.away:
            self._changes(self._corners)

    def _corners(self) -> None:
        self.press("3")
        for place in self._places(4):
            QTest.mouseMove(self.canvas, place)
            QTest.mouseClick(self.canvas, Qt.MouseButton.LeftButton, pos=place)
            QApplication.processEvents()
        self.widget.workbench.take_strokes()
        self.layer.mode = "pan_zoom"
        self.widget.workbench.take_strokes()

    def fill(self) -> None:
        if not self.away:
            place = tuple(int(self.random.integers(0, side)) for side in self.layer.data.shape)
            number = int(self.random.integers(0, 3))
            self._changes(lambda: self.layer.fill(place, number))

    def judge(self) -> None:
        key, image_id, screen = str(self.random.choice(list(DECISIONS))), self.here, self.screen
        self.press(key)
        self._collected_of(image_id, screen)
        if not (self.full or (self.away and key == "K")):
            self.model.judge((image_id, (DECISIONS[key], None if self.away else screen)))

    def _collected_of(self, image_id: str, screen: np.ndarray) -> None:
        """As `collected`, for a specimen that may have been left since."""
        pending, self.pending = self.pending, None
        if pending is not None and (screen != pending[1]).any():
            self.model.paint(image_id, pending[1], screen)

    def retract(self) -> None:
        image_id, screen = self.here, self.screen
        self.press("U", SHIFT)
        self._collected_of(image_id, screen)
        if image_id in self.model.verdicts and not self.full:
            if not self.away:
                self.model.kept[image_id] = screen
            self.model.retract(image_id)

    def batch(self) -> None:
        """The grid: some of a species are chosen, and judged by one key."""
        image_id, screen = self.here, self.screen
        grid = Grid(self.widget.workbench, self.session)
        self._collected_of(image_id, screen)
        rows = [row for row in range(grid.dialog.list.count()) if self.random.random() < 0.4]
        for row in rows:
            grid.dialog.list.item(row).setSelected(True)
        chosen, key = grid.dialog.chosen, str(self.random.choice(list(DECISIONS)))
        self.acts[-1] += f" {key} on {chosen}{' on a full disk' * self.full}{' without photographs' * self.away}"
        QTest.keyClick(grid.dialog.list, getattr(Qt.Key, f"Key_{key}"))
        grid.dialog.done(0)
        self.widget.workbench.show_specimen()
        if self.full or not chosen or (self.away and key == "K"):
            return
        found = self._last_verdicts()
        given = []
        for name in chosen:
            assert found[name].decision == DECISIONS[key]
            labels = None if self.away else self.model.kept.get(name, screen if name == image_id else None)
            if labels is None and not self.away:
                labels = labels_of(found[name], screen.shape)
            given.append((name, (DECISIONS[key], labels)))
        self.model.judge(*given)

    def _last_verdicts(self) -> dict[str, Verdict]:
        return {key[0]: one for key, one in latest(read_verdicts(self.store)).items() if key[1] == REVIEWER}

    def take(self) -> None:
        """Another plugin draws objects in a layer of its own, and they are taken."""
        if self.away:
            return
        objects = np.zeros(self.layer.data.shape, np.int32)
        for number in self.random.integers(1, 5000, int(self.random.integers(1, 4))):
            row, column = (int(self.random.integers(0, side - 8)) for side in objects.shape)
            objects[row : row + 7, column : column + 8] = number
        layers = self.widget.workbench.viewer.layers
        if OTHER in layers:
            layers[OTHER].data = objects
        else:
            self.widget.workbench.viewer.add_labels(objects, name=OTHER)
        self._changes(lambda: self.press("O", SHIFT))
        if "99 regions at most" not in self.widget.page.message.text():
            assert (self.screen[objects > 0] > 0).all(), self.widget.page.message.text()

    def jump(self) -> None:
        image_id, screen = self.here, self.screen
        self.session.navigation.go_to(str(self.random.choice(self.session.queue.ids)))
        self.widget.workbench.show_specimen()
        self._collected_of(image_id, screen)

    def move(self) -> None:
        image_id, screen = self.here, self.screen
        self.press(str(self.random.choice(["N", "H"])))
        self._collected_of(image_id, screen)

    def slide(self) -> None:
        before = self.screen
        slider = self.widget.page.comparison.gamma if self.random.random() < 0.5 else self.widget.page.region.share
        slider.setValue(float(self.random.uniform(slider.minimum(), slider.maximum() / 2)))
        self._collected_of(self.here, before)
        if not self.away and self.here in self.model.kept and (self.screen != before).any():
            assert self.session.regions.follows
            self.model.kept[self.here] = self.screen

    def change(self) -> None:
        act = getattr(self.widget.page.region, str(self.random.choice(["new_region", "divide", "follow", "remove"])))
        if not self.away:
            self._changes(act, always=True)

    def snap(self) -> None:
        number = self.widget.page.region.number
        if not self.away:
            self._changes(lambda: self.press("S", SHIFT), always=bool((self.screen == number).any()))

    def write(self) -> None:
        text = str(self.random.choice(["", "jaw", "<b>fin</b>", "Äß€"]))
        self.widget.page.verdict.note.setText(text)
        self.model.notes[self.here] = text

    def undo(self) -> None:
        if self.full:
            return
        redo, image_id, screen = bool(self.random.random() < 0.4), self.here, self.screen
        self.press("Z", CTRL | SHIFT if redo else CTRL)
        self._collected_of(image_id, screen)
        act = self.model.redo() if redo else self.model.undo()
        if act is not None:
            assert self.here == act.image_id, f"{act.image_id} is not shown after its undo"
            if isinstance(act, Painted):
                assert self.here in self.model.kept

    def filter(self) -> None:
        image_id, screen, queue = self.here, self.screen, self.widget.page.queue
        queue.only.setCurrentText(str(self.random.choice(["all", "unreviewed", "unsure", "disagreement"])))
        queue.text.setText(str(self.random.choice(["", "plain", "nothing like it"])))
        queue.apply()
        QApplication.processEvents()
        self._collected_of(image_id, screen)

    def look(self) -> None:
        before = self.screen
        key = str(self.random.choice(["G", "W", "Q", "Q"]))
        self.press(key)
        if key == "G":
            self._collected_of(self.here, before)
            if self.here in self.model.kept and not self.away:
                self.model.kept[self.here] = self.screen

    def reopen(self) -> None:
        if self.full:  # no disk of this machine takes anything: closing is what the window warns of
            return
        image_id, screen = self.here, self.screen
        self.widget.workbench.open_store(self.store)
        QApplication.processEvents()
        self._collected_of(image_id, screen)
        self.model.begin()

    def close(self) -> None:
        """The store is closed, and opened again from the start page."""
        if self.full:
            return
        image_id, screen = self.here, self.screen
        self.widget.page.queue.close_wanted.emit()
        assert self.widget.workbench.session is None
        self.widget.workbench.start.shown_button.click()
        QApplication.processEvents()
        self._collected_of(image_id, screen)
        self.model.begin()

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
        self.widget.workbench.take_strokes()
        self.collected()
        elsewhere = self.images.with_name("elsewhere")
        (elsewhere if self.away else self.images).rename(self.images if self.away else elsewhere)
        self.away = not self.away
        self.reopen()

    def disk(self) -> None:
        self.full = not self.full
        self.widget.workbench.take_strokes()
        self.collected()
        resource.setrlimit(resource.RLIMIT_FSIZE, (0 if self.full else self._limits[0], self._limits[1]))
        if not self.full:
            self.session.drafts.bring_home()

    def check(self) -> None:
        story = "\n".join([*[act for act in self.acts[:-12] if self.here in act][-40:], "…", *self.acts[-12:]])
        if self.here in self.model.notes:
            shown, wanted = self.widget.page.verdict.note.text(), self.model.notes[self.here]
            assert shown == wanted, f"{shown!r}, not {wanted!r}, after\n{story}"
        if not self.away and self.here in self.model.kept:
            np.testing.assert_array_equal(self.screen, self.model.kept[self.here], err_msg=story)
        if self.pending is None:
            np.testing.assert_array_equal(self.session.regions.labels, self.screen, err_msg="not taken, " + story)
        own = self.session.verdicts.own(self.here)
        wanted = self.model.verdicts.get(self.here, ("",))[0]
        assert ("" if own is None else own.decision) == wanted, f"{own} is not {wanted}, after\n{story}"

    def finish(self) -> None:
        """Everything comes back; then all that was ever marked is there."""
        if self.full:
            self.disk()
        if self.away:
            self.photographs()
        self.reopen()
        for image_id, labels in self.model.kept.items():
            assert self.session.navigation.go_to(image_id)
            self.widget.workbench.show_specimen()
            about = [f"{i}: {act}" for i, act in enumerate(self.acts) if image_id in act]
            np.testing.assert_array_equal(self.screen, labels, err_msg=f"{image_id} after {about}")
        found = self._last_verdicts()
        assert {name: one.decision for name, one in found.items()} == {
            name: decision for name, (decision, _) in self.model.verdicts.items()
        }
        for image_id, (_, labels) in self.model.verdicts.items():
            if labels is not None:
                np.testing.assert_array_equal(labels_of(found[image_id], labels.shape), labels)

    def summary(self) -> str:
        """What it did, for the record."""
        counts = Counter(act.split()[0] for act in self.acts)
        done = ", ".join(f"{count} {name}" for name, count in counts.most_common())
        lines = len(read_verdicts(self.store))
        return f"{len(self.acts):,} acts ({done}); {lines:,} lines in the logs, {len(self.model.kept)} specimens marked"
