"""What keys and buttons do, by the names that `finercam_core.review.keys` gives them."""

from qtpy.QtCore import Qt

from finercam_core.review import Decision
from napari_finercam.session import captions
from napari_finercam.window.dialogs import Dialogs
from napari_finercam.window.page import QUEUE_TAB, SPECIMEN_TAB
from napari_finercam.window.panels import comparison, region


class Commands(Dialogs):
    """All commands of one review widget; none of them does anything while no store is open.

    Parameters and attributes are those of `Dialogs`.
    """

    def run(self, name: str) -> None:
        """Run a command by its name."""
        getattr(self, name)()

    def _decide(self, decision: Decision) -> None:
        session = self._workbench.session
        if session is None:
            return
        with self._workbench.errors_shown():
            session.decide(decision)
            if self._move(1) is False:
                self._workbench.show_specimen()
                self._say_end(forward=True)

    def accept(self) -> None:
        """Accept the regions and go on."""
        self._decide("accept")

    def reject(self) -> None:
        """Reject the regions and go on."""
        self._decide("reject")

    def unsure(self) -> None:
        """Leave the specimen to others and go on."""
        self._decide("unsure")

    def retract(self) -> None:
        """Take the verdict on the current specimen back."""
        session = self._workbench.session
        if session is None:
            return
        with self._workbench.errors_shown():
            session.retract()
            self._workbench.show_specimen()
            self._workbench.say("Your verdict is taken back; the regions are kept as a draft.", good=True)

    def next(self) -> bool:
        """Go to the next specimen; False at the end."""
        return bool(self._move(1))

    def back(self) -> bool:
        """Go to the previous specimen; False at the start."""
        return bool(self._move(-1))

    def _move(self, step: int) -> bool | None:
        """Whether there was another specimen; None if an error is shown."""
        session = self._workbench.session
        if session is None:
            return False
        moved: bool | None = None
        with self._workbench.errors_shown():
            moved = session.navigation.move(step)
            if moved:
                self._workbench.show_specimen()
            else:
                self._say_end(forward=step > 0)
        return moved

    def _say_end(self, *, forward: bool) -> None:
        session = self._workbench.session
        if session is not None and not session.warnings:
            self._workbench.say(captions.end_of_queue(session.queue.counts(), forward=forward), good=True)

    def undo(self) -> None:
        """Undo the last stroke or verdict."""
        session = self._workbench.session
        with self._workbench.errors_shown():
            if session is not None and session.undo():
                self._workbench.show_specimen()

    def redo(self) -> None:
        """Do again what was undone."""
        session = self._workbench.session
        with self._workbench.errors_shown():
            if session is not None and session.redo():
                self._workbench.show_specimen()

    def refresh(self) -> None:
        """Read what a flow and other reviewers have written since."""
        self._workbench.refresh()

    def toggle_gamma(self) -> None:
        """Switch between the base method (γ = 0) and the previous γ."""
        self._page.comparison.toggle_gamma()

    def more_gamma(self) -> None:
        """Compare more strongly."""
        self._page.comparison.gamma.setValue(self._page.comparison.gamma.value() + comparison.STEP)

    def less_gamma(self) -> None:
        """Compare less strongly."""
        self._page.comparison.gamma.setValue(self._page.comparison.gamma.value() - comparison.STEP)

    def next_reference(self) -> None:
        """Compare with one reference after another, then with all."""
        self._page.comparison.next_reference()

    def toggle_difference(self) -> None:
        """Show both sides of the difference, or only what the species itself has."""
        self._page.comparison.difference.toggle()

    def toggle_heat(self) -> None:
        """Show or hide the heat map."""
        if self._workbench.layers is not None:
            self._workbench.layers.heat.visible = not self._workbench.layers.heat.visible

    def toggle_traits(self) -> None:
        """Show or hide the collection's trait mask."""
        if self._workbench.layers is not None:
            self._workbench.layers.traits.visible = not self._workbench.layers.traits.visible

    def more_region(self) -> None:
        """Make the thresholded region larger."""
        self._page.region.scale(region.FACTOR)

    def less_region(self) -> None:
        """Make the thresholded region smaller."""
        self._page.region.scale(1 / region.FACTOR)

    def new_region(self) -> None:
        """Begin another region."""
        self._page.region.new_region()

    def divide(self) -> None:
        """Divide the first region into its connected parts."""
        self._page.region.divide()

    def follow(self) -> None:
        """Let the first region follow the threshold again."""
        self._page.region.follow()

    def snap(self) -> None:
        """Draw the chosen region's outline to the edges of the photograph."""
        self._page.region.snap()

    def take_layer(self) -> None:
        """Make regions of what another plugin drew into a layer of its own."""
        session, layers = self._workbench.session, self._workbench.layers
        if session is None or layers is None:
            return
        with self._workbench.errors_shown():
            session.collect()
            name, count = layers.others.take(session, self._page.region.number)
            layers.activate()
            self._workbench.show_regions()
            self._page.region.show_specimen()
            self._workbench.say(captions.taken(name, count), good=True)

    def choose_trait(self) -> None:
        """Let the keys choose a trait; Enter comes back."""
        self._page.tabs.setCurrentIndex(SPECIMEN_TAB)
        self._page.region.trait.setFocus()
        self._page.region.trait.showPopup()

    def to_panel(self) -> None:
        """Let the keys go to the panel of the specimen; Escape comes back."""
        self._page.tabs.setCurrentIndex(SPECIMEN_TAB)
        self._page.comparison.gamma.setFocus(Qt.FocusReason.TabFocusReason)

    def write_note(self) -> None:
        """Let the keys write the note; Enter comes back."""
        self._page.verdict.note.setFocus()

    def find(self) -> None:
        """Let the keys choose which specimens to go through; Enter comes back."""
        self._page.tabs.setCurrentIndex(QUEUE_TAB)
        self._page.queue.text.setFocus()
        self._page.queue.text.selectAll()
