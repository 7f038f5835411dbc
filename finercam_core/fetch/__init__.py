"""Fetch the images of a catalog: verified, resumable, polite, each photograph stored once."""

from finercam_core.fetch.reasons import Reason
from finercam_core.fetch.run import Report, Watcher, fetch
from finercam_core.fetch.settings import Settings

__all__ = ["Reason", "Report", "Settings", "Watcher", "fetch"]
