"""`evaluation.md`: what was asked, the answer, how sure it is, what it does not say; then the tables."""

from collections import Counter
from collections.abc import Iterator

import pandas as pd

from finercam_core.errors import counted
from finercam_core.evaluate.results import NO_TRAITS, EvaluationReport
from finercam_core.evaluate.statistics.species_tables import OVERALL
from finercam_core.evaluate.tables import markdown
from finercam_core.evaluate.traits.characters import sentence
from finercam_core.evaluate.with_truth.energy_table import overall_in_words
from finercam_core.evaluate.with_truth.planted_traits import planted_summary
from finercam_core.evaluate.words import (
    accuracy_in_words,
    difference_in_words,
    faithfulness_in_words,
    localisation_in_words,
)

BEST, MOST_DENSE, MOST_CAVEATS = 3, 100, 40  # dense traits that are worded: of each pair, and in all; caveats

_LIMITS = (
    "- That a dense trait differs. It is where the classifier's evidence is denser than over the whole specimen. What "
    "is supported, tested against chance and by exchange, `finercam ask STORE A B` and the pages of `finercam report` "
    "say.",
    "- That a trait without dense evidence is the same in both species: the classifier may not need it.",
)


def page(report: EvaluationReport) -> str:
    """Text of the page, Markdown."""
    return "\n".join([*_top(report), *_caveats(report), *_traits(report), *_figures(report), *_method(report)]) + "\n"


def dense_sentences(characters: pd.DataFrame) -> list[str]:
    """The densest traits of each pair in plain words, congeners first."""
    if characters.empty:
        return []
    chosen = characters[characters["dense"] & (characters["rank"] <= BEST)]
    order = chosen.assign(_far=chosen["tier"] != "congener").sort_values(
        ["_far", "species", "reference", "rank"], kind="stable"
    )
    return [sentence(row) for _, row in order.iterrows()]


def _top(report: EvaluationReport) -> Iterator[str]:
    made = report.provenance
    classifier = made.get("classifier")
    model = classifier.get("model") if isinstance(classifier, dict) else ""
    yield f"# Evaluation of {made.get('collection') or 'a collection'}\n"
    if report.mark:
        yield f"**JUDGED ON {report.mark.upper()}: {report.protocol['judged']}.**\n"
    yield "## What was asked\n"
    yield (
        f"What do the maps of `{model or 'the classifier'}` show of what tells each species from those it was compared "
        f"with, and does the classifier use that? Judged: {report.protocol['judged']}. Run {made.get('run', '')}.\n"
    )
    yield "## The answer\n"
    yield f"- Species: {accuracy_in_words(report.accuracy)}."
    yield f"- Traits: {traits_in_words(report)}."
    yield f"- On the specimen: {localisation_in_words(report.localisation)}."
    yield f"- Faithfulness: {faithfulness_in_words(report.checks.faithfulness)}."
    yield from (f"- {words[0].upper()}{words[1:]}." for words in difference_in_words(report.checks.finer))
    if not report.planted.empty:
        yield f"- Known truth: {planted_summary(report.planted)}."
    yield "\n## How sure\n"
    yield (
        "Intervals are of 95 %, by resampling the specimens; those called `all` hold together. "
        f"{_caveat_counts(report.caveats)} {_left_out(report.left_out)}\n"
    )
    yield "## What this does not say\n"
    if not report.characters.empty:
        yield from _LIMITS
    yield from (f"- {name[0].upper()}{name[1:]}: {why}." for name, why in report.not_measured.items())
    yield ""


def traits_in_words(report: EvaluationReport) -> str:
    """How many traits are dense in how many pairs; that nothing was measured is no finding."""
    table = report.characters
    if table.empty:
        return report.not_measured.get("traits", NO_TRAITS)
    pairs = table.groupby(["species", "reference"]).ngroups
    dense = table[table["dense"]]
    some = dense.groupby(["species", "reference"]).ngroups if len(dense) else 0
    return f"{counted(len(dense), 'dense trait')}, untested, in {some:,} of {counted(pairs, 'pair')}"


