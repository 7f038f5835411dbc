"""What is in a collection and what is odd in it, before anything is computed."""

from finercam_core.catalog.check.findings import CatalogCheck, Finding
from finercam_core.catalog.check.images import look_at_images
from finercam_core.catalog.check.summary import check_catalog

__all__ = ["CatalogCheck", "Finding", "check_catalog", "look_at_images"]
