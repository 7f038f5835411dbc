"""From a model of options to the signature that typer makes a command of."""

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import wraps
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import typer
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from finercam_core.permissions import ALLOW_PRIVATE, allow_in_environment
from finercam_flows.signatures.base import Options, bounds_of, check_places, command_line, signature_of

AnyOptions = TypeVar("AnyOptions", bound=Options)
OLD_FLAGS = {"gammas": "--grid", "weightings": "--grid-weighting", "methods": "--method", "baselines": "--baseline"}
"""By field: the flag that it used to have, which goes on working with one sentence about the new one."""


def command(options: type[AnyOptions]) -> Callable[[Callable[[AnyOptions], None]], Callable[..., None]]:
    """Let a function of one model take the model's fields as the arguments and options of a typer command.

    Parameters
    ----------
    options : type
        Model of the options.

    Returns
    -------
    Decorator; values that do not fit the model end the command as wrong usage does, with code 2.
    """
    signature = signature_of(options, _annotation)
    old = [_old_parameter(signature.parameters[name]) for name in OLD_FLAGS if name in signature.parameters]
    signature = signature.replace(parameters=[*signature.parameters.values(), *old])

    def decorate(function: Callable[[AnyOptions], None]) -> Callable[..., None]:
        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> None:
            chosen = _read(options, signature.bind(*args, **kwargs).arguments)
            _grant(chosen)
            check_places(chosen)
            function(chosen)

        run.__signature__ = signature  # type: ignore[attr-defined]
        run.__annotations__ = {name: parameter.annotation for name, parameter in signature.parameters.items()}
        return run

    return decorate


def _grant(options: Options) -> None:
    """What a person allows on the command line holds for this process and for those that it starts."""
    if factories := getattr(options, "allow_factory", ()):
        allow_in_environment(factories)
    if getattr(options, "allow_private", False):
        os.environ[ALLOW_PRIVATE] = "1"


def _annotation(name: str, field: FieldInfo) -> Any:
    """Type of a field on the command line, with typer's description of it."""
    line, kind = command_line(name, field), _kind(field.annotation)
    help_text = f"{field.description} Repeatable." if _is_list(kind) else field.description
    low, high = bounds_of(field)
    metavar = line.metavar or None
    if not line.flag:
        return Annotated[kind, typer.Argument(help=help_text, min=low, max=high, metavar=metavar)]
    return Annotated[kind, typer.Option(line.flag, help=help_text, min=low, max=high, metavar=metavar)]


def _old_parameter(parameter: inspect.Parameter) -> inspect.Parameter:
    """The same option under the flag that it used to have, hidden from the help."""
    option = typer.Option(OLD_FLAGS[parameter.name], hidden=True)
    annotation: Any = Annotated[(get_args(parameter.annotation)[0] | None, option)]
    return parameter.replace(name=f"old_{parameter.name}", default=None, annotation=annotation)


def _kind(annotation: Any) -> Any:
    """The nearest type that typer knows: enum for literal, list for sequence, ``NAME=VALUE`` list for mapping."""
    if get_origin(annotation) is Annotated:  # its bounds are the model's
        return _kind(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        parts = [part for part in get_args(annotation) if part is not NoneType]
        if len(parts) > 1:  # a number or a word: the model reads it
            return str
        return _kind(parts[0]) | None
    if get_origin(annotation) is Sequence:
        return list[_kind(get_args(annotation)[0])]  # type: ignore[misc]
    if get_origin(annotation) is Literal:
        return StrEnum("Choice", {word: word for word in get_args(annotation)})
    return list[str] if get_origin(annotation) is dict else annotation


def _is_list(kind: Any) -> bool:
    return any(get_origin(part) is list for part in (kind, *get_args(kind)))


def _read(options: type[AnyOptions], values: Mapping[str, Any]) -> AnyOptions:
    """The model of what stands on the command line."""
    stated = {name: value for name, value in values.items() if name in options.model_fields}
    for name, flag in OLD_FLAGS.items():
        if values.get(f"old_{name}"):
            stated[name] = values[f"old_{name}"]
            typer.echo(f"{flag} is called {_flag(options, name)} now; the old name still works.", err=True)
    for name, field in options.model_fields.items():
        if name in stated and any(get_origin(part) is dict for part in get_args(field.annotation)):
            stated[name] = _mapping(stated[name] or [], _flag(options, name))
    try:
        return options(**stated)
    except ValidationError as error:
        raise _misuse(options, error) from error


def _flag(options: type[Options], name: str) -> str:
    return command_line(name, options.model_fields[name]).flag or name.upper()


def _mapping(pairs: Sequence[str], flag: str) -> dict[str, str]:
    """Read ``NAME=VALUE`` pairs."""
    split = [pair.partition("=") for pair in pairs]
    wrong = [pair for pair, (_, equals, _) in zip(pairs, split, strict=True) if not equals]
    if wrong:
        raise typer.BadParameter(f"{wrong[0]!r} has no value; write it as NAME=VALUE", param_hint=flag)
    return {name.strip(): value.strip() for name, _, value in split}


def _misuse(options: type[Options], error: ValidationError) -> typer.BadParameter:
    """The first value that does not fit, as one sentence."""
    first = error.errors()[0]
    name = str(first["loc"][0])
    # Nobody reads a regular expression, nor one of several types.
    unreadable = first["type"] == "string_pattern_mismatch" or len(first["loc"]) > 1
    reason = options.model_fields[name].description if unreadable else first["msg"]
    return typer.BadParameter(f"{first['input']!r}: {reason}", param_hint=_flag(options, name))