def _caveat_counts(caveats: pd.DataFrame) -> str:
    if caveats.empty:
        return "No species has a caveat."
    kinds = Counter(caveats.drop_duplicates(["species", "kind"])["kind"])
    words = ", ".join(f"{kind} ({n:,})" for kind, n in kinds.most_common())
    return f"{counted(caveats['species'].nunique(), 'species', 'species')} with caveats: {words}."


def _left_out(left_out: pd.DataFrame) -> str:
    if left_out.empty:
        return "Every specimen could be judged in full."
    return f"{counted(len(left_out), 'note')} on specimens that could not be judged in full: left_out.csv."


def _caveats(report: EvaluationReport) -> Iterator[str]:
    if report.caveats.empty:
        return
    yield "## Caveats\n"
    rows = list(report.caveats.itertuples())
    yield from (f"- *{row.species}*: {row.kind}; {row.sentence}" for row in rows[:MOST_CAVEATS])
    if len(rows) > MOST_CAVEATS:
        yield f"\n{len(rows) - MOST_CAVEATS:,} more are in caveats.csv."
    yield ""


def _traits(report: EvaluationReport) -> Iterator[str]:
    yield "## Dense traits, untested\n"
    if report.characters.empty:
        yield f"{report.not_measured.get('traits', NO_TRAITS).capitalize()}.\n"
        return
    sentences = dense_sentences(report.characters)
    yield from (f"- {text}" for text in sentences[:MOST_DENSE])
    if not sentences:
        yield "No trait of any pair holds denser evidence than its whole specimen."
    if len(sentences) > MOST_DENSE:
        yield f"\n{len(sentences) - MOST_DENSE:,} more are in characters.csv."
    yield ""


def _figures(report: EvaluationReport) -> Iterator[str]:
    if not report.localisation.empty:
        yield f"## Where the maps lie\n\n{markdown(_localised(report.localisation))}"
    yield from _checked(report)
    if not report.beside.empty:
        yield f"## Beside published figures\n\n{markdown(report.beside)}"
    if not report.planted.empty:
        yield f"## Planted traits\n\n{planted_summary(report.planted)}.\n\n{markdown(report.planted)}"
        if not report.truth.empty:
            yield f"{overall_in_words(report.truth)}.\n\n{markdown(report.truth)}"
    yield f"## Accuracy\n\n{markdown(report.accuracy)}"


def _checked(report: EvaluationReport) -> Iterator[str]:
    """Faithfulness, whether the difference is better, and sanity, where the classifier was available."""
    checks = report.checks
    if checks.faithfulness.empty:
        return
    overall = checks.faithfulness[checks.faithfulness["species"] == OVERALL]
    shown = ["map", "figure", "n", "mean", "low", "high", "over_random_mean", "over_random_all_low",
             "over_random_all_high"]  # fmt: skip
    yield f"## Faithfulness\n\nIntervals named `all` hold together.\n\n{markdown(overall[shown])}"
    yield f"## Is the difference better than the species alone?\n\n{markdown(checks.finer)}"
    yield f"## Sanity: resemblance to the stored maps with shuffled weights or labels\n\n{markdown(checks.sanity)}"


def _localised(table: pd.DataFrame) -> pd.DataFrame:
    """Figures over all specimens, with the columns that fit on a page."""
    gains = [f"{prefix}_all_{end}" for prefix in ("gain", "over_grad_cam") for end in ("low", "high")]
    shown = ["map", "figure", "n", "empty", "mean", "low", "high", "gain", *gains[:2], "over_grad_cam_mean", *gains[2:]]
    return table.loc[table["species"] == OVERALL, shown]


def _method(report: EvaluationReport) -> Iterator[str]:
    yield "## Protocol\n"
    yield from (f"- {key}: {value}" for key, value in report.protocol.items() if value not in ("", None))
    if cost := report.checks.about.get("cost"):
        yield f"- cost of faithfulness: {cost}"
