"""`finercam annotate`: evidence maps of a whole collection into a store."""

from finercam_flows.options.annotate import AnnotateOptions
from finercam_flows.screen.annotation_summary import print_annotation
from finercam_flows.screen.bars import run_bar
from finercam_flows.signatures.command import command


@command(AnnotateOptions)
def annotate(options: AnnotateOptions) -> None:
    """Store the evidence maps of every specimen; stopped runs go on where they were.

    Example: finercam annotate catalogs/fish-vista.toml --classifier classifier --store maps.zarr
    """
    from finercam_flows.annotate import annotate as flow

    with run_bar():
        result = flow(**dict(options))
    print_annotation(result, options.store)
