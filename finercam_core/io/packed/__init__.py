"""Packed files of images (zip, tar, Parquet) read in place as if they were folders; nothing is unpacked."""

from finercam_core.io.packed.pack import Pack
from finercam_core.io.packed.places import is_packed, open_pack, packed_place, read_packed

__all__ = ["Pack", "is_packed", "open_pack", "packed_place", "read_packed"]
