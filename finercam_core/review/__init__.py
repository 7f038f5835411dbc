"""Verdicts of reviewers, only ever appended: two reviewers lose nothing, and a crash costs one stroke at most."""

from finercam_core.review.agreement import Agreement, agreement, cohens_kappa, region_iou
from finercam_core.review.drafts import Draft, Drafts
from finercam_core.review.lab.adjudication import adjudicate, disagreement, last_word, opinions
from finercam_core.review.lab.assignment import Assignment, assign, read_assignment
from finercam_core.review.last_verdicts import LastVerdicts
from finercam_core.review.log import ReviewLog, VerdictReader, latest, read_verdicts
from finercam_core.review.records import Adjudication, Comparison, Decision, Opinion, Region, Verdict
from finercam_core.review.specimen_history import verdicts_of

__all__ = [
    "Adjudication",
    "Agreement",
    "Assignment",
    "Comparison",
    "Decision",
    "Draft",
    "Drafts",
    "LastVerdicts",
    "Opinion",
    "Region",
    "ReviewLog",
    "Verdict",
    "VerdictReader",
    "adjudicate",
    "agreement",
    "assign",
    "cohens_kappa",
    "disagreement",
    "last_word",
    "latest",
    "opinions",
    "read_assignment",
    "read_verdicts",
    "region_iou",
    "verdicts_of",
]
