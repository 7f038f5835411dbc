"""What is in a collection and what is odd in it, before anything is computed."""

from finercam_core.catalog.check.checking import check_catalog
from finercam_core.catalog.check.looking import look_at_images
from finercam_core.catalog.check.result import CatalogCheck, Finding

__all__ = ["CatalogCheck", "Finding", "check_catalog", "look_at_images"]
