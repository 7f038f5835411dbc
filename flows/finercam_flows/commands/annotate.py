"""`finercam annotate`: evidence maps of a whole collection into a store."""

from typing import TYPE_CHECKING

from finercam_core.extras import installed
from finercam_flows.options.annotate import AnnotateOptions
from finercam_flows.outcome.finished import nothing_to_do
from finercam_flows.outcome.required import require_maps
from finercam_flows.process.allowed import check_scheduler
from finercam_flows.process.machine import need
from finercam_flows.screen.annotation_summary import print_annotation, print_holdings
from finercam_flows.screen.bars import run_bar
from finercam_flows.signatures.command import command

if TYPE_CHECKING:
    from finercam_flows.direct.annotation import AnnotateResult


@command(AnnotateOptions)
def annotate(options: AnnotateOptions) -> None:
    """Store the evidence maps of every specimen; stopped runs go on where they were.

    Example: finercam annotate catalogs/fish-vista.toml --classifier classifier --store maps.zarr
    """
    check_scheduler(options.runner)
    finished = nothing_to_do(options)
    if finished is not None:
        store, summary = finished
        print_holdings(store, summary, options.store)
        require_maps(store, summary, 0, 0, options.max_failed)
        return
    need("explain")
    with run_bar():
        result = _run(options)
    print_annotation(result, options.store)


def _run(options: AnnotateOptions) -> "AnnotateResult":
    """Run the flow, or the same in this process where Prefect is not installed."""
    if installed("prefect") or options.runner != "local" or options.workers > 1:
        from finercam_flows.annotate import annotate as flow
        from finercam_flows.process.temporary_server import close_temporary_server

        close_temporary_server()
        found: AnnotateResult = flow(**options.flow_parameters())
        return found
    from finercam_flows.direct.annotation import annotate as directly

    return directly(options)
