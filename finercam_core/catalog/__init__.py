"""Collections of specimen images: any catalog becomes one table with Darwin Core and Audiovisual Core columns."""

from finercam_core.catalog.model import Catalog, TraitLabels
from finercam_core.catalog.opening import open_catalog
from finercam_core.catalog.terms import TERMS

__all__ = ["TERMS", "Catalog", "TraitLabels", "open_catalog"]
