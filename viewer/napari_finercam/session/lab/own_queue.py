"""What a lab adds to a queue: specimens of one's own, and disagreements to decide."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from finercam_core.review import Assignment, Verdict
from finercam_core.review.lab.adjudication import is_open

MINE, TO_DECIDE, AS_ASSIGNED = "my queue", "to adjudicate", "as assigned"


class LabQueue:
    """Which specimens of a store are a reviewer's, and which wait for their decision.

    Parameters
    ----------
    ids : array of str (n,)
        The specimens of the queue.
    reviewer : str
    assignment : Assignment, optional
        None where nothing is assigned.

    Attributes
    ----------
    place : float64 array (n,)
        Place in the reviewer's own queue, NaN for specimens that are not theirs.
    open : bool array (n,)
        Disagreements that wait for a decision; always false for who does not decide them, whom it would tell what
        others said.
    adjudicates : bool
    """

    def __init__(self, ids: npt.NDArray[np.object_], reviewer: str, assignment: Assignment | None) -> None:
        places = {} if assignment is None else {key: i for i, key in enumerate(assignment.queue_of(reviewer))}
        self.adjudicates = assignment is not None and assignment.may_adjudicate(reviewer)
        self.place = np.array([places.get(str(image_id), np.nan) for image_id in ids], np.float64)
        self.open = np.zeros(len(ids), bool)

    def take(self, row: int, verdicts: Sequence[Verdict]) -> None:
        """Note whether a specimen waits for this adjudicator."""
        if self.adjudicates:
            self.open[row] = is_open(verdicts)

    @property
    def first(self) -> tuple[str, str]:
        """The filter and the order to begin with; ("all", "as stored") where nothing is assigned."""
        if self.adjudicates:
            return TO_DECIDE, "as stored"
        return (MINE, AS_ASSIGNED) if np.isfinite(self.place).any() else ("all", "as stored")
