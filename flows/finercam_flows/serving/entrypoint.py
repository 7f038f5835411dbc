"""The flow that a deployment names, and whether parameters fit it: by the same types that its form is made of."""

import importlib
import inspect
from typing import Any

from prefect.flows import Flow, load_flow_from_entrypoint
from pydantic import ConfigDict, ValidationError, create_model
from pydantic_core import ErrorDetails

from finercam_core.errors import ServeError
from finercam_core.extras import extra_of, install_hint
from finercam_flows import options

FLOWS = tuple(options.FLOWS.values())


def flow_at(entrypoint: str, deployment: str) -> "Flow[..., Any]":
    """Load a flow.

    Parameters
    ----------
    entrypoint : str
        As Prefect writes it: ``package.module.flow`` or ``file.py:flow``.
    deployment : str
        Names the file and the deployment in the error.

    Raises
    ------
    ServeError
        If there is no such flow, or its module cannot be imported; where an extra is missing, which.
    """
    remedy = f"ours are finercam_flows.X.X with X one of {', '.join(FLOWS)}; yours: package.module.flow or file.py:flow"
    if "." not in entrypoint:
        raise ServeError(f"{deployment}: {entrypoint!r} is not an entrypoint", remedy)
    try:
        if ":" in entrypoint:
            flow: Any = load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)
        else:
            module, _, name = entrypoint.rpartition(".")
            flow = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        if extra := extra_of(error.name or ""):
            raise ServeError(f"{deployment}: {entrypoint} needs {error.name}", install_hint(extra)) from error
        raise ServeError(f"{deployment}: there is no flow {entrypoint}: {error}", remedy) from error
    except Exception as error:  # whatever a module of the user's raises
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ServeError(f"{deployment}: there is no flow {entrypoint}: {reason}", remedy) from error
    if not isinstance(flow, Flow):
        raise ServeError(f"{deployment}: {entrypoint} is not a flow", remedy)
    return flow


def parameter_errors(flow: "Flow[..., Any]", parameters: dict[str, Any], *, complete: bool) -> list[str]:
    """Say what is wrong with the parameters of a flow.

    Parameters
    ----------
    flow : prefect.Flow
    parameters : dict
        Names and values, as read from the file.
    complete : bool
        Whether a run starts with these alone, as a schedule does; otherwise somebody fills in what is missing.

    Returns
    -------
    list of str
        One sentence per error; empty if the parameters fit.
    """
    accepted = inspect.signature(flow.fn).parameters.values()
    fields: dict[str, Any] = {
        parameter.name: (
            Any if parameter.annotation is inspect.Parameter.empty else parameter.annotation,
            ... if parameter.default is inspect.Parameter.empty else parameter.default,
        )
        for parameter in accepted
        if parameter.kind not in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    }
    open_ended = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in accepted)
    model = create_model("Parameters", __config__=ConfigDict(extra="allow" if open_ended else "forbid"), **fields)
    try:
        model.model_validate(parameters)
    except ValidationError as error:
        return sentences(error, missing=complete, noun="parameter ")
    return [
        f"parameter {name} is {parameters[name]!r}, but the choices are {', '.join(field['enum'])}"
        for name, field in flow.parameters.properties.items()
        if name in parameters and parameters[name] not in field.get("enum", [parameters[name]])
    ]


def sentences(error: ValidationError, *, missing: bool = True, noun: str = "") -> list[str]:
    """One sentence per error of pydantic; unknown names come first, because they often explain the others.

    Parameters
    ----------
    error : pydantic.ValidationError
    missing : bool
        Whether a missing value is an error.
    noun : str
        Written before each name.
    """
    details = [detail for detail in error.errors() if missing or detail["type"] != "missing"]
    return [_sentence(detail, noun) for detail in sorted(details, key=lambda each: each["type"] != "extra_forbidden")]


def _sentence(detail: ErrorDetails, noun: str) -> str:
    name = ".".join(str(part) for part in detail["loc"] if not _is_type(part))
    if detail["type"] == "missing":
        return f"{noun}{name} is missing"
    if detail["type"] == "extra_forbidden":
        return f"there is no {noun}{name}"
    message = detail["msg"][:1].lower() + detail["msg"][1:]
    return f"{noun}{name} is {detail['input']!r}, but {message}"


def _is_type(part: str | int) -> bool:
    """Whether a part of a location is the name of a type, which pydantic adds where a value may have several types."""
    return isinstance(part, str) and (not part.isidentifier() or part in _TYPES or part[0] == "_")


_TYPES = frozenset({"int", "float", "str", "bool", "none", "list", "dict"})
