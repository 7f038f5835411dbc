"""Figures of a review: what was judged, how far reviewers agree, and how long it takes."""
