"""What `finercam annotate` and the demo print about a finished run."""

from typing import TYPE_CHECKING

from rich.markup import escape

from finercam_core.errors import counted
from finercam_core.status import Status
from finercam_flows.screen.console import Screen

if TYPE_CHECKING:
    from finercam_core.store import StoreSummary
    from finercam_flows.direct.annotation import AnnotateResult


def print_annotation(result: "AnnotateResult", store: str) -> None:
    """Print what a run computed and what the store holds now.

    Parameters
    ----------
    result : AnnotateResult
    store : str
        The location that was asked for.
    """
    print_holdings(result.store, result.summary, store, result.computed.done + result.computed.failed)
    if result.damaged:
        chunks = counted(result.damaged, "chunk was", "chunks were")
        Screen().print(f"  [yellow]{chunks} damaged and computed again[/]")


def print_holdings(found: str, summary: "StoreSummary", asked: str, computed: int = 0) -> None:
    """Print what a store holds, and how much of that is new.

    Parameters
    ----------
    found, asked : str
        Where the maps are, and the location that was asked for.
    summary : StoreSummary
    computed : int
        Specimens that this run computed.
    """
    console, totals = Screen(soft_wrap=True, highlight=False), summary.totals
    if found != asked.rstrip("/"):
        console.print(
            f"{escape(asked)} holds another run and stays as it is; this one is beside it: [bold]{escape(found)}[/]"
        )
    before = totals["done"] + totals["failed"] - computed
    resumed = f"; {before:,} were there already" if before else ""
    now = f"{totals['done']:,} done, {totals['failed']:,} failed"
    console.print(f"{counted(computed, 'specimen')} computed in this run{resumed}: {now}.")
    if summary.held_out:
        console.print(f"Of all specimens: {escape(summary.held_out)}.")
    for cause, count in summary.causes.items():
        console.print(f"  [yellow]{count:,} × {Status[cause].sentence}[/] [dim]({cause})[/]")
    for sentence in summary.misspelt:
        console.print(f"  [yellow]{escape(sentence)}[/]")
    if totals["rejected"]:
        console.print(f"  [yellow]{counted(totals['rejected'], 'row')} of the catalog without a slot[/]")
    if totals["failed"] or totals["rejected"]:
        console.print(f"  see: finercam info {escape(found)} --failures")
