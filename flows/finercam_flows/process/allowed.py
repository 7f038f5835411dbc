"""What a run may call and connect to: the word of whoever typed it, and for runs of a server the server's settings."""

import ipaddress
import os
from collections.abc import Iterable
from urllib.parse import urlsplit

from finercam_core.errors import RunError
from finercam_core.permissions import SEPARATOR, AllowedFactories
from finercam_core.settings import settings, variable
from finercam_flows.process import lifeline

SCHEDULERS = variable("allow_schedulers")


def started_by_server() -> bool:
    """Whether a Prefect server started this run, so that its parameters may be a stranger's."""
    return bool(os.environ.get(lifeline.SERVE) or os.environ.get("PREFECT__FLOW_RUN_ID"))


def factories_for(spec: str | None) -> AllowedFactories:
    """Functions that a run may call: those that the settings allow, and the one that a person typed.

    Parameters
    ----------
    spec : str, optional
        The run's classifier or model.
    """
    allowed = AllowedFactories.from_environment()
    return allowed if spec is None or started_by_server() else allowed.also(spec)


def allow_schedulers(addresses: Iterable[str]) -> None:
    """Let runs of a server connect to these Dask schedulers."""
    os.environ[SCHEDULERS] = SEPARATOR.join(dict.fromkeys(addresses))


def check_scheduler(address: str) -> None:
    """Refuse a Dask scheduler that could send code of others: whoever is connected to it runs what it sends.

    The words local and dask, for processes of this machine, are no addresses and pass.

    Raises
    ------
    RunError
        For a run of a server whose settings do not name it, and for an address beyond this machine without TLS.
    """
    allowed = settings().allow_schedulers.split(SEPARATOR)
    if "://" not in address or address in allowed:
        return
    if started_by_server():
        raise RunError(
            f"nobody has allowed runs of this server to connect to {address}",
            f"name it as runner in prefect.yaml, or set {SCHEDULERS}={address}",
        )
    if not address.startswith("tls://") and not _on_this_machine(address):
        raise RunError(
            f"the Dask scheduler at {address} asks nobody who they are, and runs what anyone sends",
            f"start it with TLS and give tls://, or, if you trust everyone in its network, set {SCHEDULERS}={address}",
        )


def _on_this_machine(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
