"""What specimens add to the figures of a review, one specimen at a time: masks are never held together."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from finercam_core.review.agreement import marked, region_iou
from finercam_core.review.records import Region, Verdict
from finercam_core.review.statistics.reliability import (
    Estimate,
    alpha_of,
    alpha_terms,
    cohen_of,
    estimate,
    fleiss_of,
    fleiss_terms,
    mean_of,
    not_measured,
)

ANSWERS = ("accept", "reject", "unsure")
NO_TRAIT = "no trait"
_ONE_ANSWER = "all answers are the same"


@dataclass(frozen=True)
class AgreementFigures:
    """How far reviewers agree on some specimens.

    Attributes
    ----------
    of : str
        "all", the names of two reviewers, of a trait, or of a pair of species.
    specimens : int
        Those that two or more judged.
    alpha : Estimate
        Krippendorff's α, of any number of reviewers.
    kappa : Estimate
        Cohen's of two reviewers, Fleiss' where every specimen was judged by the same number of more.
    iou : Estimate
        Mean intersection over union of the regions that two accepted, over all pairs of reviewers of a specimen.
    """

    of: str
    specimens: int
    alpha: Estimate
    kappa: Estimate
    iou: Estimate


@dataclass
class Tally:
    """Answers to one question by specimen, and overlaps of regions.

    Attributes
    ----------
    answers : tuple of str
        What may be answered.
    counts : list of list of int
        By specimen that two or more judged: how many gave each answer.
    tables : list of (str, str)
        Answers of two reviewers, where the tally is of two.
    ious : list of float
        By specimen: mean over its pairs of reviewers.
    """

    answers: tuple[str, ...] = ANSWERS
    counts: list[list[int]] = field(default_factory=list)
    tables: list[tuple[str, str]] = field(default_factory=list)
    ious: list[float] = field(default_factory=list)

    def add(self, said: Sequence[str], ious: Sequence[float], *, of_two: bool = False) -> None:
        """Add a specimen: what each reviewer answered, and the overlaps of their regions."""
        if len(said) >= 2:
            self.counts.append([list(said).count(answer) for answer in self.answers])
        if of_two and len(said) == 2:
            self.tables.append((said[0], said[1]))
        if ious:
            self.ious.append(float(np.mean(ious)))

    def figures(self, of: str, seed: int) -> AgreementFigures:
        """α, κ and IoU with their intervals."""
        counts = np.asarray(self.counts, np.int64).reshape(-1, len(self.answers))
        overlaps = np.column_stack([self.ious, np.ones(len(self.ious))])
        return AgreementFigures(
            of,
            len(counts),
            estimate(alpha_terms(counts), alpha_of, seed=seed, undefined=_ONE_ANSWER),
            self._kappa(counts, seed),
            estimate(overlaps, mean_of, seed=seed, undefined="no regions"),
        )

    def _kappa(self, counts: "np.typing.NDArray[np.int64]", seed: int) -> Estimate:
        if self.tables:
            cells = np.zeros((len(self.tables), len(self.answers), len(self.answers)))
            for i, (one, other) in enumerate(self.tables):
                cells[i, self.answers.index(one), self.answers.index(other)] = 1
            return estimate(cells.reshape(len(cells), -1), cohen_of, seed=seed, undefined=_ONE_ANSWER)
        if len({int(judged) for judged in counts.sum(axis=1)}) > 1:
            return not_measured(len(counts), "specimens have different numbers of reviewers, see α")
        return estimate(fleiss_terms(counts), fleiss_of, seed=seed, undefined=_ONE_ANSWER)


class Tallies:
    """Tallies over all specimens, of every two reviewers, by trait, and by pair of species."""

    def __init__(self) -> None:
        self.everything = Tally()
        self.reviewers: dict[str, Tally] = defaultdict(Tally)
        self.traits: dict[str, Tally] = defaultdict(lambda: Tally(("yes", "no")))
        self.pairs: dict[str, Tally] = defaultdict(Tally)
        self._traits_of: list[list[frozenset[str]]] = []  # by specimen and reviewer

    def add(self, said: Sequence[Verdict], pair: str) -> None:
        """Add the verdicts on one specimen, one a reviewer, and the pair of species that it belongs to."""
        decisions = [verdict.decision for verdict in said]
        overlaps = {(a.reviewer, b.reviewer): region_iou(marked(a), marked(b)) for a, b in _both_accepted(said)}
        for tally in (self.everything, *([self.pairs[pair]] if pair and len(said) >= 2 else [])):
            tally.add(decisions, list(overlaps.values()))
        for a, b in combinations(said, 2):
            names = (a.reviewer, b.reviewer)
            of_both = [overlaps[names]] if names in overlaps else []
            self.reviewers[" & ".join(names)].add([a.decision, b.decision], of_both, of_two=True)
        self._add_traits(said)

    def _add_traits(self, said: Sequence[Verdict]) -> None:
        """Whether each accepts a region of each trait; who is unsure has not answered."""
        sure = [verdict for verdict in said if verdict.decision != "unsure"]
        if len(sure) < 2:
            return
        by_trait = [_by_trait(verdict) for verdict in sure]
        self._traits_of.append([frozenset(regions) for regions in by_trait])
        for trait in {name for regions in by_trait for name in regions}:
            have = [regions[trait] for regions in by_trait if trait in regions]
            self.traits[trait].ious += _mean([region_iou(a, b) for a, b in combinations(have, 2) if _same_size(a, b)])

    def trait_figures(self, seed: int) -> list[AgreementFigures]:
        """By trait, in alphabetical order; a trait that nobody accepts on a specimen is answered with no by all."""
        for trait, tally in self.traits.items():
            for specimen in self._traits_of:
                tally.add(["yes" if trait in names else "no" for names in specimen], ())
        return [self.traits[trait].figures(trait, seed) for trait in sorted(self.traits)]


def _by_trait(verdict: Verdict) -> dict[str, list[Region]]:
    regions: dict[str, list[Region]] = defaultdict(list)
    for region in marked(verdict) if verdict.decision == "accept" else ():
        regions[region.trait or NO_TRAIT].append(region)
    return dict(regions)


def _both_accepted(said: Sequence[Verdict]) -> list[tuple[Verdict, Verdict]]:
    accepting = [verdict for verdict in said if verdict.decision == "accept" and marked(verdict)]
    return [(a, b) for a, b in combinations(accepting, 2) if _same_size(a.regions, b.regions)]


def _same_size(one: Sequence[Region], other: Sequence[Region]) -> bool:
    """Whether masks can be laid over each other; those of photographs of two sizes cannot."""
    return len({tuple(region.rle["size"]) for region in (*one, *other)}) == 1


def _mean(values: Sequence[float]) -> list[float]:
    return [float(np.mean(values))] if values else []
