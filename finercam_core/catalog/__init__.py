"""Collections of specimen images: any catalog becomes one table with Darwin Core and Audiovisual Core columns."""

from finercam_core.catalog.catalog import Catalog
from finercam_core.catalog.columns import TERMS
from finercam_core.catalog.loader import open_catalog
from finercam_core.catalog.trait_labels import TraitLabels

__all__ = ["TERMS", "Catalog", "TraitLabels", "open_catalog"]
