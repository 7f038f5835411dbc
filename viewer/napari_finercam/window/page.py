"""The page of an open store: heading, message, panels, verdict."""

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFrame, QLabel, QTabWidget, QVBoxLayout, QWidget

from napari_finercam.session import captions
from napari_finercam.session.review import ReviewSession
from napari_finercam.session.sibling_stores import sibling_stores
from napari_finercam.window.controls import WheelGuard, decimal_fields, name_controls, scrolled, shrinkable
from napari_finercam.window.panels.comparison import ComparisonPanel
from napari_finercam.window.panels.lab.deciding import DecidingPanel
from napari_finercam.window.panels.queue import QueuePanel
from napari_finercam.window.panels.region import RegionPanel
from napari_finercam.window.panels.start import GOOD, WARNING
from napari_finercam.window.panels.tour import Tour
from napari_finercam.window.panels.verdict import VerdictPanel
from napari_finercam.window.qt import plain_label, rich_label

if TYPE_CHECKING:
    import napari

SPECIMEN_TAB, QUEUE_TAB = 0, 1


class ReviewPage(QWidget):
    """Heading and message above, tabs of panels in the middle, the verdict and a hint below.

    Attributes
    ----------
    comparison, region, queue, deciding, verdict
        The panels.
    heading, message : QLabel
    tour : Tour
    tabs : QTabWidget
        One for the specimen, with its comparison above its region, and one for the queue.
    """

    def __init__(self) -> None:
        super().__init__()
        self.comparison, self.region = ComparisonPanel(), RegionPanel()
        self.queue, self.verdict = QueuePanel(), VerdictPanel()
        self.deciding = DecidingPanel()
        self.heading, self.message = rich_label(), plain_label()
        self.message.hide()
        self.tour = Tour()
        self.tabs = QTabWidget()
        self.tabs.addTab(scrolled(self._specimen_tab()), "Specimen")
        self.tabs.addTab(scrolled(self.queue), "Queue")
        for label in (self.heading, self.message):
            label.setMinimumWidth(1)  # a long id must not make the panel wider than the screen
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.heading)
        layout.addWidget(self.message)
        layout.addWidget(self.tour)
        layout.addWidget(self.tabs, stretch=1)
        layout.addWidget(self.deciding)
        layout.addWidget(self.verdict)
        layout.addWidget(QLabel("<b>Q</b> shows all keys"))
        self._name_controls()
        self._wheel = WheelGuard(self)

    def _name_controls(self) -> None:
        comparison, region, queue = self.comparison, self.region, self.queue
        name_controls({
            comparison.gamma: "γ, strength of the comparison",
            comparison.weighting: "weighting of the look-alikes",
            comparison.above: "baseline that the map is looked at above",
            comparison.method: "base method",
            comparison.difference: "both sides of the difference",
            comparison.references: "look-alikes compared with",
            region.kind: "what the threshold is a share of",
            region.share: "threshold in percent",
            region.smoothing: "rounding of the outline",
            region.regions: "regions",
            region.trait: "trait of the chosen region",
            queue.taxon: "taxon",
            queue.only: "only specimens that are",
            queue.trait: "with an accepted trait",
            queue.text: "part of an id or a name",
            queue.order: "order of the queue",
            self.verdict.note: "note",
            self.verdict.progress: "judged specimens of the queue",
            self.tabs: "specimen or queue",
        })  # fmt: skip
        decimal_fields(comparison.gamma, region.share, region.smoothing)
        for box in (comparison.weighting, comparison.above, comparison.method, region.kind, region.trait, *queue.boxes):
            shrinkable(box)

    def _specimen_tab(self) -> QWidget:
        tab, line = QWidget(), QFrame()
        line.setFrameShape(QFrame.Shape.HLine)
        layout = QVBoxLayout(tab)
        layout.addWidget(self.comparison, stretch=1)
        layout.addWidget(line)
        layout.addWidget(self.region)
        return tab

    def open(self, session: ReviewSession) -> None:
        """Let the panels show a session."""
        self.comparison.open(session, sibling_stores(session.store))
        self.region.open(session)
        self.queue.open(session)

    def show_specimen(self, session: ReviewSession, viewer: "napari.Viewer") -> None:
        """Fill the panels with the current specimen."""
        self.comparison.show_specimen()
        self.region.show_specimen()
        self.deciding.show_specimen(session, viewer)
        self.verdict.show_note(session.specimen.image_id, session.note)
        self.queue.show_selection()

    def describe(self, session: ReviewSession) -> None:
        """Show which specimen is current, what others decided, and how much of the queue is judged."""
        specimen, counts = session.specimen, session.queue.counts()
        common_name = session.common_names.get(specimen.species, "")
        heading = captions.heading(specimen, common_name, session.decision, edited=session.edited)
        classification = captions.classification(specimen.record)
        self.heading.setText(heading + (f"<br>{classification}" if classification else ""))
        said, decides = session.verdicts.of_specimen(specimen.image_id), session.verdicts.adjudicates
        others = captions.other_verdicts(said, session.reviewer, decides=decides)
        self.verdict.others.setText(others)
        self.verdict.others.setVisible(bool(others) and self.deciding.isHidden())
        judged = counts["accept"] + counts["reject"] + counts["unsure"]
        self.verdict.show_progress(judged, counts["all"], captions.progress(counts))

    def say(self, sentence: str, *, good: bool = False) -> None:
        """Show one sentence on what is wrong, or what went well; "" takes it away."""
        if sentence:  # a style sheet takes milliseconds
            self.message.setStyleSheet(GOOD if good else WARNING)
        self.message.setText(sentence)
        self.message.setVisible(bool(sentence))
