"""docs/options.md: every option of every command, as the models describe it."""

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Gt
from pydantic.fields import FieldInfo

from finercam_flows.signatures.base import Options, bounds_of, command_line, is_command_only
from finercam_flows.signatures.command import OLD_FLAGS

_WORDS = {str: "text", int: "whole number", float: "number", dict: "NAME=VALUE"}
_HEAD = """# Options

Every option of every command. In `prefect.yaml` and in Prefect's forms an option has the name in the second column.
This page is written by `python -m finercam_flows.options`.
"""


def page(commands: Mapping[str, type[Options]], flows: Mapping[str, str]) -> str:
    """Text of docs/options.md.

    Parameters
    ----------
    commands : mapping of str to a model of options
        By command.
    flows : mapping of str to str
        By command: the flow that does the same.
    """
    old = "\n".join(f"- `{flag}` is now `--{name.replace('_', '-')}`." for name, flag in OLD_FLAGS.items())
    sections = [_section(name, options, flows.get(name)) for name, options in commands.items()]
    return "\n".join([_HEAD, *sections, "## Old names", "", "Of `finercam evaluate`; they go on working:", "", old, ""])


def _section(name: str, options: type[Options], flow_name: str | None) -> str:
    flow = f"The flow is `finercam_flows.{flow_name}.{flow_name}`.\n\n" if flow_name else ""
    second = " name |" if flow_name else ""
    rows = [_row(field_name, field, second != "") for field_name, field in options.model_fields.items()]
    rule = "| --- |" + " --- |" * (second != "") + " --- | --- | --- |"
    table = "\n".join([f"| option |{second} values | default | what it is |", rule, *rows])
    return f"## finercam {name}\n\n{flow}{table}\n"


def _row(name: str, field: FieldInfo, named: bool) -> str:
    flag = command_line(name, field).flag or name.upper()
    names = [] if not named else ["" if is_command_only(field) else f"`{name}`"]
    cells = [f"`{flag}`", *names, values_of(field), default_of(field), field.description]
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def values_of(field: FieldInfo) -> str:
    """What a value may be, in words: its type, choices and bounds."""
    low, high = bounds_of(field)
    lowest = "above" if any(isinstance(item, Gt) for item in field.metadata) else "from"
    above = "" if low is None else f" {lowest} {low:g}"
    return _type_in_words(field.annotation) + above + ("" if high is None else f" to {high:g}")


def _type_in_words(annotation: Any) -> str:
    if get_origin(annotation) in (Union, UnionType):
        return " or ".join(_type_in_words(part) for part in get_args(annotation) if part is not NoneType)
    if get_origin(annotation) is Annotated:
        return _type_in_words(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        return ", ".join(map(str, get_args(annotation)))
    if annotation is bool:
        return "yes or no"
    if get_origin(annotation) in (None, dict):
        return _WORDS[get_origin(annotation) or annotation]
    return f"{_type_in_words(get_args(annotation)[0])}; repeatable"


def default_of(field: FieldInfo) -> str:
    """The default in words; "" where there is none, "required" where a value must be given."""
    if field.is_required():
        return "required"
    if isinstance(field.default, bool):
        return "yes" if field.default else "no"
    if isinstance(field.default, tuple):
        return ", ".join(map(str, field.default))
    return "" if field.default is None else str(field.default)
