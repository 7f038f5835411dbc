"""Everything that an evaluation leaves in its folder: tables, plots, one JSON, and a page to read."""

from pathlib import Path

import pandas as pd

from finercam_core.evaluate.results import EvaluationReport
from finercam_core.evaluate.tables import marked, write_json, write_table
from finercam_core.evaluate.written.page import page
from finercam_core.evaluate.written.plots import faithfulness_plot, localisation_plot, trait_heat_map
from finercam_core.io.atomic import write_whole
from finercam_core.io.faults import store_errors

TABLES = ("specimens", "traits", "characters", "localisation", "accuracy", "caveats", "planted", "truth",
          "beside", "left_out")  # fmt: skip


def write_report(report: EvaluationReport) -> None:
    """Write tables, plots, `evaluation.json` and `evaluation.md` into the report's folder.

    Tables that were not measured are not written, and those of an earlier run are removed.

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
        else:
            _remove(report.folder, f"{name}.csv", f"{name}.parquet")
    _plot(report)
    write_json(report.folder / "evaluation.json", _content(report))
    write_whole(report.folder / "evaluation.md", page(report))


def _plot(report: EvaluationReport) -> None:
    if len(report.localisation):
        localisation_plot(report.localisation, report.folder / "localisation.png")
    if len(report.characters):
        trait_heat_map(report.characters, report.folder / "traits.png")
    else:
        _remove(report.folder, "traits.png")
    if len(report.checks.faithfulness):
        faithfulness_plot(report.checks.faithfulness, report.folder / "faithfulness.png")


def _remove(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)


def _content(report: EvaluationReport) -> dict[str, object]:
    tables = {name: marked(getattr(report, name), report.mark) for name in TABLES if name != "specimens"}
    return {
        "judged": report.protocol["judged"],
        "judged_on": report.mark,
        "not_measured": report.not_measured,
        "protocol": report.protocol,
        "provenance": report.provenance,
        **tables,
        "checks": vars(report.checks),
    }
