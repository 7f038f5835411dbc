"""What a reviewer did in this session, in order, to be undone and done again."""

from collections import deque
from dataclasses import dataclass

from finercam_core.review import Verdict
from napari_finercam.session.regions import Snapshot

LIMIT = 300


@dataclass(frozen=True)
class RegionChange:
    """Regions of a specimen before and after a stroke or another change."""

    image_id: str
    before: Snapshot
    after: Snapshot


@dataclass(frozen=True)
class VerdictChange:
    """The verdict on a specimen before (None for none) and after a decision."""

    before: Verdict | None
    after: Verdict

    @property
    def image_id(self) -> str:
        """The specimen."""
        return self.after.image_id


@dataclass(frozen=True)
class BatchChange:
    """Verdicts that were given at once, and are undone at once; at least one."""

    changes: tuple[VerdictChange, ...]

    @property
    def image_id(self) -> str:
        """The first specimen."""
        return self.changes[0].image_id


Change = RegionChange | VerdictChange | BatchChange


class History:
    """The last `LIMIT` changes."""

    def __init__(self) -> None:
        self._done: deque[Change] = deque(maxlen=LIMIT)
        self._undone: deque[Change] = deque(maxlen=LIMIT)

    def record(self, change: Change) -> None:
        """Add a change; what was undone before can no longer be done again."""
        self._done.append(change)
        self._undone.clear()

    def step_back(self) -> Change | None:
        """The change to undo now, None if there is none."""
        if not self._done:
            return None
        self._undone.append(self._done.pop())
        return self._undone[-1]

    def step_forward(self) -> Change | None:
        """The change to do again now, None if there is none."""
        if not self._undone:
            return None
        self._done.append(self._undone.pop())
        return self._done[-1]
