"""Disagreements between reviewers, and the adjudication that decides one."""

from collections.abc import Iterable, Sequence
from dataclasses import fields

from finercam_core.errors import ReviewError, counted
from finercam_core.review.agreement import marked, region_iou
from finercam_core.review.records import Adjudication, Opinion, Verdict

LEAST_IOU = 0.5
"""Regions that overlap less than this are not the same region."""


def opinions(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The verdicts on a specimen that are not retracted and are no adjudications, by reviewer."""
    kept = [verdict for verdict in verdicts if verdict.decision and not isinstance(verdict, Adjudication)]
    return sorted(kept, key=lambda verdict: verdict.reviewer)


def last_word(verdicts: Iterable[Verdict]) -> Adjudication | None:
    """The adjudication of a specimen that counts: the one with the highest number, None if there is none."""
    found = [verdict for verdict in verdicts if isinstance(verdict, Adjudication) and verdict.decision]
    return max(found, key=lambda one: (one.number, one.time), default=None)


def disagreement(verdicts: Sequence[Verdict]) -> str:
    """What reviewers of a specimen disagree about, in words; "" if they agree, or if there is only one.

    Parameters
    ----------
    verdicts : sequence of Verdict
        The last one of each reviewer; adjudications among them are left out.
    """
    said = opinions(verdicts)
    if len({verdict.decision for verdict in said}) > 1:
        return "the decision"
    accepting = [verdict for verdict in said if verdict.decision == "accept" and marked(verdict)]
    if any(_apart(one, other) for i, one in enumerate(accepting) for other in accepting[:i]):
        return "the region"
    return ""


def _apart(one: Verdict, other: Verdict) -> bool:
    """Whether two accept different regions; masks of photographs of two sizes cannot be laid over each other."""
    if len({tuple(region.rle["size"]) for region in (*one.regions, *other.regions)}) > 1:
        return True
    return region_iou(marked(one), marked(other)) < LEAST_IOU


def is_open(verdicts: Sequence[Verdict]) -> bool:
    """Whether a disagreement waits for its adjudication, or for another one because a verdict changed since."""
    decided = last_word(verdicts)
    return bool(disagreement(verdicts)) and (decided is None or is_outdated(decided, verdicts))


def is_outdated(adjudication: Adjudication, verdicts: Sequence[Verdict]) -> bool:
    """Whether the verdicts are no longer those that an adjudication decided between."""
    return set(adjudication.between) != {_opinion(verdict) for verdict in opinions(verdicts)}


def adjudicate(verdict: Verdict, verdicts: Sequence[Verdict]) -> Adjudication:
    """Make an adjudication of what a third person says.

    Parameters
    ----------
    verdict : Verdict
        What that person decides, with the regions that count.
    verdicts : sequence of Verdict
        The last ones of all on the specimen.

    Raises
    ------
    ReviewError
        If there are no two verdicts of others to decide between, or the person gave one of them.
    """
    said = opinions(verdicts)
    if verdict.reviewer in {one.reviewer for one in said}:
        problem = f"{verdict.reviewer} reviewed {verdict.image_id} and cannot adjudicate it"
        raise ReviewError(problem, "a third person decides")
    if len(said) < 2:
        problem = f"{verdict.image_id} has {counted(len(said), 'verdict')}, so that nothing is to be decided"
        raise ReviewError(problem, "wait until two have judged it")
    earlier = last_word(verdicts)
    values = {field.name: getattr(verdict, field.name) for field in fields(Verdict)}
    between = tuple(map(_opinion, said))
    return Adjudication(**values, between=between, number=1 if earlier is None else earlier.number + 1)


def _opinion(verdict: Verdict) -> Opinion:
    return Opinion(verdict.reviewer, verdict.decision, verdict.revision, verdict.time)
