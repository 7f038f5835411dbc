"""Links that let reviewers in: each names one reviewer, and goes on working when the server starts again."""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from platformdirs import user_data_path

from finercam_core.errors import ReviewError
from finercam_core.io.addresses import absolute

_BYTES = 32


def key_file() -> Path:
    """Where this machine's key lies; who deletes it makes all links of before worthless."""
    return user_data_path("finercam") / "review-links.key"


def _key() -> bytes:
    """The key of this account on this machine, made when it is first needed, readable by nobody else."""
    path = key_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(made, "wb") as file:
                file.write(secrets.token_bytes(_BYTES))
        key = path.read_bytes()
    except OSError as error:
        raise ReviewError(f"{path} cannot be used for the links: {error.strerror}", "make it writable") from error
    if len(key) != _BYTES:
        raise ReviewError(f"{path} is damaged", "delete it; links that were sent before then need to be sent again")
    return key


class Links:
    """The tokens of a store's reviewers.

    A token is an HMAC-SHA256 of the store's place, its run and the name: nothing needs to be kept but one key.

    Parameters
    ----------
    location : str or Path
    run : str
    reviewers : sequence of str
        Each name once.

    Raises
    ------
    ReviewError
        If a name comes twice, or the key cannot be read.
    """

    def __init__(self, location: str | Path, run: str, reviewers: Sequence[str]) -> None:
        twice = [name for i, name in enumerate(reviewers) if name in reviewers[:i]]
        if twice or not all(name.strip() for name in reviewers):
            raise ReviewError(f"the reviewer {twice[0] if twice else ''!r} cannot be told apart", "give each a name")
        key, place = _key(), absolute(str(location))
        self._tokens = {name: self._token(key, place, run, name) for name in reviewers}

    @staticmethod
    def _token(key: bytes, *about: str) -> str:
        digest = hmac.new(key, "\0".join(about).encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    @property
    def reviewers(self) -> tuple[str, ...]:
        """All names."""
        return tuple(self._tokens)

    def link(self, address: str, reviewer: str) -> str:
        """What a reviewer opens; the token stands behind `#`, which browsers send to no server and no log."""
        return f"{address}/#token={self._tokens[reviewer]}"

    def reviewer(self, token: str) -> str | None:
        """Whose token it is; None for none."""
        given = token.encode(errors="replace")
        found = [name for name, own in self._tokens.items() if hmac.compare_digest(own.encode(), given)]
        return found[0] if found else None
