"""Darwin Core Archives: their description, their files, and occurrences joined with their media."""

from finercam_core.catalog.readers.darwin_core.reader import SIGN, read_archive

__all__ = ["SIGN", "read_archive"]
