"""Legends: what the colours of the heat map and of the collection's trait mask mean."""

from html import escape

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QImage, QPixmap
from qtpy.QtWidgets import QGridLayout, QLabel, QWidget

from finercam_core.images.palette import TRAIT_COLOURS
from finercam_core.regions.traits import Trait
from napari_finercam.formats.layer_style import DIFFERENCE_COLORMAP, HEAT_COLORMAP
from napari_finercam.window.qt import rich_label

_STEPS, _HEIGHT = 128, 10
_PAPER = np.array([1.0, 1.0, 1.0])


class HeatLegend(QWidget):
    """The colours of the heat map from least to most, with a word at each end."""

    def __init__(self) -> None:
        super().__init__()
        self.ramp, self.low, self.high = QLabel(), QLabel(), QLabel()
        self.ramp.setScaledContents(True)
        self.ramp.setFixedHeight(_HEIGHT)
        self.ramp.setMinimumWidth(1)
        self.high.setAlignment(Qt.AlignmentFlag.AlignRight)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.ramp, 0, 0, 1, 2)
        layout.addWidget(self.low, 1, 0)
        layout.addWidget(self.high, 1, 1)
        self._signed: bool | None = None

    def show_ramp(self, *, signed: bool) -> None:
        """Show the colours of the map, or of both sides of the difference."""
        if signed == self._signed:
            return
        self._signed = signed
        colours = (DIFFERENCE_COLORMAP if signed else HEAT_COLORMAP).map(np.linspace(0, 1, _STEPS))
        mixed = colours[:, :3] * colours[:, 3:] + _PAPER * (1 - colours[:, 3:])
        pixels = np.ascontiguousarray((255 * mixed).round().astype(np.uint8)[None])
        image = QImage(pixels.data, _STEPS, 1, 3 * _STEPS, QImage.Format.Format_RGB888)
        self.ramp.setPixmap(QPixmap.fromImage(image.copy()))
        self.low.setText("more in the look-alike" if signed else "no evidence")
        self.high.setText("more here" if signed else "most evidence")


class TraitLegend(QWidget):
    """The colours of the collection's trait mask (Shift+W)."""

    def __init__(self) -> None:
        super().__init__()
        self.text = rich_label()
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text)

    def show_traits(self, traits: tuple[Trait, ...]) -> None:
        """Show the colour of each trait."""
        chips = []
        for trait in traits:
            colour = QColor(TRAIT_COLOURS[(trait.id - 1) % len(TRAIT_COLOURS)]).name()
            chips.append(f"<span style='color:{colour}'>■</span>&nbsp;{escape(trait.name.lower())}")
        self.text.setText(f"Trait mask (Shift+W): {' '.join(chips)}")
