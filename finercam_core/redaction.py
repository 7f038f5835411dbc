"""What is not shown as it is: the credentials in addresses, and characters that a terminal would obey."""

import re
from hashlib import blake2b

USER = re.compile(r"(?<=://)[^/\s?#'\"<>@]+(?:@[^/\s?#'\"<>@]+)*@")
_SECRET = r"token|secret|signature|passw|pwd|auth|credential|session|api[-_]?key|access[-_]?key|security"
_QUERY = re.compile(
    rf"([?&;](?:[^=&;\s?]*(?:{_SECRET})[^=&;\s]*|sig|key|pass|x-(?:amz|goog)-[^=&;\s]*)=)[^&;\s'\"<>]+", re.IGNORECASE
)


def without_secrets(text: str) -> str:
    """A text without the user names, passwords, tokens and signatures in its addresses."""
    if "://" in text:
        text = USER.sub("", text)
    return _QUERY.sub(r"\1…", text) if "=" in text else text


def name_of(address: str) -> str:
    """An address to be kept: itself, or without its secrets but with a hash, so that no two become the same."""
    shown = without_secrets(address)
    if shown == address:
        return address
    return f"{shown}#{blake2b(address.encode(errors='surrogatepass'), digest_size=6).hexdigest()}"


_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """A text in which control characters are signs, so that no terminal obeys them; lines and tabs stay.

    Those below 32 become the pictures of Unicode (ESC is ␛); others, those that turn the direction of writing around,
    and halves of characters become �.
    """
    return _CONTROL.sub(_sign, text)


def _sign(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(0x2400 + code) if code < 0x20 else "␡" if code == 0x7F else "�"
