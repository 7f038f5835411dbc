"""Everything that an evaluation leaves in its folder: tables, plots, one JSON, and a summary to read."""

import pandas as pd

from finercam_core.evaluate.plots import faithfulness_plot, localisation_plot, trait_heat_map
from finercam_core.evaluate.results import EvaluationReport
from finercam_core.evaluate.statistics.species_tables import OVERALL
from finercam_core.evaluate.tables import markdown, marked, write_json, write_table
from finercam_core.evaluate.traits.characters import sentence
from finercam_core.evaluate.with_truth.energy_table import overall_in_words
from finercam_core.evaluate.with_truth.planted_traits import planted_summary
from finercam_core.io.atomic import write_whole
from finercam_core.io.faults import store_errors

TABLES = ("specimens", "traits", "characters", "localisation", "accuracy", "caveats", "planted", "truth",
          "beside", "left_out")  # fmt: skip
BEST, MOST_CANDIDATES = 3, 100  # candidates that the summary words: of each pair, and in all


def write_report(report: EvaluationReport) -> None:
    """Write tables, plots, `evaluation.json` and `evaluation.md` into the report's folder.

    Raises
    ------
    StoreError
        If the disk is full or may not be written.
    """
    with store_errors(str(report.folder)):
        _write(report)


def _write(report: EvaluationReport) -> None:
    for name in TABLES:
        table: pd.DataFrame = getattr(report, name)
        if len(table.columns):
            write_table(marked(table, report.mark), report.folder, name)
    if len(report.localisation):
        localisation_plot(report.localisation, report.folder / "localisation.png")
    if len(report.characters):
        trait_heat_map(report.characters, report.folder / "traits.png")
    if len(report.checks.faithfulness):
        faithfulness_plot(report.checks.faithfulness, report.folder / "faithfulness.png")
    write_json(report.folder / "evaluation.json", _content(report))
    write_whole(report.folder / "evaluation.md", _summary(report))


def _content(report: EvaluationReport) -> dict[str, object]:
    tables = {name: marked(getattr(report, name), report.mark) for name in TABLES if name != "specimens"}
    return {
        "judged": report.protocol["judged"],
        "judged_on": report.mark,
        "protocol": report.protocol,
        "provenance": report.provenance,
        **tables,
        "checks": vars(report.checks),
    }


def candidate_sentences(characters: pd.DataFrame) -> list[str]:
    """The best candidates of each pair in plain words, congeners first."""
    if characters.empty:
        return []
    chosen = characters[characters["candidate"] & (characters["rank"] <= BEST)]
    order = chosen.assign(_far=chosen["tier"] != "congener").sort_values(
        ["_far", "species", "reference", "rank"], kind="stable"
    )
    return [sentence(row) for _, row in order.iterrows()]


def _candidates(characters: pd.DataFrame) -> str:
    """A list of at most `MOST_CANDIDATES` candidates, and how many more there are."""
    sentences = candidate_sentences(characters)
    more = len(sentences) - MOST_CANDIDATES
    lines = [f"- {text}" for text in sentences[:MOST_CANDIDATES]]
    return "\n".join([*lines, f"\n{more} more are in characters.csv."] if more > 0 else lines) or "(none)"


def _checked(report: EvaluationReport) -> list[str]:
    """Faithfulness, whether finer is better, and sanity, where the classifier was available."""
    checks = report.checks
    if checks.faithfulness.empty:
        return ["## Faithfulness\n", "(not measured: it needs the classifier, `finercam evaluate --classifier`)\n"]
    overall = checks.faithfulness[checks.faithfulness["species"] == OVERALL]
    shown = ["map", "figure", "n", "mean", "low", "high", "over_random_mean", "over_random_all_low",
             "over_random_all_high"]  # fmt: skip
    return [
        "## Faithfulness\n", f"{checks.about.get('cost', '')}. Intervals named `all` hold together.\n",
        markdown(overall[shown]), "## Is the difference better than the species alone?\n", markdown(checks.finer),
        "## Sanity: resemblance to the stored maps with shuffled weights or labels\n", markdown(checks.sanity),
    ]  # fmt: skip


def _beside(report: EvaluationReport) -> list[str]:
    """Our figures beside published ones, where there are any."""
    return [] if report.beside.empty else ["## Beside published figures\n", markdown(report.beside)]


def _planted(report: EvaluationReport) -> list[str]:
    """Ranks of the planted traits and energy in the true regions, where the collection was rendered."""
    if report.planted.empty:
        return ["(the true differences are not known)\n"]
    energy = [] if report.truth.empty else [f"{overall_in_words(report.truth)}.\n", markdown(report.truth)]
    return [f"{planted_summary(report.planted)}.\n", markdown(report.planted), *energy]


def _localised(table: pd.DataFrame) -> pd.DataFrame:
    """Figures over all specimens, with the columns that fit on a page."""
    if table.empty:
        return table
    gains = [f"{prefix}_all_{end}" for prefix in ("gain", "over_grad_cam") for end in ("low", "high")]
    shown = ["map", "figure", "n", "empty", "mean", "low", "high", "gain", *gains[:2], "over_grad_cam_mean", *gains[2:]]
    return table.loc[table["species"] == OVERALL, shown]


def _summary(report: EvaluationReport) -> str:
    parts = [
        "# Evaluation\n",
        f"Run {report.provenance.get('run', '')}, {report.specimens['image_id'].nunique()} specimens of "
        f"{len(report.accuracy)} species; {len(report.left_out)} left out (left_out.csv). "
        f"Judged: {report.protocol['judged']}.\n",
        "## Caveats\n", "\n".join(f"- *{r.species}*: {r.kind}; {r.sentence}" for r in report.caveats.itertuples())
        or "(none)", "\n## Candidate diagnostic characters\n",
        _candidates(report.characters),
        "\n## Where the maps lie\n", markdown(_localised(report.localisation)),
        *_checked(report), *_beside(report), "## Accuracy\n", markdown(report.accuracy),
        "## Planted traits\n", *_planted(report),
        "## Protocol\n", "\n".join(f"- {key}: {value}" for key, value in report.protocol.items()),
    ]  # fmt: skip
    return "\n".join(parts) + "\n"
