"""What is left out of everything that is shown or written: the credentials in addresses."""

import re

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
