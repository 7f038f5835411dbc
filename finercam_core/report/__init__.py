"""The atlas: what tells each species from its look-alikes, as static HTML pages that need no network."""

from finercam_core.report.atlas import AtlasReport, report

__all__ = ["AtlasReport", "report"]
