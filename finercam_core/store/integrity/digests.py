"""The digest of what is kept as JSON: attributes of groups and small files have no checksum of their own."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

DIGEST = "finercam_digest"


def with_digest(attributes: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Attributes of a group with the SHA-256 of all the others beside them."""
    return {**attributes, DIGEST: _digest(attributes)}


def checked(values: object) -> dict[str, Any]:
    """The values of a JSON file without their digest; `ValueError` if they are not what was written, or no object."""
    if not isinstance(values, dict):
        raise ValueError("it is not an object")  # noqa: TRY004 - what is wrong is a value in a file
    if problem := contradiction(values):
        raise ValueError(problem)
    return {key: value for key, value in values.items() if key != DIGEST}


def contradiction(attributes: Mapping[str, object]) -> str:
    """What is wrong with a group's attributes, "" if they are what was written or have no digest yet."""
    written = attributes.get(DIGEST)
    return "" if written in (None, _digest(attributes)) else "its values do not match their digest"


def _digest(attributes: Mapping[str, object]) -> str:
    rest = {key: value for key, value in attributes.items() if key != DIGEST}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
