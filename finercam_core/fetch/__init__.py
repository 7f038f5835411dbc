"""Fetch the images of a catalog: verified, resumable, polite, each photograph stored once."""

from finercam_core.fetch.reasons import Reason
from finercam_core.fetch.report import FetchReport, FetchWatcher
from finercam_core.fetch.run import fetch
from finercam_core.fetch.settings import FetchSettings

__all__ = ["FetchReport", "FetchSettings", "FetchWatcher", "Reason", "fetch"]
