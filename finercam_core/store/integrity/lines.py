"""Lines of a review's log with a checksum each, so that verification finds a verdict that was changed."""

import json
import re
from collections.abc import Mapping
from typing import Any

import google_crc32c

_CHECKSUM = re.compile(rb', "crc32c": "([0-9a-f]{8})"\}$')


def checked_line(values: Mapping[str, Any]) -> bytes:
    """A JSON object as one line, with the CRC-32C of what it is without that last field, and without its end."""
    body = json.dumps(values, ensure_ascii=False).encode()
    return body[:-1] + b', "crc32c": "%08x"}' % google_crc32c.value(body)


def read_line(line: bytes) -> dict[str, Any]:
    """The object of a line, without its checksum; lines of earlier versions have none, and readers do not ask for it.

    Raises
    ------
    ValueError
        If it is not JSON, not an object, or not what was written.
    """
    body = line.strip()
    if match := _CHECKSUM.search(body):
        body = body[: match.start()] + b"}"
        if google_crc32c.value(body) != int(match[1], 16):
            raise ValueError("it does not match its checksum")
    values = json.loads(body.decode())
    if not isinstance(values, dict):
        raise ValueError("it is not an object")  # noqa: TRY004 - what is wrong is a value in a file
    return values
