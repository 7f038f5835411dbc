"""Panel of an adjudicator: what the others said of the specimen, and their regions as layers to look at and to take."""

from html import escape
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout

from finercam_core.images.palette import REGION_COLOURS
from finercam_core.regions.rle import placed
from finercam_core.review import Verdict
from napari_finercam.formats.layer_style import label_colormap
from napari_finercam.session.captions import DECISION_NAMES
from napari_finercam.session.lab.deciding import in_words, take_regions_of, to_decide
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.qt import SessionPanel, rich_label

if TYPE_CHECKING:
    import napari

OPINION = "finercam_opinion"
"""Key of a layer's metadata: whose regions it shows."""
_VALUES = (2, 5, 4, 3, 6)  # of `REGION_COLOURS`: green and black stand out on the heat, 1 is what is decided on


class DecidingPanel(SessionPanel):
    """Shown only where there is something to decide. `changed` follows when the regions of a verdict were taken."""

    def __init__(self) -> None:
        super().__init__()
        self.session: ReviewSession | None = None
        self._rows = QGridLayout()
        self._rows.setColumnStretch(0, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(QLabel("<b>Yours to decide</b>"))
        layout.addLayout(self._rows)
        self.hide()

    def show_specimen(self, session: ReviewSession, viewer: "napari.Viewer") -> None:
        """Show the verdicts on the current specimen, each with its regions in a layer of its own."""
        self.session = session
        said = to_decide(session)
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for row, verdict in enumerate(said):
            label = rich_label()
            swatch = f"<span style='color:{_colour(row)}; background:#dddddd'>&nbsp;■&nbsp;</span> "
            label.setText((swatch if verdict.regions else "") + escape(in_words(verdict)))
            self._rows.addWidget(label, row, 0)
            self._rows.addWidget(self._button(verdict), row, 1, Qt.AlignmentFlag.AlignTop)
        self.setVisible(bool(said))
        show_opinions(session, said, viewer)

    def end(self, viewer: "napari.Viewer") -> None:
        """Take the layers away, when the review ends."""
        if self.session is not None:
            show_opinions(self.session, [], viewer)
        self.session = None

    def _button(self, verdict: Verdict) -> QPushButton:
        button = QPushButton("Take this region")
        button.setObjectName(f"take {verdict.reviewer}")
        button.setAccessibleName(f"take the region of {verdict.reviewer}")
        button.setToolTip(f"Let the regions of {verdict.reviewer} be those of your decision; Ctrl+Z undoes it")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setEnabled(bool(verdict.regions))
        button.clicked.connect(lambda _checked=False, name=verdict.reviewer: self._take(name))
        return button

    def _take(self, reviewer: str) -> None:
        if self.session is None:
            return
        with self.errors_told():
            take_regions_of(self.session, reviewer)
            self.changed.emit()
        self.done.emit()


def show_opinions(session: ReviewSession, said: list[Verdict], viewer: "napari.Viewer") -> None:
    """Let a layer for each verdict with regions show their outlines; those of the specimen before go."""
    shown = [layer for layer in viewer.layers if OPINION in layer.metadata]
    marked = [verdict for verdict in said if verdict.regions]
    if not shown and not marked:
        return
    active = viewer.layers.selection.active
    if active in shown:
        active = None
    for layer in shown:
        viewer.layers.remove(layer)
    below = next((i for i, layer in enumerate(viewer.layers) if layer is active), len(viewer.layers))
    for verdict in marked:
        layer = viewer.add_labels(
            _outline_values(session, verdict, _value(said.index(verdict))),
            name=f"{verdict.reviewer}: {DECISION_NAMES[verdict.decision]}",
            metadata={OPINION: verdict.reviewer},
            opacity=0.9,
        )
        layer.colormap = label_colormap(REGION_COLOURS)
        layer.contour = max(2, round(max(layer.data.shape) / 200))
        layer.editable = False
        viewer.layers.move(len(viewer.layers) - 1, below)
    if active is not None:
        viewer.layers.selection.active = active


def _value(position: int) -> int:
    return _VALUES[position % len(_VALUES)]


def _colour(position: int) -> str:
    return REGION_COLOURS[_value(position) - 1]


def _outline_values(session: ReviewSession, verdict: Verdict, value: int) -> "np.typing.NDArray[np.uint8]":
    """One value where a verdict's regions lie on the picture; those that have no place on it are not shown."""
    values = np.zeros(session.regions.labels.shape, np.uint8)
    for region in verdict.regions:
        mask = placed(region.rle, values.shape)
        if mask is not None:
            values[mask] = value
    return values
