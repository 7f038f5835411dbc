"""The digest of a description: what Zarr keeps as attributes of a group has no checksum of its own."""

import hashlib
import json
from collections.abc import Mapping

from pydantic import JsonValue

DIGEST = "finercam_digest"


def with_digest(attributes: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Attributes of a group with the SHA-256 of all the others beside them."""
    return {**attributes, DIGEST: _digest(attributes)}


def contradiction(attributes: Mapping[str, object]) -> str:
    """What is wrong with a group's attributes, "" if they are what was written or have no digest yet."""
    written = attributes.get(DIGEST)
    return "" if written in (None, _digest(attributes)) else "its attributes do not match their digest"


def _digest(attributes: Mapping[str, object]) -> str:
    rest = {key: value for key, value in attributes.items() if key != DIGEST}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
