"""How far two reviewers agree: Cohen's κ on their decisions, intersection over union on their regions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from pycocotools import mask as coco

from finercam_core.regions.traits import is_scale_bar
from finercam_core.review.records import Adjudication, Region, Verdict


@dataclass(frozen=True)
class Agreement:
    """Agreement of two reviewers.

    Attributes
    ----------
    reviewers : (str, str)
    specimens : int
        Specimens that both judged.
    kappa : float
        Cohen's κ of their decisions; NaN if both always gave one and the same answer.
    regions : int
        Specimens that both accepted.
    iou : float
        Mean intersection over union of their regions in these; NaN if there are none.
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

    Parameters
    ----------
    first, second : sequence of str
        Of the same length.

    Returns
    -------
    float
        In [-1, 1]; NaN if there are no answers, or all are the same.
    """
    a, b = np.asarray(first, str), np.asarray(second, str)
    if not len(a):
        return float("nan")
    answers = np.union1d(a, b)[:, None]
    expected = float(((a == answers).mean(axis=1) * (b == answers).mean(axis=1)).sum())
    observed = float((a == b).mean())
    return float("nan") if expected == 1 else (observed - expected) / (1 - expected)


def region_iou(first: Iterable[Region], second: Iterable[Region]) -> float:
    """Intersection over union, in [0, 1], of two sets of regions of one image, each taken as one mask.

    Two empty sets have 1.
    """
    masks = [_union(first), _union(second)]
    union = float(coco.area(coco.merge(masks)))
    intersection = float(coco.area(coco.merge(masks, intersect=True)))
    return intersection / union if union else 1.0


def _union(regions: Iterable[Region]) -> dict[str, object]:
    merged: dict[str, object] = coco.merge([region.rle for region in regions])
    return merged


def agreement(verdicts: Mapping[tuple[str, str], Verdict]) -> list[Agreement]:
    """Agreement of every two reviewers who both judged some specimen, most specimens first.

    Parameters
    ----------
    verdicts : mapping
        The latest verdicts by (image_id, reviewer), from `latest`; adjudications among them are left out, as who gives
        one has seen the others.
    """
    by_reviewer: dict[str, dict[str, Verdict]] = {}
    for (image_id, reviewer), verdict in verdicts.items():
        if not isinstance(verdict, Adjudication):
            by_reviewer.setdefault(reviewer, {})[image_id] = verdict
    pairs = (_of_pair(a, b, by_reviewer[a], by_reviewer[b]) for a, b in combinations(sorted(by_reviewer), 2))
    return sorted((pair for pair in pairs if pair.specimens), key=lambda pair: -pair.specimens)


def _of_pair(a: str, b: str, by_a: Mapping[str, Verdict], by_b: Mapping[str, Verdict]) -> Agreement:
    common = sorted(by_a.keys() & by_b.keys())
    kappa = cohens_kappa([by_a[i].decision for i in common], [by_b[i].decision for i in common])
    accepted = [i for i in common if _accepted(by_a[i]) and _accepted(by_b[i])]
    ious = [region_iou(marked(by_a[i]), marked(by_b[i])) for i in accepted]
    return Agreement((a, b), len(common), kappa, len(ious), float(np.mean(ious)) if ious else float("nan"))


def _accepted(verdict: Verdict) -> bool:
    return verdict.decision == "accept" and bool(marked(verdict))


def marked(verdict: Verdict) -> tuple[Region, ...]:
    """What a verdict marks of the specimen: its regions without scale bars."""
    return tuple(region for region in verdict.regions if not is_scale_bar(region.trait))
