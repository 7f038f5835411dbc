"""How the parts of the review widget lie on its page."""

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QLabel, QTabWidget, QVBoxLayout, QWidget


def rich_label() -> QLabel:
    """Label of several lines in rich text."""
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.RichText)
    return label


def tabs_of(comparison: QWidget, region: QWidget, queue: QWidget) -> QTabWidget:
    """One tab for the specimen, with its comparison above its region, and one for the queue."""
    specimen, line = QWidget(), QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    layout = QVBoxLayout(specimen)
    layout.addWidget(comparison, stretch=1)
    layout.addWidget(line)
    layout.addWidget(region)
    tabs = QTabWidget()
    tabs.addTab(specimen, "Specimen")
    tabs.addTab(queue, "Queue")
    return tabs


def page_of(heading: QWidget, message: QWidget, tabs: QWidget, verdict: QWidget) -> QWidget:
    """Heading and message above the tabs, the verdict and a hint below them."""
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.setContentsMargins(4, 4, 4, 4)
    layout.addWidget(heading)
    layout.addWidget(message)
    layout.addWidget(tabs, stretch=1)
    layout.addWidget(verdict)
    layout.addWidget(QLabel("<b>Q</b> shows all keys"))
    return page
