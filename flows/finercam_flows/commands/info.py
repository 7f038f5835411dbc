"""`finercam info`: what is done, failed and missing in a store, how fast it came, and how it was made."""

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console

from finercam_core.store import StoreSummary
from finercam_flows.screen import info_table
from finercam_flows.screen.bars import progress_bar


def info(
    store: Annotated[str, typer.Argument(help="A store that annotate wrote.")],
    failures: Annotated[bool, typer.Option("--failures", help="List every failed specimen and rejected row.")] = False,
    species: Annotated[bool, typer.Option("--species", help="List all species, however many.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Read every chunk and check it; 1 if any is bad.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Everything as JSON, for programs.")] = False,
) -> None:
    """Show what a store holds: progress by species, rate, failures by cause, provenance, bytes.

    Example: finercam info maps.zarr --failures
    """
    from finercam_core.store import open_store, summarise
    from finercam_core.store.activity import last_run
    from finercam_core.store.lock import is_held
    from finercam_core.store.summary import measure

    found, activity, size = summarise(open_store(store)), last_run(store), measure(store)
    if as_json:
        typer.echo(json.dumps(_plain(found, activity, size), indent=1))
    else:
        console = Console()
        info_table.show_provenance(store, found, console)
        info_table.show_run(activity, console, held=is_held(store))
        info_table.show_size(size, found, console)
        info_table.show_species(found, console, everyone=species)
        info_table.show_causes(found, console, listed=failures)
    if failures and not as_json:
        info_table.show_failures(found, console)
    if verify and _damaged(store, Console(stderr=as_json)):
        raise typer.Exit(1)


def _plain(found: StoreSummary, activity: Any, size: Any) -> dict[str, Any]:
    """All figures as plain values."""
    last = None if activity is None else {**asdict(activity), "rate": activity.rate}
    return {
        "provenance": found.provenance,
        "totals": found.totals,
        "causes": found.causes,
        "last_run": last,
        "size": asdict(size),
        "species": found.species.to_dict("records"),
        "failures": found.failures.to_dict("records"),
        "rejected": found.rejected.to_dict("records"),
    }


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
