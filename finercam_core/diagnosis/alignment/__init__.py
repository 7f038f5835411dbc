"""Specimens in one frame: where each lies in its picture, and where the other has the same place."""
