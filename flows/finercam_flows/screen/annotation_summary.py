"""What `finercam annotate` and the demo print about a finished run."""

from typing import Any

from rich.console import Console


def print_annotation(summary: dict[str, Any], store: str) -> None:
    """Print what a run computed and what the store holds now.

    Parameters
    ----------
    summary : dict
        From the flow `annotate`.
    store : str
        The location that was asked for.
    """
    console, location = Console(), summary["store"]
    if location != store.rstrip("/"):
        console.print(f"{store} holds another run and stays as it is; this one is beside it: [bold]{location}[/]")
    computed = sum(summary["computed"].values())
    before = summary["done"] + summary["failed"] - computed
    resumed = f"; {before} were there already" if before else ""
    console.print(
        f"{computed} specimens computed in this run{resumed}: {summary['done']} done, {summary['failed']} failed."
    )
    if summary["damaged"]:
        console.print(f"  [yellow]{summary['damaged']} chunks were damaged and were computed again[/]")
    for cause, count in summary["causes"].items():
        console.print(f"  [yellow]{count} x {cause}[/]")
    if summary["rejected"]:
        console.print(f"  [yellow]{summary['rejected']} rows of the catalog have no slot[/]")
    if summary["failed"] or summary["rejected"]:
        console.print(f"  see: finercam info {location} --failures")
