# The names of this room. `__init__.py` loads each when it is first used.
from .mask_export import FORMATS, ExportSummary, export
from .mask_records import MaskDescription, MaskRecord, accepted_masks, automatic_masks
from .settings import FormatSettings

__all__ = [
    "FORMATS",
    "ExportSummary",
    "FormatSettings",
    "MaskDescription",
    "MaskRecord",
    "accepted_masks",
    "automatic_masks",
    "export",
]
