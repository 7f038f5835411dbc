"""What must be there after any acts of a review, in plain Python: regions, notes, verdicts, what undo brings back."""

from collections import deque
from dataclasses import dataclass

import numpy as np

Judgement = tuple[str, np.ndarray | None]
"""A decision, and the labels that it was about; None where the photograph was away."""
LIMIT = 300


@dataclass
class Painted:
    """A change of regions."""

    image_id: str
    before: np.ndarray
    after: np.ndarray


@dataclass
class Judged:
    """Verdicts given at once: specimen, verdict before and after, each None for none, and the note."""

    verdicts: list[tuple[str, Judgement | None, Judgement | None, str]]

    @property
    def image_id(self) -> str:
        return self.verdicts[0][0]


class ReviewModel:
    """Regions, notes and verdicts by specimen, and the acts that can be undone."""

    def __init__(self) -> None:
        self.kept: dict[str, np.ndarray] = {}
        self.notes: dict[str, str] = {}
        self.verdicts: dict[str, Judgement] = {}
        self.begin()

    def begin(self) -> None:
        """A session begins, which knows of no act of another one."""
        self._done: deque[Painted | Judged] = deque(maxlen=LIMIT)
        self._undone: list[Painted | Judged] = []

    def paint(self, image_id: str, before: np.ndarray, after: np.ndarray) -> None:
        self.kept[image_id] = after
        self._record(Painted(image_id, before, after))

    def judge(self, *verdicts: tuple[str, Judgement]) -> None:
        """Verdicts with what they are about; without the photograph the regions stay as they were."""
        told = [(name, self.verdicts.get(name), given, self.notes.get(name, "")) for name, given in verdicts]
        for name, given in verdicts:
            self.verdicts[name] = given
            if given[1] is not None:
                self.kept[name] = given[1]
        self._record(Judged(list(told)))

    def retract(self, image_id: str) -> None:
        earlier = self.verdicts.pop(image_id)
        self._record(Judged([(image_id, earlier, None, self.notes.get(image_id, ""))]))

    def _record(self, act: Painted | Judged) -> None:
        self._done.append(act)
        self._undone.clear()

    def undo(self) -> Painted | Judged | None:
        if not self._done:
            return None
        act = self._done.pop()
        self._undone.append(act)
        if isinstance(act, Painted):
            self.kept[act.image_id] = act.before
            return act
        for image_id, before, after, note in act.verdicts:
            self._set(image_id, before)
            if after is not None:  # what was judged is a draft again
                self.notes[image_id] = note
                if after[1] is not None:
                    self.kept[image_id] = after[1]
        return act

    def redo(self) -> Painted | Judged | None:
        if not self._undone:
            return None
        act = self._undone.pop()
        self._done.append(act)
        if isinstance(act, Painted):
            self.kept[act.image_id] = act.after
            return act
        for image_id, _, after, note in act.verdicts:
            self._set(image_id, after)
            if after is not None:
                self.notes[image_id] = note
                if after[1] is not None:
                    self.kept[image_id] = after[1]
        return act

    def _set(self, image_id: str, verdict: Judgement | None) -> None:
        if verdict is None:
            self.verdicts.pop(image_id, None)
        else:
            self.verdicts[image_id] = verdict
