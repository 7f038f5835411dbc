"""Acts of a monkey that mark regions: by mouse, by tools, by sliders, by other plugins."""

import numpy as np
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from monkey.eyes import SHIFT, Eyes

OTHER = "segmented elsewhere"


class Marks(Eyes):
    """Regions and notes change."""

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

    def look(self) -> None:
        before = self.screen
        key = str(self.random.choice(["G", "W", "Q", "Q"]))
        self.press(key)
        if key == "G":
            self._collected_of(self.here, before)
            if self.here in self.model.kept and not self.away:
                self.model.kept[self.here] = self.screen
