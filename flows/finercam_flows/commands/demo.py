"""`finercam demo`: the whole route on rendered specimens whose true differences are known."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    out: Annotated[Path, typer.Option(help="Folder for everything that the demo makes.")] = Path("demo"),
) -> None:
    """Render a collection, train on it, annotate it, measure against the truth, export masks.

    Example: finercam demo --out demo
    """
    from finercam_flows.demo.route import run

    run(out)
