"""Credentials in addresses: kept for this run alone, and never shown or written."""

import json
import os
from urllib.parse import unquote, urlsplit

import httpx

from finercam_core.redaction import USER

VARIABLE = "FINERCAM_LOGINS"


def remember_login(url: str) -> str:
    """An address without its user name and password, which this process and those that it starts will use.

    They are kept in the environment variable ``FINERCAM_LOGINS`` and nowhere else.
    """
    if not USER.search(url):
        return url
    plain, user = USER.sub("", url), url.partition("://")[2].partition("/")[0].rpartition("@")[0]
    os.environ[VARIABLE] = json.dumps({**_known(), _origin(plain): user})
    return plain


def login_for(url: httpx.URL) -> httpx.Auth | None:
    """How to say who we are: as an address of this run said, else as ``~/.netrc`` does; None: not at all."""
    known = _known().get(_origin(str(url)), "")
    if known:
        user, _, password = known.partition(":")
        return httpx.BasicAuth(unquote(user), unquote(password))
    try:
        return httpx.NetRCAuth()
    except (OSError, SyntaxError):  # there is none, or it cannot be read
        return None


def _known() -> dict[str, str]:
    try:
        return {str(key): str(value) for key, value in json.loads(os.environ.get(VARIABLE, "{}")).items()}
    except (ValueError, AttributeError):
        return {}


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()
