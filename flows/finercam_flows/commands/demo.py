"""`finercam demo`: the whole route on rendered specimens whose true differences are known."""

from pathlib import Path

from finercam_flows.options.demo import DemoOptions
from finercam_flows.signatures.command import command


@command(DemoOptions)
def demo(options: DemoOptions) -> None:
    """Render a collection, train on it, annotate it, measure against the truth, export masks.

    Example: finercam demo --out demo
    """
    from finercam_flows.demo.route import run

    run(Path(options.out))
