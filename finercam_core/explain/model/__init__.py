"""Classifiers: loading, layers, layouts, precision, and CLIP-like models."""
