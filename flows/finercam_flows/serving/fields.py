"""Whether parameters fit a flow, before any run is made: by the same types that its form is made of."""

import inspect
from typing import Any

from prefect.flows import Flow
from pydantic import ConfigDict, ValidationError, create_model


def misfits_of(flow: "Flow[..., Any]", parameters: dict[str, Any], *, all_needed: bool) -> list[str]:
    """Say what is wrong with parameters.

    Parameters
    ----------
    flow : prefect.Flow
    parameters : dict
    all_needed : bool
        Whether a run can start with these alone, as a schedule does; otherwise somebody fills in what is missing.

    Returns
    -------
    list of str, a sentence for each; empty if they fit.
    """
    accepted = inspect.signature(flow.fn).parameters.values()
    fields: dict[str, Any] = {
        one.name: (
            Any if one.annotation is inspect.Parameter.empty else one.annotation,
            ... if one.default is inspect.Parameter.empty else one.default,
        )
        for one in accepted
        if one.kind not in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    }
    open_ended = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in accepted)
    model = create_model("Parameters", __config__=ConfigDict(extra="allow" if open_ended else "forbid"), **fields)
    try:
        model.model_validate(parameters)
    except ValidationError as error:
        return misfits(error, missing=all_needed, noun="parameter ")
    return [
        f"parameter {name} is {parameters[name]!r}, but the choices are {', '.join(field['enum'])}"
        for name, field in flow.parameters.properties.items()
        if name in parameters and parameters[name] not in field.get("enum", [parameters[name]])
    ]


def misfits(error: ValidationError, *, missing: bool = True, noun: str = "") -> list[str]:
    """Sentences for the errors of pydantic, one a value; names that do not exist first: often they explain the rest."""
    found = [one for one in error.errors() if missing or one["type"] != "missing"]
    return [_sentence(one, noun) for one in sorted(found, key=lambda one: one["type"] != "extra_forbidden")]


def _sentence(error: Any, noun: str) -> str:
    place = ".".join(str(part) for part in error["loc"] if not _is_type(part))
    if error["type"] == "missing":
        return f"{noun}{place} is missing"
    if error["type"] == "extra_forbidden":
        return f"there is no {noun}{place}"
    message = error["msg"][:1].lower() + error["msg"][1:]
    return f"{noun}{place} is {error['input']!r}, but {message}"


def _is_type(part: str | int) -> bool:
    """Whether a part of a place names one of several types that a value may have, which nobody wrote."""
    return isinstance(part, str) and (not part.isidentifier() or part in _TYPES or part[0] == "_")


_TYPES = frozenset({"int", "float", "str", "bool", "none", "list", "dict"})
