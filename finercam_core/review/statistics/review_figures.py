"""The figures of a store's review, as `finercam info --reviews` and the report tell them."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from finercam_core.review.lab.adjudication import disagreement, is_open, is_outdated, last_word, opinions
from finercam_core.review.lab.assignment import Assignment, read_assignment
from finercam_core.review.lab.dealing import strata_of
from finercam_core.review.last_verdicts import LastVerdicts
from finercam_core.review.records import Verdict
from finercam_core.review.statistics.reliability import LEAST, Estimate, not_measured
from finercam_core.review.statistics.tallies import AgreementFigures, Tallies
from finercam_core.store import Store


@dataclass(frozen=True)
class ReviewerFigures:
    """What one reviewer did.

    Attributes
    ----------
    reviewer : str
    assigned, left : int or None
        Specimens of their queue, and those of it without a verdict; None where nothing is assigned to them.
    accept, reject, unsure : int
        Specimens, by their last verdict.
    adjudicated : int
        Disagreements of others that they decided.
    seconds : Estimate
        Median time per specimen, with the quartiles as its ends.
    """

    reviewer: str
    assigned: int | None
    left: int | None
    accept: int
    reject: int
    unsure: int
    adjudicated: int
    seconds: Estimate


@dataclass(frozen=True)
class ReviewFigures:
    """Figures of a review.

    Attributes
    ----------
    specimens : int
        Those of the store that can be reviewed, or that are assigned where some are.
    judged, judged_twice : int
        Specimens with a verdict, and with those of two reviewers or more.
    disagreements : dict of str to int
        Specimens by what is disagreed about ("the decision", "the region").
    adjudicated, outdated, open : int
        Specimens with an adjudication; those of them where a verdict changed since; disagreements that wait for one.
    reviewers : list of ReviewerFigures
    everything : AgreementFigures
    by_reviewers, by_trait, by_pair : list of AgreementFigures
        Of every two reviewers; of the question whether a region of the trait is accepted; of each pair of species.
    seed : int
        Of the bootstrap.
    asked_by : str
        The reviewer who asked, whose figures are of the specimens that they have judged themselves; "" for all.
    gone : int
        Specimens with verdicts that are no longer in the collection; they are in no figure.
    problems : list of str
        A sentence for each line of a log that cannot be read.
    """

    specimens: int
    judged: int
    judged_twice: int
    disagreements: dict[str, int]
    adjudicated: int
    outdated: int
    open: int
    reviewers: list[ReviewerFigures]
    everything: AgreementFigures
    by_reviewers: list[AgreementFigures]
    by_trait: list[AgreementFigures]
    by_pair: list[AgreementFigures]
    seed: int = 0
    asked_by: str = ""
    gone: int = 0
    problems: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain values; a figure that is not measured is null, with the reason beside it."""
        return asdict(self)


def review_figures(store: Store, *, reviewer: str = "", seed: int = 0) -> ReviewFigures:
    """Read all verdicts of a store and count.

    Parameters
    ----------
    store : Store
    reviewer : str
        Who asks. Only specimens that they have judged are counted, so that no figure tells what others said before
        their own verdict; "" for somebody who reviews nothing.
    seed : int
        Of the bootstrap intervals.
    """
    last, assignment = LastVerdicts(store.location), read_assignment(store.location)
    found = _Found(reviewer, strata_of(store, "pair", [i for i in {key[0] for key in last.judged} if _known(store, i)]))
    for image_id, verdicts in last.by_specimen():
        if not _known(store, image_id):
            found.gone += 1
        elif not reviewer or reviewer in {verdict.reviewer for verdict in verdicts}:
            found.take(image_id, verdicts)
    return ReviewFigures(
        specimens=_specimens(store, assignment),
        judged=found.judged,
        judged_twice=len(found.tallies.everything.counts),
        disagreements=dict(found.disagreements),
        adjudicated=found.adjudicated,
        outdated=found.outdated,
        open=found.open,
        reviewers=found.people(assignment),
        everything=found.tallies.everything.figures("all", seed),
        by_reviewers=_all_figures(found.tallies.reviewers, seed),
        by_trait=found.tallies.trait_figures(seed),
        by_pair=_all_figures(found.tallies.pairs, seed),
        seed=seed,
        asked_by=reviewer,
        gone=found.gone,
        problems=[f"{line}: {problem}" for line, problem in last.problems.items()],
    )


def _known(store: Store, image_id: str) -> bool:
    return image_id in store.rows.index


def _specimens(store: Store, assignment: Assignment | None) -> int:
    if assignment is None:
        return len(store.rows)
    return len({image_id for ids in (assignment.queues or {}).values() for image_id in ids})


def _all_figures(tallies: Mapping[str, Any], seed: int) -> list[AgreementFigures]:
    return [tallies[name].figures(name, seed) for name in sorted(tallies)]


class _Found:
    """What the specimens taken so far add up to."""

    def __init__(self, asked_by: str, pairs: Mapping[str, str]) -> None:
        self.asked_by, self.pairs = asked_by, pairs
        self.tallies = Tallies()
        self.judged = self.adjudicated = self.outdated = self.open = self.gone = 0
        self.disagreements: Counter[str] = Counter()
        self.decisions: dict[str, Counter[str]] = defaultdict(Counter)
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.done: dict[str, set[str]] = defaultdict(set)

    def take(self, image_id: str, verdicts: Sequence[Verdict]) -> None:
        """Count one specimen."""
        said, decided = opinions(verdicts), last_word(verdicts)
        self.judged += bool(said)
        self.tallies.add(said, self.pairs.get(image_id, ""))
        if about := disagreement(verdicts):
            self.disagreements[about] += 1
        self.open += is_open(verdicts)
        if decided is not None:
            self.adjudicated += 1
            self.outdated += is_outdated(decided, verdicts)
            self.decisions[decided.reviewer]["adjudicated"] += 1
        for verdict in said:
            self.decisions[verdict.reviewer][verdict.decision] += 1
            self.done[verdict.reviewer].add(image_id)
            if verdict.seconds is not None:
                self.seconds[verdict.reviewer].append(verdict.seconds)

    def people(self, assignment: Assignment | None) -> list[ReviewerFigures]:
        """Everybody who is assigned something or said something, by name; a reviewer who asks sees themselves alone."""
        names = set(self.decisions) | (set() if assignment is None else {*assignment.reviewers})
        if self.asked_by:
            names = {self.asked_by}
        return [self._person(name, assignment) for name in sorted(names)]

    def _person(self, name: str, assignment: Assignment | None) -> ReviewerFigures:
        queue = () if assignment is None else assignment.queue_of(name)
        said = self.decisions[name]
        return ReviewerFigures(
            name,
            len(queue) if queue else None,
            len(set(queue) - self.done[name]) if queue else None,
            said["accept"],
            said["reject"],
            said["unsure"],
            said["adjudicated"],
            _median(self.seconds[name]),
        )


def _median(seconds: Sequence[float]) -> Estimate:
    if len(seconds) < LEAST:
        return not_measured(len(seconds))
    low, middle, high = (float(value) for value in np.percentile(seconds, [25, 50, 75]))
    return Estimate(middle, low, high, len(seconds))
