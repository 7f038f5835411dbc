"""A tour of five steps for the first review, which can be skipped and does not come back."""

from qtpy.QtCore import QSettings, Qt
from qtpy.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from napari_finercam.window.qt import plain_label

_KEY = "review/tour_done"
STEPS = (
    "The colours show where this specimen has more evidence for its species than its look-alikes have.",
    "The outline is the region to judge: K keeps it, J rejects it, U leaves it to others. Each goes on.",
    "Shift+↑ and Shift+↓ change its size; P paints, E erases, and napari's other tools work too.",
    "Look-alikes are ticked in the list, and shown below the picture; γ is how strongly they are compared.",
    "Nothing needs to be saved. Q shows all keys, Shift+H chooses specimens, Shift+X exports.",
)


class Tour(QFrame):
    """One step after the other, above the panels; hidden for good once it was gone through or skipped."""

    def __init__(self) -> None:
        super().__init__()
        self.text = plain_label()
        self.next_button, self.skip_button = QPushButton("Next"), QPushButton("Skip the tour")
        self._step = 0
        row = QHBoxLayout()
        for button, action in ((self.next_button, self.go_on), (self.skip_button, self.end)):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(action)
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text)
        layout.addLayout(row)
        self._show_step()
        self.setVisible(not QSettings("finercam", "finercam").value(_KEY, False, type=bool))

    def _show_step(self) -> None:
        self.text.setText(f"{self._step + 1} of {len(STEPS)}: {STEPS[self._step]}")
        self.next_button.setText("Next" if self._step + 1 < len(STEPS) else "Done")

    def go_on(self) -> None:
        """Show the next step, or end after the last."""
        if self._step + 1 == len(STEPS):
            self.end()
        else:
            self._step += 1
            self._show_step()

    def end(self) -> None:
        """Hide the tour, and remember that it was seen."""
        QSettings("finercam", "finercam").setValue(_KEY, True)
        self.hide()
