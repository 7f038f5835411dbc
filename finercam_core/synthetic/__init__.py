"""Rendered fish specimens whose true differences are known.

`render_collection` writes a collection in Fish-Vista's layout; `true_region_of` tells where a specimen in it truly
differs from another species; `render_specimen` gives single specimens and their counterfactual twins.
"""

from finercam_core.synthetic.collection import render_collection
from finercam_core.synthetic.parts import MASK_NAMES, TRAIT_PARTS, Part
from finercam_core.synthetic.species import SPECIES, SpeciesPlan, differing_traits, species_plan
from finercam_core.synthetic.specimen import Specimen, render_specimen, true_region
from finercam_core.synthetic.truth import true_region_of

__all__ = [
    "MASK_NAMES",
    "SPECIES",
    "TRAIT_PARTS",
    "Part",
    "SpeciesPlan",
    "Specimen",
    "differing_traits",
    "render_collection",
    "render_specimen",
    "species_plan",
    "true_region",
    "true_region_of",
]
