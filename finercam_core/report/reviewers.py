"""The atlas's page about the review: who judged what, and how far they agree."""

import json
from pathlib import Path

from finercam_core.io.atomic import write_whole
from finercam_core.report.pages import ReviewersPage
from finercam_core.review.statistics.review_figures import ReviewFigures, review_figures
from finercam_core.review.statistics.words import review_in_words
from finercam_core.store import Store

REVIEWERS, FIGURES = "reviewers.html", "review.json"


def reviewed(store: Store) -> ReviewFigures | None:
    """The figures of a store's review; None where nobody has judged anything."""
    figures = review_figures(store)
    return figures if figures.judged or figures.problems else None


def reviewers_page(figures: ReviewFigures, folder: Path) -> ReviewersPage:
    """What the page says; the same is written beside it as JSON."""
    write_whole(folder / FIGURES, json.dumps(figures.to_json(), indent=1, ensure_ascii=False))
    return ReviewersPage(figures, (*figures.problems, *review_in_words(figures)))
