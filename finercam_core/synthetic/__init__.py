"""Rendered fish specimens whose true differences are known."""

from finercam_core.synthetic.collection import render_collection
from finercam_core.synthetic.species import SPECIES, SpeciesPlan, differing_traits, species_plan
from finercam_core.synthetic.specimen import RenderedSpecimen, render_specimen, true_region
from finercam_core.synthetic.truth import true_region_of

__all__ = [
    "SPECIES",
    "RenderedSpecimen",
    "SpeciesPlan",
    "differing_traits",
    "render_collection",
    "render_specimen",
    "species_plan",
    "true_region",
    "true_region_of",
]
