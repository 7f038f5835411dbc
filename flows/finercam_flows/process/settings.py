"""How Prefect behaves under the `finercam` command: patient at start, quiet, and without telemetry."""

import os

DEFAULTS = {
    # The temporary server of a one-off run needs 11 to 25 s on a small machine; Prefect's own limit is shorter.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}


def apply_defaults(*, logs: bool = False) -> None:
    """Set these environment variables where the user has not; call it before Prefect is imported.

    Parameters
    ----------
    logs : bool
        Let Prefect log what it does; otherwise the command reports errors itself, once.
    """
    quiet = {"PREFECT_LOGGING_LEVEL": "CRITICAL", "DASK_LOGGING__DISTRIBUTED": "critical"}
    for name, value in {**DEFAULTS, **({"PREFECT_LOGGING_LEVEL": "INFO"} if logs else quiet)}.items():
        os.environ.setdefault(name, value)
