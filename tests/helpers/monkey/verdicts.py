"""Acts of a monkey that judge, take back, and go from one specimen to another."""

from napari_finercam.window.grid import Grid
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from monkey.eyes import CTRL, DECISIONS, SHIFT, Eyes, labels_of
from monkey.model import Painted


class Verdicts(Eyes):
    """Verdicts are given and taken back; what was on the screen stays with its specimen."""

    def judge(self) -> None:
        key, image_id, screen = str(self.random.choice(list(DECISIONS))), self.here, self.screen
        self.press(key)
        self._collected_of(image_id, screen)
        if not (self.full or (self.away and key == "K")):
            self.model.judge((image_id, (DECISIONS[key], None if self.away else screen)))

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

    def jump(self) -> None:
        image_id, screen = self.here, self.screen
        self.session.navigation.go_to(str(self.random.choice(self.session.queue.ids)))
        self.widget.workbench.show_specimen()
        self._collected_of(image_id, screen)

    def move(self) -> None:
        image_id, screen = self.here, self.screen
        self.press(str(self.random.choice(["N", "H"])))
        self._collected_of(image_id, screen)
