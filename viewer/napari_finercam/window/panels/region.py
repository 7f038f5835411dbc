"""Panel of the regions: the threshold, the list of regions, and the trait that each belongs to."""

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QListWidget, QPushButton, QVBoxLayout
from superqt import QLabeledDoubleSlider

from finercam_core.regions.traits import Trait
from napari_finercam.session import captions
from napari_finercam.session.regions import FIRST, THRESHOLD_KINDS, NumberedRegions
from napari_finercam.session.review import ReviewSession
from napari_finercam.window.panels.legend import TraitLegend
from napari_finercam.window.qt import SessionPanel, Signal, plain_label

NO_TRAIT = captions.NO_TRAIT
FACTOR = 1.25


class RegionPanel(SessionPanel):
    """What is marked on the specimen. Changes go to the session at once; `changed` is emitted after them."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.session: ReviewSession | None = None
        self._filling = False
        self.number = FIRST
        self.kind = QComboBox()
        self.kind.addItems(list(captions.THRESHOLDS.values()))
        self.share = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
        self.share.setRange(0.5, 100.0)
        self.share.setDecimals(1)
        self.smoothing = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
        self.smoothing.setRange(0.0, 10.0)
        self.smoothing.setDecimals(1)
        self.smoothing.setToolTip("How much to round the outline, in thousandths of the picture's longer side")
        self.regions = QListWidget()
        self.regions.setMaximumHeight(76)
        self.trait = QComboBox()
        self.overlap, self.meaning = plain_label(), plain_label()
        self.traits_legend = TraitLegend()
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow(self.kind, self.share)
        form.addRow(self.meaning)
        form.addRow("rounding", self.smoothing)
        buttons = QHBoxLayout()
        for text, tip, action in (
            ("Snap", "Draw the outline of the chosen region to the edges of the specimen (Shift+S)", self.snap),
            ("New", "Another region, painted by hand (Shift+M)", self.new_region),
            ("Divide", "Make each separate part a region of its own (Shift+D)", self.divide),
            ("Remove", "Remove the chosen region", self.remove),
            ("Reset", "Let the first region follow the threshold again (Shift+F)", self.follow),
        ):
            button = QPushButton(text)
            button.setToolTip(tip)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(action)
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(self.regions)
        layout.addLayout(buttons)
        traits = QFormLayout()
        traits.addRow("trait", self.trait)
        layout.addLayout(traits)
        layout.addWidget(self.overlap)
        layout.addWidget(self.traits_legend)

    def _connect(self) -> None:
        self.share.valueChanged.connect(self._on_threshold)
        self.smoothing.valueChanged.connect(self._on_threshold)
        self.kind.currentIndexChanged.connect(self._on_threshold)
        self.regions.currentRowChanged.connect(self._on_region)
        self.trait.activated.connect(self._on_trait)
        self.kind.activated.connect(self.done)
        self.regions.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def open(self, session: ReviewSession) -> None:
        """Show a session."""
        self.session = None
        threshold = session.threshold
        self.kind.setCurrentIndex(THRESHOLD_KINDS.index(threshold.kind))
        self.share.setValue(100 * threshold.share)
        self.smoothing.setValue(threshold.smoothing)
        self.trait.clear()
        self.trait.addItem(NO_TRAIT, None)
        for trait in session.traits:
            self.trait.addItem(f"{trait.name}  {trait.uberon}".rstrip(), trait)
        self.session = session
        self.traits_legend.show_traits(session.mask_traits)

    def show_specimen(self) -> None:
        """List the regions of the current specimen."""
        if self.session is None:
            return
        self._filling = True
        regions = self.session.regions
        numbers = sorted(regions.properties)
        self.number = self.number if self.number in regions.properties else FIRST
        self.regions.clear()
        for number in numbers:
            region = regions.properties[number]
            self.regions.addItem(captions.region_line(number, region, self.session.comparison_made()))
        self.regions.setCurrentRow(numbers.index(self.number))
        name = regions.properties[self.number].trait
        indices = [i for i in range(1, self.trait.count()) if self.trait.itemData(i).name == name]
        self.trait.setCurrentIndex(indices[0] if indices else 0)
        for control in (self.share, self.smoothing, self.kind):
            control.setEnabled(regions.follows)
        self.show_overlap()
        self.meaning.setText(captions.threshold_meaning(self.session.threshold))
        self.meaning.setVisible(regions.follows)
        self._filling = False

    def show_overlap(self) -> None:
        """Show which of the collection's traits the chosen region lies on."""
        if self.session is None:
            return
        mask = self.session.regions.labels == self.number
        self.overlap.setText(captions.trait_overlap(mask, self.session.specimen, self.session.mask_traits))
        self.overlap.setVisible(bool(self.overlap.text()))

    def choose(self, number: int) -> None:
        """Make another region the chosen one."""
        if self.session is not None and number in self.session.regions.properties and number != self.number:
            self.number = number
            self.show_specimen()

    def _on_threshold(self, _value: Any) -> None:
        if self.session is None:
            return
        threshold = self.session.threshold
        threshold.kind = THRESHOLD_KINDS[self.kind.currentIndex()]
        threshold.share, threshold.smoothing = self.share.value() / 100, self.smoothing.value()
        with self.errors_told():
            self.session.recut()
        self.meaning.setText(captions.threshold_meaning(threshold))
        self.changed.emit()

    def _on_region(self, row: int) -> None:
        if self.session is not None and not self._filling and row >= 0:
            self.choose(sorted(self.session.regions.properties)[row])
            self.chosen.emit(self.number)

    def _on_trait(self, index: int) -> None:
        trait: Trait | None = self.trait.itemData(index)
        self._edit(lambda regions: regions.assign(self.number, trait))
        self.done.emit()

    def _edit(self, change: Callable[[NumberedRegions], object]) -> None:
        if self.session is not None:
            with self.errors_told():
                self.session.edit(change)
            self.show_specimen()
            self.changed.emit()

    def scale(self, factor: float) -> None:
        """Make the threshold's share larger or smaller."""
        self.share.setValue(self.share.value() * factor)

    def snap(self) -> None:
        """Draw the outline of the chosen region to the edges of the photograph."""
        if self.session is not None:
            with self.errors_told():
                self.session.snap(self.number)
                self.show_specimen()
                self.changed.emit()

    def new_region(self) -> None:
        """Begin another region, to be painted."""

        def add(regions: NumberedRegions) -> None:
            self.number = regions.add()

        self._edit(add)
        self.chosen.emit(self.number)

    def divide(self) -> None:
        """Make each connected part of the first region a region of its own."""
        self._edit(NumberedRegions.divide)

    def remove(self) -> None:
        """Remove the chosen region."""
        if self.session is not None and self.session.regions.unplaced:
            self._edit(NumberedRegions.drop_unplaced)
        else:
            self._edit(lambda regions: regions.remove(self.number))
        self.chosen.emit(self.number)

    def follow(self) -> None:
        """Let the first region follow the threshold again."""
        self._edit(NumberedRegions.follow)
