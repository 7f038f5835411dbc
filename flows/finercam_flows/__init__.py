"""Prefect flows and the `finercam` command: thin wrappers around `finercam_core`."""

import os
import warnings

from finercam_flows.process.lifeline import follow

follow()
if os.environ.get("FINERCAM_LOG"):
    from finercam_core.errors import SettingError
    from finercam_flows.process import logs

    try:
        logs.start()
    except SettingError as error:  # the command refuses it; a process of somebody else's goes on with text
        warnings.warn(str(error), stacklevel=1)
