"""Regions of a specimen: cut from a map by threshold, smoothed, encoded, measured, and named as traits."""
