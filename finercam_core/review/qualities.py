"""How a trait differs, in PATO's terms, as reviewers name it in their notes: a classifier says where, not how."""

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from finercam_core.review.last_verdicts import LastVerdicts
from finercam_core.review.records import Verdict

QUALITY = "PATO:0000001"
"""PATO's "quality", which holds of whatever differs."""
_NAMED = re.compile(r"(PATO:\d{7})(?:\s*\(([^()]+)\))?")


def quality_of(note: str) -> tuple[str, str]:
    """PATO's term and its words: the first that a reviewer's note names, as in "PATO:0000052 (shape)".

    A classifier says where two species differ, not how, so that it is PATO's "quality" until a reviewer names it.
    """
    found = _NAMED.search(note)
    return (found[1], found[2] or found[1]) if found else (QUALITY, "quality")


@dataclass(frozen=True)
class NamedQuality:
    """A quality that reviewers gave a trait.

    Attributes
    ----------
    term : str
        Of PATO, such as "PATO:0000014".
    label : str
        Its words as first given, or the term again.
    reviewers : tuple of str
        In alphabetical order.
    specimens : int
        On how many specimens they named it.
    """

    term: str
    label: str
    reviewers: tuple[str, ...]
    specimens: int


def named_qualities(location: str | Path, a: str, b: str) -> dict[str, tuple[NamedQuality, ...]]:
    """Qualities that accepted verdicts name, by trait; those named on the most specimens first.

    A verdict counts for a pair if it is about a specimen of one of the two, and its note holds one of PATO's terms. A
    region counts if it was cut from a comparison with the other of the two. The term is given to all such traits of the
    specimen, since a note is about the specimen.

    Parameters
    ----------
    location : str or Path
        The store.
    a, b : str
        The two species.
    """
    found = defaultdict[str, dict[str, list[tuple[str, str, str]]]](lambda: defaultdict(list))
    for verdict in LastVerdicts(location).read():
        term, label = quality_of(verdict.note)
        if term == QUALITY:
            continue
        for trait in _traits(verdict, {a, b}):
            found[trait][term].append((label, verdict.reviewer, verdict.image_id))
    return {trait: _ordered(terms) for trait, terms in found.items()}


def _traits(verdict: Verdict, pair: set[str]) -> set[str]:
    """Traits of the regions that were cut from a comparison of the two species."""
    if verdict.scientificName not in pair:
        return set()
    other = pair - {verdict.scientificName}
    compared = ((region.trait, region.comparison or verdict.comparison) for region in verdict.regions)
    return {trait for trait, comparison in compared if trait and other & set(comparison.references)}


def _ordered(terms: dict[str, list[tuple[str, str, str]]]) -> tuple[NamedQuality, ...]:
    qualities = []
    for term, uses in terms.items():
        label = next((label for label, _, _ in uses if label != term), term)
        reviewers = tuple(sorted({reviewer for _, reviewer, _ in uses}))
        qualities.append(NamedQuality(term, label, reviewers, len({image_id for _, _, image_id in uses})))
    return tuple(sorted(qualities, key=lambda one: (-one.specimens, one.term)))
