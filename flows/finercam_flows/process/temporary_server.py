"""Prefect's temporary server, which a one-off run starts where no server is named: for this run alone."""

import os
import secrets


def close_temporary_server() -> None:
    """Have a temporary server refuse everybody but this run; other accounts of this machine can reach its port.

    Call it before the flow. Nothing changes where a server is named, by an environment variable, a profile or a file.
    """
    from prefect.context import refresh_global_settings_context
    from prefect.settings import PREFECT_API_URL, PREFECT_SERVER_API_AUTH_STRING

    if PREFECT_API_URL.value() or PREFECT_SERVER_API_AUTH_STRING.value():
        return
    login = f"finercam:{secrets.token_urlsafe(32)}"
    os.environ.update(PREFECT_SERVER_API_AUTH_STRING=login, PREFECT_API_AUTH_STRING=login)
    refresh_global_settings_context()
