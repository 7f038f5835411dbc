"""What a model of options is, and how the signature of a function is made from one."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo


class Options(BaseModel):
    """Options of one command and of its flow, in the order in which both take them; required ones come first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def check_together(self) -> None:
        """Judge what several fields say together, as `check_places` judges each; raises a `FinercamError`."""

    def flow_parameters(self) -> dict[str, Any]:
        """What the flow takes: everything that is not of the command line alone."""
        fields = type(self).model_fields
        return {name: value for name, value in self if not is_command_only(fields[name])}


@dataclass(frozen=True)
class CommandLine:
    """How a field is written on the command line, where that is not ``--its-name``.

    Attributes
    ----------
    flag : str
        Another flag; "" for a positional argument.
    metavar : str
        What stands for the value in help texts; "" for typer's choice.
    """

    flag: str
    metavar: str = ""


POSITIONAL = CommandLine("")


@dataclass(frozen=True)
class CommandOnly:
    """Marks a field that a person gives on the command line, and no run of a server may be given."""


COMMAND_ONLY = CommandOnly()


def is_command_only(field: FieldInfo) -> bool:
    """Whether a field is no parameter of the flow."""
    return any(isinstance(item, CommandOnly) for item in field.metadata)


@dataclass(frozen=True)
class Checked:
    """How the value of a field, or each of several, is judged before anything is imported for the run.

    None and "" are not judged.

    Attributes
    ----------
    by : callable
        Raises a `FinercamError` where a run with this value cannot begin.
    """

    by: Callable[[str], object]


def check_places(options: Options) -> None:
    """Judge the values of all fields that say how, in the order of the fields: the first that is wrong is told."""
    for name, field in type(options).model_fields.items():
        value = getattr(options, name)
        for item in field.metadata:
            if isinstance(item, Checked) and value:
                for each in (value,) if isinstance(value, str) else value:
                    item.by(each)
    options.check_together()


def command_line(name: str, field: FieldInfo) -> CommandLine:
    """How a field is written on the command line."""
    stated = [item for item in field.metadata if isinstance(item, CommandLine)]
    if stated:
        return stated[-1]
    flag = "--" + name.replace("_", "-")
    return CommandLine(f"{flag}/--no-{flag[2:]}" if field.default is True else flag)


def bounds_of(field: FieldInfo) -> tuple[float | None, float | None]:
    """Least and largest value of a number; the model itself checks whether the least one is allowed."""
    low: list[Any] = [
        item.ge if isinstance(item, Ge) else item.gt for item in field.metadata if isinstance(item, Ge | Gt)
    ]
    high: list[Any] = [item.le for item in field.metadata if isinstance(item, Le)]
    return next(iter(low), None), next(iter(high), None)


def signature_of(
    options: type[Options], annotate: Callable[[str, FieldInfo], Any], *, of_flow: bool = False
) -> inspect.Signature:
    """Signature with a parameter for each field.

    Parameters
    ----------
    options : type
    annotate : callable
        Gives the annotation of a field from its name and description.
    of_flow : bool
        Without those of the command line alone.
    """
    return inspect.Signature(
        [
            inspect.Parameter(
                name,
                inspect.Parameter.POSITIONAL_OR_KEYWORD,
                default=inspect.Parameter.empty if field.is_required() else field.default,
                annotation=annotate(name, field),
            )
            for name, field in options.model_fields.items()
            if not (of_flow and is_command_only(field))
        ]
    )
