"""Undo over everything that a reviewer does, in the order in which it was done."""

from collections import deque
from dataclasses import dataclass

from finercam_core.review import Verdict
from napari_finercam.session.regions import Snapshot

LIMIT = 300


@dataclass(frozen=True)
class RegionAct:
    """Regions of a specimen before and after a stroke or another change."""

    image_id: str
    before: Snapshot
    after: Snapshot


@dataclass(frozen=True)
class VerdictAct:
    """The verdict on a specimen before and after a decision; None for none."""

    image_id: str
    before: Verdict | None
    after: Verdict


Act = RegionAct | VerdictAct


class Undo:
    """The acts of a sitting, the last `LIMIT` of them."""

    def __init__(self) -> None:
        self._done: deque[Act] = deque(maxlen=LIMIT)
        self._undone: deque[Act] = deque(maxlen=LIMIT)

    def did(self, act: Act) -> None:
        """Note an act; what was undone before can no longer be done again."""
        self._done.append(act)
        self._undone.clear()

    def back(self) -> Act | None:
        """The act to undo now, None if there is none."""
        if not self._done:
            return None
        self._undone.append(self._done.pop())
        return self._undone[-1]

    def forth(self) -> Act | None:
        """The act to do again now, None if there is none."""
        if not self._undone:
            return None
        self._done.append(self._undone.pop())
        return self._done[-1]
