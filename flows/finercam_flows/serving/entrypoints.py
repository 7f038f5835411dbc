"""From the `entrypoint` of a deployment to its flow."""

import importlib
from typing import Any

from prefect.flows import Flow, load_flow_from_entrypoint

from finercam_core.errors import ServeError

FLOWS = ("fetch", "train", "annotate", "evaluate", "report", "export")


def flow_at(entrypoint: str, where: str) -> "Flow[..., Any]":
    """Load a flow.

    Parameters
    ----------
    entrypoint : str
        As Prefect has it: ``package.module.flow`` or ``file.py:flow``.
    where : str
        Names the deployment in the error.

    Raises
    ------
    ServeError
        If there is no such flow, or its module cannot be imported.
    """
    remedy = f"ours are finercam_flows.X.X with X one of {', '.join(FLOWS)}; yours: package.module.flow or file.py:flow"
    if "." not in entrypoint:
        raise ServeError(f"{where}: {entrypoint!r} is no entrypoint", remedy)
    try:
        if ":" in entrypoint:
            found: Any = load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)
        else:
            module, _, name = entrypoint.rpartition(".")
            found = getattr(importlib.import_module(module), name)
    except Exception as error:  # whatever a module of the user's raises
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ServeError(f"{where}: there is no flow {entrypoint}: {why}", remedy) from error
    if not isinstance(found, Flow):
        raise ServeError(f"{where}: {entrypoint} is no flow", remedy)
    return found
