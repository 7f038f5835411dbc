"""What `finercam info` prints."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd
from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.table import Table

from finercam_core.errors import counted
from finercam_core.status import Status
from finercam_core.store import StoreSummary
from finercam_core.store.sharing import Writer
from finercam_core.store.summary import RunActivity, StoreSize

SHOWN_HINTS = 10
SHOWN = 40  # species; nobody reads more than that in a terminal
_COUNTS = ("specimens", "done", "failed", "pending")


def show_provenance(location: str, summary: StoreSummary, console: Console) -> None:
    """Print what the maps were made from, and how."""
    made, total = summary.provenance, summary.totals["specimens"]
    classifier, references = made.classifier, made.references
    collection = f"{made.collection} ({made.catalog})"
    layer = f"{classifier.target_layer}, maps of {made.grid[0]} x {made.grid[1]} cells"
    gamma = "" if made.gamma is None else f", gamma {made.gamma:g}"
    facts = {
        "store": f"{location}, run {made.run}, created {_when(made.created)}",
        "collection": f"{collection}: {counted(total, 'specimen')}, {len(summary.species):,} species",
        "classifier": f"{classifier.model}, {len(classifier.species):,} species",
        "weights": f"SHA-256 {classifier.weights_sha256}" if classifier.weights_sha256 else "",
        "layer": layer,
        "method": f"{made.method}{gamma} ({classifier.route})",
        "held out": summary.held_out,
        "references": ", ".join(f"{key}: {value}" for key, value in references.items() if key != "never"),
    }
    _lines(console, {name: escape(value) for name, value in facts.items()})


def show_run(activity: RunActivity | None, console: Console, *, held: bool | None) -> None:
    """Print how far the last run is, or how it ended.

    Parameters
    ----------
    activity : RunActivity, optional
    console : rich.console.Console
    held : bool, optional
        Whether a run is writing to the store now; None if that is unknown.
    """
    if activity is None:
        return
    workers = f", {activity.workers} process{'es' if activity.workers > 1 else ''}"
    where = f" ({escape(activity.runner)}{'' if '://' in activity.runner else workers})"
    computed = activity.done + activity.failed
    progress = f"{computed:,} of {activity.planned:,} specimens in {_duration(activity.seconds)}"
    rate = f", {activity.rate:,.1f} per second" if activity.rate else ""
    left = f", {_duration((activity.planned - computed) / activity.rate)} left" if activity.rate else ""
    end = {
        True: f"; [green]it is running{left}[/]",
        False: "; [yellow]it was stopped: run the same command again to go on[/]",
        None: "; [yellow]it is still running, or it was stopped[/]",
    }
    ended = "" if activity.finished else end[held]
    _lines(console, {"last run": f"{_when(activity.started)}: {progress}{rate}{where}{ended}"})


def show_writers(writers: Sequence[Writer], console: Console) -> None:
    """Print who shares the store, and how many shards each has; a dead one stays until another run clears it away."""
    for one in writers:
        owned = counted(one.shards, "shard")
        _lines(console, {"writer": f"{escape(one.host)}, process {one.pid}, since {_when(one.since)}: {owned}"})


def show_size(size: StoreSize, summary: StoreSummary, console: Console) -> None:
    """Print bytes and files, in total and per specimen."""
    total, files = sum(size.bytes.values()), sum(size.files.values())
    done = summary.totals["done"]
    per_specimen = f", {decimal(size.bytes['evidence'] // done)} of evidence per specimen" if done else ""
    parts = ", ".join(f"{name} {decimal(value)}" for name, value in size.bytes.items())
    _lines(console, {"size": f"{decimal(total)} in {counted(files, 'file')}{per_specimen} ({parts})"})


def show_species(summary: StoreSummary, console: Console, *, everyone: bool) -> None:
    """Print a table by species; of many species only those with most left, unless `everyone` is true."""
    table = Table("species")
    for name in (*_COUNTS, "done, %"):
        table.add_column(name, justify="right")
    species = summary.species
    hidden = 0 if everyone else max(0, len(species) - SHOWN)
    if hidden:
        order = species.sort_values(["pending", "failed", "scientificName"], ascending=[False, False, True])
        species, rest = order.head(SHOWN), order.tail(hidden)
    for row in species.to_dict("records"):
        table.add_row(escape(row["scientificName"]), *_counts(pd.Series(row)))
    if hidden:
        table.add_row(f"[dim]{hidden:,} more, see --species", *_counts(rest[list(_COUNTS)].sum()))
    table.add_section()
    table.add_row("[bold]all", *_counts(pd.Series(summary.totals)))
    console.print(table)


def _counts(row: "pd.Series[int]") -> list[str]:
    failed = f"[yellow]{row['failed']:,}[/]" if row["failed"] else "0"
    share = f"{int(1000 * row['done'] / row['specimens']) / 10:.1f}" if row["specimens"] else "–"
    return [f"{row['specimens']:,}", f"{row['done']:,}", failed, f"{row['pending']:,}", share]


def show_causes(summary: StoreSummary, console: Console, *, listed: bool) -> None:
    """Print why specimens have no map, and where to find them one by one unless they are `listed`."""
    if not summary.causes and not len(summary.rejected):
        return
    table = Table("no map, because", "specimens", "code")
    table.columns[1].justify = "right"
    for cause, count in summary.causes.items():
        table.add_row(Status[cause].sentence, f"[yellow]{count:,}[/]", f"[dim]{cause}[/]")
    if len(summary.rejected):
        table.add_row("the catalog's row is invalid, it has no slot", f"[yellow]{len(summary.rejected):,}[/]", "")
    console.print(table)
    for sentence in summary.misspelt[:SHOWN_HINTS]:
        console.print(sentence, style="yellow", soft_wrap=True, highlight=False, markup=False)
    if not listed:
        console.print(
            "[dim]one by one: --failures. The next annotate computes images that have been fixed.", soft_wrap=True
        )


def show_failures(summary: StoreSummary, console: Console) -> None:
    """Print every failed specimen and every rejected row, one per line."""
    for row in summary.failures.to_dict("records"):
        detail = str(row["detail"]).removeprefix(f"{Status[row['status']].sentence}: ")
        console.print(
            f"{row['image_id']}  {row['status']}  {detail or row['place']}",
            soft_wrap=True,
            highlight=False,
            markup=False,
        )
    for row in summary.rejected.to_dict("records"):
        line = f"{row['table']} row {row['row']}  {row['image_id']}  {row['reason']}"
        console.print(line, soft_wrap=True, highlight=False, markup=False)


def _lines(console: Console, lines: dict[str, str]) -> None:
    for name, value in lines.items():
        if value:
            console.print(f"[bold]{name:<12}[/]{value}", highlight=False, soft_wrap=True)


def _when(text: str) -> str:
    try:
        return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except ValueError:  # damaged, in a store of an early version
        return text


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    return f"{hours} h {minutes % 60:02d} min" if hours else f"{minutes} min {int(seconds % 60):02d} s"
