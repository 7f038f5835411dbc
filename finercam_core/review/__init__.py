"""Verdicts of reviewers, only ever appended: two reviewers lose nothing, and a crash costs one stroke at most."""

from finercam_core.review.agreement import Agreement, agreement, cohens_kappa, region_iou
from finercam_core.review.drafts import Draft, Drafts
from finercam_core.review.last_verdicts import LastVerdicts
from finercam_core.review.log import ReviewLog, VerdictReader, latest, read_verdicts
from finercam_core.review.records import Comparison, Decision, Region, Verdict

__all__ = [
    "Agreement",
    "Comparison",
    "Decision",
    "Draft",
    "Drafts",
    "LastVerdicts",
    "Region",
    "ReviewLog",
    "Verdict",
    "VerdictReader",
    "agreement",
    "cohens_kappa",
    "latest",
    "read_verdicts",
    "region_iou",
]
