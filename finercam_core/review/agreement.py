"""How far two reviewers agree: Cohen's κ on their decisions, intersection over union on their regions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from pycocotools import mask as coco

from finercam_core.review.records import Region, Verdict


@dataclass(frozen=True)
class Agreement:
    """Agreement of two reviewers.

    Attributes
    ----------
    reviewers : (str, str)
    specimens : int
        Specimens that both judged.
    kappa : float
        Cohen's κ of their decisions; NaN where both only ever gave the same single answer.
    regions : int
        Specimens that both accepted.
    iou : float
        Mean intersection over union of their regions there; NaN if there is none.
    """

    reviewers: tuple[str, str]
    specimens: int
    kappa: float
    regions: int
    iou: float


def cohens_kappa(first: Sequence[str], second: Sequence[str]) -> float:
    r"""Cohen's kappa, :math:`(p_o - p_e) / (1 - p_e)` (Cohen 1960), of two lists of answers to the same questions.

    :math:`p_o` is the share of equal answers, :math:`p_e` the share expected of independent reviewers who give each
    answer as often as these do.

    Returns
    -------
    float in [-1, 1]; NaN if there are no answers, or all are the same one.
    """
    one, two = np.asarray(first, str), np.asarray(second, str)
    if not len(one):
        return float("nan")
    answers = np.union1d(one, two)[:, None]
    expected = float(((one == answers).mean(axis=1) * (two == answers).mean(axis=1)).sum())
    observed = float((one == two).mean())
    return float("nan") if expected == 1 else (observed - expected) / (1 - expected)


def region_iou(first: Iterable[Region], second: Iterable[Region]) -> float:
    """Intersection over union of two sets of regions of one image, each taken as one mask; 1 if both are empty."""
    one, two = _union(first), _union(second)
    together = float(coco.area(coco.merge([one, two])))
    shared = float(coco.area(coco.merge([one, two], intersect=True)))
    return shared / together if together else 1.0


def _union(regions: Iterable[Region]) -> dict[str, object]:
    merged: dict[str, object] = coco.merge([region.rle for region in regions])
    return merged


def agreement(verdicts: Mapping[tuple[str, str], Verdict]) -> list[Agreement]:
    """Agreement of every two reviewers who judged a specimen in common, most specimens first.

    Parameters
    ----------
    verdicts : mapping
        The latest verdicts by (image_id, reviewer), from `latest`.
    """
    by_reviewer: dict[str, dict[str, Verdict]] = {}
    for (image_id, reviewer), verdict in verdicts.items():
        by_reviewer.setdefault(reviewer, {})[image_id] = verdict
    pairs = (_agree(a, b, by_reviewer[a], by_reviewer[b]) for a, b in combinations(sorted(by_reviewer), 2))
    return sorted((pair for pair in pairs if pair.specimens), key=lambda pair: -pair.specimens)


def _agree(a: str, b: str, of_a: Mapping[str, Verdict], of_b: Mapping[str, Verdict]) -> Agreement:
    common = sorted(of_a.keys() & of_b.keys())
    kappa = cohens_kappa([of_a[i].decision for i in common], [of_b[i].decision for i in common])
    pairs = [(of_a[i].regions, of_b[i].regions) for i in common if _accepted(of_a[i]) and _accepted(of_b[i])]
    ious = [region_iou(one, two) for one, two in pairs]
    return Agreement((a, b), len(common), kappa, len(ious), float(np.mean(ious)) if ious else float("nan"))


def _accepted(verdict: Verdict) -> bool:
    return verdict.decision == "accept" and bool(verdict.regions)
