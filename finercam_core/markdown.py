"""Names and notes in Markdown, as Prefect's pages and other readers show it: they stay text."""

import re
from collections.abc import Iterable, Mapping

from finercam_core.redaction import visible, without_secrets

_SIGNS = re.compile(r"([\\`*_{}\[\]()#!|~^$:@])")
_LINK = re.compile(r"\](?=[(\[:])")


def as_text(value: object) -> str:
    """A value for a place within Markdown (CommonMark, GitHub's tables): shown as it is, on one line."""
    line = " ".join(visible(without_secrets(str(value))).split())
    return _SIGNS.sub(r"\\\1", line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def published(markdown: str) -> str:
    """A page of ours as it may be published: what stands in it can make no element of HTML, no link and no picture."""
    plain = visible(without_secrets(markdown)).replace("<", "&lt;")
    return _LINK.sub(r"\\]", plain)


def cells(rows: Iterable[Mapping[str, object]]) -> list[dict[str, object]]:
    """Rows of a table artifact, whose texts make no link."""
    return [{key: _cell(value) for key, value in row.items()} for row in rows]


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    return _LINK.sub("]\N{WORD JOINER}", visible(without_secrets(value))).replace("<", "‹")
