"""Deciding a disagreement: the verdicts that it is between, and the regions of one of them."""

from finercam_core.errors import ReviewError
from finercam_core.review import Verdict, opinions
from napari_finercam.session.captions import DECISION_NAMES
from napari_finercam.session.marking import Marking
from napari_finercam.session.verdicts import Verdicts


def to_decide(session: Marking) -> list[Verdict]:
    """The verdicts that an adjudicator decides between on the current specimen; [] for anybody else."""
    return between(session.verdicts, session.specimen.image_id)


def between(verdicts: Verdicts, image_id: str) -> list[Verdict]:
    """The verdicts on a specimen that this reviewer decides between; [] for who does not adjudicate."""
    if not verdicts.adjudicates:
        return []
    said = opinions(verdicts.of_specimen(image_id))
    return said if len(said) > 1 else []


def take_regions_of(session: Marking, reviewer: str) -> None:
    """Let the regions of one of the verdicts be those of the decision; Ctrl+Z undoes it.

    Raises
    ------
    ReviewError
        If that verdict has none, or the photograph is away.
    """
    found = next((one for one in to_decide(session) if one.reviewer == reviewer), None)
    if found is None or not found.regions:
        raise ReviewError(f"{reviewer} has marked no region here", "take another one, or paint")
    session.edit(lambda regions: regions.take(found.regions, found.comparison))


def in_words(verdict: Verdict) -> str:
    """One of the verdicts to decide between, in a line."""
    note = f" (“{verdict.note}”)" if verdict.note else ""
    count = len(verdict.regions)
    marked = "no region" if not count else "1 region" if count == 1 else f"{count} regions"
    return f"{verdict.reviewer}: {DECISION_NAMES[verdict.decision]}, {marked}{note}"
