"""Causal checks of findings: what the classifier says when a place is hidden or exchanged; needs torch."""
