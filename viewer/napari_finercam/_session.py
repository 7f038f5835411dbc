"""A review without any window: the queue, the comparison, the region and the verdicts."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from finercam_core.errors import ReviewError
from finercam_core.finer import GAMMA, Weighting, coefficients, combine
from finercam_core.preparation import to_image
from finercam_core.regions import region
from finercam_core.review import Comparison, Decision, Region, ReviewLog, Verdict, latest, read_verdicts
from finercam_core.rle import encode
from finercam_core.status import Status
from finercam_core.store import SpecimenRecord, open_store

Mask = npt.NDArray[np.bool_]


@dataclass
class View:
    """The specimen on screen: its photograph, what is stored about it, and the region as it stands."""

    record: SpecimenRecord
    image: npt.NDArray[np.uint8]
    used: npt.NDArray[np.bool_]
    painted: Mask | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the photograph."""
        return self.image.shape[1], self.image.shape[0]


class ReviewSession:
    """One reviewer going through a store.

    Parameters
    ----------
    location : str or Path
        The store; a flow may be writing to it meanwhile.
    reviewer : str

    Raises
    ------
    StoreError, ReviewError
        If the store cannot be read, or has no finished specimen.
    """

    def __init__(self, location: str | Path, reviewer: str) -> None:
        self.store = open_store(location)
        self.reviewer = reviewer
        self.gamma = GAMMA
        self.weighting: Weighting = "mean"
        self.top = 0.05
        self.queue = [str(image_id) for image_id in self.store.rows.index]
        self._log = ReviewLog(location, reviewer)
        self._mine = {key[0]: verdict for key, verdict in latest(read_verdicts(location)).items() if key[1] == reviewer}
        self.position = 0
        self.view = self._first()

    def _first(self) -> View:
        """The first specimen without a verdict of this reviewer, else the first of all."""
        order = sorted(range(len(self.queue)), key=lambda i: self.queue[i] in self._mine)
        for self.position in order:
            view = self._load(self.queue[self.position])
            if view is not None:
                return view
        raise ReviewError(f"{self.store.location} has no finished specimen", "run `finercam annotate` first")

    def _load(self, image_id: str) -> View | None:
        """A specimen with maps and a photograph, or None where one is missing."""
        from finercam_core.images import ImageError

        record = self.store.record(image_id)
        if record.status != Status.DONE:
            return None
        try:
            image = np.asarray(self.store.image(image_id))
        except ImageError:
            return None
        return View(record, image, np.arange(len(record.classes)) > 0)

    def move(self, step: int) -> bool:
        """Go on by `step` specimens, past those that cannot be shown; False at the end of the queue."""
        position = self.position + step
        while 0 <= position < len(self.queue):
            view = self._load(self.queue[position])
            if view is not None:
                self.position, self.view = position, view
                return True
            position += step
        return False

    @property
    def decision(self) -> Decision:
        """What this reviewer said about the specimen on screen, "" for nothing yet."""
        verdict = self._mine.get(self.view.record.image_id)
        return "" if verdict is None else verdict.decision

    @property
    def note(self) -> str:
        """The reviewer's note on the specimen on screen."""
        verdict = self._mine.get(self.view.record.image_id)
        return "" if verdict is None else verdict.note

    def counts(self) -> dict[str, int]:
        """Number of specimens accepted, rejected, unsure, and in all."""
        said = [verdict.decision for verdict in self._mine.values()]
        return {name: said.count(name) for name in ("accept", "reject", "unsure")} | {"all": len(self.queue)}

    def use(self, references: list[str]) -> None:
        """Compare with these of the stored references alone."""
        names = self.view.record.classes
        self.view.used = np.array([i > 0 and name in references for i, name in enumerate(names)])
        self.view.painted = None

    def grid_map(self, *, signed: bool = False) -> npt.NDArray[np.float32]:
        """Finer-CAM map on the model's grid, float32 (h, w), recombined from the stored evidence."""
        record = self.view.record
        weights = coefficients(
            record.logit, record.log_sum_exp, gamma=self.gamma, weighting=self.weighting, use=self.view.used
        )
        return combine(record.evidence, weights, relu=not signed)

    def image_map(self) -> npt.NDArray[np.float32]:
        """The map at image resolution, scaled so that its largest value is 1; zero where there is no evidence."""
        window = self.store.preparation.window(self.view.size)
        values = to_image(self.grid_map(), window, self.view.size)
        return values / max(float(values.max()), float(np.finfo(np.float32).tiny))

    def region(self) -> Mask:
        """The region as it stands: what was painted, else the threshold of the map; bool (height, width)."""
        return self.view.painted if self.view.painted is not None else region(self.image_map(), top=self.top)

    def paint(self, mask: npt.NDArray[np.bool_]) -> None:
        """Take a region as a person left it, if they changed it; it stays until map or threshold change."""
        if not np.array_equal(mask, self.region()):
            self.view.painted = np.asarray(mask, bool)

    def repaint(self) -> None:
        """Forget what was painted, since the map or the threshold changed."""
        self.view.painted = None

    def decide(self, decision: Decision, note: str = "") -> Verdict:
        """Write a verdict with the region as it stands to the disk; "" takes an earlier one back."""
        record, painted = self.view.record, self.view.painted is not None
        references = tuple(name for name, used in zip(record.classes, self.view.used, strict=True) if used)
        made = Comparison(self.gamma, self.weighting, self.store.provenance["method"], references)
        shown = Region(encode(self.region()), source="painted" if painted else "threshold", threshold={"top": self.top})
        before = self._mine.get(record.image_id)
        verdict = Verdict(
            record.image_id, record.scientificName, self.reviewer, decision, made, (shown,), note,
            run=self.store.provenance["run"], revision=0 if before is None else before.revision + 1,
        )  # fmt: skip
        written = self._log.append(verdict)
        self._mine[record.image_id] = written
        if not decision:
            del self._mine[record.image_id]
        return written
