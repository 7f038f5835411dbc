"""The panels of the review widget."""
