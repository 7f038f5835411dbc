"""`finercam export`: masks out of a store, without napari."""

from finercam_flows.calls import export_masks
from finercam_flows.options.export import ExportOptions
from finercam_flows.screen.bars import run_bar
from finercam_flows.screen.console import Screen
from finercam_flows.signatures.command import command


@command(ExportOptions)
def export(options: ExportOptions) -> None:
    """Write trait masks at image resolution.

    Example: finercam export maps.zarr --to masks --format coco
    """
    with run_bar("Masks"):
        summary = export_masks(options)
    Screen().print(str(summary), soft_wrap=True, markup=False)
