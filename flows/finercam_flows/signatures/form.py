"""From a model of options to the signature that Prefect makes a form of."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any, TypeVar

from pydantic import GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema

from finercam_flows.signatures.base import Options, check_places, signature_of

AnyOptions = TypeVar("AnyOptions", bound=Options)
Result = TypeVar("Result")


@dataclass(frozen=True)
class _Help:
    """Sentence beside a field of the form; Prefect drops the description of a `Field` in `Annotated`."""

    text: str

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "description": self.text}


def form(options: type[AnyOptions]) -> Callable[[Callable[[AnyOptions], Result]], Callable[..., Result]]:
    """Let a function of one model take the model's fields as its parameters.

    Parameters
    ----------
    options : type
        Model of the options.

    Returns
    -------
    Decorator, to stand below Prefect's `flow`: the flow's parameters, form and checks are then those of the model.
    """
    signature = signature_of(options, _annotation, of_flow=True)

    def decorate(function: Callable[[AnyOptions], Result]) -> Callable[..., Result]:
        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Result:
            chosen = options(**signature.bind(*args, **kwargs).arguments)
            check_places(chosen)
            return function(chosen)

        call.__signature__ = signature  # type: ignore[attr-defined]
        return call

    return decorate


def _annotation(_name: str, field: FieldInfo) -> Any:
    return Annotated[(field.annotation, *field.metadata, _Help(field.description or ""))]
