"""Paths whose files are there under another name: found, told, and written into a manifest when that is asked for."""

from finercam_core.catalog.repairs.finder import Repairs, find_repairs
from finercam_core.catalog.repairs.path_file import read_paths, with_paths, write_repairs

__all__ = ["Repairs", "find_repairs", "read_paths", "with_paths", "write_repairs"]
