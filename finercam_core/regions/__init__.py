"""Regions of a specimen: from a map by threshold, outlined, encoded, and named as traits."""
