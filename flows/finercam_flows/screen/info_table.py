"""What `finercam info` prints, for people."""

from datetime import UTC, datetime

import pandas as pd
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from finercam_core.status import Status
from finercam_core.store import StoreSummary
from finercam_core.store.activity import RunActivity
from finercam_core.store.summary import StoreSize

SHOWN = 40  # species; more than that nobody reads in a terminal
_COUNTS = ("specimens", "done", "failed", "pending")


def show_provenance(location: str, found: StoreSummary, console: Console) -> None:
    """Print from what and how the maps were made."""
    made, total = found.provenance, found.totals["specimens"]
    classifier, references = made["classifier"], made["references"]
    layer = f"{classifier.get('target_layer', '')}, maps of {made['grid'][0]} x {made['grid'][1]} cells"
    gamma = f", gamma {made['gamma']:g}" if "gamma" in made else ""
    _lines(console, {
        "store": f"{location}, run {made['run']}, created {_when(made['created'])}",
        "collection": f"{made['collection']} ({made['catalog']}): {total:,} specimens, {len(found.species):,} species",
        "classifier": f"{classifier.get('model', '')}, {len(classifier['species']):,} species",
        "weights": f"SHA-256 {classifier['weights_sha256']}" if classifier.get("weights_sha256") else "",
        "layer": layer,
        "method": f"{made['method']}{gamma} ({classifier.get('route', '')})",
        "references": ", ".join(f"{key}: {value}" for key, value in references.items() if key != "never"),
    })  # fmt: skip


def show_run(activity: RunActivity | None, console: Console, *, held: bool | None) -> None:
    """Print how far the last run is, or how it ended; `held`: whether a run is writing now, None if unknown."""
    if activity is None:
        return
    workers = f", {activity.workers} process{'es' if activity.workers > 1 else ''}"
    at = f" ({activity.runner}{'' if '://' in activity.runner else workers})"
    now = activity.done + activity.failed
    took = f"{now:,} of {activity.planned:,} specimens in {_duration(activity.seconds)}"
    rate = f", {activity.rate:,.1f} a second" if activity.rate else ""
    left = f", {_duration((activity.planned - now) / activity.rate)} left" if activity.rate else ""
    end = {
        True: f"; [green]it is running{left}[/]",
        False: "; [yellow]it was stopped: run the same again to go on[/]",
        None: "; [yellow]it is running still, or it was stopped[/]",
    }
    ended = "" if activity.finished else end[held]
    _lines(console, {"last run": f"{_when(activity.started)}: {took}{rate}{at}{ended}"})


def show_size(size: StoreSize, found: StoreSummary, console: Console) -> None:
    """Print bytes and files, and what a specimen takes."""
    total, files = sum(size.bytes.values()), sum(size.files.values())
    done = found.totals["done"]
    each = f", {decimal(size.bytes['evidence'] // done)} of evidence a specimen" if done else ""
    parts = ", ".join(f"{name} {decimal(value)}" for name, value in size.bytes.items())
    _lines(console, {"size": f"{decimal(total)} in {files:,} files{each} ({parts})"})


def show_species(found: StoreSummary, console: Console, *, everyone: bool) -> None:
    """Print a table by species; of many species those with most left."""
    table = Table("species")
    for name in (*_COUNTS, "done, %"):
        table.add_column(name, justify="right")
    species = found.species
    hidden = 0 if everyone else max(0, len(species) - SHOWN)
    if hidden:
        order = species.sort_values(["pending", "failed", "scientificName"], ascending=[False, False, True])
        species, rest = order.head(SHOWN), order.tail(hidden)
    for row in species.to_dict("records"):
        table.add_row(row["scientificName"], *_counts(pd.Series(row)))
    if hidden:
        table.add_row(f"[dim]{hidden:,} more, see --species", *_counts(rest[list(_COUNTS)].sum()))
    table.add_section()
    table.add_row("[bold]all", *_counts(pd.Series(found.totals)))
    console.print(table)


def _counts(row: "pd.Series[int]") -> list[str]:
    failed = f"[yellow]{row['failed']:,}[/]" if row["failed"] else "0"
    share = f"{int(1000 * row['done'] / row['specimens']) / 10:.1f}" if row["specimens"] else "–"
    return [f"{row['specimens']:,}", f"{row['done']:,}", failed, f"{row['pending']:,}", share]


def show_causes(found: StoreSummary, console: Console, *, listed: bool) -> None:
    """Print why specimens have no map."""
    if not found.causes and not len(found.rejected):
        return
    table = Table("no map, because", "specimens", "code")
    table.columns[1].justify = "right"
    for cause, count in found.causes.items():
        table.add_row(Status[cause].sentence, f"[yellow]{count:,}[/]", f"[dim]{cause}[/]")
    if len(found.rejected):
        table.add_row("the catalog's row is wrong, it has no slot", f"[yellow]{len(found.rejected):,}[/]", "")
    console.print(table)
    if not listed:
        console.print("[dim]one by one: --failures. The next annotate takes images that were mended.", soft_wrap=True)


def show_failures(found: StoreSummary, console: Console) -> None:
    """Print every failed specimen and every rejected row, one a line."""
    for row in found.failures.to_dict("records"):
        said = str(row["detail"]).removeprefix(f"{Status[row['status']].sentence}: ")
        console.print(f"{row['image_id']}  {row['status']}  {said or row['place']}", soft_wrap=True, highlight=False)
    for row in found.rejected.to_dict("records"):
        line = f"{row['table']} row {row['row']}  {row['image_id']}  {row['reason']}"
        console.print(line, soft_wrap=True, highlight=False)


def _lines(console: Console, lines: dict[str, str]) -> None:
    for name, value in lines.items():
        if value:
            console.print(f"[bold]{name:<12}[/]{value}", highlight=False, soft_wrap=True)


def _when(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    return f"{hours} h {minutes % 60:02d} min" if hours else f"{minutes} min {int(seconds % 60):02d} s"
