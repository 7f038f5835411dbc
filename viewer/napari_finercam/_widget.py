"""The review widget: a skin over `ReviewSession`."""

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QLabeledDoubleSlider

from finercam_core.finer import GAMMA
from napari_finercam._keys import bind_keys, key_sheet
from napari_finercam._layers import HEAT, REGION, show_layers
from napari_finercam._session import ReviewSession

if TYPE_CHECKING:
    import napari

WORDS = {"accept": "accepted", "reject": "rejected", "unsure": "unsure", "": "not reviewed"}


class ReviewWidget(QWidget):
    """Dock widget of the review; empty until `open` gives it a session.

    Parameters
    ----------
    napari_viewer : napari.Viewer
    """

    def __init__(self, napari_viewer: "napari.Viewer") -> None:
        super().__init__()
        self.viewer = napari_viewer
        self.session: ReviewSession | None = None
        self._labels: Any = None
        self._filling = False
        self._build()
        bind_keys(napari_viewer, self)

    def _build(self) -> None:
        self.title = QLabel("Open a store with: finercam review STORE")
        self.title.setWordWrap(True)
        self.title.setTextFormat(Qt.TextFormat.RichText)
        self.progress = QProgressBar()
        self.gamma = self._slider(0.0, 2.0, GAMMA, self._on_gamma)
        self.top = self._slider(0.5, 40.0, 5.0, self._on_top)
        self.references = QListWidget()
        self.references.setMaximumHeight(190)
        self.references.itemChanged.connect(self._on_references)
        self.note = QLineEdit()
        self.note.setPlaceholderText("note, kept with the verdict")
        self.keys = QLabel(key_sheet())
        self.keys.setVisible(False)
        self._lay_out()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.addWidget(self.title)
        layout.addWidget(self.progress)
        for heading, part in (
            ("γ, strength of the comparison", self.gamma),
            ("Compared with", self.references),
            ("Region: share of the pixels, in %", self.top),
        ):
            box = QGroupBox(heading)
            QVBoxLayout(box).addWidget(part)
            layout.addWidget(box)
        layout.addWidget(self.note)
        layout.addLayout(self._buttons())
        layout.addWidget(self.keys)
        hint = QLabel("Q shows the keys. Paint in the layer “region” to correct it.")
        hint.setWordWrap(True)
        layout.addWidget(hint)
        layout.addStretch()

    def _buttons(self) -> QGridLayout:
        grid = QGridLayout()
        rows = (("accept", "Accept (K)"), ("reject", "Reject (J)"), ("unsure", "Unsure (U)"))
        for column, (name, text) in enumerate(rows):
            grid.addWidget(self._button(name, text), 0, column)
        line = QHBoxLayout()
        line.addWidget(self._button("back", "Back (H)"))
        line.addWidget(self._button("next", "Next (N)"))
        grid.addLayout(line, 1, 0, 1, 3)
        return grid

    def _button(self, action: str, text: str) -> QPushButton:
        button = QPushButton(text)
        button.clicked.connect(getattr(self, action))
        return button

    def _slider(self, low: float, high: float, value: float, changed: Any) -> QLabeledDoubleSlider:
        slider = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
        slider.setRange(low, high)
        slider.setDecimals(2)
        slider.setValue(value)
        slider.valueChanged.connect(changed)
        return slider

    def open(self, session: ReviewSession) -> None:
        """Show a session's specimen."""
        self.session = session
        self._show_specimen()

    def _show_specimen(self) -> None:
        session = self._open_session()
        self._labels = show_layers(self.viewer, session.view.image, session.image_map(), session.region())
        self._fill_references(session)
        self.note.setText(session.note)
        self._describe()

    def _fill_references(self, session: ReviewSession) -> None:
        self._filling = True
        self.references.clear()
        record = session.view.record
        for name, tier, used in list(zip(record.classes, record.tiers, session.view.used, strict=True))[1:]:
            item = QListWidgetItem(f"{name}   ({tier})")
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if used else Qt.CheckState.Unchecked)
            self.references.addItem(item)
        self._filling = False

    def _describe(self) -> None:
        session = self._open_session()
        record, counts = session.view.record, session.counts()
        right = "" if record.predicted == record.scientificName else f", taken for <i>{record.predicted}</i>"
        self.title.setText(
            f"<h3><i>{record.scientificName}</i></h3>{record.image_id}<br>"
            f"probability {record.probability[0]:.2f}{right}<br><b>{WORDS[session.decision]}</b>"
        )
        done = counts["accept"] + counts["reject"] + counts["unsure"]
        self.progress.setMaximum(counts["all"])
        self.progress.setValue(done)
        self.progress.setFormat(f"{done} of {counts['all']}: {counts['accept']} accepted, {counts['reject']} rejected")

    def _redraw(self, *, region_alone: bool = False) -> None:
        session = self._open_session()
        session.repaint()
        if not region_alone:
            self.viewer.layers[HEAT].data = session.image_map()
        self._labels.data = session.region().astype(np.uint8)

    def _on_gamma(self, value: float) -> None:
        if self.session is not None:
            self.session.gamma = float(value)
            self._redraw()

    def _on_top(self, percent: float) -> None:
        if self.session is not None:
            self.session.top = float(percent) / 100
            self._redraw(region_alone=True)

    def _on_references(self, _item: QListWidgetItem) -> None:
        if self.session is None or self._filling:
            return
        items = [self.references.item(i) for i in range(self.references.count())]
        chosen = [item for item in items if item.checkState() == Qt.CheckState.Checked]
        self.session.use([item.data(Qt.ItemDataRole.UserRole) for item in chosen])
        self._redraw()

    def _open_session(self) -> ReviewSession:
        if self.session is None:
            raise RuntimeError("the widget has no session yet")
        return self.session

    def _decide(self, decision: Any) -> None:
        if self.session is not None:
            self.session.paint(np.asarray(self._labels.data) > 0)
            self.session.decide(decision, self.note.text())
            if not self.next():
                self._describe()

    def accept(self, *_clicked: bool) -> None:
        """Accept the region and go on."""
        self._decide("accept")

    def reject(self, *_clicked: bool) -> None:
        """Reject the region and go on."""
        self._decide("reject")

    def unsure(self, *_clicked: bool) -> None:
        """Leave the specimen to others and go on."""
        self._decide("unsure")

    def next(self, *_clicked: bool) -> bool:
        """Go to the next specimen; False at the end."""
        return self._move(1)

    def back(self, *_clicked: bool) -> bool:
        """Go to the specimen before; False at the start."""
        return self._move(-1)

    def _move(self, step: int) -> bool:
        moved = self.session is not None and self.session.move(step)
        if moved:
            self._show_specimen()
        return moved

    def toggle_gamma(self) -> None:
        """Switch between Grad-CAM (γ = 0) and the γ of before."""
        if self.gamma.value():
            self._gamma_before = self.gamma.value()
            self.gamma.setValue(0.0)
        else:
            self.gamma.setValue(getattr(self, "_gamma_before", GAMMA))

    def toggle_heat(self) -> None:
        """Show or hide the heat map."""
        if HEAT in self.viewer.layers:
            self.viewer.layers[HEAT].visible = not self.viewer.layers[HEAT].visible

    def toggle_keys(self) -> None:
        """Show or hide the sheet of keys."""
        self.keys.setVisible(not self.keys.isVisible())


__all__ = ["REGION", "ReviewWidget"]
