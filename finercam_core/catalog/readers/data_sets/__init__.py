"""Data sets of computer vision and of the hub that are known by their own files."""
