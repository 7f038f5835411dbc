"""What `finercam info --reviews` prints."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from finercam_core.review.statistics.reliability import Estimate
from finercam_core.review.statistics.review_figures import ReviewerFigures, ReviewFigures
from finercam_core.review.statistics.tallies import AgreementFigures
from finercam_core.review.statistics.words import review_in_words

SHOWN = 40  # pairs; nobody reads more than that in a terminal


def show_reviews(figures: ReviewFigures, console: Console) -> None:
    """Print who judged what, how far they agree, and what waits for a decision."""
    for sentence in figures.problems:
        console.print(sentence, style="yellow", markup=False, soft_wrap=True)
    for line in review_in_words(figures):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if figures.reviewers:
        console.print(_people(figures.reviewers))
    if figures.judged_twice:
        console.print(_agreement("agreement", [figures.everything, *figures.by_reviewers]))
        for title, found in (("by trait", figures.by_trait), ("by pair of species", figures.by_pair)):
            if found:
                console.print(_agreement(title, found))
        console.print(
            "[dim]In brackets: 95 % intervals, bootstrap over specimens. α: Krippendorff's; κ: Cohen's of two, Fleiss' "
            "of more; IoU: of regions that two accepted.",
            soft_wrap=True,
        )


def _people(people: Sequence[ReviewerFigures]) -> Table:
    table = Table("reviewer")
    for name in ("assigned", "left", "accepted", "rejected", "unsure", "decided for others", "median time (quartiles)"):
        table.add_column(name, justify="right")
    for one in people:
        counts = (one.assigned, one.left, one.accept, one.reject, one.unsure, one.adjudicated)
        table.add_row(escape(one.reviewer), *("–" if n is None else f"{n:,}" for n in counts), _time(one.seconds))
    return table


def _time(seconds: Estimate) -> str:
    if seconds.value is None:
        return f"[dim]{seconds}[/]"
    return f"{seconds.value:.1f} s ({seconds.low:.1f} to {seconds.high:.1f}, n {seconds.n:,})"


def _agreement(title: str, found: Sequence[AgreementFigures]) -> Table:
    table = Table(title)
    for name in ("specimens", "α", "κ", "mean IoU"):
        table.add_column(name, justify="right" if name == "specimens" else "left")
    for one in sorted(found, key=lambda one: (one.of != "all", -one.specimens))[:SHOWN]:
        figures = (_shown(estimate) for estimate in (one.alpha, one.kappa, one.iou))
        table.add_row(escape(one.of), f"{one.specimens:,}", *figures)
    if len(found) > SHOWN:
        table.add_row(f"[dim]{len(found) - SHOWN:,} more, see --json", "", "", "", "")
    return table


def _shown(estimate: Estimate) -> str:
    text = escape(str(estimate))
    return f"[dim]{text}[/]" if estimate.value is None else f"{text}, n {estimate.n:,}"
