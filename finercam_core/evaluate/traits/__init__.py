"""Traits instead of pixels: what of the evidence lies on which trait of a specimen."""
