"""Who may use the Prefect server that `finercam serve` starts: whoever can read a file that only its owner can."""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from prefect.settings import PREFECT_API_AUTH_STRING, temporary_settings

from finercam_core.errors import ServeError

LOGIN = "login"
USER = "finercam"
_ROOT = 0
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def login_of(folder: Path) -> str:
    """The log-in ``user:password`` that is kept in a folder; made where there is none that only its owner can read.

    Raises
    ------
    ServeError
        If it cannot be kept there.
    """
    path = folder / LOGIN
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        known = _private_content(path)
        return known or _make(path)
    except (OSError, UnicodeDecodeError) as error:
        raise ServeError(f"{path} cannot be kept: {error}", "choose another folder with --data") from error


def _private_content(path: Path) -> str:
    """Content of a file that nobody else can read or write; "" if there is none, or others could have read it."""
    try:
        about = path.lstat()
    except FileNotFoundError:
        return ""
    private = stat.S_ISREG(about.st_mode)
    if hasattr(os, "geteuid"):  # Windows keeps a user's folders from others by other means
        private = private and not about.st_mode & 0o077 and about.st_uid == os.geteuid()
    return path.read_text(encoding="utf-8").strip() if private else ""


def _make(path: Path) -> str:
    """Write a new log-in; the file never exists with more rights than its owner's, nor half."""
    login = f"{USER}:{secrets.token_urlsafe(32)}"
    partial = path.with_name(f"{LOGIN}.{secrets.token_hex(8)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{login}\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()
    return login


def closed(url: str) -> dict[str, str]:
    """Prefect's environment variables for a server that no page but its own may ask; `url` is that of its API."""
    return {
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": ",".join(own_origins(url)),
    }


def own_origins(url: str) -> list[str]:
    """Origins (RFC 6454) of a server's own pages; the names of this machine are one server."""
    address = urlsplit(url)
    host = f"[{address.hostname}]" if ":" in (address.hostname or "") else address.hostname
    hosts = _LOOPBACK if host in _LOOPBACK else (host,)
    return [f"{address.scheme}://{name}" + (f":{address.port}" if address.port else "") for name in hosts]


@contextmanager
def logged_in(login: str) -> Iterator[None]:
    """Make this process, and those that it starts, say who they are."""
    os.environ["PREFECT_API_AUTH_STRING"] = login
    with temporary_settings({PREFECT_API_AUTH_STRING: login}):
        yield


def is_open(url: str) -> bool:
    """Whether a server at this address of its API answers those who do not say who they are."""
    return _status(url, None) == httpx.codes.OK


def check_owner(url: str) -> None:
    """Raise `ServeError` if what listens at an address of this machine belongs to another account, where that is known.

    Whoever was first at Prefect's usual port could otherwise have this account run things. Linux alone tells.
    """
    port = urlsplit(url).port
    owners = {owner for owner, listened in _listeners() if listened == port}
    if owners and not owners.intersection((_ROOT, os.geteuid())):  # other systems have no owners, Windows no geteuid
        raise ServeError(
            f"the Prefect server at {url} belongs to another account of this machine",
            "set PREFECT_API_URL to another port to have one started, or to this one if you trust it",
        )


def _listeners() -> Iterator[tuple[int, int]]:
    """User id and port of everything that listens for TCP on this machine."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            if fields[3] == "0A":
                yield int(fields[7]), int(fields[1].rpartition(":")[2], 16)


def check_login(url: str) -> None:
    """Raise `ServeError` if a server that was found asks for a log-in, and ours is none."""
    if _status(url, PREFECT_API_AUTH_STRING.value()) == httpx.codes.UNAUTHORIZED:
        raise ServeError(
            f"the Prefect server at {url} asks who you are",
            f"set PREFECT_API_AUTH_STRING to its log-in, which `finercam serve` keeps in {LOGIN} in its folder",
        )


def _status(url: str, login: str | None) -> int:
    """Status code of a question that only those may ask who are logged in; 0 if there is no answer."""
    auth = None if login is None else httpx.BasicAuth(*login.split(":", 1)) if ":" in login else None
    try:
        return httpx.get(f"{url}/admin/version", auth=auth, timeout=10, trust_env=False).status_code
    except (httpx.HTTPError, httpx.InvalidURL):
        return 0
