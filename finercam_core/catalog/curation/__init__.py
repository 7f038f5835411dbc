"""From mapped tables to the canonical table of a catalog: every bad row named, every repeated image listed once."""

from finercam_core.catalog.curation.rows import curate

__all__ = ["curate"]
