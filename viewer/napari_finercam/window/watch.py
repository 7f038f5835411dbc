"""What goes on behind a review, told from time to time: scores that are read, and an export."""

from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer

from napari_finercam.session import words

if TYPE_CHECKING:
    from napari_finercam.window.widget import ReviewWidget

_POLL = 400


class Watch(QTimer):
    """Looks again and again how far scores and an export are, until both are done.

    Parameters
    ----------
    widget : ReviewWidget
        Shows it.
    """

    def __init__(self, widget: "ReviewWidget") -> None:
        super().__init__(widget)
        self.widget = widget
        self.setInterval(_POLL)
        self.timeout.connect(self._look)

    def _look(self) -> None:
        session = self.widget.session
        if session is None or session.scores is None:
            return
        self._tell_export()
        self.widget.queue.show_state()
        if session.scores.finished.is_set() and not self.widget.exporter.busy:
            self.stop()
            if session.scores.missing and not self.widget.message.text():
                self.widget.say(words.missing(len(session.scores.missing)))

    def _tell_export(self) -> None:
        exporter = self.widget.exporter
        if not exporter.busy:
            return
        result = exporter.result()
        if result is None:
            self.widget.say(f"Exporting: {exporter.masks:,} masks so far.", good=True)
        else:
            self.widget.say(escape(result[0]).replace("\n", "<br>"), good=result[1])
