"""Photographs and pictures: opened safely, prepared for a model, mapped back, and drawn in one set of colours."""
