"""What keys and buttons do, by the names that `_keys.KEYS` gives them."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog

from finercam_core.errors import FinercamError
from napari_finercam.window.key_sheet import KeySheet
from napari_finercam.window.panels import comparison, region
from napari_finercam.window.panels.export import ExportDialog

if TYPE_CHECKING:
    from finercam_core.review import Decision
    from napari_finercam.window.widget import ReviewWidget

Method = TypeVar("Method", bound=Callable[..., Any])


def told(method: Method) -> Method:
    """Show what finercam finds wrong as one sentence in the widget, instead of raising it into Qt."""

    @wraps(method)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except FinercamError as error:
            getattr(self, "widget", self).say(str(error))
            return None

    return cast(Method, run)


class Acts:
    """The acts of one review widget; none of them does anything while no store is open.

    Parameters
    ----------
    widget : ReviewWidget
    """

    def __init__(self, widget: "ReviewWidget") -> None:
        self.widget = widget
        self.sheet: KeySheet | None = None

    def choose_store(self) -> None:
        """Ask for a store's folder and open it."""
        folder = QFileDialog.getExistingDirectory(self.widget, "Open a finercam store")
        if folder:
            self.widget.open_store(folder)

    def open_sample(self) -> None:
        """Open the rendered fish."""
        from napari_finercam.formats.sample import sample_store

        self.widget.open_store(sample_store())

    @told
    def choose_images(self) -> None:
        """Ask where the photographs are now."""
        session = self.widget.session
        folder = QFileDialog.getExistingDirectory(self.widget, "Where are the photographs?")
        if folder and session is not None:
            self.widget.open_store(session.store.location, folder)

    @told
    def choose_figures(self) -> None:
        """Ask for a table of figures to order the queue by."""
        path, _ = QFileDialog.getOpenFileName(self.widget, "A table of figures", filter="Tables (*.csv *.parquet)")
        if path and self.widget.session is not None:
            new = self.widget.session.take_figures(path)
            self.widget.queue.show_orders()
            self.widget.queue.order.setCurrentText(new[0] if new else "")
            self.widget.queue.apply()

    def export(self) -> None:
        """Ask where to and in which form, and export the accepted regions."""
        session = self.widget.session
        if session is None or self.widget.exporter.busy:
            return
        store = Path(session.store.location)
        dialog = ExportDialog(self.widget, session.reviewer, store.parent / "masks")
        if dialog.exec():
            self.widget.exporter.start(session.store, dialog.wanted())
            self.widget.watch.start()
        self.widget.focus_canvas()

    @told
    def _decide(self, decision: "Decision") -> None:
        if self.widget.session is not None:
            self.widget.keep_note(self.widget.verdict.note.text())
            self.widget.session.decide(decision)
            if not self.next():
                self.widget.show_specimen()

    def accept(self) -> None:
        """Accept the regions and go on."""
        self._decide("accept")

    def reject(self) -> None:
        """Reject the regions and go on."""
        self._decide("reject")

    def unsure(self) -> None:
        """Leave the specimen to others and go on."""
        self._decide("unsure")

    def next(self) -> bool:
        """Go to the next specimen; False at the end."""
        return self._move(1)

    def back(self) -> bool:
        """Go to the specimen before; False at the start."""
        return self._move(-1)

    @told
    def _move(self, step: int) -> bool:
        moved = self.widget.session is not None and self.widget.session.move(step)
        if moved:
            self.widget.show_specimen()
        return moved

    @told
    def undo(self) -> None:
        """Take the last stroke or verdict back."""
        if self.widget.session is not None and self.widget.session.undo():
            self.widget.show_specimen()

    @told
    def redo(self) -> None:
        """Do again what was undone."""
        if self.widget.session is not None and self.widget.session.redo():
            self.widget.show_specimen()

    def refresh(self) -> None:
        """Take in what a flow and other reviewers have written since."""
        if self.widget.session is not None:
            self.widget.session.refresh()
            self.widget.queue.show_agreement()
            self.widget.watch.start()
            self.widget.describe()

    def toggle_gamma(self) -> None:
        """Switch between Grad-CAM (γ = 0) and the γ of before."""
        self.widget.comparison.toggle_gamma()

    def more_gamma(self) -> None:
        """Compare more strongly."""
        self.widget.comparison.gamma.setValue(self.widget.comparison.gamma.value() + comparison.STEP)

    def less_gamma(self) -> None:
        """Compare less strongly."""
        self.widget.comparison.gamma.setValue(self.widget.comparison.gamma.value() - comparison.STEP)

    def next_reference(self) -> None:
        """Compare with one reference after the other, then with all."""
        self.widget.comparison.next_reference()

    def toggle_difference(self) -> None:
        """Show both sides of the difference, or what the species alone has."""
        self.widget.comparison.difference.toggle()

    def toggle_heat(self) -> None:
        """Show or hide the heat map."""
        if self.widget.layers is not None:
            self.widget.layers.heat.visible = not self.widget.layers.heat.visible

    def toggle_traits(self) -> None:
        """Show or hide the collection's trait mask."""
        if self.widget.layers is not None:
            self.widget.layers.traits.visible = not self.widget.layers.traits.visible

    def more_region(self) -> None:
        """Make the thresholded region larger."""
        self.widget.region.scale(region.STEP)

    def less_region(self) -> None:
        """Make the thresholded region smaller."""
        self.widget.region.scale(1 / region.STEP)

    def new_region(self) -> None:
        """Begin another region."""
        self.widget.region.new_region()

    def divide(self) -> None:
        """Divide the first region into its parts."""
        self.widget.region.divide()

    def follow(self) -> None:
        """Let the first region follow the threshold again."""
        self.widget.region.follow()

    def choose_trait(self) -> None:
        """Let the keys choose a trait; Enter comes back."""
        self.widget.tabs.setCurrentIndex(0)
        self.widget.region.trait.setFocus()
        self.widget.region.trait.showPopup()

    def to_panel(self) -> None:
        """Let the keys go to the panel of the specimen; Escape comes back."""
        self.widget.tabs.setCurrentIndex(0)
        self.widget.comparison.gamma.setFocus(Qt.FocusReason.TabFocusReason)

    def write_note(self) -> None:
        """Let the keys write the note; Enter comes back."""
        self.widget.verdict.note.setFocus()

    def find(self) -> None:
        """Let the keys choose what is gone through; Enter comes back."""
        self.widget.tabs.setCurrentIndex(1)
        self.widget.queue.text.setFocus()
        self.widget.queue.text.selectAll()

    def toggle_keys(self) -> None:
        """Show or hide the sheet of keys."""
        if self.sheet is None:
            self.sheet = KeySheet(self.widget.window())
        self.sheet.toggle()
