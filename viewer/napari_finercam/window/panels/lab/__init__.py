"""Panels that only a lab sees."""
