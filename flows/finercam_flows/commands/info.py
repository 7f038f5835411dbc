"""`finercam info`: what is done, failed and missing in a store, and how it was made."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from finercam_core.status import Status
from finercam_core.store import StoreSummary
from finercam_flows.commands.bars import progress_bar


def info(
    store: Annotated[str, typer.Argument(help="A store that annotate wrote.")],
    failures: Annotated[bool, typer.Option("--failures", help="List every failed specimen and rejected row.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Read every chunk and check it; 1 if any is bad.")] = False,
) -> None:
    """Show what a store holds: specimens by species, failures by cause, provenance.

    Example: finercam info maps.zarr --failures
    """
    from finercam_core.store import open_store, summarise

    found, console = summarise(open_store(store)), Console()
    _provenance(found, console)
    _species(found, console)
    _causes(found, console)
    if failures:
        _failures(found, console)
    if verify and _damaged(store, console):
        raise typer.Exit(1)


def _damaged(store: str, console: Console) -> bool:
    from finercam_core.store import verify as check

    with progress_bar() as bar:
        task = bar.add_task("Checking chunks", total=None, note="")
        damaged = check(store, progress=lambda done, total: bar.update(task, completed=done, total=total))
    for damage in damaged:
        console.print(f"[red]{damage.group} chunk {damage.index}, {damage.array}[/]: {damage.reason}", soft_wrap=True)
    again = ", `finercam annotate … --verify` computes them again" if damaged else ""
    console.print(f"{len(damaged)} damaged chunks{again}")
    return bool(damaged)


def _provenance(found: StoreSummary, console: Console) -> None:
    made = found.provenance
    classifier, references = made["classifier"], made["references"]
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in {
        "run": f"{made['run']}, created {made['created']}",
        "collection": f"{made['collection']} ({made['catalog']})",
        "classifier": f"{classifier.get('model', '')}, {len(classifier['species'])} species",
        "weights": classifier.get("weights_sha256", ""),
        "layer": f"{classifier.get('target_layer', '')}, grid {made['grid'][0]}x{made['grid'][1]}",
        "method": f"{made['method']}, route {classifier.get('route', '')}",
        "references": ", ".join(f"{key}: {value}" for key, value in references.items()),
    }.items():
        table.add_row(f"[bold]{name}", value)
    console.print(table)


def _species(found: StoreSummary, console: Console) -> None:
    table = Table("species", title=None)
    for name in ("specimens", "done", "failed", "pending"):
        table.add_column(name, justify="right")
    for _, row in found.species.iterrows():
        table.add_row(row["scientificName"], *(str(row[name]) for name in ("specimens", "done", "failed", "pending")))
    table.add_section()
    totals = found.totals
    table.add_row("all", *(str(totals[name]) for name in ("specimens", "done", "failed", "pending")))
    console.print(table)


def _causes(found: StoreSummary, console: Console) -> None:
    for cause, count in found.causes.items():
        console.print(f"[yellow]{count:6} x {cause}[/]  {Status[cause].sentence}")
    if len(found.rejected):
        console.print(f"[yellow]{len(found.rejected):6} rows of the catalog without a slot[/]")


def _failures(found: StoreSummary, console: Console) -> None:
    for _, row in found.failures.iterrows():
        console.print(f"{row['image_id']}  {row['status']}  {row['detail'] or row['place']}", soft_wrap=True)
    for _, row in found.rejected.iterrows():
        console.print(f"{row['table']} row {row['row']}  {row['image_id']}  {row['reason']}", soft_wrap=True)
