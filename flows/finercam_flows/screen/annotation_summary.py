"""What `finercam annotate` and the demo print about a finished run."""

from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from finercam_flows.annotate import AnnotateResult


def print_annotation(result: "AnnotateResult", store: str) -> None:
    """Print what a run computed and what the store holds now.

    Parameters
    ----------
    result : AnnotateResult
    store : str
        The location that was asked for.
    """
    console, totals = Console(), result.summary.totals
    if result.store != store.rstrip("/"):
        console.print(f"{store} holds another run and stays as it is; this one is beside it: [bold]{result.store}[/]")
    computed = result.computed.done + result.computed.failed
    before = totals["done"] + totals["failed"] - computed
    resumed = f"; {before} were there already" if before else ""
    console.print(
        f"{computed} specimens computed in this run{resumed}: {totals['done']} done, {totals['failed']} failed."
    )
    if result.damaged:
        console.print(f"  [yellow]{result.damaged} chunks were damaged and were computed again[/]")
    for cause, count in result.summary.causes.items():
        console.print(f"  [yellow]{count} x {cause}[/]")
    if totals["rejected"]:
        console.print(f"  [yellow]{totals['rejected']} rows of the catalog have no slot[/]")
    if totals["failed"] or totals["rejected"]:
        console.print(f"  see: finercam info {result.store} --failures")
