"""What `finercam evaluate` prints about a finished evaluation."""

import json
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from finercam_core.errors import counted
from finercam_flows.calls import EvaluationSummary
from finercam_flows.screen.console import Screen

SHOWN = 8  # caveats
Row = dict[str, Any]  # of a table in evaluation.json


def print_evaluation(summary: EvaluationSummary, cost: str = "") -> None:
    """Print what was measured and where it is.

    Parameters
    ----------
    summary : EvaluationSummary
    cost : str
        What measuring faithfulness cost, in words; "" if it was not measured.
    """
    console, folder = Screen(), summary.folder
    content = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    resumed = f"; figures of {summary.reused} were there already" if summary.reused else ""
    notes = counted(summary.left_out, "note")
    console.print(f"{summary.species:,} species{resumed}; {notes} on specimens that were left out.")
    style = "bold red" if content["judged_on"] else ""
    console.print(f"Judged: {content['judged']}.", soft_wrap=True, highlight=False, markup=False, style=style)
    for name, why in content["not_measured"].items():
        console.print(f"{name[0].upper()}{name[1:]}: {why}.", highlight=False, soft_wrap=True, markup=False)
    if cost:
        console.print(f"Faithfulness measured: {escape(cost)}.", highlight=False)
        console.print(_faithfulness_table(content["checks"]["faithfulness"]))
        for name, reason in content["checks"]["about"]["baselines_left_out"].items():
            console.print(f"  [yellow]{escape(name)} left out[/]: {escape(reason)}", highlight=False, soft_wrap=True)
    if summary.planted:
        _print_planted(console, summary.planted, content["planted"])
    if summary.truth:
        console.print(f"{summary.truth[0].upper()}{summary.truth[1:]}.", highlight=False, markup=False)
    if content["beside"]:
        console.print(_published_table(content["beside"]))
    for row in content["caveats"][:SHOWN]:
        console.print(
            f"  [yellow]{escape(row['species'])}: {row['kind']}[/]; {escape(row['sentence'])}", highlight=False
        )
    if len(content["caveats"]) > SHOWN:
        more = counted(len(content["caveats"]) - SHOWN, "more caveat")
        console.print(f"  and {more} in {escape(str(folder / 'caveats.csv'))}")
    console.print(f"To read: {escape(str(folder / 'evaluation.md'))}", soft_wrap=True, highlight=False)


def _print_planted(console: Console, summary: str, rows: list[Row]) -> None:
    """Print how often the planted trait ranks first, and which pairs miss it, with the reason."""
    console.print(f"{summary[0].upper()}{summary[1:]}.", highlight=False, markup=False)
    for row in rows:
        if row["why"]:
            pair = f"{row['species']} from {row['reference']} (planted: {row['planted']}, rank {row['rank'] or 'none'})"
            console.print(f"  [yellow]missed: {escape(pair)}[/]: {escape(row['why'])}", highlight=False, soft_wrap=True)


def _published_table(rows: list[Row]) -> Table:
    """Published figures beside ours."""
    table = Table("figure", "map", "published", "ours, 95 % interval", "n")
    for row in rows:
        ours = "not measured" if row["ours"] is None else f"{row['ours']:.3f}"
        ends = "" if row["low"] is None else rf" \[{row['low']:.3f}, {row['high']:.3f}]"
        count = "" if row["n"] is None else f"{row['n']:.0f}"
        theirs = "–" if row["published"] is None else f"{row['published']:.3f}"
        table.add_row(escape(row["figure"]), escape(row["map"]), theirs, ours + ends, count)
    return table


def _faithfulness_table(rows: list[Row]) -> Table:
    """Drop at 5 %, deletion and insertion of each map, with 95 % intervals."""
    table = Table("map", "drop at 5 %", "deletion", "insertion")
    overall = [row for row in rows if row["species"] == "all species"]
    for name in dict.fromkeys(row["map"] for row in overall):
        own = {row["figure"]: row for row in overall if row["map"] == name}
        table.add_row(escape(name), *(_interval(own[figure]) for figure in ("drop_5", "deletion", "insertion")))
    return table


def _interval(row: Row) -> str:
    return rf"{row['mean']:.3f} \[{row['low']:.3f}, {row['high']:.3f}]"
