"""The state of a review in sentences."""

from finercam_core.errors import counted
from finercam_core.review.statistics.review_figures import ReviewFigures


def review_in_words(figures: ReviewFigures) -> list[str]:
    """How far the review is, and what is disagreed about, a sentence each."""
    if not figures.judged:
        nothing = f"{figures.asked_by} has judged nothing" if figures.asked_by else "Nobody has judged anything"
        return [f"{nothing}, of {counted(figures.specimens, 'specimen')}."]
    whose = f" by {figures.asked_by}" if figures.asked_by else ""
    judged = f"{figures.judged:,} of {counted(figures.specimens, 'specimen')} judged{whose}"
    lines = [f"{judged}, {figures.judged_twice:,} of them by two reviewers or more."]
    if figures.disagreements:
        about = ", ".join(f"{count:,} about {what}" for what, count in sorted(figures.disagreements.items()))
        decided = f"{figures.adjudicated:,} adjudicated" + (
            f" ({figures.outdated:,} of them before a verdict changed)" if figures.outdated else ""
        )
        lines.append(f"Disagreements: {about}; {decided}, {figures.open:,} open.")
    elif figures.judged_twice:
        lines.append("No disagreements.")
    if figures.gone:
        lines.append(f"{counted(figures.gone, 'judged specimen')} no longer in the collection, in no figure.")
    if figures.asked_by:
        lines.append("Only specimens that you have judged are counted: what others said of the rest stays hidden.")
    return lines
